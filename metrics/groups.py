"""By whom a report is sliced: segments, the values of a choice, campaigns, or everybody at once."""

import datetime as dt
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns.models import Audience, Campaign
from console import kept_words
from console.states import NotAllowed
from segments import arrays, scorings, sets, traits
from segments.models import Column, Segment

MOST = 6  # lines that one can still tell apart
EVERYBODY = ""
SEGMENT, TRAIT, CAMPAIGN = "segment", "trait", "campaign"


@dataclass(frozen=True)
class Group:
    """Some customers, by what they are called; None are all there are."""

    label: str
    members: BitMap | None = None


@dataclass(frozen=True)
class By:
    """`segment:3,4`, `trait:value_tier`, `campaign:7`, or nothing."""

    kind: str = EVERYBODY
    key: str = ""

    @classmethod
    def read(cls, text: str) -> "By":
        """Raises NotAllowed where it makes no sense."""
        kind, _colon, key = text.partition(":")
        if kind in (SEGMENT, CAMPAIGN):
            numbers = {int(one) for one in key.split(",") if one.isdecimal() and len(one) < 10}
            if numbers:
                return cls(kind, ",".join(map(str, sorted(numbers)[:MOST])))
        elif kind == TRAIT and key:
            return cls(kind, key)
        elif not text:
            return cls()
        raise NotAllowed(_("This cannot be compared: %(what)s.") % {"what": text[:60]})

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.kind else EVERYBODY

    @property
    def numbers(self) -> list[int]:
        return [int(one) for one in self.key.split(",")]


def version(by: By, *, day: dt.date) -> str:
    """What the groups are, told without reading them."""
    said: list[object] = []
    if by.kind == SEGMENT:
        rows = Segment.objects.filter(pk__in=by.numbers).order_by("pk")
        said = [(pk, bytes(digest).hex()) for pk, digest in rows.values_list("pk", "digest")]
    elif by.kind == CAMPAIGN:
        rows_ = Audience.objects.filter(campaign__in=by.numbers).order_by("pk")
        said = list(rows_.values_list("pk", "frozen_at", "size"))
    elif by.kind == TRAIT:
        trait = traits.some([by.key]).get(by.key)
        column = Column.objects.filter(key=trait.column if trait else "")
        said = list(column.values_list("version", "length"))
        said += [day] if trait and trait.is_derived else []
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def of(by: By, *, day: dt.date) -> list[Group]:
    """The groups, the largest first.

    Raises:
        NotAllowed: there is no such thing, or it was never computed.
    """
    if by.kind == SEGMENT:
        found = _segments(by)
    elif by.kind == CAMPAIGN:
        found = _campaigns(by)
    elif by.kind == TRAIT:
        found = _values(by.key, day)
    else:
        return [Group("")]  # each report calls everybody so in its reader's language
    if not found:
        what = f"{by.kind} {by.key}"
        raise NotAllowed(
            _("There is nobody to compare: %(what)s has no customers, or was never computed.")
            % {"what": what}
        )
    return sorted(found, key=lambda one: -len(one.members or ()))[:MOST]


def _segments(by: By) -> list[Group]:
    live = Segment.objects.filter(pk__in=by.numbers, archived_at=None).exclude(size=None)
    return [Group(str(one), sets.one(Segment, one.pk)[0]) for one in live.defer("members")]


def _campaigns(by: By) -> list[Group]:
    found = Audience.objects.filter(campaign__in=by.numbers).select_related("campaign")
    return [Group(str(one.campaign), one.members) for one in found]


def _values(key: str, day: dt.date) -> list[Group]:
    """The most frequent words of a choice."""
    column = traits.read(key, day=day).get(key)
    if column is None or not column.words:
        return []
    known = arrays.known(column.values)
    counts = np.bincount(column.values[known], minlength=len(column.words))
    called = scorings.labels().get(key, {})
    return [
        Group(called.get(column.words[at], column.words[at]), arrays.members(column.values == at))
        for at in np.argsort(-counts, kind="stable")[:MOST]
        if counts[at]
    ]


# --- what one may choose ------------------------------------------------------


def offered(*, sets_only: bool = False) -> list[tuple[str, list[tuple[str, str]]]]:
    """For a list to choose from: what it is, and each as `read` takes it with its name."""
    segments = (
        Segment.objects.filter(archived_at=None)
        .exclude(size=None)
        .order_by(kept_words.by_name("name"))
    )
    named = [(f"{SEGMENT}:{one.pk}", str(one)) for one in segments.only("pk", "name")[:200]]
    choices = [
        (f"{TRAIT}:{one.key}", str(one.label))
        for one in traits.registry().values()
        if one.kind == traits.CHOICE and not sets_only
    ]
    reached = Campaign.objects.filter(audience__isnull=False).order_by("-pk")
    sent = [(f"{CAMPAIGN}:{pk}", name) for pk, name in reached.values_list("pk", "name")[:100]]
    parts = [(_("Segments"), named), (_("Traits"), choices), (_("Campaigns"), sent)]
    return [(label, some) for label, some in parts if some]
