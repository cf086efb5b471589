"""Service and revisits: whether customers who were served better come again more often (R215)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, figures, jobs
from metrics import answers, history
from metrics.answers import Fresh, Question
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, NUMBER, SHARE, TEXT, Column, Part, counted
from metrics.reports.report import Report
from metrics.shipped import says
from metrics.stats import slopes
from segments import activity, bitmaps, catalogue, definitions

BACK = [("7", "7"), ("14", "14"), ("30", "30")]
DAYS = 90
SCORE = "score"
WHOM = ("agent", "agent_id", "staff", "team")  # properties that usually say who served
MOST_SCORES, MOST_WHOM = 20, 40
LONGEST = 60
DAY = dt.timedelta(days=1)


class Service(Report):
    kind = Kind.SERVICE
    icon = "support_agent"
    sentence = gettext_lazy("Do customers who rate the service higher come again more often?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "event": events.known(given.get("event", ""), catalogue.titles()),
            "whom": _property(given.get("whom", ""), WHOM[0]),
            "back": fields.one_of(given, "back", BACK, "30"),
            **events.read_days(given, usual=DAYS),
        }

    def fields(self, settings: Settings) -> list[Field]:
        offered = [("", _("every answer with a score")), *events.kinds()]
        names = [(one, one) for one in dict.fromkeys([settings["whom"], *WHOM])]
        return [
            Field("event", _("Answer"), "choice", settings["event"], offered),
            Field("whom", _("Property that says who served"), "choice", settings["whom"], names),
            Field("back", _("Came again within days"), "choice", settings["back"], BACK),
            *events.day_fields(settings),
        ]

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, events.dated(settings))

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        _since, until = events.days(question.about)
        words = definitions.versions()
        told = events.version(question.about, self._last(question.about, until))
        return f"{told}-{words[definitions.ACTIVE]}"[:64]

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        from metrics.queries import ratings  # heavy: not in the web process

        about, now, words = question.about, self.version(question), definitions.versions()
        since, until = events.days(about)
        back = int(about["back"])
        last = self._last(about, until)
        names = [about["event"]] if about["event"] else says.ANSWERING
        found = ratings.first(names, SCORE, about["whom"], since=since, until=until)
        active = activity.daily_active(since, last)
        by_score: dict[float, list[int]] = defaultdict(lambda: [0, 0])
        by_whom: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0.0])
        for start in sorted({int(place) for place in found[1]}):
            day = since + DAY * start
            if day + DAY * back > last:  # still has time to come again
                continue
            came = bitmaps.union([active[day + DAY * n] for n in range(1, back + 1)])
            for customer, place, score, whom in zip(*found, strict=True):
                if place == start:
                    again = int(customer) in came
                    by_score[float(score)][0] += 1
                    by_score[float(score)][1] += again
                    one = by_whom[whom]
                    one[0], one[1], one[2] = one[0] + 1, one[1] + again, one[2] + float(score)
        data = {
            "scores": [[score, *counts] for score, counts in sorted(by_score.items())],
            "whom": [[whom, *counts] for whom, counts in by_whom.items()],
        }
        under = {definitions.ACTIVE: words[definitions.ACTIVE]}
        return Fresh(answers.as_json(data), until, now, under=under)

    def _last(self, about: Mapping[str, Any], until: dt.date) -> dt.date:
        return min(until + DAY * int(about["back"]), history.last_closed_day())

    # --- showing --------------------------------------------------------------

    def word(self, settings: Settings) -> str:
        return definitions.ACTIVE

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        assert answer.data is not None
        said = answers.from_json(answer.data)
        parts = [_by_score(said["scores"], settings)]
        if any(row[0] for row in said["whom"]):
            parts.append(_by_whom(said["whom"], said["scores"], settings))
        return parts


def _property(given: Any, usual: str) -> str:
    key = str(given).strip()[:LONGEST]
    return key if key and not set(key) & set('"\\\0') else usual


def _by_score(rows: list[list[float]], settings: Settings) -> Part:
    some = [(score, int(many), int(came)) for score, many, came in rows]
    found = slopes.slope(some)
    labels = [figures.number(score) for score, _many, _came in some]
    columns = [Column(_("Score"), NUMBER), Column(_("Customers"), COUNT)]
    columns += [Column(_("Came again"), COUNT), Column(_("Share"), SHARE)]
    columns += [Column(_("From"), SHARE), Column(_("To"), SHARE)]
    shares = [came / many if many else None for _score, many, came in some]
    return Part(
        "service-scores",
        _("Revisits by score"),
        columns,
        [[score, *counted(many, came)] for score, many, came in some][:MOST_SCORES],
        charts.grouped(labels, {_("Came again"): shares}, unit=charts.unit("share"), most=1),
        definition=_(
            "Each customer's first rating on these days, the lowest of its day; came again: active "
            "on one of the %(back)s days after it. Whose days are not over is not counted."
        )
        % {"back": settings["back"]},
        note=_slope_words(found),
        size="tall",
        empty=_(
            "Nobody rated on these days. Answers come in as events such as survey_answered with a "
            "property score."
        ),
    )


def _slope_words(found: slopes.Slope | None) -> str:
    if found is None:
        return ""
    bounds = found.interval
    said = {
        "value": figures.points(found.value),
        "low": figures.points(bounds.low),
        "high": figures.points(bounds.high),
    }
    return (
        _(
            "A score higher by one goes with %(value)s in the share that came again (95 %% bounds "
            "%(low)s to %(high)s). That is no proof that the one makes the other: who likes the "
            "product rates higher too."
        )
        % said
    )


def _by_whom(rows: list[list[Any]], scores: list[list[float]], settings: Settings) -> Part:
    """Beside each one's score the revisits, so that neither is read alone."""
    everybody = sum(many for _score, many, _came in scores)
    mean = sum(score * many for score, many, _came in scores) / everybody if everybody else 0.0
    kept = sorted(rows, key=lambda row: -row[1])[:MOST_WHOM]
    columns = [Column(_("Who served"), TEXT), Column(_("Customers"), COUNT)]
    columns += [Column(_("Came again"), COUNT), Column(_("Share"), SHARE)]
    columns += [Column(_("From"), SHARE), Column(_("To"), SHARE)]
    columns += [Column(_("Score on average"), NUMBER), Column(_("Against all"), NUMBER)]
    return Part(
        "service-whom",
        _("Score and revisits by who served"),
        columns,
        [
            [
                str(whom) or _("unknown"),
                *counted(int(many), int(came)),
                total / many,
                total / many - mean,
            ]
            for whom, many, came, total in kept
        ],
        charts.bars(
            [str(whom) or _("unknown") for whom, *_rest in kept],
            [came / many for _whom, many, came, _total in kept],
            name=_("Came again"),
            unit=charts.unit("share"),
            lying=True,
        ),
        note=_(
            "With few customers the bounds are wide: two whose bounds overlap may be equally good."
        ),
        size="tall",
    )
