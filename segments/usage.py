"""Which saved rules speak of a tag, a list or a segment: what they need is not put away."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from console import formats
from console.states import NotAllowed
from segments.models import Segment, Stage, Tag
from segments.rules import tree

LOCK = 0x5A1E  # the advisory lock of who saves a rule


@dataclass(frozen=True)
class Use:
    """One record that speaks of something, or lives by it."""

    record: Model  # a segment, a stage set or a tag
    label: str


def of(kind: str, number: int) -> list[Use]:
    """The segments and stages in use whose rules speak of this tag, list or segment, and the tags
    that this segment gives."""
    given = _in_tags(number) if kind == "segment" else ()
    return [*_in_segments(kind, number), *_in_stages(kind, number), *given]


def alone() -> None:
    """Until the end of the transaction nobody else saves a rule or puts away what rules need.

    So no rule comes to speak of what is being put away, and of two rules that speak of each
    other the second sees the first. To be called before any row is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def refuse_used(kind: str, number: int) -> None:
    """Refuse to put away what a rule needs.

    Raises:
        NotAllowed: with where it is used.
    """
    alone()
    uses = of(kind, number)
    if uses:
        names = formats.listed(use.label for use in uses)
        raise NotAllowed(
            _("Rules speak of this: %(names)s. Change those first.") % {"names": names}
        )


def used(kind: str) -> set[int]:
    """The tags, lists or segments of which any rule in use speaks."""
    segments = Segment.objects.filter(archived_at=None).values_list("rule", flat=True)
    stages = Stage.objects.filter(retired_at=None, stage_set__archived_at=None)
    rules = [*segments, *stages.values_list("rule", flat=True)]
    return {number for rule in rules for number in tree.numbers_in(rule, kind)}


def _in_segments(kind: str, number: int) -> Iterator[Use]:
    live = Segment.objects.filter(archived_at=None).only("pk", "name", "rule").order_by("name")
    for one in live:
        if number in tree.numbers_in(one.rule, kind) and (kind != "segment" or one.pk != number):
            yield Use(one, _("segment “%(name)s”") % {"name": one})


def _in_tags(number: int) -> Iterator[Use]:
    for one in Tag.objects.filter(segment=number, archived_at=None).defer("members"):
        yield Use(one, _("tag “%(name)s”") % {"name": one})


def _in_stages(kind: str, number: int) -> Iterator[Use]:
    in_use = Stage.objects.filter(retired_at=None, stage_set__archived_at=None)
    for one in in_use.select_related("stage_set").order_by("stage_set", "position"):
        if number in tree.numbers_in(one.rule, kind):
            words = _("stage “%(stage)s” of “%(set)s”")
            yield Use(one.stage_set, words % {"stage": one, "set": one.stage_set})
