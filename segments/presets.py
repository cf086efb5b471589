"""Presets of imports: what the columns of a kind of file mean, under a name."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, clock, roles
from console.models import Staff
from console.states import NotAllowed
from segments.models import ImportPreset
from segments.reading import known
from segments.reading.mapping import Mapping

CHANGE = "imports.run"
LONGEST_NAME = 80


@dataclass(frozen=True)
class Offer:
    """A preset for one file: ours of a known kind of file, or one that somebody saved."""

    key: str  # the number of a saved one
    name: str
    mapping: Mapping
    is_ours: bool


def offers(columns: Sequence[str], *, is_open: bool = False) -> list[Offer]:
    """The presets that fit a file with these columns: saved ones first, the closest before.

    In an open file, rows may have columns that the first ones have not.
    """
    found: list[tuple[bool, Offer]] = []
    for preset in ImportPreset.objects.order_by("-used_at", "name"):
        mapping = Mapping.from_json(preset.mapping)
        if _fits(mapping, columns, is_open):
            is_same = set(preset.columns) == set(columns)
            found.append((not is_same, Offer(str(preset.pk), preset.name, mapping, False)))
    found.sort(key=lambda one: one[0])
    currency = clock.project().currency
    ours = [
        Offer(one.key, _(one.name), one.mapping_for(columns, currency), True)
        for one in known.fitting(columns)
    ]
    return [offer for _far, offer in found] + ours


def _fits(mapping: Mapping, columns: Sequence[str], is_open: bool) -> bool:
    needed = {mapping.customer, mapping.time, mapping.name} - {""} if is_open else mapping.columns
    return set(needed) <= set(columns)


def named(name: str, columns: Sequence[str]) -> Mapping | None:
    """The mapping of a saved preset, or of a known kind of file by its key."""
    if preset := ImportPreset.objects.filter(name=name).first():
        return Mapping.from_json(preset.mapping)
    if one := known.of(name):
        return one.mapping_for(columns, clock.project().currency)
    return None


@transaction.atomic
def save(name: str, mapping: Mapping, columns: Sequence[str], *, by: Staff) -> ImportPreset:
    """Save a mapping under a name; one of that name is changed, if it is theirs to change.

    Raises:
        NotAllowed: the role, another team's preset, or a name that is too long.
    """
    roles.require(by, CHANGE)
    if not name or len(name) > LONGEST_NAME:
        raise NotAllowed(_("A preset's name has 1 to %(count)d letters.") % {"count": LONGEST_NAME})
    preset = ImportPreset.objects.select_for_update().filter(name=name).first()
    if preset is None:
        preset = ImportPreset(name=name, owner=by, team=by.team)
    roles.require(by, CHANGE, record=preset)
    preset.mapping, preset.columns = mapping.to_json(), list(columns)
    preset.save()
    audit.log("importpreset.saved", preset, by=by)
    return preset


def used(key: str, *, at: dt.datetime) -> None:
    """Note that a saved preset was used, so that it is offered before older ones."""
    if key.isdecimal():
        ImportPreset.objects.filter(pk=int(key)).update(used_at=at)
