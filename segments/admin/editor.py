"""What the rule editor in the browser is given: the vocabulary, its words, and addresses."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console import clock
from segments import membership, vocabulary
from segments.models import Segment
from segments.models.event import Kind
from segments.rules import leaves, operators
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import CHOICE, TraitWord, Vocabulary


def data(
    segment: Segment | None,
    *,
    read_only: bool,
    error: RuleError | None = None,
    forbidden: frozenset[str] = frozenset(),
    begin: Any = None,
) -> dict[str, Any]:
    """Everything for `rule-builder.js`, as JSON in the page; a new rule may `begin` so."""
    known = vocabulary.current(forbidden=forbidden)
    return {
        "known": _known(known, besides=segment.pk if segment else None),
        "words": words(),
        "readOnly": read_only,
        "rule": segment.rule if segment else begin or {"all": []},
        "segment": segment.pk if segment else None,
        "previewUrl": "/api/v1/segments/preview/",
        "segmentUrl": f"/api/v1/segments/{segment.pk}/" if segment else None,
        "customerUrl": reverse("admin:segments_customer_change", args=[0]),
        "error": error and {"path": [str(step) for step in error.path], "message": error.said(_)},
    }


def _known(known: Vocabulary, *, besides: int | None) -> dict[str, Any]:
    """The vocabulary as the editor reads it; a segment is not offered to itself."""
    today = clock.today()
    return {
        "kinds": [kind for kind in leaves.KINDS if kind not in known.forbidden],
        "traits": [_trait(key, word) for key, word in known.traits.items()],
        "events": [
            {"name": name, "label": known.titles.get(name, name)} for name in sorted(known.events)
        ],
        "properties": _properties(),
        "profile": [
            {"key": key, "label": known.fields.get(key, key), "values": values}
            for key, values in known.profile.items()
        ],
        "stageSets": [
            {"key": key, "label": word.label, "stages": _labelled(word.stages)}
            for key, word in known.stage_sets.items()
        ],
        "segments": _segments(known, today, besides),
        "tags": _named(known.tags),
        "lists": _named(known.lists),
        "channels": _labelled(known.channels),
        "purposes": _labelled(known.purposes),
        **_comparisons(),
        "currency": known.currency,
        "minorDigits": known.minor_digits,
        "today": today.isoformat(),
        "lately": (today - dt.timedelta(days=30)).isoformat(),
    }


def _segments(known: Vocabulary, today: dt.date, besides: int | None) -> list[dict[str, Any]]:
    """The other segments; those whose members may not be today's say so."""
    live = Segment.objects.filter(archived_at=None).exclude(pk=besides or 0)
    stale = {one.pk for one in live.defer("members", "rule") if membership.is_stale(one, today)}
    mark = _("stale")
    return _named(
        {
            pk: f"{name} · {mark}" if pk in stale else name
            for pk, name in known.segments.items()
            if pk != besides
        }
    )


def _trait(key: str, word: TraitWord) -> dict[str, Any]:
    """A choice that is called by words is chosen by them; of any other, keys may be typed."""
    is_choice = word.kind == CHOICE
    is_named = is_choice and any(label != value for value, label in word.words.items())
    return {
        "key": key,
        "label": word.label,
        "kind": word.kind,
        "unit": word.unit,
        "choices": _labelled(word.words) if is_choice else None,
        "open": is_choice and not is_named and (word.is_open or not word.words),
    }


def _properties() -> dict[str, list[dict[str, str]]]:
    """Of each event the properties it was seen with, each with what its values are."""
    kinds = dict(Kind.choices)
    return {
        event: [
            {"name": name, "kind": kind, "label": _named_kind(name, str(kinds.get(kind, "")))}
            for name, kind in found.items()
        ]
        for event, found in vocabulary.properties().items()
    }


def _named_kind(name: str, kind: str) -> str:
    return _("%(name)s (%(kind)s)") % {"name": name, "kind": kind} if kind else name


def _labelled(some: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "label": label} for key, label in some.items()]


def _named(some: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"id": pk, "name": name} for pk, name in some.items()]


def _comparisons() -> dict[str, Any]:
    return {
        "operators": [
            {
                "key": one.key,
                "label": _(one.label),
                "dateLabel": _(operators.OF_DATES.get(one.key, ("", one.label))[1]),
                "takes": one.takes.value,
                "ordered": one.ordered,
            }
            for one in operators.TABLE.values()
        ],
        "agoLabels": {key: _(label) for key, (_words, label) in operators.OF_DAYS.items()},
    }


def words() -> dict[str, Any]:
    """Every word that the editor says; {places} are filled in the browser."""
    return {
        **_row_words(),
        **_deed_words(),
        **_belonging_words(),
        **_edit_words(),
        **_live_words(),
    }


