"""The form of a stage set: its stages in order, each with its rule, tried out before saving."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from console import clock, figures, roles, seen
from segments import stage_drafts, stage_sets, stages, taxonomies
from segments.admin import editor
from segments.models import Stage, StageSet
from segments.rules import tree
from segments.rules.vocabulary import Vocabulary

Draft = stage_drafts.Draft
NEW: Draft = {
    "key": "", "name": "", "color": "#0ea5e9", "level": 1, "description": "",
    "rule": {"all": []},
}  # fmt: skip


def blank(start: StageSet | None) -> dict[str, Any]:
    """The form of a new set; its stages may start as those of another one."""
    drafts = [] if start is None else taxonomies.written(start)
    for draft in drafts:
        draft |= {"name": stage_drafts.label(draft), "key": ""}
    return {
        "name": "", "description": "", "note": "", "seen_version": 0,
        "drafts": drafts or [dict(NEW)],
    }  # fmt: skip


def stored(stage_set: StageSet) -> dict[str, Any]:
    """The form as the set is."""
    return {
        "name": stage_set.name,
        "description": stage_set.description,
        "note": "",
        "seen_version": stage_set.version,
        "seen": seen.of(stage_set, stage_sets.WORDS),
        "drafts": taxonomies.written(stage_set),
    }


def read(given: QueryDict) -> dict[str, Any]:
    """The form as somebody sent it; stages are in the order in which they stand on the page."""
    columns = {
        field: given.getlist(f"stage_{field}")
        for field in ("key", "name", "color", "level", "description", "rule")
    }
    rows = [
        dict(zip(columns, values, strict=False)) for values in zip(*columns.values(), strict=False)
    ]
    version = given.get("seen_version", "")
    return {
        "name": given.get("name", ""),
        "description": given.get("description", ""),
        "note": given.get("note", ""),
        "seen_version": int(version) if version.isdecimal() and len(version) < 9 else 0,
        "seen": given.get("seen", ""),
        "drafts": [_draft(row) for row in rows],
    }


def _draft(row: Mapping[str, str]) -> Draft:
    level = row["level"].strip()
    try:
        rule = json.loads(row["rule"])
    except ValueError:
        rule = row["rule"]
    return {**row, "level": int(level) if level.isdecimal() and len(level) < 4 else None,
            "rule": rule}  # fmt: skip


def context(
    form: Mapping[str, Any], stage_set: StageSet | None, staff: Any, *, is_tried: bool = False
) -> dict[str, Any]:
    """What the template shows: the stages with their mistakes, and what they would come to."""
    known = stages.known()
    drafts = form["drafts"]
    wrong = stage_sets.problems(drafts, known) if is_tried else {}
    words = None
    if stage_set:
        was = taxonomies.written(stage_set)
        words = stage_drafts.difference(was, _numbered(drafts), known) if not wrong else None
    return {
        "form": form,
        "stage_set": stage_set,
        "rows": [_row(one, wrong.get(at, ""), known) for at, one in enumerate(drafts)],
        "new": _row(NEW, "", known),
        "set_problem": wrong.get(None, ""),
        "has_problems": bool(wrong),
        "preview": _preview(drafts, stage_set) if is_tried and not wrong else None,
        "differences": words if is_tried else None,
        "static": stage_sets.static_only(drafts, known) if not wrong else [],
        "editor": editor.data(None, read_only=False, forbidden=stages.FORBIDDEN),
        "must_name": stage_set is None or stage_set.key not in taxonomies.SETS,
        "may_change": roles.may_change(staff, stage_set, stage_sets.ACTION)
        if stage_set
        else roles.allows(staff, stage_sets.ACTION),
    }


def _numbered(drafts: list[Draft]) -> list[Draft]:
    """New stages need different keys to be told apart."""
    return [{**one, "key": one["key"] or f"+{at}"} for at, one in enumerate(drafts)]


def _row(draft: Draft, problem: str, known: Vocabulary) -> dict[str, Any]:
    rule = draft["rule"]
    return {
        "draft": draft,
        "label": stage_drafts.label(draft) or _("New stage"),
        "about": Stage(key=draft["key"]).about,
        "json": rule if isinstance(rule, str) else json.dumps(rule, ensure_ascii=False, indent=2),
        "sentence": stage_drafts.in_words(rule, known),
        "missing": stages.missing_events(rule, known),
        "problem": problem,
        "is_everyone": rule == tree.EVERYONE,
    }


def _preview(drafts: list[Draft], stage_set: StageSet | None) -> dict[str, Any]:
    found = stage_sets.preview(drafts, of=stage_set, day=clock.today())
    return {
        "trials": [
            {
                "trial": one,
                "customers": figures.whole(one.customers),
                "share": figures.share(one.customers / found.of if found.of else None),
                "before": figures.whole(one.before),
                "step": one.customers - one.before,
            }
            for one in found.trials
        ],
        "shifts": [
            {
                "was": one.was or "–",
                "now": one.now or "–",
                "customers": figures.whole(one.customers),
            }
            for one in found.shifts
        ],
        "movers": figures.whole(sum(one.customers for one in found.shifts)),
        "nowhere": figures.whole(found.nowhere) if found.nowhere else "",
    }
