"""The demo's duties: a newcomer's learning path, a raised team, and a meeting that decided."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from console import work
from console.duties import learning, lifts
from console.kept_words import both
from console.meetings import holding, weeks
from console.models import Meeting, MeetingDecision, Staff, TeamRequest
from segments.models import Customer

LEARNT = (
    both("老客户画像一页纸", "A page on who the old customers are"),
    both(
        "已向团队讲解，画像留在报表里。", "Shown to the team; the portrait stands in the reports."
    ),
)


@dataclass(frozen=True)
class People:
    """Who gives work, and who carries it out."""

    manager: Staff
    product: Staff
    support: Staff


@transaction.atomic
def load(people: People, *, at: dt.datetime, today: dt.date) -> None:
    """All of it; where a meeting was held already, nothing happens."""
    if Meeting.objects.exists():
        return
    _learning(people, today)
    _raised(people, today)
    _meeting(people, at, today)


def _learning(people: People, today: dt.date) -> None:
    """Six weeks here: the first step is shown, the second is under way."""
    begun = today - dt.timedelta(days=45)
    first, *_others = learning.give(
        people.support, begins_on=begun, plans={}, on=begun, by=people.manager
    )
    seen, words = LEARNT
    answer = {"result": "shown", "seen": seen}
    work.finish(first, outcome=words, answer=answer, on=today, by=people.support)


def _raised(people: People, today: dt.date) -> None:
    """A call that comes before everything else, because more customers leave than usual."""
    assert people.support.team is not None
    lifts.begin(
        people.support.team,
        why=both("流失的客户比上月多", "More customers leave than last month"),
        on=today,
        days=7,
        answer_days=1,
        by=people.manager,
    )
    work.hand_out(
        "callback",
        both("回访久未下单的客户", "Call a customer who has not ordered for long"),
        why=both("过去每周下单，最近没有来。", "Ordered every week, and has not come lately."),
        plan=both(
            "先问上一单是否满意。\n再问为什么没再来。\n不要当场许诺优惠。",
            "Ask whether the last order was fine.\nAsk why they have not come again.\n"
            "Promise no discount on the phone.",
        ),
        subject=Customer.objects.order_by("pk").first(),
        owner=people.support,
        due_on=today + dt.timedelta(days=4),
        on=today,
        by=people.manager,
    )


def _meeting(people: People, at: dt.datetime, today: dt.date) -> None:
    """Of last week: two decisions, of which one is carried out, and its pack is kept."""
    week = weeks.of(today).ago(1)
    asked = TeamRequest.objects.filter(
        to_team=people.product.team, status__in=sorted(TeamRequest.OPEN)
    )
    _decide(
        week,
        both("本周谈定这个需求的优先级", "Agree on the priority of this request this week"),
        people.product,
        today,
        by=people.manager,
        request=asked.order_by("-pk").first(),
    )
    done = _decide(
        week,
        both("流失名单先打电话再发券", "Call those who leave before coupons are sent"),
        people.support,
        today,
        by=people.manager,
    )
    assert done.work is not None
    words = both("已改回访流程。", "The plan of the calls says so now.")
    work.finish(done.work, outcome=words, answer={"result": "done"}, on=today, by=people.support)
    holding.close(week, at=at, today=today, by=people.manager)


def _decide(
    week: weeks.Week,
    text: str,
    owner: Staff,
    today: dt.date,
    *,
    by: Staff,
    request: TeamRequest | None = None,
) -> MeetingDecision:
    due_on = today + dt.timedelta(days=7)
    return holding.decide(
        week, text=text, owner=owner, due_on=due_on, on=today, by=by, request=request
    )
