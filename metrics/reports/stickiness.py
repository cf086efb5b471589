"""Stickiness: on how many days of the last so many customers were there."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from pyroaring import BitMap

from console import charts, jobs
from console.states import NotAllowed
from metrics import activity_tables, answers, groups, history
from metrics.answers import Fresh, Question
from metrics.groups import By, Group
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import NUMBER, SHARE, TEXT, Column, Part
from metrics.reports.report import Report, by_group, sliced, words
from metrics.stats import cycles
from segments import activity, definitions

DAYS = [("7", "7"), ("30", "30"), ("90", "90")]


class Stickiness(Report):
    kind = Kind.STICKINESS
    icon = "event_repeat"
    sentence = gettext_lazy("On how many days of the last 30 is each customer there?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "word": fields.one_of(given, "word", words(), definitions.ACTIVE),
            "days": fields.one_of(given, "days", DAYS, "30"),
            "by": str(By.read(str(given.get("by", "")))),
        }

    def fields(self, settings: Settings) -> list[Field]:
        return [
            Field("word", _("What counts"), "choice", settings["word"], words()),
            Field("days", _("Days"), "choice", settings["days"], DAYS),
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, dict(settings))

    def version(self, question: Question) -> str:
        return activity_tables.version(_base(question))

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        base = answers.find(activity_tables.question(about["word"], activity_tables.DAY, By()))
        if base is None or base.as_of is None:
            raise NotAllowed(_("Nothing has been measured yet."))
        since = base.as_of - history.DAY * (int(about["days"]) - 1)
        daily = list(activity.daily(about["word"], since, base.as_of).values())
        found = groups.of(By.read(about["by"]), day=base.as_of)
        data = [{"label": one.label, "times": _times(daily, one)} for one in found]
        return Fresh(answers.as_json({"groups": data}), base.as_of, now, base.under)

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        groups = by_group(answer)
        return [_histogram(groups, settings), _means(groups)]

    def word(self, settings: Settings) -> str:
        return str(settings["word"])


def _base(question: Question) -> Question:
    """The tables that are as new as the answer should be."""
    about = question.about
    return activity_tables.question(about["word"], activity_tables.DAY, By.read(about["by"]))


def _times(daily: list[BitMap], group: Group) -> list[int]:
    own = daily if group.members is None else [one & group.members for one in daily]
    return cycles.days_active(own)


def _histogram(groups: list[dict[str, Any]], settings: Settings) -> Part:
    days = range(1, int(settings["days"]) + 1)
    shares = {one["label"]: _shares(one["times"]) for one in groups}
    columns = [Column(pgettext("how many", "Days"))]
    for one in groups:
        columns += [Column(one["label"]), Column(_("Share"), SHARE)]
    rows = [[day, *(cell for one in groups for cell in _cells(one["times"], day))] for day in days]
    return Part(
        "stickiness",
        _("Days active of the last %(days)s") % {"days": settings["days"]},
        columns,
        rows if any(sum(one["times"]) for one in groups) else [],
        charts.grouped([str(day) for day in days], shares, unit=charts.unit("share")),
        definition=_("Of the customers who were there at least once, by how many days."),
        size="tall",
        empty=_("Nobody was there on these days."),
    )


def _shares(times: list[int]) -> list[float | None]:
    whole = sum(times)
    return [many / whole if whole else None for many in times]


def _cells(times: list[int], day: int) -> list[Any]:
    whole = sum(times)
    return [times[day - 1], times[day - 1] / whole if whole else None]


def _means(groups: list[dict[str, Any]]) -> Part:
    rows = []
    for one in groups:
        whole = sum(one["times"])
        days = sum(day * many for day, many in enumerate(one["times"], start=1))
        rows.append([one["label"], whole, days / whole if whole else None])
    columns = [Column(_("Customers"), TEXT), Column(_("There at least once"))]
    columns.append(Column(_("Days on average"), NUMBER))
    return Part("stickiness-means", _("On average"), columns, rows)
