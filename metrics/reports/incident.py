"""After an incident: who was hit and stayed away, against ordinary weeks (R140)."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from pyroaring import BitMap

from console import charts, clock, figures, jobs
from console.states import NotAllowed
from metrics import answers, history
from metrics.answers import Fresh, Question
from metrics.models import KeptAnswer, SavedReport
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, DAY, DIFFERENCE, SHARE, TEXT, Column, Part, counted
from metrics.reports.report import Found, Report
from metrics.stats import aftermath
from metrics.stats.aftermath import Aftermath
from metrics.stats.samples import Proportion
from segments import activity, bitmaps, catalogue, definitions, trails

BACK = [("7", "7"), ("14", "14"), ("30", "30")]
WEEKS = 8  # ordinary ones
LONGEST = 168  # hours
MOST_SAVED = 20
ORDINARY = gettext_lazy("Ordinary weeks")
A_DAY = dt.timedelta(days=1)
HIT, LOST = "hit", "lost"  # places of sets


class Incident(Report):
    kind = Kind.INCIDENT
    icon = "bolt"
    sentence = gettext_lazy("How many of those whom an incident hit did not come back?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "day": fields.day(given, "day"),
            "hour": fields.whole(given, "hour", 0, 23, 0),
            "hours": fields.whole(given, "hours", 1, LONGEST, 24),
            "event": events.known(given.get("event", ""), catalogue.titles()),
            "back": fields.one_of(given, "back", BACK, "30"),
        }

    def missing(self, settings: Settings) -> str:
        day = fields.date(settings, "day")
        if day is None:
            return _("Say on which day it began.")
        if _days(settings)[1] > history.last_closed_day():
            return _("It has to be over, and its days closed: ask again tomorrow.")
        return ""

    def fields(self, settings: Settings) -> list[Field]:
        offered = [("", _("whoever was active then")), *events.kinds()]
        hours = settings["hours"]
        return [
            Field("day", _("It began on"), "day", settings["day"]),
            Field("hour", _("from the hour"), "number", settings["hour"], lowest=0, highest=23),
            Field("hours", _("for so many hours"), "number", hours, lowest=1, highest=LONGEST),
            Field("event", _("It hit who did"), "choice", settings["event"], offered),
            Field("back", _("Back within days"), "choice", settings["back"], BACK),
        ]

    def question(self, settings: Settings) -> Question:
        # From its day on: of these days it says what is odd about them.
        return Question(self.kind.value, {**settings, "since": settings["day"]})

    def word(self, settings: Settings) -> str:
        return definitions.ACTIVE

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        about = question.about
        first, last = _days(about)
        since = first - A_DAY * 7 * (WEEKS + LONGEST // 24 + 7)
        told = events.version({"since": since.isoformat(), "until": last.isoformat()}, _end(about))
        return f"{told}-{definitions.versions()[definitions.ACTIVE]}"[:64]

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now = question.about, self.version(question)
        words = definitions.versions()
        active = definitions.events(definitions.ACTIVE)
        last, until = _days(about)[1], _end(about)
        back = (until - last).days
        hit = _who(about, 0, [about["event"]] if about["event"] else active)
        lost = hit - _came(last, back)
        weeks = []
        ordinary = list(_ordinary(about, back))
        for done, week in enumerate(ordinary, 1):
            who = _who(about, week, active)
            away = who - _came(last - A_DAY * 7 * week, back)
            day = _days(about, week)[0]
            weeks.append([day.isoformat(), len(who), len(away)])
            progress(done, len(ordinary))
        data = {"hit": [len(hit), len(lost)], "weeks": weeks, "back": back}
        under = {definitions.ACTIVE: words[definitions.ACTIVE]}
        sets = {HIT: hit, LOST: lost}
        return Fresh(answers.as_json(data), until, now, under=under, sets=sets)

    # --- showing --------------------------------------------------------------

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        said = _said(answer)
        shown = [_beside(said, settings)]
        if len(saved := list(self._saved())) > 1:
            shown.append(_so_far(saved, said["back"]))
        return shown

    def finds(self, settings: Settings, answer: KeptAnswer) -> list[Found]:
        sizes = dict(answer.sets.values_list("place", "size"))
        when, back = _when(settings), _said(answer)["back"]
        who = _("hit on %(when)s") % {"when": when}
        words = _("hit on %(when)s, and not back within %(days)s days") % {
            "when": when,
            "days": back,
        }
        return [
            Found(LOST, words, sizes.get(LOST, 0), words),
            Found(HIT, who, sizes.get(HIT, 0), who),
        ]

    def _saved(self) -> list[tuple[str, Settings, dict[str, Any]]]:
        """Incidents that somebody saved under a name and that are answered, by their day."""
        found = []
        for one in SavedReport.objects.filter(kind=self.kind.value).order_by("-at")[:MOST_SAVED]:
            try:
                settings = self.read(dict(parse_qsl(one.query)))
            except NotAllowed:
                continue
            if self.missing(settings):
                continue
            answer = answers.find(self.question(settings))
            if answer is not None and answer.data is not None:
                found.append((one.name, settings, _said(answer)))
        return sorted(found, key=lambda one: (one[1]["day"], one[1]["hour"]))


# --- when ---------------------------------------------------------------------


def _span(about: Mapping[str, Any], week: int) -> tuple[dt.datetime, dt.datetime]:
    """The hours of the incident on the project's clock, so many weeks before."""
    day = dt.date.fromisoformat(about["day"])
    start = dt.datetime.combine(day - A_DAY * 7 * week, dt.time(int(about["hour"])), clock.zone())
    return start, (start.astimezone(dt.UTC) + dt.timedelta(hours=int(about["hours"])))


