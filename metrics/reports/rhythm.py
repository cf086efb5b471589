"""Hours and days: when customers are there, by hour, weekday and day of the month."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from pyroaring import BitMap

from console import charts, clock, figures, jobs
from metrics import answers
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import NUMBER, TEXT, Cell, Column, Part
from metrics.reports.report import Report, by_group, sliced, words
from metrics.stats import cycles
from metrics.stats.cycles import Usual
from segments import activity, bitmaps, definitions

DAYS = 90  # usually
CUSTOMERS, EVENTS = "customers", "events"
COUNTED = [(CUSTOMERS, gettext_lazy("customers")), (EVENTS, gettext_lazy("events"))]
ALL, AGAIN = "all", "again"
Daily = Mapping[str, Mapping[dt.date, int]]  # customers by group and day
WHO = [(ALL, gettext_lazy("everybody")), (AGAIN, gettext_lazy("not for the first time"))]


class Rhythm(Report):
    kind = Kind.RHYTHM
    icon = "calendar_view_week"
    sentence = gettext_lazy("At which hours, weekdays and days of the month are customers there?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "what": fields.one_of(given, "what", [*words(), *events.kinds()], definitions.ACTIVE),
            "counted": fields.one_of(given, "counted", COUNTED, CUSTOMERS),
            "who": fields.one_of(given, "who", WHO, ALL),
            **events.read_days(given, usual=DAYS),
            "by": str(By.read(str(given.get("by", "")))),
        }

    def fields(self, settings: Settings) -> list[Field]:
        groups = [(_("Words"), words()), (_("Events"), events.kinds())]
        return [
            Field("what", _("Event or word"), "grouped", settings["what"], groups=groups),
            Field("counted", _("Hours count"), "choice", settings["counted"], COUNTED),
            Field("who", _("Days count"), "choice", settings["who"], WHO),
            *events.day_fields(settings),
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        asked = ("what", "days", "until", "by")
        about = {name: settings[name] for name in asked}
        return Question(self.kind.value, events.dated(about) | events.EACH)

    def version(self, question: Question) -> str:
        return events.version(question.about, events.days(question.about)[1])

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now, under = question.about, self.version(question), definitions.versions()
        since, until = events.days(about)
        names = frozenset(definitions.events(about["what"])) if _is_word(about) else None
        rows, daily = events.rows(since, until, progress), _daily(about["what"], since, until)
        data: list[dict[str, Any]] = []
        for group in events.found(about):
            own = events.only(rows, group.members)
            week = cycles.week(own, names or frozenset([about["what"]]), clock.zone())
            hours = {"events": week.events.tolist(), "customers": week.customers.tolist()}
            days = _days(daily, since, group.members)
            data.append({"label": group.label, **hours, "days": days})
        word = {about["what"]: under[about["what"]]} if _is_word(about) else {}
        return Fresh(answers.as_json({"groups": data}), until, now, word)

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        groups = by_group(answer)
        place = 2 if settings["who"] == AGAIN else 1
        daily = {
            one["label"]: {dt.date.fromisoformat(day[0]): int(day[place]) for day in one["days"]}
            for one in groups
        }
        weeks = [_week(one[settings["counted"]]) for one in groups]
        if len(weeks) > 1:
            weeks = [
                replace(part, key=f"week-{at}", title=f"{part.title}: {one['label']}")
                for at, (part, one) in enumerate(zip(weeks, groups, strict=True))
            ]
        return [*weeks, _weekdays(daily), _month(daily), _thirds(daily)]

    def word(self, settings: Settings) -> str:
        return str(settings["what"]) if _is_word(settings) else ""


def _is_word(about: Mapping[str, Any]) -> bool:
    return about["what"] in definitions.KEYS


def _days(
    daily: Mapping[dt.date, BitMap], since: dt.date, members: BitMap | None
) -> list[tuple[str, int, int]]:
    """Each day, how many customers, and of them those who had done it before."""
    found, before = [], BitMap()
    for day, today in daily.items():
        own = today if members is None else today & members
        if day >= since:
            found.append((day.isoformat(), len(own), own.intersection_cardinality(before)))
        before |= own
    return found


def _daily(what: str, since: dt.date, until: dt.date) -> dict[dt.date, BitMap]:
    """Who did it on each day, from the first that there is: it tells who did it before."""
    first = activity.span()
    if first is None:
        return {}
    since = min(first[0], since)
    if what in definitions.KEYS:
        return activity.daily(what, since, until)
    levels = activity.levels([what], since, until)
    return {
        since + events.A_DAY * at: bitmaps.union([one[1] for one in found if 1 in one])
        for at, found in enumerate(levels)
    }


def _week(cells: list[list[int]]) -> Part:
    names = [str(WEEKDAYS[at]) for at in range(7)]
    hours = [f"{hour:02d}" for hour in range(24)]
    drawn = [(hour, at, many) for at, row in enumerate(cells) for hour, many in enumerate(row)]
    return Part(
        "week",
        _("By hour and weekday"),
        [Column(_("Weekday"), TEXT), *(Column(hour) for hour in hours)],
        [[names[at], *row] for at, row in enumerate(cells)] if any(map(any, cells)) else [],
        charts.heatmap(hours, names, drawn, name=_("By hour"), unit=charts.unit("count")),
        definition=_("By the clock of the project's time zone; a customer counts once an hour."),
        size="wide",
        empty=_("Nobody did this on these days."),
    )


def _weekdays(daily: Daily) -> Part:
    names = [str(WEEKDAYS[at]) for at in range(7)]
    found = {label: cycles.by_weekday(one) for label, one in daily.items()}
    return _usual("weekdays", _("By weekday"), names, found)


def _month(daily: Daily) -> Part:
    names = [str(at) for at in range(1, 32)]
    found = {label: cycles.by_day_of_month(one) for label, one in daily.items()}
    return _usual("month-days", _("By day of the month"), names, found)


def _thirds(daily: Daily) -> Part:
    names = [_("1st to 10th"), _("11th to 20th"), _("21st to the end")]
    found = {label: cycles.by_third(one) for label, one in daily.items()}
    part = _usual("month-thirds", _("Early, middle and late in the month"), names, found)
    if len(found) > 1:
        return part
    (thirds,) = found.values()
    known = [one.index for one in thirds if one.index is not None]
    if len(known) < 3 or max(known) < 1.05:  # within a twentieth of each other
        return part
    best = max(range(3), key=lambda at: thirds[at].index or 0)
    said = {"part": names[best], "more": figures.signed_share((thirds[best].index or 1) - 1)}
    words = _("Most come on days %(part)s: %(more)s against all days.") % said
    return replace(part, note=words)


def _usual(key: str, title: str, names: list[str], found: Mapping[str, list[Usual]]) -> Part:
    """What kinds of days come to. Groups of unlike sizes are drawn against their own days."""
    several = len(found) > 1
    columns = [Column(pgettext("kinds of day", "Days"), TEXT)]
    for label in found:
        of = f"{label}: " if several else ""
        columns += [Column(of + _("Customers a day"), NUMBER)]
        columns += [Column(of + _("Against all days"), NUMBER)]
    columns.append(Column(_("So many days")))
    rows: list[list[Cell]] = []
    for name, *ones in zip(names, *found.values(), strict=True):
        cells = [cell for one in ones for cell in (one.mean, one.index)]
        rows.append([name, *cells, ones[0].days])
    if several:
        drawn = {label: [one.index for one in some] for label, some in found.items()}
        option = charts.grouped(names, drawn, unit=charts.unit("number"))
    else:
        (means,) = ([one.mean for one in some] for some in found.values())
        option = charts.bars(names, means, name=title, unit=charts.unit("customers"))
    return Part(
        key,
        title,
        columns,
        rows if any(one.mean for some in found.values() for one in some) else [],
        option,
        definition=_("Customers on such a day on average; 1 is what all days come to."),
        empty=_("Nobody did this on these days."),
    )
