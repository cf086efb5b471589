"""The definitions screen, and numbers that never follow another version than they say."""

import datetime as dt
import html
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Job, Staff
from metrics import history, measure, measurements, retention, tasks, words
from metrics.models import Measurement
from segments import definitions
from segments import tasks as segment_tasks
from segments.definitions import ACTIVE, EFFECTIVE, INTERACTION, PAID, Said
from segments.models import Definition
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
OnCommit = Callable[..., object]
TODAY = dt.date(2017, 3, 10)
LIST = "admin:segments_definition_changelist"


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def people() -> list[int]:
    """Three customers: `a` and `b` order, `c` only looks; `a` comes three days in a row."""
    today_is(TODAY)
    a, b, c = (customer.pk for customer in customers(3))
    happened(
        incoming(a, ago(3), amount=1_000),
        incoming(a, ago(2), name="viewed"),
        incoming(a, ago(1), amount=500),
        incoming(b, ago(1), name="renewed", amount=300),
        incoming(c, ago(1), name="viewed"),
        incoming(c, ago(1), name="coupon_redeemed"),
    )
    return [a, b, c]


def value(key: str, on: dt.date) -> int:
    return int(Measurement.objects.get(metric__key=key, day=on).value or 0)


def deed(name: str, key: str) -> str:
    return reverse(f"admin:segments_definition_{name}", args=[key])


# --- the numbers ----------------------------------------------------------------


def test_each_number_follows_its_word(people: list[int], staff_of: Callable[..., Staff]) -> None:
    admin = staff_of("admin")
    measure.run()
    assert (value("dau", ago(1)), value("orders", ago(1)), value("revenue", ago(1))) == (3, 1, 500)
    assert (value("interacting", ago(1)), value("interacting", ago(2))) == (1, 0)
    assert [value("effective_new", ago(n)) for n in (3, 2, 1)] == [0, 1, 0]
    both = Said(frozenset({"order_paid", "renewed"}))
    definitions.change(PAID, both, seen_version=1, note="Renewals pay, too", by=admin)
    definitions.change(
        ACTIVE, Said(frozenset({"order_paid"})), seen_version=1, note="Only orders", by=admin
    )
    once = Said(frozenset({"order_paid", "viewed"}), times=1, within_days=1)
    definitions.change(EFFECTIVE, once, seen_version=1, note="Once is enough", by=admin)
    viewed = Said(frozenset({"viewed"}))
    definitions.change(INTERACTION, viewed, seen_version=1, note="Looking", by=admin)
    measure.run()
    assert (value("dau", ago(1)), value("orders", ago(1)), value("revenue", ago(1))) == (1, 2, 800)
    assert value("buyers", ago(1)) == 2
    assert (value("interacting", ago(1)), value("interacting", ago(2))) == (1, 1)
    assert [value("effective_new", ago(n)) for n in (3, 2, 1)] == [1, 0, 0]


def test_every_metric_carries_the_version_that_it_follows(
    people: list[int], staff_of: Callable[..., Staff]
) -> None:
    measure.run()
    retention.monthly()
    versions = dict(Measurement.objects.values_list("metric__key", "definition_version"))
    resting = {key for key, version in versions.items() if version == 1}
    assert resting == words.resting().keys() & versions.keys()
    assert {"dau", "stickiness", "revenue", "effective_new", "interacting", "ltv"} <= resting
    assert measurements.outdated(definitions.versions()) == set()
    definitions.change(
        PAID, Said(frozenset({"viewed"})), seen_version=1, note="A test", by=staff_of("admin")
    )
    of_paid = {key for key, word in words.resting().items() if word == PAID} & resting
    assert measurements.outdated(definitions.versions()) == of_paid
    assert words.by_metric()["revenue"].warning
    assert not words.by_metric()["dau"].warning
    measure.run()
    assert measurements.outdated(definitions.versions()) == set()
    assert Measurement.objects.filter(metric__key="revenue", definition_version=2).exists()


