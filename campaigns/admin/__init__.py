"""The admin edge of campaigns: one module a screen or resource."""

from campaigns.admin import (
    campaign,
    coupon,
    coupon_batch,
    message,
    phrase,
    policy,
    suppression,
    template,
)

__all__ = [
    "campaign",
    "coupon",
    "coupon_batch",
    "message",
    "phrase",
    "policy",
    "suppression",
    "template",
]
