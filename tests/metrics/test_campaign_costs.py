"""What campaigns paid out of their budgets: posted by day, once, and with what came back."""

import datetime as dt
from typing import Any

import pytest

from campaigns import tasks
from campaigns.models import Campaign, Message
from campaigns.money import paying
from console import clock
from console.models import Project
from console.states import NotAllowed
from metrics import campaign_costs, spending
from metrics.models import Spend
from tests.campaigns.factories import bob, budget_with, campaign_at, mail_server, people, send_all
from tests.campaigns.money.test_money import post

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def posted() -> list[tuple[str, int | None, int]]:
    rows = Spend.objects.filter(source__in=Spend.POSTED).order_by("day", "source")
    return [(row.source, row.campaign_id, row.amount_minor) for row in rows]


def called(many: int) -> Campaign:
    """One that gave work about so many customers."""
    limit = 3 * clock.project().work_minor
    call = {"key": "call", "kind": "task", "title": "Call them", "days": 2, "owner": bob().pk}
    money: dict[str, Any] = {"budget": budget_with(limit), "limit_minor": limit}
    campaign = campaign_at("sending", people(many, prefix="w"), plan=[call], **money)
    tasks.move_campaign(campaign.pk)
    return campaign


@pytest.fixture
def sent() -> Campaign:
    """One that sent three mails of ten fen each."""
    with mail_server() as server:
        post(server)
        campaign = campaign_at("sending", budget=budget_with(1_000), limit_minor=100)
        send_all(campaign, server)
    return campaign


def test_messages_are_posted_once_and_what_comes_back_is_taken_off(sent: Campaign) -> None:
    assert campaign_costs.book() == 1
    assert campaign_costs.book() == 1
    assert posted() == [("messages", sent.pk, 30)]
    entry = Spend.objects.get()
    assert (entry.day, entry.channel, entry.by) == (clock.today(), None, None)
    one = Message.objects.filter(campaign=sent).latest("pk")
    paying.give_back(sent.pk, [one.pk])
    campaign_costs.book()
    assert posted() == [("messages", sent.pk, 20)]


def test_work_is_posted_beside_messages_and_a_day_that_is_over_stays(sent: Campaign) -> None:
    campaign_costs.book()
    first = clock.today()
    Project.objects.update(today_on=first + DAY)
    calls = called(2)
    campaign_costs.book()
    work = 2 * clock.project().work_minor
    assert posted() == [("messages", sent.pk, 30), ("work", calls.pk, work)]
    days = Spend.objects.order_by("day").values_list("day", flat=True)
    assert list(days) == [first, first + DAY]


@pytest.mark.parametrize("days", [1, -1], ids=["came in after midnight", "the date was set back"])
def test_what_is_paid_on_another_day_than_the_last_posted_is_posted(
    sent: Campaign, days: int
) -> None:
    campaign_costs.book()
    first = clock.today()
    Project.objects.update(today_on=first + DAY * days)
    calls = called(1)
    campaign_costs.book()
    both = {("messages", sent.pk, 30), ("work", calls.pk, clock.project().work_minor)}
    assert set(posted()) == both
    # What an entry before midnight says that was committed after the night had posted.
    Spend.objects.filter(day=first).delete()
    campaign_costs.book()
    assert set(posted()) == both


def test_it_is_no_cost_of_winning_customers_and_nobody_removes_it(sent: Campaign) -> None:
    campaign_costs.book()
    assert not Spend.objects.filter(Spend.ACQUIRES).exists()
    with pytest.raises(NotAllowed, match="its ledger says it"):
        spending.remove(Spend.objects.get(), by=bob())
    assert Spend.objects.exists()
