"""What a request promised to move: the number when it was accepted, and what became of it.

The baseline is frozen with the request, week by week. A delivered request is judged against a
control where it is linked to a campaign or a comparison that has one and counts the same; else
against its own past, which is weaker, and the verdict says so.
"""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from statistics import fmean
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import figures, kept_words, work
from console.models import RequestVerdict, TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import moving
from metrics import controls, weekly
from metrics.models import Metric
from metrics.overall import Overall
from metrics.stats import before_after
from metrics.stats.before_after import Promise
from metrics.stats.differences import Interval
from metrics.stats.samples import Proportion
from metrics.weekly import DAY, WEEK
from segments import definitions

WEEKS_BEFORE, WEEKS_AFTER = 8, 4
MOST_SHOWN = 104  # weeks on a chart
# Why nothing can be told, and what has to be known besides; in words: `promise_words`.
NOT_PROMISED, NO_METRIC, NOT_MEASURED = "not_promised", "no_metric", "not_measured"
TOO_EARLY = "too_early"
NEW_DEFINITION, LATE = "new_definition", "late"


# --- the number when it was accepted ------------------------------------------------


def baseline(request: TeamRequest, *, on: dt.date) -> dict[str, Any] | None:
    """The promised number in the eight weeks before a day, to be kept; None: none is promised.

    Its value is the mean of the weeks that are known; where it is not measured, it says so.

    Raises:
        NotAllowed: what was promised cannot be (`too_much`).
    """
    if not request.metric:
        return None
    metric = Metric.objects.filter(key=request.metric).first()
    if metric is None:
        return {"metric": request.metric, "why": NO_METRIC, "weeks": []}
    overall = weekly.read(metric.key, on - DAY)
    until = weekly.last_known(overall, metric.key, on - DAY)
    weeks = weekly.until(overall, metric.key, until, WEEKS_BEFORE) if until else []
    said = _version(metric) | {"weeks": weeks, "why": "" if weeks else NOT_MEASURED}
    if not weeks or until is None:
        return said
    if words := _too_much(metric, fmean(weeks), request.expected_change):
        raise NotAllowed(words)
    since = until - WEEK * len(weeks) + DAY
    bounds = before_after.of_mean(weeks, _seen(metric, overall, since, until))
    return said | {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "value": fmean(weeks),
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
    }


def _seen(metric: Metric, overall: Overall, since: dt.date, until: dt.date) -> Proportion | None:
    """How many of how many a share was of; None of any other number."""
    seen = overall.seen(metric.key, since, until)
    if metric.unit != Metric.Unit.SHARE or seen is None:
        return None
    did, asked = seen
    return Proportion(asked, did) if 0 <= did <= asked else None


def accept(request: TeamRequest, *, at: dt.datetime, on: dt.date, **said: Any) -> None:
    """The receiving team says yes (`moving.accept`), with the number as it is now."""
    moving.accept(request, baseline=baseline(request, on=on), at=at, **said)


def too_much(
    key: str, change: Decimal | None, *, frozen: Mapping[str, Any] | None = None, on: dt.date
) -> str:
    """Why nobody can promise this change: a share would come to more than all, or the number is
    nothing, and so is every percentage of it; empty: they can.

    Held against the frozen baseline, and before there is one against the last eight weeks.
    """
    metric = Metric.objects.filter(key=key).first() if key else None
    if metric is None or change is None:
        return ""
    value = (frozen or {}).get("value")
    if value == 0:
        return ""  # was taken so, once
    if value is None:
        overall = Overall([key], on - WEEK * WEEKS_BEFORE - DAY * weekly.LATEST, on - DAY)
        until = weekly.last_known(overall, key, on - DAY)
        weeks = weekly.until(overall, key, until, WEEKS_BEFORE) if until else []
        value = fmean(weeks) if weeks else None
    return "" if value is None else _too_much(metric, value, change)


