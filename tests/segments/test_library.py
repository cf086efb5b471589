"""The library: rules of the field that make sense here, what the others need, and “use it”."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from console import roles
from console.models import Project, Staff
from segments import arrays, library, ready, traits, vocabulary
from segments.models import Segment, SegmentVersion
from segments.rules import tree
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary
from segments.sheet import Fresh
from tests.factories import StaffFactory
from tests.segments.factories import CustomerFactory, EventTypeFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NAMES = sorted(ready.EVENTS)


@pytest.fixture(autouse=True)
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    Project.objects.update(today_on=dt.date(2018, 1, 1), currency="USD")
    from segments import tasks

    monkeypatch.setattr(tasks.recompute_segment, "delay", lambda pk: None)


def all_known() -> Vocabulary:
    """A vocabulary in which every event and profile field of the shelf is known."""
    for name in NAMES:
        EventTypeFactory(name=name)
    CustomerFactory.create_batch(5, attributes={"channel": "search", "device": "mobile"})
    return vocabulary.current()


def test_every_rule_of_the_shelf_can_be_read_where_its_events_are_sent() -> None:
    known = all_known()
    for one in ready.READY.values():
        found = library.take(one, known)
        assert (found.problem, found.events, found.fields) == ("", (), ()), one.key
        assert found.sentence


def test_the_events_that_the_rules_need_are_described() -> None:
    needed = {event for one in ready.READY.values() for event in tree.events_in(one.rule)}
    assert needed <= ready.EVENTS.keys()


def test_the_newcomers_are_twelve_and_apart() -> None:
    twelve = [one for one in ready.READY.values() if one.theme == "newcomers"]
    assert len(twelve) == 12
    assert len({str(one.rule) for one in twelve}) == 12


def test_of_the_six_quiet_ones_a_customer_belongs_to_the_first() -> None:
    known = all_known()
    six = library.shelf(known)["inactive"]
    assert len(six) == 6
    assert six[0].rule == ready.READY["warning-3"].rule
    others = six[5].rule["all"][1]["not"]["any"]
    assert others == [one.ready.rule for one in six[:5]]
    assert [len(one.after) for one in six] == [0, 1, 2, 3, 4, 5]


def test_what_is_missing_is_named_and_may_be_called_otherwise() -> None:
    EventTypeFactory(name="app_opened")
    known = vocabulary.current()
    one = ready.READY["quiet-7"]
    assert library.take(one, known).events == ("user_logged_in",)
    by = StaffFactory()
    with pytest.raises(RuleError):
        library.use("quiet-7", by=by, names={})
    segment = library.use("quiet-7", by=by, names={"user_logged_in": "app_opened"})
    own = {"last": "app_opened", "op": ">=", "value": 7}
    assert segment.rule["all"][0] == own
    assert tree.events_in(segment.rule) == {"app_opened"}
    assert SegmentVersion.objects.get().note == "from the library"


def test_fields_and_values_may_be_called_otherwise_here() -> None:
    """R14: who knows channels from events has them as a trait, and calls search SEM."""
    traits.install()
    ids = [one.pk for one in CustomerFactory.create_batch(6, attributes={"kind": "APP"})]
    column = Fresh(arrays.spread(np.array(ids[:2]), np.array([0, 0], np.int32)), ("SEM",))
    day = dt.date(2018, 1, 1)
    traits.keep({"acquired_channel": column}, day=day)
    known = vocabulary.current()
    one = ready.READY["new-search-mobile-deep"]
    found = library.take(one, known)
    assert found.fields == ("channel", "device")
    assert found.words == (("channel", "search"), ("device", "mobile"))
    names = {
        "channel": "trait:acquired_channel",
        "channel=search": "SEM",
        "device": "kind",
        "device=mobile": "APP",
    }
    own = library.take(one, known, names)
    assert (own.problem, own.fields, own.words) == ("", (), ())
    asked = own.rule["all"][1:3]
    assert asked == [
        {"trait": "acquired_channel", "op": "=", "value": "SEM"},
        {"profile": "kind", "op": "=", "value": "APP"},
    ]
    wrong = library.take(one, known, names | {"device=mobile": "Phone"})
    assert wrong.words == (("kind", "Phone"),)
    reason = library.take(ready.READY["rival"], known, {"reason=competitor": "竞品"})
    assert "竞品" in str(reason.rule)


def test_the_page_says_before_it_is_made_that_nobody_has_a_value(signed_in: SignIn) -> None:
    CustomerFactory.create_batch(6, attributes={"channel": "SEM", "device": "mobile"})
    traits.install()
    client = signed_in("operator")
    html = client.get(reverse("admin:segments_library")).content.decode()
    assert 'name="word:channel=search"' in html
    assert 'name="word:device=mobile"' not in html, "somebody has it"
    at = reverse("admin:segments_library_count", args=["new-search-mobile-deep"])
    assert "hardly anybody has channel = search" in client.get(at).content.decode()
    mapped = client.get(at, {"word:channel=search": "SEM"}).content.decode()
    assert "hardly" not in mapped
    evil = client.get(at, {"word:channel=search": "<b>x</b>"}).content.decode()
    assert "<b>" not in evil
    use = reverse("admin:segments_library_use", args=["new-search-mobile-deep"])
    assert client.post(use, {"word:channel=search": "SEM"}).status_code == 302
    assert {"profile": "channel", "op": "=", "value": "SEM"} in Segment.objects.get().rule["all"]


def test_using_it_twice_makes_two() -> None:
    by = StaffFactory()
    first, second = (library.use("active-unpaid", by=by, names={}) for _turn in range(2))
    assert (str(first), str(second)) == ("Active, and never paid", "Active, and never paid 2")
    assert first.description == "活跃但未付费的中腰部用户（占总用户数 45%）"


@pytest.mark.parametrize("role", sorted(Staff.Role.values))
def test_those_use_it_whose_role_may(role: str, signed_in: SignIn) -> None:
    traits.install()
    client, may = signed_in(role), role in roles.TABLE["segments.change"]
    html = client.get(reverse("admin:segments_library")).content.decode()
    assert (">Use it<" in html) is may
    assert "超过 30 天未登录的沉睡用户" in html
    answer = client.post(reverse("admin:segments_library_use", args=["active-unpaid"]))
    assert answer.status_code == (302 if may else 403)
    assert Segment.objects.exists() is may


def test_the_page_asks_few_questions_and_counts_one_by_one(
    signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in("operator")
    all_known()
    client.get(reverse("admin:segments_library"))
    with django_assert_max_num_queries(40):
        client.get(reverse("admin:segments_library"))
    address = reverse("admin:segments_library_count", args=["active-unpaid"])
    said = client.get(address).content.decode()
    why = "no customer has a value of “active days in 30”, “orders”: "
    assert said.startswith(f"0 customers · 0.0% · {why}")
    assert client.get(reverse("admin:segments_library_count", args=["nothing"])).status_code == 404
    assert client.post(reverse("admin:segments_library_use", args=["nothing"])).status_code == 302
