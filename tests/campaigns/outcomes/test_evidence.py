"""Evidence: past campaigns like a new one, found and kept when it is asked for."""

import datetime as dt

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pyroaring import BitMap

from campaigns.admin import precedents
from campaigns.models import Audience, Campaign, CampaignResult, Evidence, MessageTemplate
from campaigns.outcomes import evidence, forecasts
from console import approvals, audit
from console.states import NotAllowed
from segments import standing
from segments.models import Customer, Stage, StageSet
from tests.campaigns.factories import campaign_at, people, segment_of
from tests.factories import StaffFactory
from tests.metrics.factories import recorded

NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(days=100)
pytestmark = pytest.mark.django_db


def past(customers: list[Customer], ref: str, **values: object) -> Campaign:
    """A campaign that ran elsewhere, with its result."""
    campaign = recorded(customers, since=NOON, until=NOON + dt.timedelta(days=30), ref=ref)
    activity = {"asleep": 2, "activated": 1, "followed": 2, "stayed": 1}
    values = {"purchased": 1, "revenue_minor": 500, "redeemed": 1} | activity | values
    CampaignResult.objects.create(
        campaign=campaign,
        reached=len(customers),
        window_days=30,
        is_final=True,
        computed_at=NOON,
        **values,
    )
    return campaign


def test_the_campaign_for_the_same_people_is_the_first_precedent() -> None:
    customers = people(10)
    some, all_of_them = past(customers[:6], "A"), past(customers, "B", purchased=4)
    draft = campaign_at("draft", customers)
    found = evidence.find(draft, BitMap([one.pk for one in customers]), at=LATER)
    assert [one.campaign for one in found] == [all_of_them, some]
    assert [round(one.people, 1) for one in found] == [1.0, 0.6]


def test_the_last_of_the_same_occasion_is_the_first_precedent(client: Client) -> None:
    customers = people(10)
    ordinary, november = past(customers, "A"), past(customers[:8], "B")
    Campaign.objects.filter(pk=november.pk).update(occasion="double_11")
    Campaign.objects.filter(pk=ordinary.pk).update(occasion="mid_year")
    draft = campaign_at("draft", customers, occasion="double_11")
    members = BitMap([one.pk for one in customers])
    found = evidence.find(draft, members, at=LATER)
    assert [one.campaign for one in found] == [november, ordinary]
    Campaign.objects.filter(pk=draft.pk).update(occasion="")
    draft.refresh_from_db()
    found = evidence.find(draft, members, at=LATER)
    assert [one.campaign for one in found] == [ordinary, november]


def test_a_campaign_whose_result_may_still_change_says_nothing_yet() -> None:
    customers = people(4)
    past(customers, "A")
    CampaignResult.objects.update(is_final=False)
    draft = campaign_at("draft", customers)
    assert evidence.find(draft, BitMap([one.pk for one in customers]), at=LATER) == []


def test_a_demonstration_is_evidence_for_nothing() -> None:
    customers = people(4)
    past(customers, "A", forecast={"kind": "approved", "lines": []})
    draft = campaign_at("draft", customers)
    members = BitMap([one.pk for one in customers])
    assert evidence.made(draft, members, at=LATER).skill["forecasts"] == 1
    Campaign.objects.filter(kind="recorded").update(is_demonstration=True)
    found = evidence.made(draft, members, at=LATER)
    assert (found.precedents, found.skill["forecasts"]) == ([], 0)
    assert evidence.of_team(draft.team, at=LATER)["rows"] == []


def test_a_campaign_without_a_result_or_with_another_aim_says_nothing() -> None:
    customers = people(4)
    past(customers, "A")
    Campaign.objects.update(conversion_event="signed_up")
    recorded(customers, since=NOON, until=NOON, ref="B")
    draft = campaign_at("draft", customers)
    assert evidence.find(draft, BitMap([one.pk for one in customers]), at=LATER) == []


def test_what_is_submitted_keeps_what_was_found_and_claims_no_lift_without_a_control() -> None:
    customers = people(4)
    past(customers, "A", purchased=2, cost_minor=100)
    campaign = campaign_at("submitted", customers)
    kept = Evidence.objects.get(campaign=campaign)
    (one,) = kept.precedents
    assert (one["share"], one["cost_per_purchase_minor"]) == (0.5, 50)
    assert (one["control"], one["lift"], one["roi"]) == (None, None, None)
    assert kept.expected["share"]["middle"] == pytest.approx(0.5)
    assert kept.expected["lift"] is None
    approval = approvals.pending_for(campaign)
    assert approval is not None
    assert approval.summary["precedents"] == 1


