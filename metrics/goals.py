"""Goals: who wants what by when, what was reached, and what it will come to."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, clock, figures, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from metrics.measurements import MILLIONTH
from metrics.models import Goal, Metric
from metrics.overall import Overall
from metrics.stats import attainment
from metrics.stats.attainment import Attained

ACTION = "goals.change"
MOST_DAYS = 800
FIELDS = ("metric", "slice", "since", "until", "target", "direction", "note", "owner")
Over = Metric.Over


# --- changing -----------------------------------------------------------------


@transaction.atomic
def add(*, by: Staff, **fields: Any) -> Goal:
    """A new goal, owned by who sets it unless somebody else is named.

    Raises:
        NotAllowed: the role may not, or it makes no sense.
    """
    roles.require(by, ACTION)
    goal = Goal(team=by.team, **{"owner": by, **fields})
    _refuse_nonsense(goal)
    goal.save()
    audit.log("goal.added", goal, by=by, target=str(goal.target))
    return goal


@transaction.atomic
def edit(goal: Goal, *, by: Staff, seen_version: int, **fields: Any) -> None:
    """Change a goal; what it was stands in the audit log.

    Raises:
        NotAllowed: not theirs to change, or it makes no sense.
        Stale: somebody else changed it since `seen_version`.
    """
    kept = Goal.objects.select_for_update().get(pk=goal.pk)
    roles.require(by, ACTION, record=kept)
    if kept.version != seen_version:
        raise Stale(_("Somebody else changed this goal meanwhile; load the page again."))
    was = {name: str(getattr(kept, name)) for name in FIELDS}
    for name, value in fields.items():
        setattr(kept, name, value)
    _refuse_nonsense(kept)
    kept.version += 1
    kept.save()
    changed = {name: one for name, one in was.items() if str(getattr(kept, name)) != one}
    audit.log("goal.changed", kept, by=by, was=changed)


@transaction.atomic
def archive(goal: Goal, *, by: Staff) -> None:
    """Put a goal away; who finds it archived already has what they wanted."""
    _put(goal, timezone.now(), by=by)


@transaction.atomic
def restore(goal: Goal, *, by: Staff) -> None:
    """Take an archived goal out again."""
    _put(goal, None, by=by)


def _put(goal: Goal, archived_at: dt.datetime | None, *, by: Staff) -> None:
    kept = Goal.objects.select_for_update().get(pk=goal.pk)
    roles.require(by, ACTION, record=kept)
    if (kept.archived_at is None) == (archived_at is None):
        return
    kept.archived_at = archived_at
    kept.save(update_fields=["archived_at"])
    audit.log("goal.archived" if archived_at else "goal.restored", kept, by=by)


def _refuse_nonsense(goal: Goal) -> None:
    if not MILLIONTH <= goal.target < Decimal(10) ** 18:
        raise NotAllowed(_("Write a target above nought."))
    if not clock.is_near(goal.since, goal.until):
        raise NotAllowed(_("Write the days of a period that one can live to see."))
    if goal.until < goal.since or (goal.until - goal.since).days > MOST_DAYS:
        raise NotAllowed(_("The period ends before it begins, or is longer than two years."))
    if goal.metric.archived_at:
        raise NotAllowed(_("This metric is archived."))


# --- standing -----------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How a goal stands on the last closed day of its period."""

    goal: Goal
    attained: Attained
    due: Decimal | None  # which share of the target was due by now; None where days do not add up
    forecast: Attained
    is_over: bool
    has_begun: bool

    @property
    def light(self) -> str:
        return (self.attained if self.is_over else self.forecast).light if self.has_begun else ""

    @property
    def pace(self) -> Decimal | None:
        """What was reached by what was due: 1 is right on the way."""
        share = self.attained.share
        return share / self.due if share is not None and self.due else None


def standings(goals: Iterable[Goal], *, last: dt.date) -> list[Standing]:
    """How these goals stand at the end of the last closed day, in two queries for all."""
    wanted = list(goals)
    if not wanted:
        return []
    # The weeks before a period tell how weekdays usually are.
    since = min(one.since for one in wanted) - dt.timedelta(days=7 * attainment.WEEKS)
    keys = {one.metric.key for one in wanted}
    overall = Overall(keys, since, last, parts={"", *(one.slice for one in wanted)})
    return [_standing(one, overall, last) for one in wanted]


