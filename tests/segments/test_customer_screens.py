"""Finding a customer, and all that is known about one on a page."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import AuditEntry
from segments import ingest, timeline
from segments.admin.customer import CustomerAdmin
from tests.segments.factories import (
    ConsentFactory,
    CustomerFactory,
    IdentifierFactory,
    happened,
    incoming,
    moment,
    traits,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def page_of(client: Client, pk: int) -> str:
    return client.get(reverse("admin:segments_customer_change", args=[pk])).content.decode()


def contact_of(client: Client, pk: int) -> str:
    return client.post(reverse("admin:segments_customer_contact", args=[pk])).content.decode()


def test_the_page_tells_who_it_is(signed_in: SignedIn) -> None:
    anna = CustomerFactory(
        attributes={
            "items": "a property with a method's name",
            "tags": ["gold", "northern"],
            "car": {"make": "BYD", "doors": 4},
        }
    )
    IdentifierFactory(customer=anna, kind="household", value="h-77")
    page = page_of(signed_in("operator"), anna.pk)
    for words in ("h-77", "a property with a method&#x27;s name", "northern", "BYD"):
        assert words in page
    assert "never agreed" in page


ROLES_AND_CONTACT = [
    ("operator", True),
    ("product", False),
    ("manager", False),
    ("analyst", False),
    ("support", True),
    ("admin", True),
]


@pytest.mark.parametrize(("role", "may"), ROLES_AND_CONTACT)
def test_contact_is_masked_until_somebody_who_may_see_it_asks(
    role: str, may: bool, signed_in: SignedIn
) -> None:
    anna = CustomerFactory(
        email="anna@customers.example",
        name="Anna Bell",
        phone="13812345678",
        attributes={"home_address": "Hill Road 7"},
    )
    IdentifierFactory(customer=anna, kind="phone", value="+4930123456")
    secrets = ("anna@customers", "Anna Bell", "13812345678", "+4930123456", "Hill Road 7")
    client = signed_in(role)
    page = page_of(client, anna.pk)
    assert not any(secret in page for secret in secrets)
    assert "a•••@customers.example" in page
    assert ("Show contact" in page) is may
    shown = contact_of(client, anna.pk)
    assert all((secret in shown) is may for secret in secrets)
    looks = AuditEntry.objects.filter(action="customer.looked")
    assert looks.count() == may
    if may:
        assert looks.get().details["customer"] == anna.pk
        assert "Anna" not in str(looks.get().details)


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("analyst", False)])
def test_only_who_may_contact_finds_by_contact(role: str, may: bool, signed_in: SignedIn) -> None:
    anna = CustomerFactory(email="anna@customers.example", phone="13812345678")
    client, address = signed_in(role), reverse("admin:segments_customer_changelist")
    for term in ("anna@", "1381234"):
        found = client.get(address, {"q": term}).content.decode()
        assert (f"#{anna.pk}" in found) is may


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
    assert "+4930123" in contact_of(signed_in("support"), anna.pk)
    assert "+4930123" not in page_of(signed_in("support"), anna.pk)


def test_the_list_orders_by_a_trait_without_those_who_have_none(signed_in: SignedIn) -> None:
    poor, rich, unknown = CustomerFactory(), CustomerFactory(), CustomerFactory()
    for customer, amount in ((poor, 100), (rich, 90_000)):
        traits(customer, monetary_minor=amount)
    client, address = signed_in("operator"), reverse("admin:segments_customer_changelist")
    spent = CustomerAdmin.list_display.index("spent")
    page = client.get(address, {"o": f"-{spent}"}).content.decode()
    assert page.index(f"#{rich.pk}") < page.index(f"#{poor.pk}")
    assert f"#{unknown.pk}<" not in page
    assert f"#{unknown.pk}" in client.get(address).content.decode()


# --- who is not here any more -----------------------------------------------


def test_a_merged_customer_leads_to_the_kept_one(signed_in: SignedIn) -> None:
    kept = CustomerFactory()
    absorbed = CustomerFactory(merged_into=kept)
    client = signed_in("operator")
    address = reverse("admin:segments_customer_change", args=[absorbed.pk])
    answer = client.get(address, follow=True)
    assert answer.redirect_chain[0][0] == reverse("admin:segments_customer_change", args=[kept.pk])
    assert f"#{absorbed.pk} was merged into this customer" in answer.content.decode()


def test_an_erased_customer_is_a_number_alone(signed_in: SignedIn) -> None:
    gone = CustomerFactory(name="", email="", erased_at=moment("2017-05-05"))
    client = signed_in("support")
    assert "This person was erased" in page_of(client, gone.pk)
    assert client.get(reverse("admin:segments_customer_events", args=[gone.pk])).status_code == 404
    listed = client.get(reverse("admin:segments_customer_changelist")).content.decode()
    assert f"#{gone.pk}" not in listed


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_and_its_parts_open_in_both_languages(language: str, signed_in: SignedIn) -> None:
    anna = CustomerFactory()
    happened(incoming(anna, "2017-12-01", amount=1250))
    client = signed_in("support")
    for name in ("change", "events", "doings"):
        address = reverse(f"admin:segments_customer_{name}", args=[anna.pk])
        answer = client.get(address, headers={"accept-language": language})
        assert answer.status_code == 200, name
        assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("role", "may"), [("operator", True), ("support", True), ("analyst", False), ("product", False)]
)
def test_messages_are_a_part_for_those_who_may_see_them(
    role: str, may: bool, signed_in: SignedIn
) -> None:
    anna = CustomerFactory()
    client = signed_in(role)
    part = reverse("admin:campaigns_message_of", args=[anna.pk])
    assert (part in page_of(client, anna.pk)) is may
    answer = client.get(part)
    assert answer.status_code == (200 if may else 403)
    assert ("No message was sent" in answer.content.decode()) is may