def test_revenue_is_expected_for_the_days_that_the_new_one_counts(client: Client) -> None:
    customers = people(4)
    past(customers, "A", purchased=2, revenue_minor=120_000)  # over 30 days
    campaign = campaign_at("submitted", customers)  # over 7
    kept = Evidence.objects.get(campaign=campaign)
    assert kept.precedents[0]["days"] == 30
    assert kept.expected["revenue"]["middle"] == pytest.approx(120_000 / 4 * 7 / 30)
    client.force_login(StaffFactory.create(role="manager"))
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    said = {7: "30 days, this one over 7.", 60: "more in more days", 30: "Days counted"}
    for days, words in said.items():
        Campaign.objects.filter(pk=campaign.pk).update(conversion_days=days)
        page = client.get(url, headers={"accept-language": "en"}).content.decode()
        assert words in page
        assert ("They were counted over" in page) == (days != 30)


def test_that_there_is_no_precedent_is_kept_too() -> None:
    kept = Evidence.objects.get(campaign=campaign_at("submitted", people(3)))
    assert (kept.precedents, kept.has_precedent, kept.expected["share"]) == ([], False, None)


def test_without_evidence_nobody_can_say_yes() -> None:
    campaign = campaign_at("submitted", people(3))
    Evidence.objects.all().delete()
    approval = approvals.pending_for(campaign)
    assert approval is not None
    with pytest.raises(NotAllowed, match="what campaigns like this one brought"):
        approvals.approve(approval, by=StaffFactory.create(role="manager"))


def test_nor_who_made_a_segment_that_its_rule_speaks_of() -> None:
    author, customers = StaffFactory.create(role="admin"), people(3)
    inner = segment_of(customers)
    audit.log("segment.rule", inner, by=author)
    outer = segment_of(customers, rule={"segment": inner.pk})
    campaign = campaign_at("submitted", customers, segment=outer)
    assert str(inner.pk) in campaign.audience.rules
    assert author.pk in campaign.editors()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SUBMITTED


def test_what_was_expected_stands_beside_what_came() -> None:
    customers = people(4)
    past(customers, "A", purchased=2)
    before = over(customers)
    result = before.result
    result.forecast = forecasts.settle(before, result)
    result.save()
    (line,) = (one for one in forecasts.lines(result) if one.what == "share")
    assert line.middle == pytest.approx(0.5)
    assert (line.came, line.verdict) == (0.25, "inside")  # of four, one is no surprise
    draft = campaign_at("draft", customers)
    members = BitMap([one.pk for one in customers])
    told = {one.campaign.pk: one.as_json() for one in evidence.find(draft, members, at=LATER)}
    assert (told[before.pk]["share"], told[before.pk]["expected_share"]) == (
        0.25,
        pytest.approx(0.5),
    )
    (skill,) = (
        one
        for one in evidence.made(draft, members, at=LATER).skill["lines"]
        if one["what"] == "share"
    )
    assert (skill["count"], skill["inside"], skill["ratio"]) == (1, 1, pytest.approx(0.5))
    kept = evidence.made(draft, members, at=LATER)
    row = next(one for one in precedents.shown(kept)["skill"]["rows"] if one["count"] == "1")
    assert row["inside"] == "1 of 1", "never 100 %, which reads as certain"
    with translation.override("zh-hans"):
        row = next(one for one in precedents.shown(kept)["skill"]["rows"] if one["count"] == "1")
        assert "100" not in row["inside"]