def _days(about: Mapping[str, Any], week: int = 0) -> tuple[dt.date, dt.date]:
    """The first and the last day of it."""
    start, end = _span(about, week)
    return start.date(), clock.day_of(end - dt.timedelta(microseconds=1))


def _end(about: Mapping[str, Any]) -> dt.date:
    """The last day on which one may come back, of those that are closed."""
    last = _days(about)[1]
    return max(last, min(last + A_DAY * int(about["back"]), history.last_closed_day()))


def _ordinary(about: Mapping[str, Any], back: int) -> range:
    """How many weeks before: the nearest whose customers had all come back, or not, before it."""
    first, last = _days(about)
    least = ((last - first).days + back) // 7 + 1
    begin = activity.first_day()
    known = (first - begin).days // 7 if begin else 0
    return range(least, min(least + WEEKS, known + 1))


def _when(about: Mapping[str, Any]) -> str:
    start, end = (moment.astimezone(clock.zone()) for moment in _span(about, 0))
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}"


# --- who ----------------------------------------------------------------------


def _who(about: Mapping[str, Any], week: int, names: Collection[str]) -> BitMap:
    """Who did one of the events in these hours."""
    start, end = (round(moment.timestamp() * 1000) for moment in _span(about, week))
    found = BitMap()
    first, last = _days(about, week)
    for rows in trails.days(first - A_DAY, last + A_DAY):  # the lake's days have their own zone
        at = rows.origin + rows.moments.astype(np.int64)
        codes = [place for place, name in enumerate(rows.names) if name in names]
        chosen = (at >= start) & (at < end) & np.isin(rows.codes, codes)
        found |= bitmaps.from_array(np.unique(rows.customers[chosen]))
    return found


def _came(last: dt.date, back: int) -> BitMap:
    """Who was active on one of the days after it."""
    if not back:
        return BitMap()
    return BitMap.union(*activity.daily_active(last + A_DAY, last + A_DAY * back).values())


# --- parts --------------------------------------------------------------------


def _said(answer: KeptAnswer) -> dict[str, Any]:
    assert answer.data is not None
    found: dict[str, Any] = answers.from_json(answer.data)
    return found


def _held(said: Mapping[str, Any]) -> Aftermath | None:
    weeks = [Proportion(many, away) for _day, many, away in said["weeks"]]
    return aftermath.against(Proportion(*said["hit"]), weeks)


