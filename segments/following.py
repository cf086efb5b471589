"""Tags that a segment gives: who comes into it gets the tag, and keeps it or loses it again.

They follow whenever the segment is computed, before the segments whose rules ask for the tag: such
a tag stands between two segments as if the one spoke of the other.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from pyroaring import BitMap

from console import audit, clock, kept_words
from segments.models import Segment, Tag, TagChange
from segments.rules import tree
from segments.rules.nodes import gettext_noop as _


def givers() -> dict[int, int]:
    """The segment that gives each of the tags which one gives."""
    given = Tag.objects.filter(archived_at=None).exclude(segment=None).order_by()
    return dict(given.values_list("pk", "segment"))


def behind(rule: Any, givers: Mapping[int, int]) -> set[int]:
    """The segments that have to be computed before this rule: spoken of, or givers of its tags."""
    asked = tree.numbers_in(rule, "tag")
    return tree.segments_in(rule) | {givers[tag] for tag in asked if tag in givers}


def follow(segment: Segment) -> None:
    """Give the tags of a segment to its members, and take from others what is lost with it."""
    for number in Tag.objects.filter(segment=segment, archived_at=None).values_list("pk"):
        _follow(number[0], segment)


@transaction.atomic
def _follow(number: int, segment: Segment) -> None:
    """The tag as it stands now: somebody may have taken it from the segment, or put it away."""
    tag = Tag.objects.select_for_update().get(pk=number)
    if tag.segment_id != segment.pk or tag.archived_at:
        return
    come, gone = segment.members - tag.members, BitMap()
    if tag.is_lost:
        gone = tag.members - segment.members
    if not come and not gone:
        return
    tag.members = (tag.members | come) - gone
    tag.size, tag.version = len(tag.members), tag.version + 1
    tag.save(update_fields=["members", "size", "version"])
    for members, is_given in ((come, True), (gone, False)):
        if members:
            _write_down(tag, segment, members, given=is_given)


def _write_down(tag: Tag, segment: Segment, changed: BitMap, *, given: bool) -> None:
    """Who got the tag or lost it, in its history and in the audit log."""
    source = kept_words.keep(_("segment “%(name)s”"), name=segment.name)
    about: dict[str, Any] = {"members": changed, "size": len(changed), "at": clock.now()}
    TagChange.objects.create(tag=tag, given=given, source=source[:200], **about)
    deed = "tag.given" if given else "tag.taken"
    audit.log(deed, tag, by=None, customers=len(changed), segment=segment.pk)