def test_who_was_in_the_same_layers_is_the_nearer_precedent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = StageSet.objects.create(key="own", is_default=True)
    quiet, loyal = (
        Stage.objects.create(stage_set=chosen, key=key, name=key, position=at)
        for at, key in enumerate(("quiet", "loyal"))
    )
    loyal_ones, quiet_ones, new = people(3), people(3, prefix="q"), people(3, prefix="n")
    column = np.full(max(one.pk for one in new) + 1, quiet.pk, np.int32)
    column[[one.pk for one in (*loyal_ones, *new)]] = loyal.pk
    monkeypatch.setattr(standing, "now", lambda _set: column)
    before = {key: over(some) for key, some in (("quiet", quiet_ones), ("loyal", loyal_ones))}
    column[:] = quiet.pk  # where they are by now says nothing of who they were
    column[[one.pk for one in new]] = loyal.pk
    draft = campaign_at("draft", new)
    found = evidence.find(draft, BitMap([one.pk for one in new]), at=LATER)
    assert [one.campaign for one in found] == [before["loyal"], before["quiet"]]
    assert ["layers" in one.likeness.alike for one in found] == [True, False]
    older = campaign_at("submitted", new)  # frozen before anybody kept their layers
    Audience.objects.filter(campaign=older).update(layers={})
    found = evidence.find(older, BitMap([one.pk for one in new]), at=LATER)
    assert len(found) == 2
    assert not any("layers" in one.likeness.alike for one in found), "nobody can tell any more"


def over(customers: list[Customer]) -> Campaign:
    """A campaign of ours for them that is over, with its result."""
    campaign = campaign_at("submitted", customers)
    Campaign.objects.filter(pk=campaign.pk).update(status="sent", finished_at=LATER)
    CampaignResult.objects.create(
        campaign=campaign,
        reached=len(customers),
        sent=len(customers),
        purchased=1,
        window_days=7,
        is_final=True,
        computed_at=LATER,
    )
    return campaign


def test_what_ran_elsewhere_is_held_against_what_was_known_before_it_began() -> None:
    customers = people(4)
    first, second = past(customers, "A", purchased=2), past(customers, "B", purchased=1)
    Campaign.objects.filter(pk=second.pk).update(
        started_at=NOON + dt.timedelta(days=40), finished_at=NOON + dt.timedelta(days=50)
    )
    for campaign in (first, second):
        campaign.refresh_from_db()
    told = forecasts.settle(second, second.result)
    assert told["kind"] == "afterwards"
    assert {one["what"]: one["middle"] for one in told["lines"]}["share"] == pytest.approx(0.5)
    assert forecasts.settle(first, first.result) == {}  # nothing was over before it


def test_what_a_campaign_caused_is_less_what_the_control_did_anyway() -> None:
    result = CampaignResult(
        treated=100,
        treated_revenue_minor=5_000,
        control=50,
        control_revenue_minor=1_000,
        revenue_minor=9_999,
        cost_minor=1_000,
    )
    assert (result.caused_minor, result.roi) == (3_000, 2.0)


def test_its_page_and_its_approver_see_what_the_like_of_it_brought(client: Client) -> None:
    customers = people(4)
    name = str(past(customers, "A", purchased=2))
    campaign = campaign_at("submitted", customers)
    approval = approvals.pending_for(campaign)
    assert approval is not None
    client.force_login(StaffFactory.create(role="manager"))
    for url in (
        reverse("admin:campaigns_campaign_change", args=[campaign.pk]),
        reverse("admin:campaigns_campaign_change", args=[campaign_at("draft", customers).pk]),
        reverse("admin:console_approval_change", args=[approval.pk]),
    ):
        page = client.get(url, headers={"accept-language": "en"}).content.decode()
        assert name in page
        assert "Conversion rate" in page
        assert "None of them had a control group" in page
        assert "Woken, of those asleep" in page  # what they did beside buying


def test_the_policy_is_told_how_much_to_how_many_and_how_sure() -> None:
    approval = approvals.pending_for(campaign_at("submitted", people(3)))
    assert approval is not None
    told = approval.facts
    assert (told["amount_minor"], told["audience"]) == (0, 3)
    assert (told["channels"], told["has_precedent"]) == (["email"], False)


def test_who_had_a_hand_in_it_does_not_decide_about_it() -> None:
    author = StaffFactory.create(role="admin")
    campaign = campaign_at("submitted", people(3))
    MessageTemplate.objects.update(updated_by=author)
    approval = approvals.pending_for(campaign)
    assert approval is not None
    with pytest.raises(NotAllowed):
        approvals.approve(approval, by=author)
    approvals.approve(approval, by=StaffFactory.create(role="manager"))
