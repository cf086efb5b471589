"""Funnels: how many customers come through steps in their order, and who stops where."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap

from console import charts, jobs
from metrics import answers, history
from metrics.answers import Fresh, Question
from metrics.groups import By, Group
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.queries import chains
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, SHARE, TEXT, Column, Part
from metrics.reports.report import Found, Report, by_group, sliced
from metrics.stats import funnels
from segments import arrays, bitmaps, catalogue
from segments.lake.properties import Condition
from segments.lake.trails import Array, Rows
from segments.rules import operators

LEAST, MOST, SHOWN = 2, funnels.MOST_STEPS, 3
COMPARED = ("<", "<=", ">", ">=")
OPERATORS = ("=", "!=", *COMPARED, "is_set", "not_set")
LONGEST = 80


class Funnel(Report):
    kind = Kind.FUNNEL
    icon = "filter_alt"
    sentence = gettext_lazy("How many come through the steps, and who stops where?")

    # --- settings -------------------------------------------------------------

    def read(self, given: Mapping[str, Any]) -> Settings:
        titles = catalogue.titles()
        steps = [_step(given, at, titles) for at in range(1, MOST + 1)]
        return {
            "steps": [one for one in steps if one["event"]],
            **events.read_window(given, usual=7, unit=events.IN_DAYS),
            **events.read_days(given),
            "by": str(By.read(str(given.get("by", "")))),
        }

    def missing(self, settings: Settings) -> str:
        if len(settings["steps"]) < LEAST:
            words = _("Choose %(least)d to %(most)d events, in the order in which they follow.")
            return words % {"least": LEAST, "most": MOST}
        for one in settings["steps"]:
            if one["op"] in COMPARED and _number(one["value"]) is None:
                return _("“%(value)s” is not a number.") % {"value": one["value"]}
        return ""

    def address(self, settings: Settings) -> str:
        flat: list[tuple[str, Any]] = []
        for at, one in enumerate(settings["steps"], start=1):
            flat.append((f"s{at}", one["event"]))
            if one["key"]:
                flat += [(f"k{at}", one["key"]), (f"o{at}", one["op"]), (f"v{at}", one["value"])]
        rest = {name: value for name, value in settings.items() if name != "steps"}
        return "&".join(filter(None, [urlencode(flat), fields.query(rest)]))

    def fields(self, settings: Settings) -> list[Field]:
        steps, offered = settings["steps"], events.kinds()
        shown = min(MOST, max(SHOWN, len(steps) + 1))
        nothing = {"event": "", "key": "", "op": "=", "value": ""}
        rows = [*steps, *([nothing] * shown)][:shown]
        return [
            *(
                Field(
                    str(at),
                    _("Step %(number)d") % {"number": at},
                    "step",
                    one,
                    offered,
                    groups=[("", [(op, _(operators.TABLE[op].label)) for op in OPERATORS])],
                )
                for at, one in enumerate(rows, start=1)
            ),
            *events.window_fields(settings),
            *events.day_fields(settings),
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, events.dated(settings))

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        return events.version(question.about, events.last_day(question.about))

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        levels = _levels(about, progress)
        groups = events.found(about)
        own = [_of(levels, group) for group in groups]
        count = len(about["steps"])
        data = [
            {
                "label": group.label,
                "size": None if group.members is None else len(group.members),
                "through": funnels.through(some, count),
            }
            for group, some in zip(groups, own, strict=True)
        ]
        sets = {
            f"{place}-{step}": _stopped(levels, step, group)
            for place, group in enumerate(groups)
            for step in range(1, count + 1)
        }
        last = events.last_day(about)
        return Fresh(answers.as_json({"groups": data}), last, now, sets=sets)

    # --- showing --------------------------------------------------------------

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        groups = by_group(answer)
        labels = [f"{at} {name}" for at, name in enumerate(_names(settings), start=1)]
        shares = {
            one["label"]: [_share(many, one["through"][0]) for many in one["through"]]
            for one in groups
        }
        columns = [Column(_("Customers"), TEXT), Column(_("Step"), TEXT), Column(_("Came to it"))]
        columns += [Column(_("Of the first"), SHARE), Column(_("Of the one before"), SHARE)]
        columns += [Column(_("Stopped here"), COUNT)]
        rows = [
            [one["label"], label, *_row(one["through"], at)]
            for one in groups
            for at, label in enumerate(labels)
        ]
        return [
            Part(
                "funnel",
                _("Funnel"),
                columns,
                rows if any(one["through"][0] for one in groups) else [],
                charts.grouped(labels, shares, unit=charts.unit("share"), most=1),
                definition=_(
                    "Customers who did the first step on these days, and each further one after "
                    "it, all within %(window)s from the first. Of the same moment, earlier steps "
                    "come first."
                )
                % {"window": events.window_words(settings)},
                note=_open(settings),
                size="tall",
                empty=_("Nobody did the first step on these days."),
            )
        ]

    def finds(self, settings: Settings, answer: KeptAnswer) -> list[Found]:
        assert answer.data is not None
        groups, names = by_group(answer), _names(settings)
        sizes = dict(answer.sets.values_list("place", "size"))
        found, how = [], events.asked(names, settings)
        for place, group in enumerate(groups):
            for step, name in enumerate(names, start=1):
                whole = step == len(names)
                words = _("came through to %(step)s") if whole else _("stopped at %(step)s")
                said = words % {"step": f"{step} {name}"}
                who = said if len(groups) == 1 else f"{group['label']}: {said}"
                found.append(Found(f"{place}-{step}", who, sizes.get(f"{place}-{step}", 0), how))
        return found


# --- settings -------------------------------------------------------------------


def _step(given: Mapping[str, Any], at: int, titles: Mapping[str, str]) -> dict[str, str]:
    key = str(given.get(f"k{at}", "")).strip()[:LONGEST]
    allowed = key and not set(key) & set('"\\\0')
    op = str(given.get(f"o{at}", "="))
    return {
        "event": events.known(given.get(f"s{at}", ""), titles),
        "key": key if allowed else "",
        "op": op if op in OPERATORS else "=",
        "value": str(given.get(f"v{at}", "")).replace("\0", "")[:LONGEST] if allowed else "",
    }


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _names(settings: Settings) -> list[str]:
    """What the steps are called, with their conditions."""
    titles, found = catalogue.titles(), []
    for one in settings["steps"]:
        name = titles.get(one["event"], one["event"])
        if one["key"]:
            operator = operators.TABLE[one["op"]]
            words = _(operator.words)
            name = f"{name} ({words % {'name': one['key'], 'value': one['value']}})"
        found.append(name)
    return found


# --- answering ------------------------------------------------------------------


def _levels(about: Mapping[str, Any], progress: jobs.Progress) -> Array:
    steps = [_as_step(one) for one in about["steps"]]
    since, until = events.days(about)
    found: list[Rows]
    if any(one.where for one in steps):
        found = chains.rows(steps, since, events.last_day(about), progress=progress)
        steps_of: funnels.StepsOf = funnels.by_bits
    else:
        found = events.rows(since, events.last_day(about), progress)
        steps_of = funnels.by_name([one.events for one in steps])
    return funnels.levels(
        found,
        steps_of,
        len(steps),
        window=events.window(about),
        started_by=events.end_of(until),
        progress=events.told(progress),
    )


def _as_step(said: Mapping[str, str]) -> chains.Step:
    name = frozenset([said["event"]])
    if not said["key"]:
        return chains.Step(name)
    value: Any = _number(said["value"]) if said["op"] in COMPARED else said["value"]
    return chains.Step(name, (Condition(said["key"], said["op"], value),))


def _of(levels: Array, group: Group) -> Array:
    if group.members is None:
        return levels
    ids = bitmaps.to_array(group.members)
    return levels[ids[ids < len(levels)]]


def _stopped(levels: Array, step: int, group: Group) -> BitMap:
    found = arrays.members(levels == step)
    return found if group.members is None else found & group.members


# --- showing --------------------------------------------------------------------


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _row(through: list[int], at: int) -> list[Any]:
    many, further = through[at], through[at + 1] if at + 1 < len(through) else None
    before = through[at - 1] if at else through[0]
    stopped = None if further is None else many - further
    return [many, _share(many, through[0]), _share(many, before), stopped]


def _open(settings: Settings) -> str:
    """Who began lately may still come through."""
    _since, until = events.days(events.dated(settings))
    closed = history.last_closed_day()
    window = dt.timedelta(milliseconds=events.window(settings))
    if until + window <= closed:
        return ""
    words = _("Who began after %(day)s still has time to go on.")
    return words % {"day": (closed - window).isoformat()}
