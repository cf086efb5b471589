"""Finding a customer, and all that is known about one on a page."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import AuditEntry
from segments import ingest, timeline
from segments.admin.customer import CustomerAdmin
from segments.models import CustomerTraits
from tests.segments.factories import (
    ConsentFactory,
    CustomerFactory,
    IdentifierFactory,
    happened,
    incoming,
    moment,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def page_of(client: Client, pk: int) -> str:
    return client.get(reverse("admin:segments_customer_change", args=[pk])).content.decode()


def test_the_page_tells_who_it_is(signed_in: SignedIn) -> None:
    anna = CustomerFactory(attributes={"items": "a property with a method's name"})
    IdentifierFactory(customer=anna, kind="household", value="h-77")
    page = page_of(signed_in("operator"), anna.pk)
    assert "h-77" in page
    assert "a property with a method&#x27;s name" in page
    assert "never agreed" in page


@pytest.mark.parametrize(
    ("role", "shown"), [("operator", True), ("support", True), ("analyst", False)]
)
def test_addresses_are_for_those_who_need_them(role: str, shown: bool, signed_in: SignedIn) -> None:
    anna = CustomerFactory(email="anna@customers.example", name="Anna Bell")
    client = signed_in(role)
    page = page_of(client, anna.pk)
    assert ("anna@customers.example" in page) is shown
    assert ("Anna Bell" in page) is shown
    assert "@customers.example" in page
    found = client.get(reverse("admin:segments_customer_changelist"), {"q": "anna@"})
    assert (f"#{anna.pk}" in found.content.decode()) is shown


def test_a_customer_is_found_by_number_and_by_identifier(signed_in: SignedIn) -> None:
    anna, ben = CustomerFactory(), CustomerFactory()
    IdentifierFactory(customer=ben, kind="household", value="h-77")
    client, address = signed_in("analyst"), reverse("admin:segments_customer_changelist")
    for term, who, other in ((str(anna.pk), anna, ben), ("h-77", ben, anna)):
        found = client.get(address, {"q": term}).content.decode()
        assert reverse("admin:segments_customer_change", args=[who.pk]) in found
        assert reverse("admin:segments_customer_change", args=[other.pk]) not in found


@pytest.mark.parametrize("term", ["9" * 40, "'; --", "%", "\x00", "😀"])
def test_nonsense_finds_nobody(term: str, signed_in: SignedIn) -> None:
    CustomerFactory()
    answer = signed_in("operator").get(reverse("admin:segments_customer_changelist"), {"q": term})
    assert answer.status_code in {200, 302}


def test_the_list_asks_no_question_per_customer(
    signed_in: SignedIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for _ in range(30):
        CustomerFactory()
    client = signed_in("operator")
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        client.get(reverse("admin:segments_customer_changelist"))


def test_events_come_newest_first_from_the_lake_and_the_inbox() -> None:
    anna, ben = CustomerFactory(), CustomerFactory()
    happened(
        incoming(anna, "2017-01-05", name="first"),
        incoming(anna, "2017-12-01", name="second", amount=1250, properties={"items": 3}),
        incoming(ben, "2017-12-02", name="not hers"),
    )
    ingest.receive([incoming(anna, "2017-12-03", name="waiting")])
    page = timeline.newest(anna.pk, limit=10)
    assert [entry.name for entry in page.entries] == ["waiting", "second", "first"]
    assert page.entries[1].facts == [("items", 3)]
    assert page.next is None


def test_pages_of_events_neither_repeat_nor_skip() -> None:
    anna = CustomerFactory()
    same = moment("2017-06-01")
    happened(*(incoming(anna, "2017-06-01", time=same, name=f"e{n}") for n in range(7)))
    seen, before = list[str](), None
    for _ in range(4):
        page = timeline.newest(anna.pk, limit=2, before=before)
        seen += [entry.name for entry in page.entries]
        before = page.next
    assert before is None
    assert sorted(seen) == [f"e{n}" for n in range(7)]


def test_the_events_of_the_page_are_shown(signed_in: SignedIn) -> None:
    anna = CustomerFactory()
    happened(incoming(anna, "2017-12-01", amount=1250, properties={"items": 3, "x": "<b>"}))
    address = reverse("admin:segments_customer_events", args=[anna.pk])
    page = signed_in("operator").get(address).content.decode()
    assert "12.50" in page
    assert "items" in page
    assert "<b>" not in page


def test_support_withdraws_a_consent_and_the_audit_log_says_so(signed_in: SignedIn) -> None:
    consent = ConsentFactory()
    address = reverse("admin:segments_customer_withdraw", args=[consent.customer_id])
    assert signed_in("operator").post(address, {"channel": "email"}).status_code == 403
    consent.refresh_from_db()
    assert consent.granted
    assert signed_in("support").post(address, {"channel": "email"}).status_code == 302
    consent.refresh_from_db()
    assert not consent.granted
    assert AuditEntry.objects.filter(action="consent.withdrawn").count() == 1


def test_looking_changes_nothing(signed_in: SignedIn) -> None:
    consent = ConsentFactory()
    address = reverse("admin:segments_customer_withdraw", args=[consent.customer_id])
    assert signed_in("support").get(address).status_code == 405
    consent.refresh_from_db()
    assert consent.granted


def test_events_that_do_not_count_as_active_are_shown_as_well() -> None:
    anna = CustomerFactory()
    happened(
        incoming(anna, "2017-03-05"),
        incoming(anna, "2017-02-01", name="campaign_received"),
        incoming(anna, "2017-04-20", name="message_sent"),
    )
    shown = [entry.name for entry in timeline.newest(anna.pk, limit=10).entries]
    assert shown == ["message_sent", "order_paid", "campaign_received"]


def test_a_search_takes_the_beginning_of_what_one_may_see(signed_in: SignedIn) -> None:
    anna = CustomerFactory(email="anna@customers.example", name="Anna Bell")
    IdentifierFactory(customer=anna, kind="household", value="h-77")
    IdentifierFactory(customer=anna, kind="phone", value="+4930123")
    for role, terms, finds in (
        ("operator", ["h-7", "ANNA@cust", "Anna", "+4930", str(anna.pk)], True),
        ("analyst", ["h-7", str(anna.pk)], True),
        ("analyst", ["anna@cust", "Anna", "+4930", "nobody"], False),
        ("operator", ["%", "_", "-77", "99999999999999", "２"], False),
    ):
        client = signed_in(role)
        for term in terms:
            page = client.get(reverse("admin:segments_customer_changelist"), {"q": term})
            assert (f"#{anna.pk}" in page.content.decode()) is finds, (role, term)


def test_phone_numbers_are_masked_like_addresses(signed_in: SignedIn) -> None:
    anna = CustomerFactory()
    IdentifierFactory(customer=anna, kind="phone", value="+4930123")
    assert "+4930123" in page_of(signed_in("support"), anna.pk)
    assert "+4930123" not in page_of(signed_in("analyst"), anna.pk)


def test_the_list_orders_by_a_trait_without_those_who_have_none(signed_in: SignedIn) -> None:
    day = dt.date(2017, 12, 31)
    poor, rich, unknown = CustomerFactory(), CustomerFactory(), CustomerFactory()
    for customer, amount in ((poor, 100), (rich, 90_000)):
        CustomerTraits.objects.create(customer=customer, monetary_minor=amount, computed_on=day)
    client, address = signed_in("operator"), reverse("admin:segments_customer_changelist")
    spent = CustomerAdmin.list_display.index("spent")
    page = client.get(address, {"o": f"-{spent}"}).content.decode()
    assert page.index(f"#{rich.pk}") < page.index(f"#{poor.pk}")
    assert f"#{unknown.pk}<" not in page
    assert f"#{unknown.pk}" in client.get(address).content.decode()
