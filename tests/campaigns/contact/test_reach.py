"""The sets of who can be reached follow every change, and agree with what a claim decides."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.contact import contacting, holdouts, holds, reach, suppression
from campaigns.models import Message
from campaigns.policy.nodes import Approach, Send, Skip
from console import clock
from segments import bitmaps, live_sets
from segments.models import Consent, Customer, LiveSet, LiveSetChange
from tests.campaigns.contact.test_contacting import at_most, campaign_for, claim, policy
from tests.campaigns.factories import AT, people

pytestmark = pytest.mark.django_db


def divided(who: list[Customer], channel: str = "email") -> dict[str, set[int]]:
    """What is said of some customers; who is left as “sent”."""
    members = bitmaps.from_ids(one.pk for one in who)
    kept, left_out = reach.now(channel, at=clock.now()).divide(members)
    return {"sent": set(kept)} | {reason: set(one) for reason, one in left_out.items() if one}


def claimed(who: list[Customer], channel: str = "email") -> dict[str, set[int]]:
    """The same, as a claim decides."""
    found: dict[str, set[int]] = {"sent": set()}
    verdicts = contacting.look([one.pk for one in who], Approach(channel), at=clock.now()).verdicts
    for pk, verdict in verdicts.items():
        reason = verdict.reason if isinstance(verdict, Skip) else "sent"
        found.setdefault(reason, set()).add(pk)
        assert isinstance(verdict, Send | Skip)
    return found


@pytest.mark.parametrize("gathered", [False, True])
def test_sets_and_claims_agree_after_every_kind_of_change(gathered: bool) -> None:
    suppression.add("c6@customers.example", reason="by_hand", at=AT)
    who = people(40)  # of so many, chance holds some out
    suppression.add("c1@customers.example", reason="bounced", at=AT)
    line = suppression.add("c2@customers.example", reason="bounced", at=AT)
    if gathered:
        live_sets.gather()
    suppression.remove(line)
    suppression.add("elsewhere@customers.example", reason="by_hand", at=AT)
    by = {n: one.pk for n, one in enumerate(who)}
    Consent.objects.filter(customer=by[3]).update(granted=False)
    Customer.objects.filter(pk=by[4]).update(email="")
    Customer.objects.filter(pk=by[5]).update(email="elsewhere@customers.example")
    Customer.objects.filter(pk=by[1]).update(email="new@customers.example")
    holdouts.set_share(2500, by=None, at=AT)
    held_out = holdouts.held_out(by.values()) - {by[3], by[4], by[5], by[6]}
    assert held_out
    found = divided(who)
    assert found == claimed(who) == {
        "sent": set(by.values()) - held_out - {by[3], by[4], by[5], by[6]},
        "no_consent": {by[3]},
        "no_address": {by[4]},
        "suppressed": {by[5], by[6]},
        "held_out": held_out,
    }  # fmt: skip


def test_telephone_numbers_are_told_apart_by_channel() -> None:
    one, other = who = people(2)
    Customer.objects.filter(pk=one.pk).update(phone="+8613800138000")
    Consent.objects.bulk_create(
        Consent(customer=each, channel="sms", granted=True, at=AT) for each in who
    )
    assert divided(who, "sms") == claimed(who, "sms")
    assert divided(who, "sms") == {"sent": {one.pk}, "no_address": {other.pk}}
    suppression.add("+8613800138000", reason="bounced", at=AT, channel="sms")
    assert divided(who, "sms") == claimed(who, "sms")
    assert divided(who, "email")["sent"] == {one.pk, other.pk}
    assert divided(who, "in_app") == {"sent": {one.pk, other.pk}}


def test_who_is_full_is_told_by_messages_and_by_counting_anew() -> None:
    policy(caps=[at_most(1, "day"), at_most(2, "week", "email")])
    first, second, third = who = people(3)
    at = clock.now()
    claim(campaign_for(who), [first.pk, second.pk], at=at)
    assert set(reach.now("email", at=at).full) == {first.pk, second.pk}
    # As if the first message had left yesterday: only the week's cap counts on.
    later = at + dt.timedelta(days=1)
    full_later = reach.now("email", at=later).full
    assert not full_later
    reach.count_anew(at=at)
    assert set(reach.now("email", at=at).full) == {first.pk, second.pk}
    contacting.give_back(list(Message.objects.filter(customer=first).values_list("pk", flat=True)))
    reach.count_anew(at=at)
    assert set(reach.now("email", at=at).full) == {second.pk}
    everybody = bitmaps.from_ids(one.pk for one in who)
    assert set(reach.now("email", at=at).waiting(everybody)) == {second.pk}
    assert not reach.now("email", purpose="transactional", at=at).full
    holds.pause(third.pk, days=7, at=at)
    assert set(reach.now("email", at=at).waiting(everybody)) == {second.pk, third.pk}


def test_sets_of_past_windows_are_dropped() -> None:
    policy(caps=[at_most(1, "day")])
    (one,) = who = people(1)
    old = clock.now() - dt.timedelta(days=60)
    claim(campaign_for(who), [one.pk], at=old)
    live_sets.gather()
    claim(campaign_for(who), [one.pk])
    contacting.prune(at=clock.now())
    assert not LiveSet.objects.filter(name__startswith="full:").exists()
    assert LiveSetChange.objects.filter(name__startswith="full:").count() <= 1


def test_what_the_triggers_could_not_know_is_mended() -> None:
    (one,) = who = people(1)
    LiveSetChange.objects.create(name="suppressed:email", customers=[one.pk], added=True)
    assert divided(who) == {"sent": set(), "suppressed": {one.pk}}
    assert reach.mend() == 1
    assert divided(who) == {"sent": {one.pk}}
    assert reach.mend() == 0


def test_all_sets_are_asked_for_at_once() -> None:
    policy(caps=[at_most(1, "day"), at_most(1, "week", "email")])
    holdouts.set_share(500, by=None, at=AT)
    people(3)
    reach.now("email", at=clock.now())
    with CaptureQueriesContext(connection) as asked:
        reach.now("email", at=clock.now())
    assert len(asked) <= 6
