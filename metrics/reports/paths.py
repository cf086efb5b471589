"""Paths: what customers do right after, or right before, a thing, as streams."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from metrics.reports.report import Report, by_group, sliced
from metrics.stats import paths
from metrics.stats.paths import Streams
from segments import catalogue, definitions

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
            sliced(settings["by"]),
        ]

    def question(self, settings: Settings) -> Question:
        # How many of each step are shown changes nothing about what has to be known.
        about = {name: value for name, value in settings.items() if name != "top"}
        return Question(self.kind.value, events.dated(about) | events.EACH)

    def version(self, question: Question) -> str:
        return events.version(question.about, events.days(question.about)[1])

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        since, until = events.days(about)
        groups = events.found(about)
        most = KEPT // len(groups)
        rows = events.rows(since, until, progress)
        data: list[dict[str, Any]] = []
        for group in groups:
            found = paths.count(
                events.only(rows, group.members),
                about["event"],
                depth=about["depth"],
                pause=about["pause"] * MINUTE,
                after=about["way"] == AFTER,
                leaving_out=_left_out(about),
                progress=events.told(progress),
            )
            kept = [[list(path), times] for path, times in found.most_common(most)]
            data.append({"label": group.label, "total": found.total(), "paths": kept})
        return Fresh(answers.as_json({"groups": data}), until, now)

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        groups = [
            Walked(one["label"], one["total"], {tuple(path): n for path, n in one["paths"]})
            for one in by_group(answer)
        ]
        if len(groups) == 1:
            return [_streams(groups[0], settings), _list(groups, settings)]
        pictures = [
            replace(part, key=f"paths-{place}", title=f"{part.title}: {one.label}")
            for place, one in enumerate(groups)
            for part in [_streams(one, settings)]
        ]
        return [_list(groups, settings), *pictures]


@dataclass(frozen=True)
class Walked:
    """The paths of a group, the most frequent first; the total counts those that are left out."""

    label: str
    total: int
    walks: Mapping[paths.Path, int]

    def share(self, path: paths.Path) -> float | None:
        return self.walks.get(path, 0) / self.total if self.total else None


def _left_out(about: Mapping[str, Any]) -> frozenset[str]:
    if about["taken"] == EVERYTHING:
        return frozenset()
    counting = {*definitions.events(definitions.ACTIVE), about["event"]}
    return frozenset(catalogue.titles()) - counting


def _streams(walked: Walked, settings: Settings) -> Part:
    after, titles, total = settings["way"] == AFTER, catalogue.titles(), walked.total
    deepest = settings["depth"]
    event, top = settings["event"], settings["top"]
    found = paths.streams(walked.walks, event, depth=deepest, top=top, after=after)
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


def _list(groups: Sequence[Walked], settings: Settings) -> Part:
    """The most frequent paths; of several groups side by side, as shares of each one's own."""
    titles = catalogue.titles()
    anchor = str(titles.get(settings["event"], settings["event"]))
    times: Counter[paths.Path] = Counter()
    for one in groups:
        times.update(one.walks)
    rows: list[list[Cell]] = []
    for path, many in times.most_common(PATHS_SHOWN):
        names = [_called(name, titles, True) for name in path]
        walk = [anchor, *names] if settings["way"] == AFTER else [*names, anchor]
        rows.append([" → ".join(walk), many, *(one.share(path) for one in groups)])
    several = len(groups) > 1
    columns = [Column(_("Path"), TEXT), Column(_("Sessions"))]
    columns += [Column(one.label if several else _("Share"), SHARE) for one in groups]
    note = _("Of each group the share of its own sessions with the event.") if several else ""
    empty = _("Nobody did this on these days.") if several else ""
    return Part("paths-list", _("The most frequent paths"), columns, rows, note=note, empty=empty)


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
