"""Whose rows an export has: a segment's members, or what the list of customers shows."""

from typing import Any

from django.utils.translation import gettext as _
from pyroaring import BitMap

from segments import bitmaps, columns, identity
from segments.models import Segment, Stage

Selection = dict[str, Any]  # `segment`, `stage` and `term`, each of which may be missing

_LIVING = "SELECT id FROM segments_customer WHERE " + identity.LIVING_SQL  # noqa: S608  (words of ours)
_IN_STAGE = "SELECT customer_id FROM segments_customerstage WHERE stage_id = %s"


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
    found = columns.ids(_LIVING)
    if "segment" in selection:
        segment = Segment.objects.filter(pk=selection["segment"]).first()
        found &= segment.members if segment else BitMap()
    if "stage" in selection:
        found &= columns.ids(_IN_STAGE, [selection["stage"]])
    if "term" in selection:
        found &= bitmaps.from_ids(identity.search(selection["term"], contact=contact))
    return found


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
    return ", ".join(parts) or _("all customers")