def test_a_change_in_the_middle_of_measuring_is_not_passed_off_as_measured(
    people: list[int], staff_of: Callable[..., Staff], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, load = staff_of("admin"), history.load

    def change_and_load(**values: object) -> object:
        definitions.change(
            ACTIVE, Said(frozenset({"viewed"})), seen_version=1, note="Now", by=admin
        )
        return load(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "load", change_and_load)
    measure.run()
    assert "dau" in measurements.outdated(definitions.versions())


# --- the page ---------------------------------------------------------------------


@pytest.mark.parametrize("role", Staff.Role.values)
def test_everybody_reads_what_the_words_mean(
    people: list[int], signed_in: SignIn, role: str
) -> None:
    measure.run()
    page = html.unescape(signed_in(role).get(reverse(LIST)).content.decode())
    assert "Active on a day: who did anything but" in page
    assert "Paid: any of: Order paid." in page
    assert "Revenue" in page
    may = role in {"manager", "analyst", "admin"}
    assert ('name="note"' in page) == may


def test_a_preview_says_what_would_be_without_writing(people: list[int], signed_in: SignIn) -> None:
    client = signed_in("manager")
    given = {"event": ["order_paid"]}
    assert "1 instead of 3" in client.post(deed("preview", ACTIVE), given).content.decode()
    given = {"event": ["order_paid", "renewed"]}
    assert "2 instead of 1" in client.post(deed("preview", PAID), given).content.decode()
    once = {"event": ["viewed", "order_paid", "renewed"], "times": ["1"], "within_days": ["1"]}
    answer = client.post(deed("preview", EFFECTIVE), once).content.decode()
    assert "2 instead of 0" in answer
    assert "3 instead of 1" in answer
    assert not Definition.objects.exists()


def test_a_change_measures_everything_anew(
    people: list[int],
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: OnCommit,
) -> None:
    measured: list[int] = []
    recomputed: list[int] = []
    monkeypatch.setattr(tasks.run_measures, "delay", measured.append)
    monkeypatch.setattr(segment_tasks.run_pipeline, "delay", recomputed.append)
    client = signed_in("manager")
    given = {"event": ["order_paid"], "note": "只看下单", "seen_version": "1"}
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        assert client.post(deed("do", ACTIVE), given).status_code == 302
    assert measured == [Job.objects.get(kind="measure").pk]
    assert recomputed == [Job.objects.get(kind=segment_tasks.PIPELINE).pk]
    version = Definition.objects.get(key=ACTIVE, version=2)
    assert (version.by, version.note) == (client.staff, "只看下单")  # type: ignore[attr-defined]
    page = html.unescape(client.get(reverse(LIST)).content.decode())
    assert "只看下单" in page
    assert "− viewed counts no more" in page
    assert 'data-job="' in page


@pytest.mark.parametrize(
    "given",
    [
        {"event": ["order_paid"], "note": "", "seen_version": "1"},
        {"event": ["order_paid"], "note": "Why", "seen_version": "7"},
        {"event": ["order_paid"], "note": "Why", "seen_version": "x"},
        {"event": ["nobody_knows"], "note": "Why", "seen_version": "1"},
        {"note": "Why", "seen_version": "1"},
    ],
    ids=["no reason", "an older version", "no version", "an unknown event", "no event"],
)
def test_what_is_refused_changes_nothing_and_stays_in_the_form(
    people: list[int], signed_in: SignIn, given: dict[str, object]
) -> None:
    answer = signed_in("admin").post(deed("do", ACTIVE), given)
    assert answer.status_code == 409
    assert not Definition.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize("role", ["operator", "product", "support"])
def test_others_change_nothing(people: list[int], signed_in: SignIn, role: str) -> None:
    given = {"event": ["order_paid"], "note": "Mine", "seen_version": "1"}
    client = signed_in(role)
    assert client.post(deed("do", ACTIVE), given).status_code == 403
    assert client.get(deed("do", ACTIVE)).status_code == 405
    assert not Definition.objects.exists()
    assert not Job.objects.exists()


def test_there_are_four_words(people: list[int], signed_in: SignIn) -> None:
    client = signed_in("admin")
    assert client.post(deed("preview", "rich"), {}).status_code == 404
    assert client.post(deed("do", "rich"), {}).status_code == 404


# --- beside the numbers -------------------------------------------------------------


def test_the_word_stands_beside_each_number(
    people: list[int], signed_in: SignIn, staff_of: Callable[..., Staff]
) -> None:
    measure.run()
    retention.monthly()
    client = signed_in("analyst")
    home = client.get(reverse("admin:index")).content.decode()
    assert home.count("active v1") >= 4
    assert "paid v1" in home
    list_page = client.get(reverse("admin:metrics_metric_changelist")).content.decode()
    for label in ("active v1", "paid v1", "interaction v1", "effective v1"):
        assert label in list_page
    definitions.change(
        ACTIVE, Said(frozenset({"viewed"})), seen_version=1, note="Now", by=staff_of("admin")
    )
    number = Measurement.objects.filter(metric__key="dau")[0].metric_id
    page = client.get(reverse("admin:metrics_metric_change", args=[number])).content.decode()
    assert "active v2" in page
    assert "Active on a day: who did any of: viewed on it." in page
    assert "still follow an older definition" in page


def test_the_page_asks_the_same_at_any_number_of_events(
    people: list[int], signed_in: SignIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(20):
        happened(incoming(1, ago(1), name=f"kind-{number}"))
    client = signed_in("admin")
    client.get(reverse(LIST))
    with django_assert_max_num_queries(25):  # type: ignore[attr-defined]
        client.get(reverse(LIST))