def _row_words() -> dict[str, Any]:
    return {
        "rule": _("Rule"),
        "group": _("Group of conditions"),
        "condition": _("Condition {n} of {of}"),
        "mode": _("How the conditions are joined"),
        "modes": {
            "all": _("all of these"),
            "any": _("any of these"),
            "notAll": _("not all of these"),
            "none": _("none of these"),
        },
        "subject": _("What the condition is about"),
        "traits": _("What we computed"),
        "events": _("What they did"),
        "stages": _("Stage"),
        "profile": _("Profile"),
        "sets": _("Segments, tags and lists"),
        "consents": _("Consent"),
        "subjects": {
            "segment": _("another segment"),
            "tag": _("has the tag"),
            "list": _("is on the list"),
            "random": _("belongs to a random share"),
        },
        "unknown": _("{name} (does not exist any more)"),
        "comparison": _("Comparison"),
        "value": _("Value"),
        "and": _("and"),
        "addValue": _("add a value"),
        "removeValue": _("Remove {value}"),
        "not": _("not"),
        "notHelp": _("Whether the condition must not hold"),
    }


def _deed_words() -> dict[str, Any]:
    return {
        "didOrNot": _("What they did with it"),
        "verbs": {
            "did": _("did"),
            "didNot": _("did not do"),
            "first": _("did for the first time"),
            "last": _("did for the last time"),
            "then": _("did, and then something else"),
            "thenNot": _("did, and then not something else"),
        },
        "atLeast": _("at least"),
        "times": _("How many times"),
        "timesUnit": _("times"),
        "window": _("When"),
        "windows": {
            "days": _("in the last"),
            "ago": _("in an earlier window of"),
            "dates": _("between two dates"),
            "ever": _("at any time"),
        },
        "inTheLast": _("in the last"),
        "days": _("How many days"),
        "daysUnit": _("days"),
        "daysThatEnded": _("days that ended"),
        "ago": _("How many days ago"),
        "daysAgo": _("days ago"),
        "since": pgettext("of days", "from"),
        "until": pgettext("of days", "to"),
        "to": pgettext("of days", "to"),
        "andThen": _("and then did"),
        "andThenNot": _("and then did not do"),
        "thenEvent": _("What came then"),
        "within": pgettext("of hours", "within"),
        "hours": _("How many hours"),
        "hoursUnit": _("hours"),
        "where": _("where"),
        "property": _("property"),
        "otherProperty": _("another one…"),
        "addProperty": _("+ property of the event"),
        "removeProperty": _("Remove this property"),
    }


def _belonging_words() -> dict[str, Any]:
    return {
        "howLong": _("For how long"),
        "howLongs": {
            "any": _("for any time"),
            ">=": _("for at least"),
            "<=": _("for at most"),
        },
        "way": _("How they stand to the segment"),
        "ways": {
            "segment": pgettext("a segment", "is in"),
            "entered": pgettext("a segment", "came into"),
            "left": pgettext("a segment", "left"),
        },
        "segment": _("Segment"),
        "tag": _("Tag"),
        "list": _("List"),
        "percent": _("How many percent"),
        "seed": pgettext("of a random share", "called"),
        "seedHelp": _("A name for the share: the same name is always the same customers"),
        "consent": _("agreed to hear from us by {channel}"),
        "purpose": pgettext("of a consent", "for"),
    }


def _edit_words() -> dict[str, Any]:
    return {
        "addCondition": _("+ Condition"),
        "addGroup": _("+ Group"),
        "emptyRule": _("No condition yet: everybody belongs. Add the first one below."),
        "emptyAll": _("No condition yet: this group lets everybody through."),
        "emptyAny": _("“Any of” needs at least one condition."),
        "drag": _("Drag to another place"),
        "up": _("Move up (Alt+↑)"),
        "down": _("Move down (Alt+↓)"),
        "duplicate": _("Duplicate"),
        "wrap": _("Put into a group of its own"),
        "remove": _("Remove"),
        "undo": _("Undo"),
        "redo": _("Redo"),
        "removed": _("Removed. Ctrl+Z brings it back."),
        "moved": _("Moved."),
        "atTheEnd": _("It cannot go further."),
        "undone": _("Undone."),
        "redone": _("Done again."),
        "json": _("The rule as JSON"),
        "showJson": _("Show as JSON"),
        "hideJson": _("Hide JSON"),
        "badJson": _("This is not a rule yet; the editor shows the last one that was."),
        "keyboard": _("Keyboard"),
        "keys": [
            _("Tab walks through the rows and what is in them; Esc goes back to the row."),
            _("On a row: ↑ ↓ go to the next one, Enter goes into it, Delete removes it."),
            _("Alt+↑ and Alt+↓ move the row, into groups and out of them."),
            _("Ctrl+Z undoes, Ctrl+Y does it again."),
        ],
    }


def _live_words() -> dict[str, Any]:
    return {
        "count": _("{count} of {of} customers"),
        "fits": _("{count} customers fit this"),
        "bites": _("the narrowest of these conditions"),
        "speed": _("counted in {ms} ms"),
        "computed": _("{size} · as of {day}, computed just now"),
        "failed": _("The computation failed: {why}"),
        "away": _("The count could not be asked for. Check the connection."),
    }
