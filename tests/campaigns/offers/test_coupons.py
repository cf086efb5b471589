"""Coupons: as many as there are, once a message, and what people may do with them."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.models import Coupon, CouponBatch, CouponDay, Message
from campaigns.offers import coupon_batches, coupon_codes, coupons
from console.models import AuditEntry
from console.states import NotAllowed
from segments.models import Customer, InboxEvent
from tests.campaigns.factories import (
    CampaignFactory,
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    campaign_at,
    charlie,
    people,
    segment_of,
)

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def messages_to(customers: list[Customer], *, occurrence: int = 0) -> dict[int, int]:
    """Messages of one step of a campaign: message → customer."""
    campaign = CampaignFactory.create(segment=segment_of(customers))
    rows = Message.objects.bulk_create(
        Message(campaign=campaign, customer=one, occurrence=occurrence) for one in customers
    )
    return {row.pk: row.customer_id for row in rows}


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Each in a thread and on a connection of its own: what it gave, or what it raised."""
    ready = threading.Barrier(len(works))
    ends: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            ready.wait()
            ends[number] = work()
        except Exception as problem:
            ends[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


# --- with messages ----------------------------------------------------------


def test_each_message_gets_a_code_of_its_own_that_lasts_from_then_on() -> None:
    batch, to = CouponBatchFactory.create(), messages_to(people(3))
    given = coupons.issue(batch, to, campaign=None, at=AT)
    assert given.keys() == to.keys()
    assert len({one.code for one in given.values()}) == 3
    assert {one.expires_at for one in given.values()} == {AT + 15 * MINUTE}
    assert {c.message_id: c.customer_id for c in Coupon.objects.all()} == to
    assert set(InboxEvent.objects.values_list("name", flat=True)) == {"coupon_issued"}
    assert not InboxEvent.objects.filter(properties__icontains="code").exists()


def test_asked_again_a_message_has_the_same_coupon_which_lasts_from_now() -> None:
    batch, to = CouponBatchFactory.create(most_issued=2), messages_to(people(2))
    first = coupons.issue(batch, to, campaign=None, at=AT)
    again = coupons.issue(batch, to, campaign=None, at=AT + 10 * MINUTE)
    assert [one.code for one in again.values()] == [one.code for one in first.values()]
    assert {one.expires_at for one in again.values()} == {AT + 25 * MINUTE}
    assert coupons.held(batch, to) == again
    assert (Coupon.objects.count(), CouponDay.objects.get().issued) == (2, 2)
    assert InboxEvent.objects.count() == 2


def test_no_more_are_given_than_there_are_in_all_and_a_day() -> None:
    batch = CouponBatchFactory.create(most_issued=5, most_a_day=3)
    day = dt.timedelta(days=1)
    counts = [
        len(coupons.issue(batch, messages_to(people(4)), campaign=None, at=AT + n * day))
        for n in range(3)
    ]
    assert counts == [3, 2, 0]
    assert coupons.room(batch, at=AT + 3 * day) == 0


def test_a_batch_that_is_put_away_or_over_gives_none() -> None:
    batch = CouponBatchFactory.create(ends_at=AT + 10 * MINUTE)
    to = messages_to(people(1))
    (given,) = coupons.issue(batch, to, campaign=None, at=AT).values()
    assert given.expires_at == AT + 10 * MINUTE, "never longer than the batch"
    assert coupons.room(batch, at=AT + 10 * MINUTE) == 0
    CouponBatch.objects.update(archived_at=AT)
    assert coupons.room(batch, at=AT) == 0


def test_of_a_shared_code_each_customer_has_one_and_who_used_it_gets_no_more() -> None:
    batch = CouponBatchFactory.create(shared_code="SPRING", most_issued=9)
    anna, bert = people(2)
    first = coupons.issue(batch, messages_to([anna, bert]), campaign=None, at=AT)
    assert {one.code for one in first.values()} == {"SPRING"}
    Coupon.objects.filter(customer=anna).update(status="redeemed")
    second = messages_to([anna, bert], occurrence=1)
    given = coupons.issue(batch, second, campaign=None, at=AT + MINUTE)
    assert [second[message] for message in given] == [bert.pk]
    assert Coupon.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_never_give_more_than_there_are() -> None:
    batch = CouponBatchFactory.create(most_issued=5)
    one, two = messages_to(people(4)), messages_to(people(4, prefix="d"))
    ends = at_once(
        lambda: coupons.issue(batch, one, campaign=None, at=AT),
        lambda: coupons.issue(batch, two, campaign=None, at=AT),
    )
    assert sorted(map(len, ends)) == [1, 4]
    assert Coupon.objects.count() == 5


# --- by hand ----------------------------------------------------------------


def test_a_person_gives_a_coupon_and_says_why() -> None:
    (customer,), batch, who = people(1), CouponBatchFactory.create(), bob()
    coupon = coupons.give(batch, customer.pk, because="late parcel", by=who, at=AT)
    assert (coupon.customer, coupon.given_by, coupon.because) == (customer, who, "late parcel")
    assert AuditEntry.objects.filter(action="coupon.given", staff=who).exists()
    coupons.revoke(coupon, because="by mistake", by=who)
    coupon.refresh_from_db()
    assert coupon.status == "revoked"


def refusals() -> dict[str, Callable[[CouponBatch, Customer], Any]]:
    def give(**over: Any) -> Callable[[CouponBatch, Customer], Any]:
        def deed(batch: CouponBatch, customer: Customer) -> Any:
            said: dict[str, Any] = {"because": "why", "by": bob(), "at": AT} | over
            return coupons.give(batch, customer.pk, **said)

        return deed

    def twice(batch: CouponBatch, customer: Customer) -> None:
        with transaction.atomic():
            coupons.give(batch, customer.pk, because="why", by=bob(), at=AT)
            coupons.give(batch, customer.pk, because="why", by=bob(), at=AT)

    def erased(batch: CouponBatch, customer: Customer) -> None:
        Customer.objects.filter(pk=customer.pk).update(erased_at=AT)
        give()(batch, customer)

    return {
        "no reason": give(because=" "),
        "another role": lambda batch, one: coupons.give(
            batch, one.pk, because="why", by=alice(), at=AT
        ),
        "a moment ago": twice,
        "erased": erased,
    }


@pytest.mark.parametrize("case", sorted(refusals()))
def test_a_refusal_gives_nothing(case: str) -> None:
    (customer,), batch = people(1), CouponBatchFactory.create()
    with pytest.raises(NotAllowed):
        refusals()[case](batch, customer)
    assert not Coupon.objects.exists()
    assert not CouponDay.objects.exists()


# --- batches ----------------------------------------------------------------


def test_what_customers_were_promised_stays() -> None:
    who = bob()
    batch = coupon_batches.add(name="Twenty", value_minor=2_000, valid_minutes=15, by=who)
    coupon_batches.edit(batch, by=who, value_minor=3_000)
    coupons.issue(batch, messages_to(people(1)), campaign=None, at=AT)
    with pytest.raises(NotAllowed, match="promises"):
        coupon_batches.edit(batch, by=who, value_minor=1_000)
    coupon_batches.edit(batch, by=who, name="Thirty", most_issued=10)
    batch.refresh_from_db()
    assert (batch.name, batch.value_minor, batch.most_issued) == ("Thirty", 3_000, 10)
    with pytest.raises(NotAllowed):
        coupon_batches.archive(batch, by=charlie())


TERMS: dict[str, dict[str, Any]] = {
    "gives nothing": {"value_minor": None},
    "share of 101": {"kind": "percent", "percent": 101},
    "gift without a name": {"kind": "gift", "value_minor": 10},
    "never ends": {"valid_minutes": None},
    "open without a code": {"is_open": True},
    "code too short": {"shared_code": "AB"},
    "name taken": {"name": "Taken"},
    "code taken": {"shared_code": "t-a-k-e-n"},
}


@pytest.mark.parametrize("case", list(TERMS))
def test_terms_that_make_no_coupon_are_refused(case: str) -> None:
    CouponBatchFactory.create(name="Taken", shared_code="TAKEN")
    said = {"name": "New", "value_minor": 100, "valid_minutes": 15} | TERMS[case]
    with pytest.raises(NotAllowed):
        coupon_batches.add(by=bob(), **said)
    assert CouponBatch.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"value_minor": None}, {"valid_minutes": None}, {"kind": "percent"}, {"is_open": True}],
    ids=str,
)
def test_the_database_refuses_them_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponBatchFactory.create(**wrong)


