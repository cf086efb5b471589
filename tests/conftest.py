"""What every test may use: the database's floor, people of each role, and browsers for them."""

import gc
import logging
import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.template.base import Template
from django.template.context import Context
from django.test import Client, TransactionTestCase, override_settings
from django.test.signals import template_rendered
from django.utils import translation
from django.utils.safestring import SafeString
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer

from console import translations
from console.models import Staff
from tests import databases, emptying, factories, turns, warm

# The tests' mail server would log every word of every conversation.
logging.getLogger("mail.log").setLevel(logging.WARNING)
# A hundred examples, which is the usual, take twice as long and seldom find more; and that an
# example takes long says on a busy machine nothing about the code.
hypothesis.settings.register_profile(
    "suite",
    max_examples=50,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")
# What Django does after each test that commits is thorough and slow.
TransactionTestCase._fixture_teardown = emptying.empty  # type: ignore[attr-defined]


def pytest_configure(config: pytest.Config) -> None:
    """What a fresh clone has not compiled yet, one process compiles for all."""
    config.addinivalue_line("markers", "first: waits for long, and so begins before the others")
    config.addinivalue_line("markers", "last: ends what the others of its group share")
    if not hasattr(config, "workerinput"):
        translations.compile_catalogs()
        if config.getoption("numprocesses", 0):
            warm.beside(config)


def pytest_collection_finish() -> None:
    """What is there by now stays: the search for garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)  # after the tests were put in a random order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what waits for long, so that it does not end alone."""
    items.sort(key=turns.turn)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> turns.InTurn | None:
    """Keep together what shares something, unless another way was asked for."""
    return turns.InTurn(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> None:
    """In the place of pytest-django's, which walks the migrations in each process."""
    with django_db_blocker.unblock():
        databases.make(os.environ.get("PYTEST_XDIST_WORKER"))


@pytest.fixture(scope="session", autouse=True)
def only_whole_pages_are_told_of(django_test_environment: None) -> None:
    """Django copies the context of each of a hundred templates in a page; a test asks for one."""

    def render(template: Template, context: Context) -> SafeString:
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    Template._render = render  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def project_row(request: pytest.FixtureRequest) -> None:
    """Whoever speaks to the database finds the project, and what else migrations ship."""
    marker = request.node.get_closest_marker("django_db")
    if marker or {"db", "transactional_db", "live_server"} & set(request.fixturenames):
        committing = (marker and marker.kwargs.get("transaction")) or (
            {"transactional_db", "live_server"} & set(request.fixturenames)
        )
        request.getfixturevalue("transactional_db" if committing else "db")


@pytest.fixture(autouse=True)
def own_lake(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has a lake and an upload folder of its own."""
    monkeypatch.setattr(settings, "LAKE_PATH", tmp_path / "lake")  # type: ignore[operator]
    monkeypatch.setattr(settings, "COPIES_PATH", tmp_path / "copies")  # type: ignore[operator]
    monkeypatch.setattr(settings, "UPLOADS_PATH", tmp_path / "uploads")  # type: ignore[operator]
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Tests quote the words of the code; Chinese ones say so."""
    with translation.override("en"):
        yield


@pytest.fixture
def staff_of() -> Callable[..., Staff]:
    """Make somebody with a role: `staff_of("manager")`."""
    return factories.StaffFactory.create_with_role


@pytest.fixture
def signed_in(staff_of: Callable[..., Staff]) -> Callable[..., Client]:
    """A client in which somebody of this role is signed in; the person is `client.staff`."""

    def sign_in(who: Staff | str) -> Client:
        staff = staff_of(who) if isinstance(who, str) else who
        client = Client(HTTP_ACCEPT_LANGUAGE="en")
        with override_settings(AXES_ENABLED=False):  # it would look for attacks, and note it all
            client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
        client.staff = staff  # type: ignore[attr-defined]
        return client

    return sign_in
