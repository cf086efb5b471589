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
