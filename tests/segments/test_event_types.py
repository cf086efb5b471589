"""The screens of events: the list, the page of a kind, the plan and its file, by role."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from console.models import AuditEntry, Job, Project, Staff
from segments import catalogue, drift, event_types, tasks
from segments.models import EventProperty, EventType, Segment
from tests.segments import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
DAY = dt.date(2017, 3, 1)
LIST, COVERAGE, PLAN = (
    "admin:segments_eventtype_changelist",
    "admin:segments_eventtype_coverage",
    "admin:segments_eventtype_plan",
)


@pytest.fixture(autouse=True)
def today() -> None:
    Project.objects.filter(pk=1).update(today_on=DAY, time_zone="UTC")


@pytest.fixture
def paid() -> EventType:
    factories.happened(
        factories.incoming(1, DAY, properties={"price": 1, "store": "A"}),
        factories.incoming(2, DAY, properties={"price": "2"}),
    )
    return EventType.objects.get()


def page(kind: EventType) -> str:
    return reverse("admin:segments_eventtype_change", args=[kind.pk])


def do(kind: EventType, deed: str) -> str:
    return reverse("admin:segments_eventtype_do", args=[kind.pk, deed])


# --- looking --------------------------------------------------------------------


@pytest.mark.parametrize("role", Staff.Role.values)
def test_everybody_sees_titles_marks_and_coverage(
    paid: EventType, signed_in: SignedIn, role: str
) -> None:
    EventType.objects.update(is_planned=True)
    EventProperty.objects.filter(name="store").update(is_required=True)
    html = signed_in(role).get(reverse(LIST)).content.decode()
    for words in ("Order paid", "order_paid", "2 events in the last 30 days", "50.0%", "paid"):
        assert words in html
    assert signed_in(role).get(reverse(COVERAGE)).status_code == 200


def test_the_list_asks_no_query_for_a_row(
    signed_in: SignedIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    kinds = [f"kind-{number}" for number in range(30)]
    factories.happened(
        *(factories.incoming(1, DAY, name=kind, properties={"p": 1}) for kind in kinds)
    )
    client = signed_in("operator")
    client.get(reverse(LIST))
    with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
        client.get(reverse(LIST))


def test_the_page_asks_the_same_for_many_properties(
    paid: EventType, signed_in: SignedIn, django_assert_max_num_queries: Callable[..., object]
) -> None:
    many = {f"p{n}": n for n in range(100)}
    factories.happened(factories.incoming(1, DAY, properties=many))
    client = signed_in("product")
    client.get(page(paid))
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        html = client.get(page(paid)).content.decode()
    assert "p99" in html


def test_a_page_says_what_is_not_as_it_was(paid: EventType, signed_in: SignedIn) -> None:
    EventProperty.objects.filter(name="price").update(planned_kind="number")
    html = signed_in("support").get(page(paid)).content.decode()
    assert "came as text; planned is number" in html
    drift.look(DAY)
    assert "drift" in signed_in("support").get(reverse(LIST) + "?state=drift").content.decode()
    assert "came as text" in signed_in("support").get(reverse(COVERAGE)).content.decode()


def test_who_may_not_change_gets_no_forms(paid: EventType, signed_in: SignedIn) -> None:
    assert "event-title" not in signed_in("operator").get(page(paid)).content.decode()
    assert "event-title" in signed_in("product").get(page(paid)).content.decode()


def test_a_kind_that_does_not_exist_is_not_found(signed_in: SignedIn) -> None:
    client = signed_in("admin")
    for number in ("999999", "x"):
        assert client.get(reverse(LIST) + f"{number}/change/").status_code == 404


def test_the_coverage_names_what_lacks(paid: EventType, signed_in: SignedIn) -> None:
    factories.happened(factories.incoming(1, DAY, properties={"items": 1}))  # a trap in templates
    EventType.objects.update(is_planned=True)
    EventProperty.objects.filter(name__in=["items", "price"]).update(is_required=True)
    html = signed_in("support").get(reverse(COVERAGE)).content.decode()
    assert '<span class="badge warn">items</span>' in html
    assert "50.0%" in html


def test_names_are_never_markup(signed_in: SignedIn) -> None:
    factories.happened(
        factories.incoming(1, DAY, name="<b>x</b>", properties={"<i>p</i>": 1, '"><u>': 1})
    )
    kind = EventType.objects.get()
    client = signed_in("admin")
    for address in (reverse(LIST), page(kind), reverse(COVERAGE)):
        html = client.get(address).content.decode()
        assert "<b>x" not in html
        assert "<i>p" not in html
        assert "><u>" not in html


# --- changing -------------------------------------------------------------------


def test_the_forms_do_what_they_say(paid: EventType, signed_in: SignedIn) -> None:
    client = signed_in("product")
    words = {"title": "支付订单", "description": "d", "amount_property": "price", "owner": ""}
    assert client.post(do(paid, "describe"), words).status_code == 302
    given = {
        "property": ["price", "store"],
        "required": ["price"],
        "kind-price": "number",
        "words-store": "Where",
        "new_property": "till",
        "is_planned": "on",
    }
    assert client.post(do(paid, "plan"), given).status_code == 302
    assert client.post(do(paid, "block")).status_code == 302
    paid.refresh_from_db()
    assert (paid.title, paid.amount_property, paid.is_planned, paid.blocked) == (
        "支付订单",
        "price",
        True,
        True,
    )
    rows = EventProperty.objects.order_by("name").values_list(
        "name", "is_required", "planned_kind", "description"
    )
    assert list(rows) == [
        ("price", True, "number", ""),
        ("store", False, "", "Where"),
        ("till", True, "", ""),
    ]
    client.post(do(paid, "unblock"))
    paid.refresh_from_db()
    assert not paid.blocked


@pytest.mark.parametrize("deed", ["describe", "plan", "block", "unblock", "take", "stand"])
@pytest.mark.parametrize("role", ["operator", "manager", "support"])
def test_others_change_nothing(paid: EventType, signed_in: SignedIn, role: str, deed: str) -> None:
    before = list(EventType.objects.values())
    client = signed_in(role)
    assert client.post(do(paid, deed), {"title": "Mine"}).status_code == 403
    assert client.get(do(paid, deed)).status_code == 405
    assert list(EventType.objects.values()) == before
    assert not AuditEntry.objects.filter(action__startswith="eventtype.").exists()


def test_what_was_counted_cannot_be_written(paid: EventType, signed_in: SignedIn) -> None:
    given = {"counts_as_active": "", "name": "renamed", "volume": "5", "title": "t"}
    client = signed_in("admin")
    assert client.post(page(paid), given).status_code in {200, 403, 405}
    client.post(do(paid, "describe"), given)
    paid.refresh_from_db()
    assert (paid.name, paid.volume, paid.counts_as_active) == ("order_paid", 2, True)


def test_taking_one_as_another_starts_the_renaming(
    paid: EventType,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tasks.rename_events, "delay", asked.append)
    buy = catalogue.register(["buy"])["buy"]
    client = signed_in("analyst")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        client.post(do(buy, "take"), {"other": str(paid.pk)})
    assert asked == [Job.objects.get(kind="renaming").pk]
    buy.refresh_from_db()
    assert buy.taken_as == paid


def test_a_name_in_use_is_not_taken_and_nothing_starts(
    paid: EventType, signed_in: SignedIn
) -> None:
    buy = catalogue.register(["buy"])["buy"]
    Segment.objects.create(name="Buyers", rule={"event": "buy"})
    client = signed_in("admin")
    assert "Buyers" in client.get(page(buy)).content.decode()
    answer = client.post(do(buy, "take"), {"other": str(paid.pk)})
    assert answer.status_code == 403
    assert "Buyers" in answer.content.decode()
    assert not Job.objects.exists()


# --- the plan as a file -----------------------------------------------------------


def send(client: Client, text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    answer = client.post(
        reverse(PLAN), {"file": SimpleUploadedFile("plan.csv", content)}, follow=True
    )
    return answer.content.decode()


def test_a_plan_comes_in_as_a_file_and_goes_out_again(paid: EventType, signed_in: SignedIn) -> None:
    client = signed_in("product")
    html = send(
        client,
        "\ufeffevent,title,description,property,kind,required\n"
        "order_paid,支付订单,Each basket,,,\n"
        "order_paid,,,price,number,yes\n"
        "signed_up,注册,,,,\n"
        "signed_up,,Which shop,=store,string,\n"
        "signed_up,,＝1+1,' @plan,string,\n",
    )
    assert "The plan has 2 events now" in html
    assert EventType.objects.get(name="signed_up").is_planned
    price = EventProperty.objects.get(name="price")
    assert (price.is_required, price.planned_kind) == (True, "number")
    answer = client.get(reverse("admin:segments_eventtype_plan_file"))
    text = answer.content.decode("utf-8-sig")
    assert "signed_up,,Which shop,'=store,string," in text
    assert "signed_up,,'＝1+1,' @plan,string," in text  # as every other file has it
    EventType.objects.update(is_planned=False)
    send(client, text)
    assert client.get(answer.request["PATH_INFO"]).content.decode("utf-8-sig") == text


BAD_FILES = {
    "nothing": (b"", "Choose a CSV file"),
    "not text": (b"\xff\xfe\x00event", "not a CSV file"),
    "no heading": (b"a,b\n1,2\n", "has to name the columns"),
    "an unknown kind": (b"event,property,kind\na,p,money\n", "Row 2"),
    "a maybe": (b"event,property,required\na,p,perhaps\n", "neither yes nor no"),
    "no event": (b"event,title\na,x\n,y\n", "Row 3"),
    "a name that is too long": (b"event\n" + b"x" * 81 + b"\n", "cannot be the name"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_changes_nothing_and_says_why(signed_in: SignedIn, case: str) -> None:
    content, words = BAD_FILES[case]
    assert words in send(signed_in("admin"), content)
    assert not EventType.objects.exists()


def test_a_bad_row_undoes_the_good_ones(signed_in: SignedIn) -> None:
    send(signed_in("admin"), "event,property,kind\ngood,p,number\nbad,p,money\n")
    assert not EventType.objects.exists()


@pytest.mark.parametrize("role", ["operator", "manager", "support"])
def test_others_load_no_plan(signed_in: SignedIn, role: str) -> None:
    client = signed_in(role)
    answer = client.post(reverse(PLAN), {"file": SimpleUploadedFile("p.csv", b"event\na\n")})
    assert answer.status_code == 403
    assert not EventType.objects.exists()


def test_the_row_of_all_others_cannot_be_changed(signed_in: SignedIn) -> None:
    others = EventType.objects.create(name="$others")
    client = signed_in("admin")
    assert client.post(do(others, "block")).status_code == 404
    assert "catalogue is full" in client.get(page(others)).content.decode()
    assert event_types.uses("$others") == []
