"""How many a campaign that lasts lets in: a day and in all, whoever comes at whatever moment."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pyroaring import BitMap

from campaigns import assignment, plays, pricing
from campaigns.admin.campaign_form import CampaignForm
from campaigns.journeys import entering, intakes, waves
from campaigns.models import Campaign, Entrance, Evidence, Intake, Turn
from console import clock
from console.models import AuditEntry
from segments.models import EventType
from tests.campaigns.factories import bob, campaign_at, form, people, segment_of
from tests.campaigns.journeys.steps import together
from tests.campaigns.test_playbooks import change, playbook_of

AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
BY_EVENT: dict[str, Any] = {"entry": "event", "trigger": {"event": "cart_updated"}, "segment": None}


def lasting(**values: Any) -> Campaign:
    EventType.objects.get_or_create(name="cart_updated")
    return campaign_at("sending", people(1), **BY_EVENT, again_after_days=0, **values)


def let_in(campaign: Campaign, key: str, who: range, at: dt.datetime = AT) -> Intake:
    held = waves.hold(campaign)
    assert held
    made = intakes.let_in(held, key, BitMap(who), at=at)
    assert made
    return made


@pytest.mark.django_db
def test_so_many_come_in_a_day_and_the_others_are_counted() -> None:
    campaign = lasting(most_a_day=10)
    first = let_in(campaign, "a", range(1, 8))
    second = let_in(campaign, "b", range(4, 12))  # some of them for a second time
    none = let_in(campaign, "c", range(20, 22))
    assert (len(first.members), first.left_out) == (7, {})
    assert (len(second.members), second.left_out) == (3, {"full_today": 5})
    assert (len(none.members), none.left_out) == (0, {"full_today": 2})
    assert len(let_in(campaign, "d", range(20, 22), AT + DAY).members) == 2
    assert intakes.came(campaign, AT.date()) == (10, 12)


@pytest.mark.django_db
def test_when_all_who_were_approved_came_nobody_comes_in_any_more() -> None:
    campaign = lasting(most_a_day=10, most_in_all=12)
    let_in(campaign, "a", range(1, 11))
    last = let_in(campaign, "b", range(11, 21), AT + DAY)
    assert (len(last.members), last.left_out) == (2, {"full": 8})
    campaign.refresh_from_db()
    assert campaign.closed_at == AT + DAY
    assert not entering.is_open(campaign, AT + DAY)
    assert AuditEntry.objects.filter(action="campaign.closed", details={"reason": "full"}).exists()


@pytest.mark.django_db
def test_a_play_lets_in_no_more_than_its_campaign_may() -> None:
    who = people(20)
    segment = segment_of([])
    playbook = playbook_of([segment], by=bob())
    Campaign.objects.update(most_a_day=5)
    change(segment, who)
    assert plays.look(playbook, at=AT) == 5
    turn = Turn.objects.get()
    assert (len(turn.members), turn.left_out) == (5, {"full_today": 15})
    assert Intake.objects.get().members == turn.members
    Campaign.objects.update(closed_at=AT)
    change(segment, who[:1], hours=2)
    change(segment, who, hours=3)
    assert plays.look(playbook, at=AT + DAY) == 0, "nobody comes into a closed one"


@pytest.mark.django_db(transaction=True)
def test_however_many_come_at_once_not_one_too_many_comes_in() -> None:
    campaign = lasting(most_a_day=50, most_in_all=80)

    def deed(n: int) -> Any:
        return lambda: _alone(campaign, n)

    assert not together(*[deed(n) for n in range(6)])
    assert sum(len(one.members) for one in Intake.objects.all()) == 50
    assert sum(sum(one.left_out.values()) for one in Intake.objects.all()) == 70
    assert Entrance.objects.get().times == 50


def _alone(campaign: Campaign, n: int) -> None:
    with transaction.atomic():
        let_in(campaign, f"n {n}", range(1 + n * 20, 21 + n * 20))


def test_some_are_chosen_by_chance_and_exactly_so_many() -> None:
    many = BitMap(range(1, 1001))
    few, more = (assignment.some(many, count, salt="a") for count in (100, 300))
    assert (len(few), len(more)) == (100, 300)
    assert few < more < many
    assert few != assignment.some(many, 100, salt="b")
    assert 30_000 < sum(few) < 70_000, "and not the first ones"
    assert (assignment.some(many, 0, salt=""), assignment.some(many, 2000, salt="")) == (
        BitMap(),
        many,
    )


@pytest.mark.django_db
def test_it_is_priced_for_the_most_that_it_lets_in() -> None:
    campaign = campaign_at("draft", people(1), **BY_EVENT)
    now = clock.now()

    def size(**limits: Any) -> int | None:
        for name, value in limits.items():
            setattr(campaign, name, value)
        return pricing.size_of(campaign, 0, at=now)

    assert size() is None
    assert size(most_a_day=10) is None, "for ever"
    assert size(ends_at=now + 2 * DAY) == 30
    assert size(most_in_all=25) == 25
    found = Evidence(campaign=campaign, found_at=now)
    counts = [line["count"] for line in pricing.made(campaign, 25, found, at=now).lines]
    assert counts == [[0, 25, 25]], "perhaps nobody comes"


@pytest.mark.django_db
def test_only_of_one_that_lasts_it_can_be_limited(client: Client) -> None:
    segment = segment_of(people(1))
    values = form(entry="once", segment=segment.pk, most_a_day=3)
    once = CampaignForm(values)
    once.is_valid()
    assert once.cleaned_data["most_a_day"] is None
    owner = bob()
    client.force_login(owner)
    draft = campaign_at("draft", people(1), by=owner, segment=segment)
    answer = client.patch(
        f"/api/v1/campaigns/{draft.pk}/", {"most_in_all": 5}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert set(answer.json()) == {"most_in_all"}
