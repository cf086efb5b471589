"""Segments that ship: the field's own rules by theme, each with its wording and what it needs.

Where a rule speaks of events or profile fields that a project calls otherwise, whoever uses it
says so; see `segments.library`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = Promise | str
Rule = dict[str, Any]

LOGIN, CART, PAID, PAGE = "user_logged_in", "cart_added", "order_paid", "page_viewed"
INTERACTED, FEATURE, LEAVING = "user_interacted", "feature_requested", "leaving_reason_given"

# What each event means, for whoever has to send it, or knows it by another name.
EVENTS: dict[str, Words] = {
    LOGIN: _("somebody signed in, or opened the app"),
    CART: _("something was put into the cart"),
    PAID: _("an order was paid"),
    PAGE: _("a page was looked at; with the properties page and seconds"),
    INTERACTED: _("somebody interacted: looked, clicked, played, commented"),
    FEATURE: _("somebody asked for something that we do not have"),
    LEAVING: _("somebody said why they leave; with the property reason"),
}


@dataclass(frozen=True)
class Ready:
    """A segment worth having. `quote` is how the field says it."""

    key: str
    theme: str
    name: Words
    quote: str
    rule: Rule


THEMES: dict[str, Words] = {
    "newcomers": _("Newcomers: channel, device and what they do"),
    "unpaid": _("Active, and never paid"),
    "intent": _("About to buy"),
    "valuable": _("Worth calling back"),
    "weaker": _("Less involved than they were"),
    "inactive": _("Going quiet: six rules, the first that holds"),
    "reasons": _("Why they leave"),
}


def trait(key: str, op: str, value: Any) -> Rule:
    return {"trait": key, "op": op, "value": value}


def _last(event: str, days: int) -> Rule:
    return {"last": event, "op": ">=", "value": days}


# --- R14: three channels, two devices, two ways to begin ----------------------

_CHANNELS = {
    "search": (_("from search"), "搜索"),
    "ads": (_("from advertising"), "广告投放"),
    "referral": (_("brought by friends"), "老客推荐"),
}
_DEVICES = {"mobile": (_("on the phone"), "移动端"), "desktop": (_("on the desktop"), "桌面端")}
_BEHAVIOURS = {
    "deep": (_("looking around"), "深度浏览", trait("active_days_7d", ">=", 3)),
    "light": (_("only had a look"), "浅尝即止", trait("active_days_7d", "<", 3)),
}


@dataclass(frozen=True)
class _Joined:
    """Words joined when they are read, in the reader's language."""

    parts: tuple[Words, ...]

    def __str__(self) -> str:
        return " · ".join(map(str, self.parts))


def _newcomers() -> Iterator[Ready]:
    for channel, device, behaviour in product(_CHANNELS, _DEVICES, _BEHAVIOURS):
        names = (_CHANNELS[channel][0], _DEVICES[device][0], _BEHAVIOURS[behaviour][0])
        quotes = (_CHANNELS[channel][1], _DEVICES[device][1], _BEHAVIOURS[behaviour][1])
        yield Ready(
            f"new-{channel}-{device}-{behaviour}",
            "newcomers",
            _Joined((_("New"), *names)),  # type: ignore[arg-type]
            "新用户：" + "、".join(quotes),
            {
                "all": [
                    trait("registered_days", "<=", 30),
                    {"profile": "channel", "op": "=", "value": channel},
                    {"profile": "device", "op": "=", "value": device},
                    _BEHAVIOURS[behaviour][2],
                ]
            },
        )


_QUIET = trait("recency_days", ">", 60)
_PRICE = {"all": [_QUIET, trait("coupons_redeemed", ">=", 3)]}
_UNMET = {"all": [_QUIET, {"event": FEATURE, "days": 180}]}
_RIVAL = {
    "all": [
        _QUIET,
        {
            "event": LEAVING,
            "days": 180,
            "where": [{"property": "reason", "op": "=", "value": "competitor"}],
        },
    ]
}

