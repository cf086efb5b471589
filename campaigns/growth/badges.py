"""The badges that ship."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console import clock, kept_words, roles
from console.models import Staff
from segments import collection, membership, tags
from segments.models import Segment, Tag


@dataclass(frozen=True)
class Shipped:
    """A badge to begin with: what it is called, what for, its colour, and who gets it."""

    name: Promise
    words: Promise
    color: str
    rule: dict[str, Any]


def _least(trait: str, number: int) -> dict[str, Any]:
    return {"trait": trait, "op": ">=", "value": number}


# R8, R124, R202: for newcomers' tasks, for coming every day, and for what others have of it.
BADGES = (
    Shipped(
        pgettext_lazy("a badge", "First order"),
        gettext_lazy("Ordered for the first time."),
        "#0f766e",
        _least("orders", 1),
    ),
    Shipped(
        pgettext_lazy("a badge", "Seven days in a row"),
        gettext_lazy("Came on seven days in a row."),
        "#0ea5e9",
        _least("active_streak_days", 7),
    ),
    Shipped(
        pgettext_lazy("a badge", "Thirty days in a row"),
        gettext_lazy("Came on thirty days in a row."),
        "#7c3aed",
        _least("active_streak_days", 30),
    ),
    Shipped(
        pgettext_lazy("a badge", "Shares what is good"),
        gettext_lazy("Shared five times, or invited somebody."),
        "#f59e0b",
        {"any": [_least("shares", 5), _least("invites", 1)]},
    ),
    Shipped(
        pgettext_lazy("a badge", "Creator"),
        gettext_lazy("Wrote ten reviews, posts or comments."),
        "#e11d48",
        _least("content_made", 10),
    ),
)


@transaction.atomic
def take(*, by: Staff) -> list[Tag]:
    """The badges that ship, each with its segment, but for those whose name there is already.

    Raises:
        NotAllowed: the role.
        RuleError: a trait that they ask for was never computed.
    """
    roles.require(by, tags.ACTION)
    return [_made(one, by) for one in missing()]


def missing() -> list[Shipped]:
    """Those of which there is no tag of the same name."""
    names = Tag.objects.values_list("name", flat=True)
    known = {half for name in names for half in kept_words.halves(name)}
    return [one for one in BADGES if str(one.name).lower() not in known]


def _made(badge: Shipped, by: Staff) -> Tag:
    name = kept_words.name(lambda: _("Badge: %(name)s") % {"name": badge.name})
    segment = Segment.objects.filter(name=name, archived_at=None).first()
    if segment is None:
        segment = collection.add(name=name, rule=badge.rule, by=by, note=_("for a badge"))
        membership.recompute(segment, day=clock.today())
    return tags.add(
        name=kept_words.name(lambda: str(badge.name)),
        description=kept_words.name(lambda: str(badge.words), most=300),
        color=badge.color,
        by=by,
        segment=segment,
        is_badge=True,
    )
