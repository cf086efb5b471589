"""The admin edge of campaigns: one module a screen or resource."""

from campaigns.admin import (
    account,
    campaign,
    case,
    coupon,
    coupon_batch,
    guard,
    message,
    phrase,
    playbook,
    policy,
    stop,
    suppression,
    template,
)

__all__ = [
    "account",
    "campaign",
    "case",
    "coupon",
    "coupon_batch",
    "guard",
    "message",
    "phrase",
    "playbook",
    "policy",
    "stop",
    "suppression",
    "template",
]