def _too_much(metric: Metric, value: float, change: Decimal | None) -> str:
    if change is None or value < 0:
        return ""
    if value == 0:
        words = _(
            "“%(metric)s” is 0 so far, and every percentage of it is 0, too: choose another metric."
        )
        return words % {"metric": metric.label}
    if metric.unit != Metric.Unit.SHARE:
        return ""
    if value * (1 + float(change)) <= 1 + before_after.TINY:
        return ""
    return _(
        "“%(metric)s” is %(value)s, so at most %(most)s can be promised: no share is more than all."
    ) % {
        "metric": metric.label,
        "value": figures.share(value),
        "most": figures.signed_share(1 / value - 1),
    }


def target(request: TeamRequest) -> float | None:
    """What the number is to come to; None without a baseline or a promise."""
    value = (request.baseline or {}).get("value")
    if value is None or request.expected_change is None:
        return None
    return float(value * (1 + float(request.expected_change)))


# --- what became of it --------------------------------------------------------------


def due_on(request: TeamRequest) -> dt.date | None:
    """The last day that its verdict is about: as promised, or four weeks after a late delivery."""
    if request.delivered_on is None or not request.metric:
        return None
    least = request.delivered_on + WEEK * before_after.LEAST_AFTER
    if request.expected_by is not None and request.expected_by >= least:
        return request.expected_by
    return request.delivered_on + WEEK * WEEKS_AFTER


def judge(request: TeamRequest, *, on: dt.date) -> tuple[str, dict[str, Any]]:
    """Met, partly, not or cannot be told as of a day, and everything that says so."""
    metric = Metric.objects.filter(key=request.metric).first()
    expected = None if request.expected_change is None else float(request.expected_change)
    if not request.metric or not expected:
        return Promise.UNCLEAR, {"why": NOT_PROMISED}
    if metric is None:
        return Promise.UNCLEAR, {"why": NO_METRIC, "metric": request.metric}
    said = _version(metric) | {"expected": expected, "notes": _notes(request, metric)}
    found = controls.of(request, metric)
    if found is not None:
        measured = said | found
    else:
        measured = said | _by_itself(request, metric, on=on)
    low, high = measured.get("low"), measured.get("high")
    bounds = None if low is None or high is None else Interval(low, high)
    return before_after.kept(expected, measured.get("relative"), bounds), measured


def say(request: TeamRequest, *, at: dt.datetime, on: dt.date, **said: Any) -> RequestVerdict:
    """A person's word on what came of it (`moving.judge`), beside what is measured by now.

    Raises:
        NotAllowed: it is another one than what is measured, and nothing is said of why.
    """
    told, measured = judge(request, on=on) if request.metric else ("", {})
    if told and said.get("outcome") != told and not str(said.get("words", "")).strip():
        raise NotAllowed(
            _("What is measured by now says “%(told)s”. Say in words why you judge it otherwise.")
            % {"told": RequestVerdict.Outcome(told).label}
        )
    return moving.judge(request, measured=measured, at=at, **said)


