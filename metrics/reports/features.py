"""Features: what using one is worth in customers who come again (R216)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, jobs
from metrics import answers, features, history
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events, fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, DAY, DIFFERENCE, NUMBER, SHARE, TEXT, Column, Part
from metrics.reports.report import Report, sliced
from metrics.stats import alike
from metrics.stats.alike import Contrast, Worth
from segments import catalogue, definitions

BACK = [("7", "7"), ("14", "14"), ("28", "28")]
MOST_WEEKS, USUAL_WEEKS = 12, 4


class Features(Report):
    kind = Kind.FEATURES
    icon = "extension"
    sentence = gettext_lazy(
        "Do customers who use a feature come again more often than those alike who do not?"
    )

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            "event": events.known(given.get("event", ""), catalogue.titles()),
            "back": fields.one_of(given, "back", BACK, "28"),
            "weeks": fields.whole(given, "weeks", 1, MOST_WEEKS, USUAL_WEEKS),
            "until": fields.day(given, "until"),
            "by": _sets_only(str(By.read(str(given.get("by", ""))))),
        }

    def fields(self, settings: Settings) -> list[Field]:
        offered = [("", _("every feature")), *events.kinds()]
        return [
            Field("event", _("Feature"), "choice", settings["event"], offered),
            Field("back", _("Came again within days"), "choice", settings["back"], BACK),
            Field(
                "weeks",
                _("Weeks"),
                "number",
                settings["weeks"],
                lowest=1,
                highest=MOST_WEEKS,
            ),
            Field("until", _("until (empty: yesterday)"), "day", settings["until"]),
            sliced(settings["by"], sets_only=True),
        ]

    def question(self, settings: Settings) -> Question:
        """The weeks end so early that everybody had the time to come again."""
        closed = history.last_closed_day()
        last = min(fields.date(settings, "until") or closed, closed)
        until = last - dt.timedelta(days=int(settings["back"]))
        first = features.weeks(until, settings["weeks"])[0]
        since = first - dt.timedelta(days=features.BEFORE)
        dates = {"since": since.isoformat(), "until": until.isoformat()}
        return Question(self.kind.value, {**settings, **dates})

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        until = dt.date.fromisoformat(question.about["until"])
        last = until + dt.timedelta(days=int(question.about["back"]))
        words = definitions.versions()
        return f"{events.version(question.about, last)}-{words[definitions.ACTIVE]}"[:64]

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now, words = question.about, self.version(question), definitions.versions()
        since, until = events.days(about)
        groups = events.found(about)
        names = [about["event"]] if about["event"] else self._offered(since, until)
        found = [
            {
                "label": group.label,
                "features": {
                    name: features.as_json(weeks)
                    for name, weeks in features.contrasts(
                        names,
                        until=until,
                        many=about["weeks"],
                        back=int(about["back"]),
                        within=group.members,
                        progress=progress,
                    ).items()
                },
            }
            for group in groups
        ]
        under = {definitions.ACTIVE: words[definitions.ACTIVE]}
        return Fresh(answers.as_json({"groups": found}), until, now, under=under)

    def _offered(self, since: dt.date, until: dt.date) -> list[str]:
        """What customers do, and not what is done to them or with their orders."""
        deeds = definitions.events(definitions.ACTIVE)
        paid = set(definitions.events(definitions.PAID))
        return features.most_used([name for name in deeds if name not in paid], since, until)

    # --- showing --------------------------------------------------------------

    def word(self, settings: Settings) -> str:
        return definitions.ACTIVE

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        assert answer.data is not None
        titles = catalogue.titles()
        rows: list[tuple[str, Worth]] = []
        courses: list[tuple[str, list[Contrast]]] = []
        for group in answers.from_json(answer.data)["groups"]:
            for name, said in group["features"].items():
                weeks = features.from_json(said)
                label = titles.get(name, name)
                label = f"{group['label']}: {label}" if group["label"] else label
                rows.append((label, alike.together(weeks)))
                courses.append((label, weeks))
        rows.sort(key=lambda one: -(one[1].effect if one[1].effect is not None else -2))
        parts = [_worth(rows, settings)]
        if settings["event"] and len(courses) == 1:
            parts.append(_course(courses[0][1], answer, settings))
        return parts


def _sets_only(by: str) -> str:
    """A trait cuts into many groups, of which each would have few alike."""
    return "" if by.startswith("trait:") else by


def _worth(rows: Sequence[tuple[str, Worth]], settings: Settings) -> Part:
    told = [(label, one) for label, one in rows if one.effect is not None]
    columns = [Column(_("Feature"), TEXT), Column(_("Used it in a week"), COUNT)]
    columns += [Column(_("Came again"), SHARE), Column(_("Those alike"), SHARE)]
    columns += [Column(name, DIFFERENCE) for name in (_("Difference"), _("From"), _("To"))]
    columns += [Column(_("Everybody else"), SHARE), Column(_("Have somebody alike"), SHARE)]
    columns += [Column(_("Customers kept a week"), NUMBER), Column(_("Unseen it takes"), NUMBER)]
    return Part(
        "features",
        _("Contribution of features to retention"),
        columns,
        [_cells(label, one) for label, one in rows],
        charts.bars(
            [label for label, _one in told],
            [one.effect for _label, one in told],
            name=_("Difference"),
            unit=charts.unit("difference"),
            lying=True,
        )
        if told
        else None,
        definition=_(
            "Customers who used the feature in a week against those who did not use it in that "
            "week nor in the four before, and who are alike: as many active days in the week and "
            "in the four before, and paid or not. Came again: active within %(back)s days after."
        )
        % {"back": settings["back"]},
        note=" ".join(filter(None, [_by_chance(told), _no_proof()])),
        size="tall",
        empty=_("Nobody used a feature in these weeks."),
    )


def _no_proof() -> str:
    return _(
        "This is no proof: who uses a feature may want to stay anyway, for reasons that "
        "nobody sees. “Unseen it takes” says how many times likelier something unseen would "
        "have to make both the use and the coming again to explain the whole difference; near "
        "1 anything would do. A comparison by chance proves it."
    )


def _by_chance(told: Sequence[tuple[str, Worth]]) -> str:
    """Whose bounds reach nothing: the bars are drawn without them."""
    names = [
        label for label, one in told if one.interval and one.interval.low <= 0 <= one.interval.high
    ]
    if not names:
        return ""
    words = _("Chance alone could have made the difference of %(names)s: its bounds reach 0.")
    return words % {"names": _(", ").join(names)}


def _cells(label: str, one: Worth) -> list[Any]:
    bounds = one.interval
    return [
        label,
        round(one.did),
        one.came,
        one.others,
        one.effect,
        bounds.low if bounds else None,
        bounds.high if bounds else None,
        one.plain,
        one.alike,
        one.kept,
        one.unseen,
    ]


def _course(weeks: Sequence[Contrast], answer: KeptAnswer, settings: Settings) -> Part:
    until = answer.as_of
    assert until is not None
    starts = features.weeks(until, len(weeks))
    each = [alike.together([one]) for one in weeks]
    lines = {
        _("Difference"): [one.effect for one in each],
        _("From"): [one.interval.low if one.interval else None for one in each],
        _("To"): [one.interval.high if one.interval else None for one in each],
    }
    columns = [Column(_("Week of"), DAY), Column(_("Used it"), COUNT)]
    columns += [Column(name, DIFFERENCE) for name in lines]
    rows: list[list[Any]] = [
        [start, round(one.did), *(values[at] for values in lines.values())]
        for at, (start, one) in enumerate(zip(starts, each, strict=True))
    ]
    return Part(
        "feature-weeks",
        _("Week by week"),
        columns,
        rows[::-1],
        charts.lines(starts, lines, unit=charts.unit("difference")),
    )
