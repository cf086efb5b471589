"""The demo business's work between teams, made by the verbs themselves: what slipped, and why.

One request whose specification changed four times and that came 15 working days late, one that
came two days late because one side changed its priority, and those of today.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from console import business_hours, clock
from console.kept_words import both
from console.models import Staff, Team, TeamRequest
from console.team_requests import (
    agreeing,
    depending,
    drafting,
    linking,
    moving,
    talking,
    urgent,
)
from metrics import promises
from metrics.demo_words import SPECS, WHY_IT_CHANGED
from segments.models import Segment

Kind = TeamRequest.Kind


@dataclass(frozen=True)
class People:
    """Who asks and who does it: operations on the one side, growth on the other."""

    operator: Staff
    manager: Staff
    product: Staff
    analyst: Staff

    @property
    def operations(self) -> Team:
        return _team(self.operator)

    @property
    def growth(self) -> Team:
        return _team(self.product)


@transaction.atomic
def load(people: People, *, today: dt.date) -> None:
    """Every request of the demo; where there are some already, nothing happens."""
    if TeamRequest.objects.exists():
        return
    people.growth.lead = people.product
    people.growth.save(update_fields=["lead"])
    _one_page(people, today)
    _at_the_till(people, today)
    leaving = _who_leaves(people, today)
    _why_they_leave(people, today, leaving)
    _poster(people, today)
    _declined(people, today)
    _draft(people, today)


# --- what slipped -----------------------------------------------------------------


def _one_page(people: People, today: dt.date) -> None:
    """Four changes of the specification, fifteen working days, and a verdict by its number."""
    begun = _working(today - dt.timedelta(weeks=15))
    operator, product = people.operator, people.product
    request = _asked(
        people,
        begun,
        Kind.FEATURE,
        both("付费路径少一页", "One page fewer on the way to paying"),
        {
            "why": both(
                "三页之间每页都有人离开，其中一页只是再确认一次地址。",
                "On each of the three pages somebody leaves, and one of them only asks again "
                "for the address.",
            ),
            "for_whom": both("所有下单的客户", "Everybody who orders"),
            "spec": both(*SPECS[0]),
            "metric": "orders",
            "expected_change": "0.03",
            "expected_by": (today - dt.timedelta(weeks=3)).isoformat(),
            "details.users_can": both("在两页之内付完款。", "Customers pay within two pages."),
            "details.done_when": both(
                "新客户不回退就能付款，旧链接仍可用。",
                "A new customer pays without going back, and old links still work.",
            ),
        },
    )
    promised = business_hours.later_by(begun, 15)
    _accept(request, product, promised, begun)
    _agree(request, operator, product, begun, impact=4, effort="12", priority=1)
    moving.start(request, by=product, at=_at(_after(begun, 2)))
    for number, (days, because) in enumerate(WHY_IT_CHANGED, 1):
        changed = _after(begun, 2 + 4 * number)
        revision = drafting.edit(
            request,
            edition=request.edition,
            changes={"spec": both(*SPECS[number])},
            because=both(*because),
            by=operator,
            at=_at(changed, 11),
        )
        assert revision is not None
        drafting.cost(revision, days=Decimal(days), by=product, at=_at(_after(changed, 1)))
        request.refresh_from_db()
    assert request.promised_on is not None
    delivered = request.promised_on
    moving.deliver(
        request,
        note=both("已上线给所有客户。", "Live for all customers."),
        by=product,
        at=_at(delivered, 16),
    )
    moving.receive(request, by=operator, at=_at(_after(delivered, 1)))
    promises.find(request, at=_at(today), on=today)


def _at_the_till(people: People, today: dt.date) -> None:
    """The receiving team changed the priority by itself, and the date with it."""
    begun = _working(today - dt.timedelta(weeks=6))
    operator, product = people.operator, people.product
    request = _asked(
        people,
        begun,
        Kind.FIX,
        both("收银台核销优惠券", "Coupons that the till refuses"),
        {
            "why": both(
                "带着券来的客户每天有几十位空手而归。",
                "Dozens of customers a day come with a coupon and leave without what it gives.",
            ),
            "details.steps": both("在收银台扫一张有效的券。", "Scan a coupon that is valid."),
            "details.happens": both("提示“券不存在”。", "The till says that there is none."),
            "details.should": both("核销并打折。", "It is redeemed, and the price goes down."),
            "details.affected": both("每天约 40 位客户", "About 40 customers a day"),
        },
    )
    promised = business_hours.later_by(begun, 12)
    _accept(request, product, promised, begun)
    _agree(request, operator, product, begun, impact=4, effort="6", priority=1)
    moving.start(request, by=product, at=_at(_after(begun, 2)))
    request.refresh_from_db()
    proposal = agreeing.propose(
        request,
        impact=4,
        effort_days=Decimal(6),
        priority=2,
        because=both(
            "接口组先做双十二的压测。", "The interfaces' team tests the load of 12 December first."
        ),
        promised_on=business_hours.later_by(promised, 2),
        by=product,
        at=_at(_after(begun, 6)),
    )
    talking.comment(
        request,
        text=both(
            f"优先级应由双方确认。@{product.username} 下次请先问我们。",
            f"Both sides agree on a priority. @{product.username} please ask us before.",
        ),
        by=operator,
        at=_at(_after(begun, 7)),
    )
    agreeing.confirm(proposal, by=operator, at=_at(_after(begun, 7), 14))
    request.refresh_from_db()
    assert request.promised_on is not None
    note = both("随收银台 4.2 版上线。", "In version 4.2 of the till.")
    moving.deliver(request, note=note, by=product, at=_at(request.promised_on, 15))


# --- what is under way ----------------------------------------------------------------


def _who_leaves(people: People, today: dt.date) -> TeamRequest:
    """Through the urgent lane: a list of who is about to leave, every morning."""
    begun = _working(today - dt.timedelta(days=10))
    request = _asked(
        people,
        begun,
        Kind.DATA,
        both("流失预警名单每天早上更新", "The list of who is about to leave, every morning"),
        {
            "why": both(
                "名单每周一次，客服打电话时一半的人已经走了。",
                "The list comes once a week; when support calls, half of them have gone.",
            ),
            "details.columns": both(
                "客户编号、预警级别、最近一单", "Number, warning level, last order"
            ),
            "details.grain": both("一位客户一行", "A customer"),
            "details.span": both("昨天为止", "Up to yesterday"),
            "details.used_for": both("当天的回访电话", "The calls of the same day"),
            "details.personal": both("无，只有编号", "None, only numbers"),
        },
    )
    segment = Segment.objects.filter(archived_at=None).order_by("pk").first()
    if segment is not None:
        linking.link(request, subject=segment, by=people.operator)
    urgent.lift(
        request,
        cause=TeamRequest.Cause.CHURN,
        because=both("十二月流失比十一月多一成", "A tenth more left in December than in November"),
        by=people.operator,
        at=_at(begun, 11),
    )
    request.refresh_from_db()
    _accept(request, people.analyst, business_hours.later_by(today, 3), begun)
    _agree(request, people.operator, people.product, begun, impact=5, effort="5", priority=0)
    moving.start(request, by=people.analyst, at=_at(_after(begun, 2)))
    return request


def _why_they_leave(people: People, today: dt.date, leaving: TeamRequest) -> None:
    """It waits for the list, its priority waits for the other side, and a question is open."""
    begun = _working(today - dt.timedelta(days=7))
    request = _asked(
        people,
        begun,
        Kind.ANALYSIS,
        both("客户为什么在第二个月离开", "Why customers leave in their second month"),
        {
            "why": both(
                "第二个月的留存半年没有变化。",
                "The retention of the second month has not moved for half a year.",
            ),
            "details.question": both(
                "离开的人在第一个月少做了什么？",
                "What did those who left do less in their first month?",
            ),
            "details.decides": both(
                "决定欢迎流程改哪一步；若无差别就不改。",
                "Which step of the welcome changes; none, if there is no difference.",
            ),
        },
    )
    depending.add(
        request,
        needs=leaving,
        because=both("要用同一份名单", "It needs the same list"),
        by=people.operator,
        at=_at(begun),
    )
    request.refresh_from_db()
    agreeing.propose(
        request,
        impact=3,
        effort_days=Decimal(4),
        priority=1,
        because=both("欢迎流程二月要改版", "The welcome is rebuilt in February"),
        by=people.operator,
        at=_at(begun, 15),
    )


def _poster(people: People, today: dt.date) -> None:
    """Asked by growth, and waits for an answer of operations."""
    begun = _working(today - dt.timedelta(days=4))
    request = drafting.make(
        kind=Kind.CREATIVE,
        title=both("春节召回海报", "A poster that calls customers back for the Spring Festival"),
        to_team=people.operations,
        content={
            "why": both(
                "去年节后三周回来的人最少。", "In the three weeks after it fewest came back."
            ),
            "for_whom": both("沉睡三十天以上的客户", "Customers asleep for thirty days and more"),
            "details.message": both("您常买的还在老地方。", "What you used to buy is still there."),
            "details.formats": "1080×1920, 750×300",
            "details.shown_at": both("App 首页与短信落地页", "The app's home and the SMS page"),
        },
        once="demo:poster",
        by=people.product,
        at=_at(begun),
    )
    moving.ask(request, by=people.product, at=_at(begun, 10))


def _declined(people: People, today: dt.date) -> None:
    begun = _working(today - dt.timedelta(weeks=4))
    request = _asked(
        people,
        begun,
        Kind.DATA,
        both("每小时更新价值分层", "Value tiers every hour"),
        {
            "why": both("活动当天想看变化。", "To see changes on the day of a campaign."),
            "details.columns": both("价值层级", "Value tier"),
            "details.grain": both("一位客户一行", "A customer"),
            "details.span": both("当天", "The day itself"),
            "details.used_for": both("看板", "A dashboard"),
            "details.personal": both("无", "None"),
        },
    )
    moving.decline(
        request,
        because=both(
            "层级按九十天计算，一小时内不会变。", "A tier counts ninety days; no hour moves it."
        ),
        by=people.analyst,
        at=_at(_after(begun, 1)),
    )


def _draft(people: People, today: dt.date) -> None:
    drafting.make(
        kind=Kind.FEATURE,
        title=both("一键再来一单", "Order the same again"),
        to_team=people.growth,
        content={"why": both("四成订单与上次相同。", "Four in ten orders repeat the last one.")},
        once="demo:again",
        by=people.operator,
        at=_at(_working(today - dt.timedelta(days=3))),
    )


# --- what they share --------------------------------------------------------------------


def _asked(
    people: People, day: dt.date, kind: str, title: str, content: Mapping[str, Any]
) -> TeamRequest:
    """Operations asks growth."""
    request = drafting.make(
        kind=kind,
        title=title,
        to_team=people.growth,
        content=content,
        once=f"demo:{kind}:{day}",
        by=people.operator,
        at=_at(day),
    )
    moving.ask(request, by=people.operator, at=_at(day, 10))
    return request


def _accept(request: TeamRequest, owner: Staff, promised_on: dt.date, begun: dt.date) -> None:
    """A day after it was asked, with its number as it was then."""
    day = _after(begun, 1)
    moving.accept(
        request,
        owner=owner,
        promised_on=promised_on,
        baseline=promises.baseline(request, on=day),
        by=owner,
        at=_at(day, 10),
    )


def _agree(
    request: TeamRequest,
    asking: Staff,
    receiving: Staff,
    begun: dt.date,
    *,
    impact: int,
    effort: str,
    priority: int,
) -> None:
    """One side proposes, the other says yes."""
    day = _after(begun, 1)
    proposal = agreeing.propose(
        request,
        impact=impact,
        effort_days=Decimal(effort),
        priority=priority,
        by=receiving,
        at=_at(day, 11),
    )
    agreeing.confirm(proposal, by=asking, at=_at(day, 14))
    request.refresh_from_db()


def _team(staff: Staff) -> Team:
    assert staff.team is not None
    return staff.team


def _working(day: dt.date) -> dt.date:
    """The day itself, or the next on which people work."""
    return day if business_hours.is_working_day(day) else business_hours.later_by(day, 1)


def _after(day: dt.date, days: int) -> dt.date:
    return business_hours.later_by(day, days)


def _at(day: dt.date, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), clock.zone())
