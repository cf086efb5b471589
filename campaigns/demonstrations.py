"""Two campaigns of the demo business that nobody carried out, which show how one is judged.

Their customers and what these bought are real, and chance alone divides them: nobody was called,
and what a call costs is assumed (an A/A test). So whatever they seem to have brought is chance, as
their names and goals say. One was ended; the other goes on until the console stops it.
"""

import datetime as dt
import itertools

from django.db import transaction
from pyroaring import BitMap

from campaigns import assignment, audience, drafts, parting, transitions
from campaigns.models import Campaign, Intake
from campaigns.money import paying, purse
from console import approvals, budgets, clock
from console.kept_words import both
from console.models import Budget, Staff
from segments import activity
from segments.models import Segment

CONTROL_SHARE, EXPECTED_ROI = 0.5, 1.0
PART = 5  # of the team's budget each may spend a fifth
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
    for (name, since, until), segment in zip(WHICH, segments, strict=True):
        first, last = (_month(clock.day_of(at), ago) for ago in (since, until))
        campaign = _approved(name, segment, budget, by=by, approver=approver, at=at)
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


def _approved(
    name: str, segment: Segment, budget: Budget, *, by: Staff, approver: Staff, at: dt.datetime
) -> Campaign:
    """A campaign that went the whole way to its start: evidence, price, money and a yes."""
    task = {"key": "call", "kind": "task", "title": both(*CALL), "days": 3}
    campaign = drafts.add(
        name=name,
        goal=GOAL,
        segment=segment,
        entry=Campaign.Entry.SEGMENT,
        plan=[task | ({"team": by.team_id} if by.team_id else {"owner": by.pk})],
        control_share=CONTROL_SHARE,
        expected_roi=EXPECTED_ROI,
        budget=budget,
        limit_minor=budget.total_minor // PART,
        by=by,
    )
    asked = transitions.submit(campaign, by=by, at=at)
    approvals.approve(asked, by=approver, comment=WHY)
    campaign.refresh_from_db()
    transitions.start(campaign, by=by, at=at)
    return campaign


def _happened(campaign: Campaign, first: dt.date, last: dt.date) -> None:
    """Every Monday of these days some come in who bought that day, as far as the money reaches."""
    each, zone, seen = clock.project().work_minor, clock.zone(), BitMap()
    for number, day in enumerate(_mondays(first, last), 1):
        bought = activity.did_any(BOUGHT, day, day) - seen
        members = assignment.some(bought, A_DAY, salt=f"demonstration {campaign.pk} {day}")
        control = parting.control(campaign, members)
        treated = len(members) - len(control)
        reach = paying.as_many(campaign, each)
        if reach is not None and reach < treated:
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
        if each and treated and campaign.budget is not None:
            key = purse.name(campaign, paying.WORK)
            budgets.spend(campaign.budget, each * treated, subject=campaign, key=key, on=day)
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
    "演示（A/A）：没有人打过的电话，已结束", "Demonstration (A/A): calls that nobody made, ended"
)
RUNNING = both("演示（A/A）：没有人打过的电话", "Demonstration (A/A): calls that nobody made")
GOAL = both(
    "展示如何评判活动：客户和订单真实，没有做任何事，费用为假设",
    "Shows how one is judged: real customers and orders, nothing was done, the cost is assumed",
)
CALL = ("电话回访（演示）", "Call them (demonstration)")
WHY = "Demonstration / 演示"
# With the months, counted back from today's, in which it began and before which it ends.
WHICH = ((ENDED, 4, 2), (RUNNING, 3, 1))
