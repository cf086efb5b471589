"""What the segments that ship are called, and what they are for, in the reader's language.

They are kept under both names, so that each finds them by the words of their own language; as
soon as somebody writes another name or description, that is what everybody reads.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NAMES: dict[str, Promise | str] = {
    "高价值沉默 · High value, gone silent": _("High value, silent for 30 days"),
    "新客 · New customers": pgettext_lazy("a stage", "New customers"),
    "连续活跃 · Steadily active": _("Steadily active"),
    "沉睡用户 · Dormant over 30 days": _("Dormant over 30 days"),
    "优惠券爱好者 · Coupon lovers": _("Coupon lovers"),
    "高频消费 · Frequent shoppers": _("Frequent shoppers"),
    "可触达的沉睡用户 · Dormant and may be written to": _("Dormant and may be written to"),
}

# What they are kept under, and what each reader is told.
DESCRIPTIONS: dict[str, Promise | str] = {
    "消费高于多数客户，但超过 30 天未下单，需要有人跟进。 "
    "Spent more than most, and has not ordered for over 30 days. Somebody should ask why.": _(
        "Spent more than most, and has not ordered for over 30 days. Somebody should ask why."
    ),
    "近 30 天内首次下单。 First order within the last 30 days.": _(
        "First order within the last 30 days."
    ),
    "近 30 天内至少活跃 8 天。 Active on at least 8 of the last 30 days.": _(
        "Active on at least 8 of the last 30 days."
    ),
    "下过单，但已超过 30 天未下单。 Has ordered before, but not for over 30 days.": _(
        "Has ordered before, but not for over 30 days."
    ),
    "累计核销至少 3 张优惠券。 Redeemed at least 3 coupons ever.": _(
        "Redeemed at least 3 coupons ever."
    ),
    "近 30 天至少下单 3 次，且频次位于前五分之一。 "
    "Ordered at least 3 times in the last 30 days and belongs to the most frequent fifth.": _(
        "Ordered at least 3 times in the last 30 days and belongs to the most frequent fifth."
    ),
    "下过单、超过 30 天未下单，且同意接收邮件。 "
    "Has ordered before, not for over 30 days, and agreed to e-mail.": _(
        "Has ordered before, not for over 30 days, and agreed to e-mail."
    ),
}
