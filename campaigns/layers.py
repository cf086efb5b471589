"""Which layers of customers a campaign may reach: stages and tiers, as policies name them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import translation
from pyroaring import BitMap

from campaigns.models import Campaign
from console import clock
from segments import bitmaps, scorings, standing, traits
from segments.models import Stage, StageSet

TIER = "value_tier"


def of(campaign: Campaign, members: BitMap) -> list[str]:
    """Of anybody of them, by every name that a policy may call it; of an event's, all there are.

    One customer is enough: a small share of many is many.
    """
    whom = None if campaign.entry == Campaign.Entry.EVENT else members
    return sorted({*_stages(whom), *_tiers(whom)})


def composition(members: BitMap) -> dict[str, Any]:
    """How many of them are in which stage of the default set now, by the stages' keys, with the
    set's number; empty where there is none, or nobody is in a stage."""
    chosen = StageSet.objects.filter(is_default=True).first()
    if chosen is None or not members:
        return {}
    column, ids = standing.now(chosen.pk), bitmaps.to_array(members)
    numbers, counts = np.unique(column[ids[ids < len(column)]], return_counts=True)
    keys = dict(Stage.objects.filter(stage_set=chosen).values_list("pk", "key"))
    sizes = zip(numbers.tolist(), counts.tolist(), strict=True)
    found = {keys[number]: size for number, size in sizes if number in keys}
    return {"stage_set": chosen.pk, "sizes": found} if found else {}


def _stages(members: BitMap | None) -> set[str]:
    chosen = StageSet.objects.filter(is_default=True).first()
    if chosen is None:
        return set()
    found = Stage.objects.filter(stage_set=chosen)
    if members is not None:
        found = found.filter(pk__in=_there(standing.now(chosen.pk), members))
    stages = list(found)
    return {one.key for one in stages} | _said(lambda: map(str, stages))


def _tiers(members: BitMap | None) -> set[str]:
    column = traits.read(TIER, day=clock.today()).get(TIER)
    if column is None:
        return set()
    there = range(len(column.words)) if members is None else _there(column.values, members)
    keys = {column.words[at] for at in there if 0 <= at < len(column.words)} - {""}

    def labels() -> Iterable[str]:
        named = scorings.labels()[TIER]
        return (named.get(key, key) for key in keys)

    return keys | _said(labels)


def _there(column: Any, members: BitMap) -> list[int]:
    """The values that at least one of the members has."""
    ids = bitmaps.to_array(members)
    found: list[int] = np.unique(column[ids[ids < len(column)]]).tolist()
    return found


def _said(words: Callable[[], Iterable[str]]) -> set[str]:
    """In each language of the console: whoever wrote a policy wrote it in one of them."""
    told = set[str]()
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            told |= {str(one) for one in words()}
    return told