READY: dict[str, Ready] = {
    one.key: one
    for one in (
        *_newcomers(),
        Ready(
            "active-unpaid",
            "unpaid",
            _("Active, and never paid"),
            "活跃但未付费的中腰部用户（占总用户数 45%）",
            {"all": [trait("orders", "=", 0), trait("active_days_30d", ">=", 4)]},
        ),
        Ready(
            "seven-days-unpaid",
            "unpaid",
            _("Seven days in a row, and unpaid"),
            "连续 7 天登录但未付费（38% 在 30 天内完成首单）",
            {"all": [trait("active_streak_days", ">=", 7), trait("orders", "=", 0)]},
        ),
        Ready(
            "cart-unpaid",
            "intent",
            _("Cart not paid within a day"),
            "加入购物车未支付",
            {
                "sequence": {"event": CART},
                "then": {"event": PAID},
                "did": False,
                "hours": 24,
                "days": 7,
            },
        ),
        Ready(
            "pay-page",
            "intent",
            _("Over three minutes on the payment page, and unpaid"),
            "浏览付费页面超过 3 分钟",
            {
                "all": [
                    {
                        "event": PAGE,
                        "days": 7,
                        "where": [
                            {"property": "page", "op": "=", "value": "payment"},
                            {"property": "seconds", "op": ">", "value": 180},
                        ],
                    },
                    {"event": PAID, "did": False, "days": 7},
                ]
            },
        ),
        Ready(
            "order-due",
            "intent",
            _("Due for the next order, by the customer's own rhythm"),
            "库存补货提醒：根据历史购买记录",
            {"all": [trait("order_due_days", ">=", -3), trait("order_due_days", "<=", 7)]},
        ),
        Ready(
            "valuable-silent",
            "valuable",
            _("High value, gone silent"),
            "高价值用户突然沉默",
            {"all": [trait("m_score", ">=", 4), trait("recency_days", ">", 30)]},
        ),
        Ready(
            "potential-dormant",
            "valuable",
            _("High potential, dormant"),
            "高潜力沉睡用户（免费体验课使转化率提升 37%）",
            {
                "all": [
                    _last(LOGIN, 31),
                    {
                        "any": [
                            trait("content_made", ">=", 3),
                            trait("shares", ">=", 3),
                            trait("invites", ">=", 1),
                        ]
                    },
                ]
            },
        ),
        # Of fewer visits an average says little.
        Ready(
            "shorter-visits",
            "weaker",
            _("Visits a third shorter than this customer's usual"),
            "会话时长显著下降时，可通过 A/B 测试调整页面布局或内容推荐",
            {"all": [trait("visit_length_share", "<=", 67), trait("visits_30d", ">=", 4)]},
        ),
        Ready(
            "friends-quieter",
            "weaker",
            _("Does half as much with friends as usual"),
            "好友互动频率下降后，推荐高关联度内容或发起好友召回活动",
            trait("friends_change", "<=", -50),
        ),
        # The longest silence first: whoever is in one of them is in none of the later ones.
        Ready(
            "warning-3",
            "inactive",
            _("Warning, third level: 90 days without signing in"),
            "三级预警：90 天未登录，推送品牌升级通知＋老用户回归礼包",
            _last(LOGIN, 90),
        ),
        Ready(
            "warning-2",
            "inactive",
            _("Warning, second level: 60 days without interaction"),
            "二级预警：60 天未互动，启动流失用户调研＋专属福利",
            _last(INTERACTED, 60),
        ),
        Ready(
            "dormant-30",
            "inactive",
            _("Dormant: over 30 days without signing in"),
            "超过 30 天未登录的沉睡用户",
            _last(LOGIN, 31),
        ),
        Ready(
            "quiet-7",
            "inactive",
            _("Seven days without signing in"),
            "连续 7 天未登录时，自动触发推送通知或发放优惠券",
            _last(LOGIN, 7),
        ),
        Ready(
            "warning-1",
            "inactive",
            _("Warning, first level: activity down by 30 %"),
            "一级预警：活跃度下降 30%，触发客服回访＋定向优惠券",
            trait("activity_change", "<=", -30),
        ),
        Ready(
            "falling-7",
            "inactive",
            _("Activity falling for seven days in a row"),
            "活跃度连续 7 日下滑时，自动触发干预",
            trait("activity_falling_days", ">=", 7),
        ),
        Ready("price", "reasons", _("Looks at the price"), "价格敏感型", _PRICE),
        Ready("unmet", "reasons", _("Misses something"), "功能需求未满足型", _UNMET),
        Ready("rival", "reasons", _("Drawn away by others"), "竞品吸引型", _RIVAL),
        Ready("natural", "reasons", _("Simply left"), "自然流失型", _QUIET),
    )
}

# In these themes a customer belongs to the first whose rule holds.
IN_ORDER = frozenset({"inactive", "reasons"})


def before(ready: Ready) -> list[Ready]:
    """Those of its theme that come before it, where only the first counts."""
    if ready.theme not in IN_ORDER:
        return []
    theirs = [one for one in READY.values() if one.theme == ready.theme]
    return theirs[: theirs.index(ready)]
