"""Guards: a price promotion for high value is refused, or justified in writing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns import guards, tasks, transitions
from campaigns.admin import page
from campaigns.journeys import entering
from campaigns.models import Campaign, Guard, Lookout
from console import approvals, clock, kept_words
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps, collection, membership
from segments.models import Consent, Customer, EventType, Segment, Tag
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    campaign_at,
    people,
    segment_of,
)
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]


def admin() -> Staff:
    return StaffFactory.create(role=Staff.Role.ADMIN)


def guard_of(customers: list[Customer], **values: Any) -> Guard:
    said: dict[str, Any] = {"name": "High value", "offer": "discount", "most_share": 0.2} | values
    return guards.save(None, segment=segment_of(customers), by=alice(), **said)


def submit(campaign: Campaign) -> Any:
    owner = campaign.owner
    assert owner
    return transitions.submit(campaign, by=owner, at=clock.now())


def test_a_mismatch_is_refused_until_somebody_writes_why() -> None:
    customers = people(10)
    guard_of(customers[:3])
    campaign = campaign_at("draft", customers, offer="discount")
    with pytest.raises(NotAllowed, match=r"30\.0% of the audience"):
        submit(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert campaign.owner
    guards.justify(campaign, reason="Their own wish, see the survey", by=campaign.owner)
    approval = submit(campaign)
    assert approval.summary["reason"] == "Their own wish, see the survey"
    assert "High value" not in approval.summary["reason"]
    (kept,) = approval.summary["mismatches"]
    assert "30.0% of the audience" in kept_words.said(kept)
    with translation.override("zh-hans"):
        assert "audience" not in kept_words.said(kept)


def test_what_is_refused_cannot_be_justified() -> None:
    customers = people(4)
    guard_of(customers, then="refuses")
    campaign = campaign_at("draft", customers, offer="discount", mismatch_reason="because")
    with pytest.raises(NotAllowed, match="Not allowed"):
        submit(campaign)


def test_whom_a_guard_leaves_out_is_not_frozen_and_its_reason_is_told() -> None:
    customers = people(10)
    guard_of(customers[:1], then="leaves_out")
    asked = submit(campaign_at("draft", customers, offer="discount"))
    assert (asked.summary["size"], asked.summary["left_out"]["mismatch"]) == (9, 1)
    other = campaign_at("draft", customers, offer="perk")
    assert submit(other).summary["size"] == 10
    EventType.objects.get_or_create(name="cart_updated")
    values: dict[str, Any] = {"entry": "event", "trigger": {"event": "cart_updated"}}
    campaign = campaign_at("sending", customers, offer="discount", **values)
    ears = entering.Ears(coming={one.pk: None for one in customers[:2]})  # type: ignore[misc]
    assert set(entering._admitted(campaign, ears, clock.now())) == {customers[1].pk}
    assert ears.left_out == {"mismatch": 1}


@pytest.mark.parametrize("change", ["archived", "asks", "another offer"])
def test_who_comes_after_the_yes_is_kept_out_by_the_guards_of_the_yes(change: str) -> None:
    customers, early = people(4), people(1)
    guard = guard_of(customers[:1], then="leaves_out")
    EventType.objects.get_or_create(name="cart_updated")
    values: dict[str, Any] = {"entry": "event", "trigger": {"event": "cart_updated"}}
    campaign = campaign_at("sending", customers, offer="discount", **values)
    if change == "archived":
        guards.archive(guard, by=alice())
    else:
        other = {"then": "asks"} if change == "asks" else {"offer": "perk"}
        guards.save(guard, by=alice(), **other)
    guard_of(early, name="Early", then="leaves_out")
    ears = entering.Ears(coming={one.pk: None for one in [*customers, *early]})  # type: ignore[misc]
    found = set(entering._admitted(campaign, ears, clock.now()))
    assert found == {one.pk for one in customers[1:]}, "by those of the yes and by newer ones"
    approvals.require_live(Campaign.objects.get(pk=campaign.pk))
    draft = campaign_at("draft", customers, offer="discount")
    assert set(guards.left_out(draft)) == {early[0].pk}, "a draft goes by those in force"


TAGGED = {"tag": 1}
NOBODY = {"trait": "m_score", "op": ">=", "value": 99}


def ruled(segment: Segment, rule: Any) -> None:
    """Somebody gives it another rule, and it is computed."""
    collection.edit(segment, by=admin(), seen_version=segment.rule_version, rule=rule)
    segment.refresh_from_db()
    membership.recompute(segment, day=clock.today())


@pytest.mark.parametrize("change", ["its rule", "an inner rule", "its inner one"])
def test_who_comes_after_the_yes_is_kept_out_by_the_rules_of_the_yes(change: str) -> None:
    customers = people(4)
    tag = Tag.objects.create(pk=1, name="VIP", members=bitmaps.from_ids([customers[0].pk]))
    inner = segment_of([], rule=TAGGED)
    segment = segment_of([], rule=TAGGED if change == "its rule" else {"segment": inner.pk})
    for one in (inner, segment):
        membership.recompute(one, day=clock.today())
    guards.save(None, name="Kept", offer="discount", segment=segment, then="leaves_out", by=alice())
    EventType.objects.get_or_create(name="cart_updated")
    values: dict[str, Any] = {"entry": "event", "trigger": {"event": "cart_updated"}}
    campaign = campaign_at("sending", customers, offer="discount", **values)
    ruled(inner if change == "an inner rule" else segment, NOBODY)
    tag.members = bitmaps.from_ids([customers[0].pk, customers[1].pk])
    tag.save()
    membership.recompute(segment, day=clock.today())
    assert not segment.members, "as it is ruled now it holds nobody"
    ears = entering.Ears(coming={one.pk: None for one in customers})  # type: ignore[misc]
    found = set(entering._admitted(campaign, ears, clock.now()))
    assert found == {one.pk for one in customers[2:]}
    ruled(inner if change == "an inner rule" else segment, {"all": []})
    membership.recompute(segment, day=clock.today())
    ears = entering.Ears(coming={one.pk: None for one in customers})  # type: ignore[misc]
    assert not entering._admitted(campaign, ears, clock.now()), "also those whom it holds now"
    approvals.require_live(Campaign.objects.get(pk=campaign.pk))


def test_it_stops_where_nobody_can_tell_whom_the_yes_kept_out() -> None:
    customers = people(3)
    Tag.objects.create(pk=1, name="VIP")
    inner = segment_of([], rule=TAGGED)
    segment = segment_of([], rule={"entered": inner.pk, "days": 7})
    guards.save(None, name="Kept", offer="discount", segment=segment, then="leaves_out", by=alice())
    campaign = campaign_at("sending", customers, offer="discount", entry="segment")
    ruled(inner, NOBODY)
    Lookout.objects.update(members=bitmaps.from_ids([]), seen_at=None)
    tasks.move_campaign(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert str(segment) in kept_words.said(campaign.stopped_because)


@pytest.mark.parametrize("then", ["refuses", "leaves_out", "asks"])
@pytest.mark.parametrize("change", ["its rule", "an inner rule", "archived"])
def test_nobody_gets_round_a_guard_by_changing_its_segment(then: str, change: str) -> None:
    inner = segment_of([], rule={"trait": "m_score", "op": ">=", "value": 4})
    of = {"rule": {"segment": inner.pk}} if change == "an inner rule" else {}
    customers = people(4)
    segment = segment_of(customers[:1], **of)
    guard = guards.save(
        None, name="Kept", offer="discount", segment=segment, then=then, most_share=0.5, by=alice()
    )
    campaign = campaign_at("draft", customers, offer="discount")
    other = campaign_at("draft", customers, offer="perk")
    changed = inner if change == "an inner rule" else segment
    if change == "archived":
        Segment.objects.filter(pk=changed.pk).update(archived_at=clock.now())
    else:
        nobody = {"trait": "m_score", "op": ">=", "value": 99}
        Segment.objects.filter(pk=changed.pk).update(rule=nobody)
    with pytest.raises(NotAllowed, match="changed since the guard “Kept” was saved"):
        submit(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert submit(other).status == "pending", "the guard is not about what this one offers"
    if change != "archived":
        guards.save(guard, by=alice(), why="Looked at again")
        assert submit(campaign).status == "pending"


@pytest.mark.parametrize("offer", ["", "perk", "upsell"])
def test_other_offers_and_few_of_them_pass(offer: str) -> None:
    customers = people(10)
    guard_of(customers)
    campaign = campaign_at("draft", customers, offer=offer)
    submit(campaign)
    assert (campaign.status, campaign.mismatch_reason) == ("submitted", "")


def test_a_few_of_them_are_borne() -> None:
    customers = people(10)
    guard_of(customers[:2])
    campaign = campaign_at("draft", customers, offer="discount")
    submit(campaign)
    assert (campaign.status, campaign.mismatch_reason) == ("submitted", "")


def test_an_event_lets_nobody_round_it() -> None:
    EventType.objects.get_or_create(name="cart_updated")
    customers = people(4)
    guard_of(customers)
    values: dict[str, Any] = {"entry": "event", "trigger": {"event": "cart_updated"}}
    campaign = campaign_at("draft", customers, offer="discount", **values)
    with pytest.raises(NotAllowed, match="of the audience"):
        submit(campaign)


def test_a_coupon_makes_it_a_price_promotion_and_a_gift_does_not() -> None:
    customers, template = people(3), TemplateFactory.create()
    guard_of(customers)
    for terms, fits in [({}, False), ({"kind": "gift", "gift": "Trial lesson"}, True)]:
        batch = CouponBatchFactory.create(**terms)
        step = {"key": "m", "kind": "message", "template": template.pk, "coupon": batch.pk}
        campaign = campaign_at("draft", customers, plan=[step])
        assert bool(guards.mismatches(campaign)) is not fits


def test_the_reason_is_part_of_what_is_approved(signed_in: SignIn) -> None:
    customers, owner = people(3), bob()
    guard_of(customers)
    campaign = campaign_at("draft", customers, by=owner, offer="discount")
    client = signed_in(owner)
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert "Does it fit?" in client.get(page).content.decode()
    address = reverse("admin:campaigns_campaign_justify", args=[campaign.pk])
    signed_in("analyst").post(address, {"reason": "mine"})
    client.post(address, {"reason": "They asked for it"})
    campaign.refresh_from_db()
    assert campaign.mismatch_reason == "They asked for it"
    submit(campaign)
    asked = approvals.pending_for(campaign)
    assert asked
    shown = signed_in(alice()).get(reverse("admin:console_approval_change", args=[asked.pk]))
    assert "They asked for it" in shown.content.decode()
    before = campaign.digest()
    campaign.mismatch_reason = "something else"
    assert campaign.digest() != before


def test_the_usual_two_are_set_up_by_who_may(signed_in: SignIn) -> None:
    address = reverse("admin:campaigns_guard_install")
    signed_in("operator").post(address)
    assert not Guard.objects.exists()
    guards_page = reverse("admin:campaigns_guard_changelist")
    assert address not in signed_in("manager").get(guards_page).content.decode()  # no segments
    client = signed_in("admin")
    assert address in client.get(guards_page).content.decode()
    client.post(address)
    assert sorted(Guard.objects.values_list("offer", "then")) == [
        ("discount", "asks"),
        ("upsell", "refuses"),
    ]
    guard = Guard.objects.get(offer="upsell")
    page = reverse("admin:campaigns_guard_change", args=[guard.pk])
    said = {"name": "New", "offer": "upsell", "segment": guard.segment_id, "percent": "5"}
    said["then"] = "leaves_out"
    client.post(page, said)
    guard.refresh_from_db()
    assert (guard.name, guard.most_share, guard.then) == ("New", 0.05, "leaves_out")
    assert signed_in("analyst").get(page).status_code == 200


def test_a_draft_is_told_of_those_whom_it_would_reach() -> None:
    customers = people(10)
    guard_of(customers[:3])
    campaign = campaign_at("draft", customers, offer="discount")
    Consent.objects.filter(customer=customers[9]).delete()
    (shown,) = page.context(campaign, campaign.owner)["mismatches"]
    assert (shown.count, shown.size) == (3, 9)
    with pytest.raises(NotAllowed, match=r"33\.3% of the audience"):
        submit(campaign)
