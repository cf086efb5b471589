"""Dividing customers for the slices of metrics: by stage, channel, device, segment and others.

A dimension is `stage`, `channel`, `device`, `segment:<number>`, `campaign:<number>` (its variants
and its control) or `trait:<key>`; a slice is a dimension with one of its words: `stage=mature`.
Customers stand where they stand now, also for days that are measured again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import kept_words
from metrics import arms
from metrics.models import Channel
from segments import arrays, sheet, standing, traits
from segments.arrays import Array
from segments.models import Segment, Stage, StageSet, Trait

MOST_DIMENSIONS, MOST_WORDS = 4, 20
CHANNEL = "channel"
OTHERS = "*"  # the words beyond the most frequent ones, together
ACQUIRED = {CHANNEL: "acquired_channel", "device": "acquired_device"}  # traits


@dataclass(frozen=True)
class Cut:
    """A division of the customers: the place of each one's slice in `names`, or -1."""

    dimension: str
    codes: Array
    names: tuple[str, ...]

    @cached_property
    def sets(self) -> list[BitMap]:
        return [arrays.members(self.codes == place) for place in range(len(self.names))]


class Slicing:
    """The divisions that metrics ask for, each made when it is first needed."""

    def __init__(self) -> None:
        self._cuts: dict[str, Cut | None] = {}

    def cuts(self, dimensions: Iterable[str]) -> list[Cut]:
        """Those that there are; a trait without values divides nobody."""
        found = [self._cut(one) for one in list(dimensions)[:MOST_DIMENSIONS]]
        return [one for one in found if one is not None and one.names]

    def _cut(self, dimension: str) -> Cut | None:
        if dimension not in self._cuts:
            self._cuts[dimension] = _make(dimension)
        return self._cuts[dimension]


def _make(dimension: str) -> Cut | None:
    kind, _colon, key = dimension.partition(":")
    if kind == "stage":
        return _by_stage()
    if kind == "segment":
        return _by_segment(key)
    if kind == "campaign":
        return _by_arm(dimension, int(key) if key.isdecimal() else 0)
    return _by_trait(dimension, ACQUIRED.get(dimension, key))


def _by_stage() -> Cut | None:
    default = StageSet.objects.filter(is_default=True).first()
    if default is None:
        return None
    keys = dict(Stage.objects.filter(stage_set=default, retired_at=None).values_list("pk", "key"))
    return _coded("stage", standing.now(default.pk), keys)


def _by_segment(number: str) -> Cut | None:
    found = Segment.objects.filter(pk=number if number.isdecimal() else 0, archived_at=None).first()
    if found is None:
        return None
    members: BitMap = found.members
    codes = np.full(members.max() + 1 if members else 0, -1, np.int32)
    codes[np.asarray(members.to_array(), np.int64)] = 0
    return Cut(f"segment:{number}", codes, (f"segment={number}",))


def _by_arm(dimension: str, number: int) -> Cut:
    """A campaign's control, and who got which of its wordings."""
    found = {arm: who for arm, who in arms.members(number).items() if who}
    last = max((who.max() for who in found.values()), default=-1)
    codes = np.full(last + 1, -1, np.int32)
    for place, who in enumerate(found.values()):
        codes[np.asarray(who.to_array(), np.int64)] = place
    return Cut(dimension, codes, tuple(f"{dimension}={arm}" for arm in found))


def _by_trait(dimension: str, key: str) -> Cut | None:
    column = sheet.read(key).get(key)
    if column is None or not column.words:
        return None
    return _coded(dimension, column.values, dict(enumerate(column.words)))


def _coded(dimension: str, values: Array, words: dict[int, str]) -> Cut:
    """The most frequent words as slices, in their order, and all others as one."""
    known = np.isin(values, list(words)) & arrays.known(values)
    found, counts = np.unique(values[known], return_counts=True)
    frequent = set(found[np.argsort(-counts, kind="stable")][: MOST_WORDS - 1].tolist())
    shown = [code for code in words if code in frequent]
    names = [f"{dimension}={words[code]}"[:80] for code in shown]
    codes = np.full(len(values), -1, np.int32)
    for place, code in enumerate(shown):
        codes[values == code] = place
    rest = known & (codes < 0)
    if rest.any():
        codes[rest] = len(names)
        names.append(f"{dimension}={OTHERS}")
    return Cut(dimension, codes, tuple(names))


# --- in words -----------------------------------------------------------------


def dimensions() -> dict[str, str]:
    """Every dimension that one can choose, with its name: the usual ones, traits, segments."""
    found = {
        "stage": _("by stage"),
        "channel": _("by channel of acquisition"),
        "device": _("by device of the first event"),
    }
    words = _("by trait: %(name)s")
    for key, one in traits.registry().items():
        if one.kind == traits.CHOICE and key not in ACQUIRED.values():
            found[f"trait:{key}"] = words % {"name": one.label}
    words = _("segment: %(name)s")
    live = Segment.objects.filter(archived_at=None).order_by(kept_words.by_name("name"))
    for segment in live.only("pk", "name"):
        found[f"segment:{segment.pk}"] = words % {"name": segment}
    words = _("variants of the campaign: %(name)s")
    for pk, name in arms.offered().items():
        found[f"campaign:{pk}"] = words % {"name": name}
    return found


def known(dimension: str) -> bool:
    """Whether one can divide by this."""
    kind, _colon, key = dimension.partition(":")
    match kind:
        case "stage" | "channel" | "device":
            return not key
        case "segment":
            return key.isdecimal() and Segment.objects.filter(pk=key, archived_at=None).exists()
        case "campaign":
            return key.isdecimal() and arms.exist(int(key))
        case "trait":
            return Trait.objects.filter(key=key, kind=traits.CHOICE, archived_at=None).exists()
    return False


def dimension_of(part: str) -> str:
    """The dimension that a slice belongs to; nothing for slices of another kind."""
    dimension, equals, word = part.partition("=")
    if not equals:
        return ""
    return f"segment:{word}" if dimension == "segment" else dimension


def names(parts: Sequence[str]) -> dict[str, str]:
    """What slices are called on screen, in a few queries."""
    found: dict[str, str] = {}
    if not parts:
        return found
    stages = {one.key: str(one) for one in Stage.objects.filter(stage_set__is_default=True)}
    segments = {one.pk: str(one) for one in Segment.objects.only("pk", "name")}
    campaigns = {_number(part) for part in parts if part.startswith("campaign:")}
    of_campaigns = arms.names(campaigns) if campaigns else {}
    channels: dict[str, str] = {}
    if any(part.startswith(f"{CHANNEL}=") for part in parts):
        channels = dict(Channel.objects.values_list("key", "name"))
    for part in parts:
        dimension, _equals, word = part.partition("=")
        said = word
        if dimension == "stage":
            said = stages.get(word, word)
        elif dimension == "segment":
            said = segments.get(int(word), word) if word.isdecimal() else word
        elif dimension == CHANNEL:
            said = channels.get(word, word)
        elif dimension.startswith("campaign:"):
            said = of_campaigns.get((_number(part), word), word)
        found[part] = _("all others") if word == OTHERS else said
    return found


def _number(part: str) -> int:
    """Of the campaign that a slice is an arm of."""
    number = part.partition("=")[0].partition(":")[2]
    return int(number) if number.isdecimal() else 0
