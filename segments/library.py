"""What ships ready-made: the stage sets, and segments worth starting from."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from console import audit
from segments import taxonomies, traits, vocabulary
from segments.models import Segment
from segments.rules import tree
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary


@dataclass(frozen=True)
class Ready:
    """A segment worth having, with the field's own name beside the English one."""

    name: str
    description: str
    rule: dict[str, Any]


def _trait(key: str, op: str, value: Any) -> dict[str, Any]:
    return {"trait": key, "op": op, "value": value}


SEGMENTS = [
    Ready(
        "高价值沉默 · High value, gone silent",
        "消费高于多数客户，但超过 30 天未下单，需要有人跟进。 "
        "Spent more than most, and has not ordered for over 30 days. Somebody should ask why.",
        {"all": [_trait("m_score", ">=", 4), _trait("recency_days", ">", 30)]},
    ),
    Ready(
        "新客 · New customers",
        "近 30 天内首次下单。 First order within the last 30 days.",
        _trait("tenure_days", "<", 30),
    ),
    Ready(
        "连续活跃 · Steadily active",
        "近 30 天内至少活跃 8 天。 Active on at least 8 of the last 30 days.",
        _trait("active_days_30d", ">=", 8),
    ),
    Ready(
        "沉睡用户 · Dormant over 30 days",
        "下过单，但已超过 30 天未下单。 Has ordered before, but not for over 30 days.",
        _trait("recency_days", ">", 30),
    ),
    Ready(
        "优惠券爱好者 · Coupon lovers",
        "累计核销至少 3 张优惠券。 Redeemed at least 3 coupons ever.",
        {"event": "coupon_redeemed", "did": True, "times": 3, "days": None},
    ),
    Ready(
        "高频消费 · Frequent shoppers",
        "近 30 天至少下单 3 次，且频次位于前五分之一。 "
        "Ordered at least 3 times in the last 30 days and belongs to the most frequent fifth.",
        {
            "all": [
                {"event": "order_paid", "did": True, "times": 3, "days": 30},
                _trait("f_score", "=", 5),
            ]
        },
    ),
    Ready(
        "可触达的沉睡用户 · Dormant and may be written to",
        "下过单、超过 30 天未下单，且同意接收邮件。 "
        "Has ordered before, not for over 30 days, and agreed to e-mail.",
        {"all": [_trait("recency_days", ">", 30), {"consent": "email"}]},
    ),
]


def install_stages() -> None:
    """The stage sets that are missing."""
    taxonomies.install()


@transaction.atomic
def install() -> int:
    """The stages, and those ready-made segments that are missing and make sense here.

    One whose rule speaks of an event that never happened here is left out.
    """
    traits.install()
    install_stages()
    known = vocabulary.current()
    missing = [
        Segment(name=one.name, description=one.description, rule=one.rule)
        for one in SEGMENTS
        if _makes_sense(one, known) and not Segment.objects.filter(name=one.name).exists()
    ]
    for segment in missing:
        segment.save(force_insert=True)
        audit.log("segment.installed", segment)
    return len(missing)


def _makes_sense(one: Ready, known: Vocabulary) -> bool:
    try:
        tree.parse(one.rule, known)
    except RuleError:
        return False
    return True