def _by_itself(request: TeamRequest, metric: Metric, *, on: dt.date) -> dict[str, Any]:
    """The weeks after it was delivered against those before it was accepted."""
    frozen = request.baseline or {}
    due = due_on(request)
    said: dict[str, Any] = {"how": weekly.BEFORE_AFTER, "was": frozen.get("value")}
    if due is None or request.delivered_on is None or not frozen.get("since"):
        return said | {"why": frozen.get("why") or NOT_MEASURED}
    overall = weekly.read(metric.key, max(due, on))
    since, first = dt.date.fromisoformat(frozen["since"]), request.delivered_on + DAY
    until = weekly.last_known(overall, metric.key, min(due, on - DAY))
    if until is None or until < first + WEEK * before_after.LEAST_AFTER - DAY:
        return said | {"why": TOO_EARLY}
    many = min(WEEKS_AFTER, (until - first + DAY) // WEEK)
    after = weekly.until(overall, metric.key, until, many)
    weeks = _weeks_before(frozen, metric, overall)
    past = weekly.until(overall, metric.key, since - DAY, weekly.PAST)
    start = until - WEEK * many + DAY
    between = (start - dt.date.fromisoformat(frozen["until"])) // WEEK
    found = before_after.change(weeks, after, past, gap=max(0, between))
    if found is None:
        return said | {"why": NOT_MEASURED}
    spans = {
        "before": [frozen["since"], frozen["until"]],
        "after": [start.isoformat(), until.isoformat()],
    }
    return said | spans | weekly.told(found, weeks, after) | weekly.season(metric, spans)


def _weeks_before(frozen: dict[str, Any], metric: Metric, overall: Overall) -> list[float]:
    """As they were frozen; by today's definition, where it is another one."""
    if not _is_redefined(frozen, metric):
        return [float(one) for one in frozen["weeks"]]
    until = dt.date.fromisoformat(frozen["until"])
    return weekly.until(overall, metric.key, until, len(frozen["weeks"]))


def _notes(request: TeamRequest, metric: Metric) -> list[str]:
    """What the reader has to know besides."""
    notes = [NEW_DEFINITION] if _is_redefined(request.baseline or {}, metric) else []
    on, by = request.delivered_on, request.expected_by
    if on and by and by < on + WEEK * before_after.LEAST_AFTER:
        notes.append(LATE)
    return notes


def _is_redefined(frozen: dict[str, Any], metric: Metric) -> bool:
    now = _version(metric)
    return any(name in frozen and frozen[name] != now[name] for name in ("version", "under"))


def course(request: TeamRequest, metric: Metric, *, on: dt.date) -> list[tuple[dt.date, float]]:
    """The number week by week from the first of the baseline on, by each week's last day."""
    frozen = request.baseline or {}
    if not frozen.get("since"):
        return []
    first, due = dt.date.fromisoformat(frozen["since"]), due_on(request) or request.expected_by
    until = min(on - DAY, due or on - DAY)
    overall = Overall([metric.key], first, max(until, first))
    many = max(0, (until - first + DAY) // WEEK)
    ends = (first + WEEK * (number + 1) - DAY for number in range(min(many, MOST_SHOWN)))
    values = ((end, overall.value(metric.key, end - WEEK + DAY, end)) for end in ends)
    return [(end, float(value)) for end, value in values if value is not None]


# --- every night --------------------------------------------------------------------


def to_judge(*, on: dt.date) -> list[TeamRequest]:
    """Delivered requests whose time is over, and that nobody has judged."""
    delivered = TeamRequest.objects.filter(status=TeamRequest.Status.DELIVERED)
    rows = delivered.exclude(metric="").select_related("from_team", "asked_by").order_by("pk")
    return [one for one in rows if (due := due_on(one)) is not None and due < on]


@transaction.atomic
def find(request: TeamRequest, *, at: dt.datetime, on: dt.date) -> RequestVerdict | None:
    """Judge it as far as it can be told, and have somebody look who asked; None: not known yet."""
    outcome, measured = judge(request, on=on)
    due = due_on(request)
    if measured.get("why") == TOO_EARLY and due is not None and (on - due).days <= weekly.LATEST:
        return None
    found = moving.judge(request, outcome=outcome, measured=measured, by=None, at=at)
    if outcome != Promise.MET:
        work.give(
            "verdict",
            kept_words.keep(
                gettext_lazy("It did not surely move its number; say what follows: %(request)s"),
                request=request.title,
            ),
            on=on,
            subject=request,
            owner=request.asked_by if request.asked_by.is_active else None,
            team=request.from_team,
            due_on=on + WEEK,
            once=f"verdict {request.pk}",
        )
    return found


def find_all(*, at: dt.datetime, on: dt.date) -> int:
    """Every night: judge what is due; how many were."""
    found = 0
    for request in to_judge(on=on):
        with suppress(Stale):  # somebody was quicker
            found += find(request, at=at, on=on) is not None
    return found


# --- reading ------------------------------------------------------------------------


def _version(metric: Metric) -> dict[str, Any]:
    """By which definition it is counted."""
    word = metric.rests_on
    return {
        "metric": metric.key,
        "version": metric.version,
        "word": word,
        "under": definitions.versions().get(word) if word else None,
    }


def outcome_of(request: TeamRequest) -> RequestVerdict | None:
    """The verdict that stands: the last that a person gave, or what the console found."""
    given = list(request.verdicts.select_related("by"))
    return next((one for one in reversed(given) if one.by_id), given[-1] if given else None)
