"""Paths: what customers do right after, or right before, a thing, as streams."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console import charts, figures, jobs
from console.charts import Node
from metrics import answers
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import SHARE, TEXT, Cell, Column, Part
from metrics.reports.report import Report, sliced
from metrics.stats import paths
from metrics.stats.paths import Streams
from segments import bitmaps, catalogue, definitions

AFTER, BEFORE = "after", "before"
WAYS = [(AFTER, gettext_lazy("what follows")), (BEFORE, gettext_lazy("what precedes"))]
EVERYTHING, OWN = "all", "own"
TAKEN = [
    (EVERYTHING, gettext_lazy("all events")),
    (OWN, gettext_lazy("only what counts as being active")),
]
KEPT = 20_000  # of the most frequent paths; the rest could not be seen anyway
PATHS_SHOWN = 50
MINUTE = 60_000
COLORS = ["#0f766e", "#d97706", "#4338ca", "#db2777", "#0ea5e9", "#64748b"]
Place = tuple[int, str]


class Paths(Report):
    kind = Kind.PATHS
    icon = "route"
    sentence = gettext_lazy("What do customers do right after a thing, or right before it?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "event": events.known(given.get("event", ""), catalogue.titles()),
            "way": fields.one_of(given, "way", WAYS, AFTER),
            "depth": fields.whole(given, "depth", 1, paths.MOST_DEPTH, 3),
            "top": fields.whole(given, "top", 1, 12, 6),
            "pause": fields.whole(given, "pause", 1, 1440, 30),
            "taken": fields.one_of(given, "taken", TAKEN, EVERYTHING),
            **events.read_days(given),
            "by": str(By.read(str(given.get("by", "")))),
        }

    def missing(self, settings: Settings) -> str:
        return "" if settings["event"] else _("Choose an event.")

    def fields(self, settings: Settings) -> list[Field]:
        offered = [("", "–"), *events.kinds()]
        return [
            Field("way", _("Direction"), "choice", settings["way"], WAYS),
            Field("event", _("Event"), "choice", settings["event"], offered),
            Field("depth", _("Steps"), "number", settings["depth"], lowest=1, highest=5),
            Field("top", _("Events a step"), "number", settings["top"], lowest=1, highest=12),
            Field(
                "pause", _("Pause in minutes"), "number", settings["pause"], lowest=1, highest=1440
            ),
            Field("taken", _("Which events"), "choice", settings["taken"], TAKEN),
            *events.day_fields(settings),
            sliced(settings["by"], sets_only=True),
        ]

    def question(self, settings: Settings) -> Question:
        # How many of each step are shown changes nothing about what has to be known.
        about = {name: value for name, value in settings.items() if name != "top"}
        return Question(self.kind.value, events.dated(about))

    def version(self, question: Question) -> str:
        return events.version(question.about, events.days(question.about)[1])

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        since, until = events.days(about)
        groups = events.found(about)
        members = [one.members for one in groups if one.members is not None]
        rows = events.rows(since, until, progress)
        found = paths.count(
            events.only(rows, bitmaps.union(members) if members else None),
            about["event"],
            depth=about["depth"],
            pause=about["pause"] * MINUTE,
            after=about["way"] == AFTER,
            leaving_out=_left_out(about),
            progress=events.told(progress),
        )
        kept = found.most_common(KEPT)
        data = {"total": found.total(), "paths": [[list(path), times] for path, times in kept]}
        return Fresh(answers.as_json(data), until, now)

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        assert answer.data is not None
        said = answers.from_json(answer.data)
        gone = {tuple(path): times for path, times in said["paths"]}
        found = paths.streams(
            gone,
            settings["event"],
            depth=settings["depth"],
            top=settings["top"],
            after=settings["way"] == AFTER,
        )
        return [_streams(found, settings, said["total"]), _list(gone, settings, said["total"])]


def _left_out(about: Mapping[str, Any]) -> frozenset[str]:
    if about["taken"] == EVERYTHING:
        return frozenset()
    counting = {*definitions.events(definitions.ACTIVE), about["event"]}
    return frozenset(catalogue.titles()) - counting


def _streams(found: Streams, settings: Settings, total: int) -> Part:
    after, titles = settings["way"] == AFTER, catalogue.titles()
    deepest = settings["depth"]
    colors = _colors(found)
    nodes = [
        Node(_key(place), _called(place[1], titles, after), colors[place[1]])
        for place in sorted(found.nodes)
    ]
    depths = {_key(place): place[0] if after else deepest - place[0] for place in found.nodes}
    links = sorted(found.links.items(), key=lambda one: (max(one[0][0][0], one[0][1][0]), -one[1]))
    rows: list[list[Cell]] = [
        [
            target[0] if after else source[0],
            _called(source[1], titles, after),
            _called(target[1], titles, after),
            times,
            times / total,
        ]
        for (source, target), times in links
    ]
    columns = [Column(_("Step")), Column(pgettext("a path", "From"), TEXT)]
    columns += [Column(pgettext("a path", "To"), TEXT)]
    columns += [Column(_("Sessions")), Column(_("Share"), SHARE)]
    return Part(
        "paths",
        _("What follows") if after else _("What precedes"),
        columns,
        rows,
        charts.streams(
            nodes,
            depths,
            [(_key(source), _key(target), times) for (source, target), times in links],
            unit=charts.unit("count"),
        ),
        definition=_(
            "Of each session the first time of the event; a session ends after %(pause)s minutes "
            "without any event. The same event again and again is one."
        )
        % {"pause": settings["pause"]},
        note=_("%(count)s sessions have the event.") % {"count": figures.whole(total)},
        size="field wide",
        empty=_("Nobody did this on these days."),
    )


def _list(gone: Mapping[paths.Path, int], settings: Settings, total: int) -> Part:
    titles = catalogue.titles()
    rows: list[list[Cell]] = []
    anchor = str(titles.get(settings["event"], settings["event"]))
    for path, times in list(gone.items())[:PATHS_SHOWN]:
        names = [_called(name, titles, True) for name in path]
        walk = [anchor, *names] if settings["way"] == AFTER else [*names, anchor]
        rows.append([" → ".join(walk), times, times / total])
    columns = [Column(_("Path"), TEXT), Column(_("Sessions")), Column(_("Share"), SHARE)]
    return Part("paths-list", _("The most frequent paths"), columns, rows)


def _key(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _called(name: str, titles: Mapping[str, str], after: bool) -> str:
    if name == paths.OTHER:
        return _("other")
    if not name:
        return _("end of the session") if after else _("beginning of the session")
    return str(titles.get(name, name))


def _colors(found: Streams) -> dict[str, str]:
    """An event has the same colour at each step; ends and the rest are grey."""
    names = sorted({name for _place, name in found.nodes if name not in ("", paths.OTHER)})
    return {name: COLORS[at % 5] for at, name in enumerate(names)} | {
        "": COLORS[5],
        paths.OTHER: COLORS[5],
    }
