"""What the rule editor in the browser is given: the vocabulary, its words, and addresses."""

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from console import clock
from segments import vocabulary
from segments.models import Segment
from segments.rules import operators
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary


def data(
    segment: Segment | None, *, read_only: bool, error: RuleError | None = None
) -> dict[str, Any]:
    """Everything for `rule-builder.js`, as JSON in the page."""
    known = vocabulary.current()
    return {
        "known": _known(known, besides=segment.pk if segment else None),
        "words": words(),
        "readOnly": read_only,
        "rule": segment.rule if segment else {"all": []},
        "segment": segment.pk if segment else None,
        "previewUrl": "/api/v1/segments/preview/",
        "segmentUrl": f"/api/v1/segments/{segment.pk}/" if segment else None,
        "customerUrl": reverse("admin:segments_customer_change", args=[0]),
        "error": error and {"path": [str(step) for step in error.path], "message": error.said(_)},
    }


def _known(known: Vocabulary, *, besides: int | None) -> dict[str, Any]:
    """The vocabulary as the editor reads it; a segment is not offered to itself."""
    return {
        "traits": [
            {"key": key, "label": word.label, "kind": word.kind, "unit": word.unit}
            for key, word in known.traits.items()
        ],
        "events": [
            {"name": name, "label": known.titles.get(name, name)} for name in sorted(known.events)
        ],
        "profile": [{"key": key, "values": values} for key, values in known.profile.items()],
        "stageSets": [
            {
                "key": key,
                "label": word.label,
                "stages": [{"key": one, "label": label} for one, label in word.stages.items()],
            }
            for key, word in known.stage_sets.items()
        ],
        "segments": [
            {"id": pk, "name": name} for pk, name in known.segments.items() if pk != besides
        ],
        "channels": [{"key": key, "label": label} for key, label in known.channels.items()],
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
        "currency": known.currency,
        "minorDigits": known.minor_digits,
        "lately": (clock.today() - dt.timedelta(days=30)).isoformat(),
    }


def words() -> dict[str, Any]:
    """Every word that the editor says; {places} are filled in the browser."""
    return {**_row_words(), **_edit_words(), **_live_words()}


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
        "others": _("Segments and consent"),
        "inSegment": _("is in the segment"),
        "consent": _("agreed to hear from us by {channel}"),
        "segment": _("Segment"),
        "unknown": _("{name} (does not exist any more)"),
        "comparison": _("Comparison"),
        "value": _("Value"),
        "and": _("and"),
        "addValue": _("add a value"),
        "removeValue": _("Remove {value}"),
        "didOrNot": _("Did or did not"),
        "did": _("did"),
        "didNot": _("did not do"),
        "atLeast": _("at least"),
        "times": _("How many times"),
        "timesUnit": _("times"),
        "window": _("When"),
        "inTheLast": _("in the last"),
        "ever": _("at any time"),
        "days": _("How many days"),
        "daysUnit": _("days"),
        "where": _("where"),
        "property": _("property"),
        "addProperty": _("+ property of the event"),
        "removeProperty": _("Remove this property"),
        "not": _("not"),
        "notHelp": _("Whether the condition must not hold"),
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
    }


def _live_words() -> dict[str, Any]:
    return {
        "count": _("{count} of {of} customers"),
        "fits": _("{count} customers fit this"),
        "speed": _("counted in {ms} ms"),
        "computed": _("{size} · as of {day}, computed just now"),
        "failed": _("The computation failed: {why}"),
        "away": _("The count could not be asked for. Check the connection."),
    }