def _standing(goal: Goal, overall: Overall, last: dt.date) -> Standing:
    less = goal.direction == Goal.Direction.AT_MOST
    until = min(goal.until, last)
    actual = overall.value(goal.metric.key, goal.since, until, goal.slice)
    is_over = goal.until <= last
    forecast, due = actual, None
    if not is_over:
        forecast = _forecast(goal, overall, last)
        if goal.metric.over == Over.SUM:
            known = _known(overall, goal)
            due = attainment.due(known, goal.since, goal.until, last)
    return Standing(
        goal,
        Attained(actual, goal.target, less),
        due if not is_over else Decimal(1),
        Attained(forecast, goal.target, less),
        is_over,
        has_begun=goal.since <= last,
    )


def _known(overall: Overall, goal: Goal) -> dict[dt.date, Decimal]:
    found = overall.days(goal.metric.key, goal.slice)
    return {day: one.value for day, one in found.items() if one.value is not None}


def _forecast(goal: Goal, overall: Overall, last: dt.date) -> Decimal | None:
    """What the period will come to, if the days to come are as their weekdays usually are."""
    found = overall.days(goal.metric.key, goal.slice)
    span = (goal.since, goal.until, last)
    known = _known(overall, goal)
    match goal.metric.over:
        case Over.SUM:
            return attainment.completed(known, *span)
        case Over.LAST:
            return known[max(known)] if known else None
        case Over.QUOTIENT if any(one.denominator is not None for one in found.values()):
            parts = [
                attainment.completed(
                    {day: Decimal(getattr(one, name) or 0) for day, one in found.items()}, *span
                )
                for name in ("numerator", "denominator")
            ]
            return parts[0] / parts[1] if parts[0] is not None and parts[1] else None
    whole = attainment.completed(known, *span)
    passed = sum(goal.since <= day <= last for day in known)
    ahead = (goal.until - max(last, goal.since - attainment.DAY)).days
    return whole / (passed + ahead) if whole is not None and passed + ahead else None


# --- in words -----------------------------------------------------------------


def reason(one: Standing, currency: str) -> str:
    """Why the light is as it is."""
    unit = one.goal.metric.unit
    said = {
        "actual": figures.in_unit(one.attained.actual, unit, currency),
        "target": figures.in_unit(one.goal.target, unit, currency),
        "forecast": figures.in_unit(one.forecast.actual, unit, currency),
        "ahead": _ahead(one.attained),
        "later": _ahead(one.forecast),
        "due": figures.share(one.due),
    }
    if not one.has_begun:
        return _("It has not begun.")
    if one.attained.actual is None:
        return _("Nothing was measured in this period yet.")
    if one.is_over:
        return _("It came to %(actual)s against %(target)s: %(ahead)s.") % said
    if one.forecast.actual is None:
        return _("It stands at %(actual)s; there are too few days for a forecast.") % said
    if one.goal.metric.over == Over.SUM:
        return (
            _(
                "It stands at %(actual)s, with %(due)s of the target due by now. The forecast to "
                "the end is %(forecast)s: %(later)s."
            )
            % said
        )
    return (
        _(
            "It stands at %(actual)s against %(target)s. The forecast to the end is %(forecast)s: "
            "%(later)s."
        )
        % said
    )


def _ahead(attained: Attained) -> str:
    """By how much the target is passed or missed; where less is better, below is good."""
    share = attained.share
    if share is None:
        return figures.NOTHING
    if share == 1:
        return _("just the target")
    said = {"by": figures.share(abs(share - 1))}
    return _("%(by)s above the target") % said if share > 1 else _("%(by)s below the target") % said


def attained_words(one: Standing) -> str:
    """The attainment as it is reported: 124%, and where less is better how far below."""
    attained = one.attained
    if attained.share is None:
        return figures.NOTHING
    return figures.share(attained.share) if not attained.is_less_better else _ahead(attained)


def of_period(since: dt.date, until: dt.date) -> Sequence[Goal]:
    """The goals whose period lies within these days."""
    found = Goal.objects.filter(archived_at=None, since__gte=since, until__lte=until)
    return list(found.select_related("metric", "owner"))
