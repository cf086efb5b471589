"""What came of a campaign, as its page says it while days that count are still to come."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from campaigns.admin import outcome
from campaigns.models import Audience, Campaign, CampaignResult
from console import clock
from tests.campaigns.factories import bob, campaign_at, people, segment_of
from tests.campaigns.test_playbooks import playbook_of
from tests.metrics.factories import recorded

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
NOBODY_KNOWS = "Without a control group nobody can say"
LINE = {"what": "share", "low": 0.9, "middle": 0.95, "high": 0.99, "came": 0.0}


def shown(client: Any, campaign: Campaign) -> str:
    """The campaign's page."""
    answer = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def result(campaign: Campaign, **values: Any) -> CampaignResult:
    counts = {"reached": 3, "sent": 3, "window_days": 7, "computed_at": clock.now()}
    return CampaignResult.objects.create(campaign=campaign, **counts | values)


def test_nothing_is_judged_before_its_window_is_over(signed_in: SignIn) -> None:
    campaign = campaign_at("sending", people(3))
    found = result(campaign, is_final=False, forecast={"kind": "approved", "lines": [LINE]})
    said = shown(signed_in("analyst"), campaign)
    assert "not over yet" in said
    assert "less than expected" not in said
    CampaignResult.objects.filter(pk=found.pk).update(is_final=True)
    said = shown(signed_in("analyst"), campaign)
    assert "less than expected" in said
    assert "not over yet" not in said


def test_its_best_day_and_its_course_stand_on_the_page(signed_in: SignIn) -> None:
    campaign = campaign_at("sending", people(3), occasion="double_11")
    found = result(campaign, reached=40, sent=40, purchased=5)
    assert "day by day" not in shown(signed_in("analyst"), campaign)
    found.days = [["2025-11-09", 1], ["2025-11-11", 4]]
    found.save()
    said = shown(signed_in("analyst"), campaign)
    assert "2025-11-11, 10.0% of all" in said
    assert "11 November (Double 11)" in said
    assert "day by day" in said
    assert "2025-11-10" in said, "a day on which nobody did is drawn as well"
    (chart,) = outcome.by_day(found)
    assert chart.rows[0] == ["2025-11-11", "4", "10.0%", "12.5%"]
    assert outcome.by_day(result(campaign_at("sending", people(1, prefix="n")))) == []


def test_a_control_is_not_denied_before_anybody_was_reached(signed_in: SignIn) -> None:
    campaign = campaign_at("sending", people(3))
    result(campaign)
    assert NOBODY_KNOWS in shown(signed_in("analyst"), campaign)
    Campaign.objects.filter(pk=campaign.pk).update(control_share=0.2)
    assert NOBODY_KNOWS not in shown(signed_in("analyst"), campaign)


def test_a_plays_control_is_told_where_its_playbook_is(signed_in: SignIn) -> None:
    playbook = playbook_of([segment_of(people(3))], by=bob(), control_share=0.1)
    campaign = playbook.plays.get().campaign
    result(campaign)
    said = shown(signed_in("analyst"), campaign)
    assert NOBODY_KNOWS not in said
    assert "Its control is the playbook" in said
    assert reverse("admin:campaigns_playbook_change", args=[playbook.pk]) in said


def test_what_ran_elsewhere_tells_its_audience_with_thousands_apart(signed_in: SignIn) -> None:
    some = people(1)
    campaign = recorded(some, since=clock.now(), until=clock.now(), ref="A")
    Audience.objects.filter(campaign=campaign).update(size=1133)
    client = signed_in("analyst")
    assert '<span class="number">1,133</span>' in shown(client, campaign)
    html = client.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
    assert "1,133" in html
    assert "Audience" in html, "the control is in it, and of it the shares are not"
