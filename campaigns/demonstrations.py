"""Two campaigns of the demo business that nobody carried out, which show how one is judged.

Their customers and what these bought are real, and chance alone divides them: nobody was called or
got a card, and what that costs is assumed (an A/A test). So whatever they seem to have brought is
chance, as their names and goals say, and evidence for nothing. One was ended; the other goes on
until the console stops it.
"""

import datetime as dt
import itertools
from typing import Any

from django.db import transaction
from pyroaring import BitMap

from campaigns import (
    assignment,
    audience,
    drafts,
    giving,
    parting,
    planning,
    transitions,
)
from campaigns.models import Campaign, Intake
from campaigns.money import paying, purse
from console import approvals, budgets, clock
from console.kept_words import both
from console.models import Budget, Staff
from segments import activity
from segments.models import Segment

CONTROL_SHARE, EXPECTED_ROI = 0.5, 1.0
PART = 5  # each may spend as much as a fifth of the team's budget
A_DAY = 200  # who come in at most
BOUGHT = ("order_paid",)
DAY = dt.timedelta(days=1)


@transaction.atomic
def load(*, by: Staff, approver: Staff, at: dt.datetime) -> int:
    """Both, in the last whole months before today; how many were made.

    Without computed segments or a budget there is nothing to show, and a second time neither.
    """
    segments, budget = _segments(at), Budget.objects.filter(team=by.team).first()
    names = [name for name, _since, _until in WHICH]
    if budget is None or len(segments) < len(WHICH):
        return 0
    if Campaign.objects.filter(name__in=names).exists():
        return 0
    today = clock.day_of(at)
    limit, begins = budget.total_minor // PART, _month(today, max(one[1] for one in WHICH))
    money = _money(budget, limit * len(WHICH), since=begins, by=approver)
    for (name, since, until), segment in zip(WHICH, segments, strict=True):
        first, last = (_month(today, ago) for ago in (since, until))
        campaign = _approved(name, segment, money, limit, by=by, approver=approver, at=at)
        _happened(campaign, first, last - DAY)
        if name == ENDED:
            _end(campaign, last, by=by, at=at)
    return len(WHICH)


def _segments(at: dt.datetime) -> list[Segment]:
    """The largest that could be submitted now."""
    found = Segment.objects.filter(archived_at=None, size__gt=0).order_by("-size", "pk")
    today = clock.day_of(at)
    ready = (one for one in found if audience.problem_with(one, today, lasting=True) is None)
    return list(itertools.islice(ready, len(WHICH)))


def _month(day: dt.date, ago: int) -> dt.date:
    """The first day of so many months before the one of this day."""
    months = day.year * 12 + day.month - 1 - ago
    return dt.date(months // 12, months % 12 + 1, 1)


def _money(like: Budget, amount: int, *, since: dt.date, by: Staff) -> Budget:
    """A budget of their own: none of the team's is spent on what never happened."""
    made = budgets.make(name=BUDGET, team=like.team, since=since, until=like.until, by=by)
    budgets.fund(made, amount, key="demonstrations", on=since, by=by, because=WHY)
    return Budget.objects.get(pk=made.pk)


def _approved(
    name: str,
    segment: Segment,
    budget: Budget,
    limit: int,
    *,
    by: Staff,
    approver: Staff,
    at: dt.datetime,
) -> Campaign:
    """A campaign that went the whole way to its start: evidence, price, money and a yes."""
    campaign = drafts.add(
        name=name,
        goal=GOAL,
        segment=segment,
        entry=Campaign.Entry.SEGMENT,
        plan=_plan(name, by),
        control_share=CONTROL_SHARE,
        expected_roi=EXPECTED_ROI,
        budget=budget,
        limit_minor=limit,
        by=by,
    )
    Campaign.objects.filter(pk=campaign.pk).update(is_demonstration=True)
    asked = transitions.submit(campaign, by=by, at=at)
    approvals.approve(asked, by=approver, comment=WHY)
    campaign.refresh_from_db()
    transitions.start(campaign, by=by, at=at)
    return campaign


def _plan(name: str, by: Staff) -> list[dict[str, Any]]:
    """A call; in the ended one, chance gives half of them a card as well."""
    whose = {"team": by.team_id} if by.team_id else {"owner": by.pk}

    def task(key: str, title: tuple[str, str]) -> dict[str, Any]:
        return {"key": key, "kind": "task", "title": both(*title), "days": 3} | whose

    if name != ENDED:
        return [task("call", CALL)]
    alone = {"key": "alone", "weight": 1, "steps": [task("call", CALL)]}
    more = {"key": "more", "weight": 1, "steps": [task("call2", CALL), task("card", CARD)]}
    return [{"key": "who", "kind": "split", "arms": [alone, more]}]


def _work(campaign: Campaign, treated: BitMap) -> int:
    """How many works of people those who get it would have been."""
    arms = giving.of(campaign, planning.of(campaign), treated)
    return sum(len(one.given) * len(one.members) for one in arms)


def _happened(campaign: Campaign, first: dt.date, last: dt.date) -> None:
    """Every Monday of these days some come in who bought that day, as far as the money reaches."""
    each, zone, seen = clock.project().work_minor, clock.zone(), BitMap()
    for number, day in enumerate(_mondays(first, last), 1):
        bought = activity.did_any(BOUGHT, day, day) - seen
        members = assignment.some(bought, A_DAY, salt=f"demonstration {campaign.pk} {day}")
        control = parting.control(campaign, members)
        works = _work(campaign, members - control)
        reach = paying.as_many(campaign, each)
        if reach is not None and reach < works:
            break
        seen |= members
        Intake.objects.create(
            campaign=campaign,
            number=number,
            key=f"demonstration {day}",
            members=members,
            control=control,
            at=dt.datetime.combine(day, dt.time(9), zone),
        )
        if each and works and campaign.budget is not None:
            key = purse.name(campaign, paying.WORK)
            budgets.spend(campaign.budget, each * works, subject=campaign, key=key, on=day)
    began = dt.datetime.combine(first, dt.time(9), zone)
    Campaign.objects.filter(pk=campaign.pk).update(started_at=began)
    campaign.refresh_from_db()


def _mondays(first: dt.date, last: dt.date) -> list[dt.date]:
    days = (first + DAY * n for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() == 0]


def _end(campaign: Campaign, on: dt.date, *, by: Staff, at: dt.datetime) -> None:
    """It is over since its last month, and its money is available again."""
    transitions.close(campaign, by=by, at=at)
    transitions.finish(campaign, at=at)
    ended = dt.datetime.combine(on, dt.time(9), clock.zone())
    window = DAY * campaign.conversion_days
    Campaign.objects.filter(pk=campaign.pk).update(closed_at=ended, finished_at=ended + window)


ENDED = both(
    "演示（A/A）：没有人打过的电话、写过的贺卡，已结束",
    "Demonstration (A/A): calls and cards that nobody made, ended",
)
RUNNING = both("演示（A/A）：没有人打过的电话", "Demonstration (A/A): calls that nobody made")
BUDGET = both("演示（A/A）", "Demonstrations (A/A)")
GOAL = both(
    "展示如何评判活动：客户和订单真实，没有做任何事，费用为假设",
    "Shows how one is judged: real customers and orders, nothing was done, the cost is assumed",
)
CALL = ("电话回访（演示）", "Call them (demonstration)")
CARD = ("手写贺卡（演示）", "Write them a card (demonstration)")
WHY = "Demonstration / 演示"
# With the months, counted back from today's, in which it began and before which it ends.
WHICH = ((ENDED, 4, 2), (RUNNING, 3, 1))
