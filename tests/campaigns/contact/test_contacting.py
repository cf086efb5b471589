"""What is known of customers inside a claim, and what is counted of them."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.contact import contacting, holdouts, holds, policies, suppression
from campaigns.contact.contacting import Look
from campaigns.models import Campaign, Contact, ContactHold, Holdout, Message
from campaigns.policy.nodes import Approach, Defer, Downgrade, Send, Skip
from console.models import Staff
from console.states import NotAllowed, Stale
from segments.models import Consent, Customer
from tests.campaigns.factories import AT, CampaignFactory, people, segment_of

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 11, 4, tzinfo=dt.UTC)
EMAIL = Approach("email")


def policy(**content: Any) -> None:
    found = policies.newest()
    policies.change(content, based_on=found.version if found else 0, note="fewer", by=None, at=AT)


def at_most(most: int, window: str, channel: str = "", **more: Any) -> dict[str, Any]:
    return {"most": most, "window": window, "channel": channel, **more}


def campaign_for(customers: list[Customer]) -> Campaign:
    campaign: Campaign = CampaignFactory.create(segment=segment_of(customers))
    return campaign


def claim(
    campaign: Campaign,
    ids: Collection[int],
    *,
    at: dt.datetime = NOON,
    approach: Approach = EMAIL,
    occurrence: int = 0,
) -> Look:
    """What a claim does: look, write the messages, count them."""
    found = contacting.look(ids, approach, at=at)
    going = [pk for pk, one in found.verdicts.items() if isinstance(one, Send | Downgrade)]
    made = Message.objects.bulk_create(
        Message(
            campaign=campaign,
            customer_id=pk,
            channel=found.channel(pk),
            occurrence=occurrence,
        )
        for pk in going
    )
    contacting.record(found, {one.customer_id: one.pk for one in made})
    return found


def test_without_a_policy_who_agreed_is_written_to() -> None:
    agreed, silent = people(2)
    Consent.objects.filter(customer=silent).update(granted=False)
    found = contacting.look([agreed.pk, silent.pk], EMAIL, at=NOON)
    assert found.verdicts == {agreed.pk: Send(), silent.pk: Skip("no_consent")}
    assert found.addresses[agreed.pk] == agreed.email


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": ""}, "no_address"),
        ({"erased_at": AT}, "erased"),
        ({"merged_into_id": "other"}, "merged"),
    ],
)
def test_a_customer_who_cannot_be_written_to_is_skipped(
    change: dict[str, Any], reason: str
) -> None:
    one, other = people(2)
    values = {name: other.pk if value == "other" else value for name, value in change.items()}
    Customer.objects.filter(pk=one.pk).update(**values)
    found = contacting.look([one.pk], Approach("email", "transactional"), at=NOON)
    assert found.verdicts == {one.pk: Skip(reason)}


@pytest.mark.parametrize(
    ("reason", "transactional_too"),
    [("unsubscribed", False), ("bounced", True), ("by_hand", True)],
)
def test_a_suppressed_address_is_skipped(reason: str, transactional_too: bool) -> None:
    (one,) = people(1)
    suppression.add(one.email, reason=reason, at=AT)
    assert contacting.look([one.pk], EMAIL, at=NOON).verdicts[one.pk] == Skip("suppressed")
    order = contacting.look([one.pk], Approach("email", "transactional"), at=NOON)
    assert (order.verdicts[one.pk] == Send()) == (not transactional_too)


def test_the_address_of_an_erased_person_is_skipped() -> None:
    (one,) = people(1)
    suppression.forget(suppression.add(one.email, reason="unsubscribed", at=AT))
    assert contacting.look([one.pk], EMAIL, at=NOON).verdicts[one.pk] == Skip("suppressed")


def test_caps_count_over_campaigns_and_what_surely_did_not_leave_is_given_back() -> None:
    policy(caps=[at_most(1, "day")])
    (one,) = who = people(1)
    assert claim(campaign_for(who), [one.pk]).verdicts[one.pk] == Send()
    second = claim(campaign_for(who), [one.pk])
    assert second.verdicts[one.pk] == Defer(dt.datetime(2026, 3, 11, 16, tzinfo=dt.UTC), "cap::day")
    contacting.give_back(list(Message.objects.values_list("pk", flat=True)))
    assert claim(campaign_for(who), [one.pk]).verdicts[one.pk] == Send()


def test_transactional_messages_are_neither_capped_nor_counted() -> None:
    policy(caps=[at_most(1, "day")])
    (one,) = who = people(1)
    order = Approach("email", "transactional")
    for _again in range(3):
        assert claim(campaign_for(who), [one.pk], approach=order).verdicts[one.pk] == Send()
    assert claim(campaign_for(who), [one.pk]).verdicts[one.pk] == Send()


def test_what_a_merged_customer_got_counts_for_who_they_are_now() -> None:
    policy(caps=[at_most(1, "week")])
    was, now = who = people(2)
    claim(campaign_for(who), [was.pk])
    holds.complained(was.pk, at=NOON)
    Customer.objects.filter(pk=was.pk).update(merged_into=now)
    assert claim(campaign_for(who), [now.pk]).verdicts[now.pk] == Skip("complaint")
    ContactHold.objects.all().delete()
    assert claim(campaign_for(who), [now.pk]).verdicts[now.pk] == Skip("cap::week")


def test_a_capped_mail_goes_by_a_lower_channel_that_is_open() -> None:
    ways = {"email": {"when_capped": "downgrade", "lower": "sms"}}
    policy(caps=[at_most(0, "day", "email"), at_most(1, "day", "sms")], ways=ways)
    reachable, without = who = people(2)
    Customer.objects.filter(pk=reachable.pk).update(phone="+8613800138000")
    Consent.objects.create(customer=reachable, channel="sms", granted=True, at=AT)
    asked = Approach("email", also=frozenset({"sms"}))
    found = claim(campaign_for(who), [one.pk for one in who], approach=asked)
    assert found.verdicts == {
        reachable.pk: Downgrade("sms", "cap:email:day"),
        without.pk: Skip("cap:email:day"),
    }
    assert found.addresses[reachable.pk] == "+8613800138000"
    assert Contact.objects.get().channel == "sms"
    again = claim(campaign_for(who), [reachable.pk], approach=asked)
    assert again.verdicts[reachable.pk] == Skip("cap:email:day")


def test_the_app_of_our_own_needs_neither_consent_nor_address() -> None:
    (one,) = people(1, consent=False)
    Customer.objects.update(email="")
    found = contacting.look([one.pk], Approach("in_app"), at=NOON)
    assert found.verdicts == {one.pk: Send()}


def test_the_calendar_is_the_customers() -> None:
    policy(caps=[at_most(1, "day")], quiet={"from": "22:00", "until": "08:00"})
    here, there, nowhere = who = people(3)
    Customer.objects.filter(pk=there.pk).update(attributes={"timezone": "America/New_York"})
    Customer.objects.filter(pk=nowhere.pk).update(attributes={"time_zone": "Moon/Sea of Rains"})
    found = claim(campaign_for(who), [one.pk for one in who])
    expected = Defer(dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC), "quiet")
    assert found.verdicts == {here.pk: Send(), there.pk: expected, nowhere.pk: Send()}


def test_holidays_are_days_off_and_weekends_on_which_china_works_are_not() -> None:
    policy(days_off="silent", which_days="weekends_too")
    (one,) = who = people(1)
    festival = dt.datetime(2026, 2, 17, 4, tzinfo=dt.UTC)  # 春节
    worked = dt.datetime(2026, 2, 14, 4, tzinfo=dt.UTC)  # 调休: a Saturday
    saturday = dt.datetime(2026, 3, 14, 4, tzinfo=dt.UTC)
    assert claim(campaign_for(who), [one.pk], at=festival).verdicts[one.pk] == Skip("day_off")
    assert claim(campaign_for(who), [one.pk], at=worked).verdicts[one.pk] == Send()
    monday = dt.datetime(2026, 3, 15, 16, tzinfo=dt.UTC)
    put_off = Defer(monday, "day_off")
    assert claim(campaign_for(who), [one.pk], at=saturday).verdicts[one.pk] == put_off


def test_a_claim_asks_the_same_few_questions_for_any_number_of_customers() -> None:
    policy(caps=[at_most(3, "day")])
    who = people(30)
    campaign = campaign_for(who)
    with CaptureQueriesContext(
        connection,
    ) as few:
        claim(campaign, [who[0].pk])
    with CaptureQueriesContext(connection) as many:
        claim(campaign, [one.pk for one in who[1:]])
    assert len(many) == len(few) <= 12


# --- holdout and holds ------------------------------------------------------


def test_a_holdout_keeps_its_people_when_it_grows_and_its_history() -> None:
    who = people(200)
    ids = [one.pk for one in who]
    small = holdouts.set_share(1000, by=None, at=AT)
    first = holdouts.held_out(ids)
    holdouts.set_share(3000, by=None, at=AT + dt.timedelta(days=1))
    second = holdouts.held_out(ids)
    assert first
    assert first < second
    found = contacting.look(ids, EMAIL, at=NOON)
    assert {pk for pk, one in found.verdicts.items() if one == Skip("held_out")} == second
    holdouts.set_share(3000, by=None, at=AT + dt.timedelta(days=2), anew=True)
    assert holdouts.held_out(ids) != second
    assert holdouts.at_the_moment(AT + dt.timedelta(hours=1)) == small
    holdouts.set_share(0, by=None, at=AT + dt.timedelta(days=3))
    assert holdouts.held_out(ids) == set()
    assert Holdout.objects.count() == 3


def test_a_complaint_holds_back_as_long_as_the_policy_says() -> None:
    policy(complaint_days=2)
    (one,) = people(1)
    holds.complained(one.pk, at=NOON)
    assert contacting.look([one.pk], EMAIL, at=NOON).verdicts[one.pk] == Defer(
        NOON + dt.timedelta(days=2), "complaint"
    )
    later = NOON + dt.timedelta(days=2)
    assert contacting.look([one.pk], EMAIL, at=later).verdicts[one.pk] == Send()


def test_the_policy_changes_by_those_who_may_and_from_what_they_saw(staff_of: Any) -> None:
    manager, operator = staff_of(Staff.Role.MANAGER), staff_of(Staff.Role.OPERATOR)
    kept = policies.change({}, based_on=0, note="fewer", by=manager, at=AT)
    with pytest.raises(NotAllowed):
        policies.change({"caps": []}, based_on=1, note="fewer", by=operator, at=AT)
    with pytest.raises(Stale):
        policies.change({"complaint_days": 3}, based_on=0, note="fewer", by=manager, at=AT)
    with pytest.raises(NotAllowed, match="Say why"):
        policies.change({"complaint_days": 3}, based_on=1, note=" ", by=manager, at=AT)
    with pytest.raises(NotAllowed, match="different"):
        policies.change({}, based_on=1, note="fewer", by=manager, at=AT)
    with pytest.raises(NotAllowed, match="window"):
        policies.change({"caps": [{"most": 1}]}, based_on=1, note="fewer", by=manager, at=AT)
    assert policies.newest() == kept
