"""Left undone: how often a thing was not followed by another in time, and by whom not."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, jobs
from metrics import answers
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import SHARE, TEXT, Column, Part
from metrics.reports.report import Found, Report, by_group, sliced
from metrics.stats import funnels
from segments import catalogue


class Undone(Report):
    kind = Kind.UNDONE
    icon = "remove_shopping_cart"
    sentence = gettext_lazy("How often is a cart, or anything else, not followed up in time?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        titles = catalogue.titles()
        return {
            "first": events.known(given.get("first", ""), titles),
            "then": events.known(given.get("then", ""), titles),
            **events.read_window(given, usual=24, unit=events.HOURS),
            **events.read_days(given),
            "by": str(By.read(str(given.get("by", "")))),
        }

    def missing(self, settings: Settings) -> str:
        if settings["first"] and settings["then"]:
            return ""
        return _("Choose what is begun, and what should follow it.")

    def fields(self, settings: Settings) -> list[Field]:
        offered = [("", "–"), *events.kinds()]
        return [
            Field("first", _("What is begun"), "choice", settings["first"], offered),
            Field("then", _("What should follow"), "choice", settings["then"], offered),
            *events.window_fields(settings),
            *events.day_fields(settings),
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, events.dated(settings))

    def version(self, question: Question) -> str:
        return events.version(question.about, events.last_day(question.about))

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        since, until = events.days(about)
        last = events.last_day(about)
        rows = events.rows(since, last, progress)
        data, sets = [], {}
        for place, group in enumerate(events.found(about)):
            found = funnels.undone(
                events.only(rows, group.members),
                frozenset([about["first"]]),
                frozenset([about["then"]]),
                window=events.window(about),
                over=events.end_of(last),
                until=events.end_of(until),
                progress=events.told(progress),
            )
            sets[str(place)] = found.customers
            customers = len(found.customers)
            counts = {"done": found.done, "vain": found.vain, "customers": customers}
            data.append({"label": group.label, **counts})
        return Fresh(answers.as_json({"groups": data}), last, now, sets=sets)

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        groups = by_group(answer)
        columns = [Column(_("Customers"), TEXT), Column(_("Begun")), Column(_("Followed in time"))]
        columns += [Column(_("Left undone")), Column(_("Share"), SHARE), Column(_("By customers"))]
        rows = [_row(one) for one in groups if one["done"] + one["vain"]]
        return [
            Part(
                "undone",
                _("Left undone"),
                columns,
                rows,
                charts.bars(
                    [row[0] for row in rows],
                    [row[4] for row in rows],
                    name=_("Left undone"),
                    unit=charts.unit("share"),
                    lying=True,
                ),
                definition=_(
                    "Each time that the first thing was done on these days, and the second did "
                    "not follow within %(window)s. What still has time to follow is not counted."
                )
                % {"window": events.window_words(settings)},
                size="low",
                empty=_("Nobody began it on these days, or the time to follow is not over."),
            )
        ]

    def finds(self, settings: Settings, answer: KeptAnswer) -> list[Found]:
        groups = by_group(answer)
        sizes = dict(answer.sets.values_list("place", "size"))
        titles = catalogue.titles()
        names = {name: titles.get(settings[name], settings[name]) for name in ("first", "then")}
        words = _("%(first)s without %(then)s") % names
        return [
            Found(
                str(place),
                words if len(groups) == 1 else f"{one['label']}: {words}",
                sizes.get(str(place), 0),
                events.asked([str(one) for one in names.values()], settings),
            )
            for place, one in enumerate(groups)
        ]


def _row(one: Mapping[str, Any]) -> list[Any]:
    whole = one["done"] + one["vain"]
    return [one["label"], whole, one["done"], one["vain"], one["vain"] / whole, one["customers"]]
