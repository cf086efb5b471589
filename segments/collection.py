"""Segments as people keep them: made, edited, put away and taken out again."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, roles
from console import seen as marks
from console.models import Staff
from console.states import NotAllowed, Stale
from segments import membership, usage, versions, vocabulary
from segments.models import Segment, SegmentVersion
from segments.rules import tree

ACTION = "segments.change"
WORDS = ("name", "description")
LONGEST, LONGEST_DESCRIPTION = 120, 2_000


def check(rule: Any, *, of: int | None = None) -> None:
    """Refuse a rule that cannot be understood or that leads back to its own segment.

    Raises:
        RuleError: with the place and the words.
    """
    tree.parse(rule, vocabulary.current())
    membership.refuse_cycles(rule, of)


def checked(**words: str) -> dict[str, str]:
    """A name, a description, or both, as they may be kept.

    Raises:
        NotAllowed: one is empty, too long, or has characters that nobody sees.
    """
    fields = {key: one.strip() for key, one in words.items()}
    name = fields.get("name")
    if name is not None and not (0 < len(name) <= LONGEST and name.isprintable()):
        raise NotAllowed(_("Give the segment a name of 1 to %(most)d letters.") % {"most": LONGEST})
    if len(fields.get("description", "")) > LONGEST_DESCRIPTION:
        words_ = _("A description has at most %(most)d letters.")
        raise NotAllowed(words_ % {"most": LONGEST_DESCRIPTION})
    return fields


def rules_in(rules: list[Any]) -> dict[str, Any]:
    """The rules of all segments that these speak of, and of those that those speak of."""
    found: dict[str, Any] = {}
    named = tree.segments_in(rules)
    while named:
        new = Segment.objects.filter(pk__in=named).order_by("pk").values_list("pk", "rule")
        said = {str(pk): rule for pk, rule in new}
        found |= said
        named = tree.segments_in([*said.values()]) - {*map(int, found)}
    return found


def _save(segment: Segment, **how: Any) -> None:
    try:
        with transaction.atomic():
            segment.save(**how)
    except IntegrityError as taken:  # somebody else gave the name at this moment
        words = _("Another segment has this name already; choose a different one.")
        raise NotAllowed(words) from taken


@transaction.atomic
def add(*, name: str, rule: Any, by: Staff, description: str = "", note: str = "") -> Segment:
    """A new segment; it belongs to its maker and to the maker's team.

    Raises:
        NotAllowed: the role may not.
        RuleError: the rule.
    """
    roles.require(by, ACTION)
    fields = checked(name=name, description=description)
    usage.alone()
    check(rule)
    segment = Segment(**fields, rule=rule, owner=by, team=by.team)
    _save(segment, force_insert=True)
    versions.record(segment, by=by, note=note)
    audit.log("segment.added", segment, by=by, rule=rule)
    return segment


@transaction.atomic
def edit(
    segment: Segment, *, by: Staff, seen_version: int, note: str = "", seen: str = "", **fields: Any
) -> bool:
    """Change the name, the description or the rule; True when the members change with it.

    A new rule is a new version; `note` says why.

    Raises:
        NotAllowed: the role may not, or the segment is another team's.
        Stale: somebody else changed the rule since `seen_version`, or the words since `seen`.
        RuleError: the rule.
    """
    usage.alone()
    kept = Segment.objects.select_for_update().defer("members").get(pk=segment.pk)
    roles.require(by, ACTION, record=kept)
    fields |= checked(**{key: fields[key] for key in WORDS if key in fields})
    if kept.rule_version != seen_version:
        raise Stale(_("Somebody else changed this rule meanwhile; load the page again."))
    marks.require(kept, WORDS, seen)
    changed = {name: value for name, value in fields.items() if getattr(kept, name) != value}
    new_rule = "rule" in changed
    if new_rule:
        check(changed["rule"], of=kept.pk)
        versions.keep_first(kept)
        audit.log("segment.rule", kept, by=by, was=kept.rule, now=changed["rule"])
        kept.rule_version += 1
        kept.failure = ""  # it was the old rule's
    for name, value in changed.items():
        setattr(kept, name, value)
        setattr(segment, name, value)
    segment.rule_version = kept.rule_version
    if changed:
        _save(kept, update_fields=[*changed, "rule_version", "failure"])
        audit.log("segment.changed", kept, by=by, fields=sorted(changed))
    if new_rule:
        versions.record(kept, by=by, note=note)
    return new_rule


@transaction.atomic
def go_back(segment: Segment, number: int, *, by: Staff, seen_version: int) -> bool:
    """Give the segment the rule of an earlier version again, as a new version.

    Raises:
        NotAllowed: not theirs to change, or there is no such version.
        Stale: somebody else changed the rule since `seen_version`.
        RuleError: that rule speaks of what is no more.
    """
    earlier = SegmentVersion.objects.filter(segment=segment, number=number).first()
    if earlier is None:
        raise NotAllowed(_("This segment has no version %(number)s.") % {"number": number})
    note = _("as version %(number)s") % {"number": number}
    return edit(segment, by=by, seen_version=seen_version, note=note, rule=earlier.rule)


@transaction.atomic
def archive(segment: Segment, *, by: Staff) -> None:
    """Put a segment away: it is kept with its history, but no longer offered or computed.

    Raises:
        NotAllowed: not theirs to change, or another rule speaks of it: which.
    """
    roles.require(by, ACTION, record=segment)
    usage.refuse_used("segment", segment.pk)
    _set_archived(segment, timezone.now())
    audit.log("segment.archived", segment, by=by)


@transaction.atomic
def restore(segment: Segment, *, by: Staff) -> None:
    """Take a segment out again; it is stale until it is computed.

    Raises:
        NotAllowed: not theirs to change.
    """
    roles.require(by, ACTION, record=segment)
    _set_archived(segment, None)
    audit.log("segment.restored", segment, by=by)


def _set_archived(segment: Segment, moment: Any) -> None:
    Segment.objects.filter(pk=segment.pk).update(archived_at=moment)
    segment.archived_at = moment