# --- codes ------------------------------------------------------------------


def test_codes_are_read_as_people_type_them() -> None:
    (code,) = coupon_codes.make(1)
    shown = coupon_codes.show(code)
    assert shown.count("-") == 2
    assert coupon_codes.read(f" {shown.lower()} ") == code
    assert coupon_codes.show("SPRING2024AB!"[:6]) == "SPRING"
    assert code not in coupon_codes.hint(code)
    assert len(set(coupon_codes.make(2_000))) == 2_000


@pytest.mark.parametrize(
    "more",
    [{"name": "Fifty off"}, {"value_minor": 5_000}, {"most_issued": None}, {"most_a_day": 9}],
    ids=str,
)
def test_nothing_that_somebody_said_yes_to_grows_behind_their_back(more: dict[str, Any]) -> None:
    who = bob()
    batch = CouponBatchFactory.create(most_issued=5, most_a_day=3, owner=who, team=who.team)
    step = {"key": "hello", "kind": "message", "coupon": batch.pk}
    step["template"] = TemplateFactory.create().pk
    campaign_at("submitted", 2, by=who, plan=[step])
    with pytest.raises(NotAllowed, match="submitted with"):
        coupon_batches.edit(batch, by=who, **more)
    coupon_batches.edit(batch, by=who, most_issued=4, most_a_day=1)
    batch.refresh_from_db()
    assert (batch.most_issued, batch.most_a_day) == (4, 1)
