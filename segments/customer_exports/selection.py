"""Whose rows an export has: a segment's members, or what the list of customers shows."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import formats
from segments import bitmaps, columns, identity, standing
from segments.models import Segment, Stage

Selection = dict[str, Any]  # `segment`, `stage` and `term`, each of which may be missing

_LIVING = "SELECT id FROM segments_customer WHERE " + identity.LIVING_SQL  # noqa: S608  (words of ours)
_GONE = """
    SELECT id FROM segments_customer WHERE merged_into_id IS NOT NULL
    UNION SELECT id FROM segments_customer WHERE erased_at IS NOT NULL
"""
_ABOUT = """
    SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'segments_customer'::regclass
"""
COUNTED = 100_000  # more customers than this are not counted while somebody waits


def asked(given: Any) -> Selection:
    """What an address or a form asks for; nonsense asks for nothing."""
    found: Selection = {}
    for name, parameters in (("segment", ("segment",)), ("stage", ("stage",))):
        value = next((given.get(one) for one in parameters if given.get(one)), "")
        if value.isascii() and value.isdigit() and int(value) < 2**31:
            found[name] = int(value)
    term = (given.get("q") or "").strip()[:200]
    return {**found, "term": term} if term else found


def members(selection: Selection, *, contact: bool) -> BitMap:
    """The customers, as they are at this moment; none who was merged or erased."""
    found = list(_parts(selection, contact))
    if not found:
        return columns.ids(_LIVING)
    # The few who are gone are quicker to read than the many who are there.
    return BitMap.intersection(*found) - columns.ids(_GONE)


def size(selection: Selection, *, contact: bool) -> int:
    """How many they are; of everybody, when they are many, about how many."""
    if not selection:
        with connection.cursor() as cursor:
            cursor.execute(_ABOUT)
            (about,) = cursor.fetchone()
        if about > COUNTED:
            return int(about)
    return len(members(selection, contact=contact))


def _parts(selection: Selection, contact: bool) -> Iterator[BitMap]:
    if "segment" in selection:
        segment = Segment.objects.filter(pk=selection["segment"]).first()
        yield segment.members if segment else BitMap()
    if "stage" in selection:
        stage = Stage.objects.filter(pk=selection["stage"]).first()
        yield standing.members(stage.stage_set_id, [stage.pk]) if stage else BitMap()
    if "term" in selection:
        yield bitmaps.from_ids(identity.search(selection["term"], contact=contact))


def label(selection: Selection) -> str:
    """In words, for the list of exports; a searched word may be a name and is not repeated."""
    parts = []
    if "segment" in selection:
        segment = Segment.objects.filter(pk=selection["segment"]).defer("members").first()
        parts.append(_("segment “%(name)s”") % {"name": segment or "?"})
    if "stage" in selection:
        stage = Stage.objects.filter(pk=selection["stage"]).first()
        parts.append(_("stage “%(name)s”") % {"name": stage or "?"})
    if "term" in selection:
        parts.append(_("a search"))
    return formats.listed(parts) or _("all customers")
