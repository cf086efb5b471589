"""What a shipped metric says, and the short ways to write recipes."""

from dataclasses import dataclass, field
from typing import Any

from metrics.models import Metric
from segments import shipped

CUSTOMERS, COUNT, MONEY, SHARE, NUMBER, MINUTES = (unit.value for unit in Metric.Unit)
MORE, LESS, NEITHER = (one.value for one in Metric.Direction)
SUM, AVERAGE, QUOTIENT, LAST = (one.value for one in Metric.Over)
(
    ACQUISITION,
    ACTIVATION,
    ACTIVITY,
    RETENTION,
    CONVERSION,
    REFERRAL,
    SATISFACTION,
    MESSAGES,
    VALUE,
) = (group.value for group in Metric.Group)
OFTEN = ("stage", "channel", "device")
TIER = "trait:value_tier"
# Under the names that tracking plans usually have; what comes in under another name is taken as
# one of these, or the recipe is changed.
SHARING = ["share", "shared", "content_shared", "product_shared", "item_shared"]
INVITING = ["invite", "invited", "invite_sent", "friend_invited", "referral_sent"]
INVITED = ["invite_accepted", "invitation_accepted", "referral_registered", "referral_qualified"]
ANSWERING = ["survey_answered", "nps_answered"]
STARTING, REGISTERING = [*shipped.STARTING], [*shipped.REGISTERING]  # as traits know them
FEATURES = ["feature_used"]
ASKING_HELP = ["help_requested", "support_requested", "ticket_created", "feedback_given"]
HELPING = ["help_answered", "support_replied", "ticket_answered", "feedback_answered"]
MAKING = [
    *("review_posted", "review_written", "post_created", "content_created"),
    *("comment_posted", "ugc_created"),
]
CARTING = ["added_to_cart", "add_to_cart", "cart_added", "product_added"]


@dataclass(frozen=True)
class Definition:
    """What a shipped metric says. A change of its meaning is a new version."""

    key: str
    name: str
    unit: str
    definition: str
    group: str
    recipe: dict[str, Any]
    over: str = AVERAGE
    direction: str = MORE
    slices: tuple[str, ...] = ()
    version: int = 2
    # The word whose definition decides about what code computes: `segments.definitions`.
    word: str = field(default="", kw_only=True)


def count(events: list[str] | str, **more: Any) -> dict[str, Any]:
    return {"kind": "simple", "take": "count", **of(events), **more}


def customers(events: list[str] | str, **more: Any) -> dict[str, Any]:
    return {"kind": "simple", "take": "customers", **of(events), **more}


def of(events: list[str] | str) -> dict[str, Any]:
    """The word, or the names."""
    return {"word": events} if isinstance(events, str) else {"events": events}


def ratio(part: str, whole: str) -> dict[str, Any]:
    return {"kind": "ratio", "part": part, "whole": whole}


def within(key: str, days: int) -> dict[str, Any]:
    return {"kind": "cumulative", "of": key, "days": days}


def ever(key: str) -> dict[str, Any]:
    return {"kind": "cumulative", "of": key, "since": "ever"}


def derived(formula: str) -> dict[str, Any]:
    return {"kind": "derived", "formula": formula}


def coded(by: str) -> dict[str, Any]:
    return {"kind": "coded", "by": by}


def conversion(first: Any, then: Any, days: int, how: str = "share") -> dict[str, Any]:
    start = first if first == "new" else of(first)
    return {"kind": "conversion", "first": start, "then": of(then), "days": days, "how": how}


def scored(op: str, than: int) -> list[dict[str, Any]]:
    return [{"property": "score", "op": op, "value": than}]