def _beside(said: Mapping[str, Any], settings: Settings) -> Part:
    """The incident, and the same hours of ordinary weeks."""
    rows = [[_("the incident"), *counted(*said["hit"])]]
    rows += [[day, *counted(many, away)] for day, many, away in said["weeks"]]
    back = said["back"]
    return Part(
        "incident",
        _("Not back within %(days)s days") % {"days": back},
        [
            Column(_("When"), TEXT),
            Column(_("Customers"), COUNT),
            Column(_("Not back"), COUNT),
            Column(_("Share"), SHARE),
            Column(_("From"), SHARE),
            Column(_("To"), SHARE),
        ],
        rows if said["hit"][0] and back else [],
        charts.bars(
            [str(row[0]) for row in rows],
            [row[3] for row in rows],
            name=_("Not back"),
            unit=charts.unit("share"),
            lying=True,
        ),
        definition=_(
            "Of the customers who did it in these hours, those who were active on none of the "
            "days after. Below it whoever was active in the same hours of the same days of "
            "ordinary weeks, the nearest whose days were over before it began."
        ),
        note=" ".join(_notes(said, settings)),
        size="tall",
        empty=_empty(said),
    )


def _empty(said: Mapping[str, Any]) -> str:
    if not said["back"]:
        return _("It was yesterday: nobody had a day to come back yet.")
    return _("Nobody did it in these hours.")


def _notes(said: Mapping[str, Any], settings: Settings) -> list[str]:
    found, notes = _held(said), []
    if said["back"] < int(settings["back"]):
        notes.append(
            _("Of %(days)s days %(known)s are over; ordinary weeks are told after as many.")
            % {"days": settings["back"], "known": said["back"]}
        )
    if found is None:
        notes.append(_("Before it there are no ordinary weeks to hold it against."))
        return notes
    if settings["event"]:
        notes.append(_("Ordinary weeks are of whoever was active, who may be other customers."))
    bounds = found.interval
    told = {
        "hit": figures.share(found.hit),
        "usual": figures.share(found.usual),
        "more": figures.points(found.more),
        "low": figures.points(bounds.low if bounds else None),
        "high": figures.points(bounds.high if bounds else None),
    }
    notes.append(
        _(
            "%(hit)s did not come back, of ordinary weeks %(usual)s: %(more)s "
            "(95 %% bounds %(low)s to %(high)s)."
        )
        % told
    )
    if bounds is not None and 0 in bounds:
        notes.append(_("Ordinary weeks differ as much."))
    return notes


def _so_far(saved: Sequence[tuple[str, Settings, dict[str, Any]]], back: int) -> Part:
    """Saved incidents beside each other, by their day: whether one gets better at it.

    Drawn are those that count as many days as the one that is shown: others are no comparison.
    """
    rows = []
    for name, settings, said in saved:
        held, (many, away) = _held(said), said["hit"]
        day = dt.date.fromisoformat(settings["day"])
        rows.append(
            [
                name,
                day,
                many,
                said["back"],
                away / many if many else None,
                held.usual if held else None,
                held.more if held else None,
            ]
        )
    alike = [row for row in rows if row[3] == back]
    labels = [f"{row[0]} ({row[1]})" for row in alike]
    series = {
        _("Not back"): [row[4] for row in alike],
        str(ORDINARY): [row[5] for row in alike],
    }
    return Part(
        "incidents",
        _("Incidents so far"),
        [
            Column(pgettext("of a report", "Name"), TEXT),
            Column(_("Began on"), DAY),
            Column(_("Hit"), COUNT),
            Column(_("Days counted"), COUNT),
            Column(_("Not back"), SHARE),
            Column(str(ORDINARY), SHARE),
            Column(_("Difference"), DIFFERENCE),
        ],
        rows,
        charts.grouped(labels, series, unit=charts.unit("share")),
        definition=_(
            "The %(n)s reports on incidents that were saved last, as last computed; drawn are "
            "those that count %(days)s days, as the one above."
        )
        % {"n": MOST_SAVED, "days": back},
        size="low",
    )
