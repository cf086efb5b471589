"""Rules over closed periods: verdicts that are only added, and the work that a breach gives once.

A run of breached periods that is long enough opens one work item. It opens no other one while
that is unfinished, nor ever again for the same run. For half a year after it one breached period is
enough. What late data says afterwards is added as another verdict beside the first.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.stoploss import judging
from console import audit, kept_words, work
from console import seen as marks
from console.models import Staff, WorkItem
from console.states import NotAllowed
from metrics import period_words, periods
from metrics.models import Benchmark, Breach, Metric, PeriodResult, PeriodRule, PeriodVerdict
from metrics.shipped_rules import SHIPPED

ACTION = "rules.change"
KIND = "period_rule"  # of the work items
Comparator = PeriodRule.Comparator
RELATIVE = {Comparator.FELL, Comparator.ROSE}
# What a change of makes the rule another one; verdicts of before stay with the old version.
MEANING = (
    *("metric", "slice", "grain", "comparator", "threshold", "benchmark", "against_industry"),
    "times",
)
DETAILS = ("name", "begins_on", "ends_on", "owner", "team", "days_to_act", "plan")
FIELDS = (*MEANING, *DETAILS, "is_on")


@dataclass(frozen=True)
class Judged:
    """A period as it stands now: the newest verdict about it."""

    begins_on: dt.date
    is_breach: bool | None
    verdict: PeriodVerdict


# --- saying what holds ----------------------------------------------------------


@transaction.atomic
def save(rule: PeriodRule, *, by: Staff | None = None, seen: str = "") -> PeriodRule:
    """Keep a rule, new or changed; another meaning is another version.

    Raises:
        NotAllowed: it contradicts itself.
        Stale: somebody else changed it since it was `seen`.
    """
    check(rule)
    was = PeriodRule.objects.select_for_update().get(pk=rule.pk) if rule.pk else None
    if was:
        marks.require(was, FIELDS, seen)
    changed = [name for name in (*MEANING, *DETAILS) if not was or _differs(was, rule, name)]
    if was and set(changed) & set(MEANING):
        rule.version = was.version + 1
    rule.save()
    audit.log("period_rule.changed" if was else "period_rule.added", rule, by=by, fields=changed)
    return rule


@transaction.atomic
def switch(rule: PeriodRule, *, on: bool, by: Staff) -> None:
    """On or off; verdicts and breaches stay."""
    PeriodRule.objects.filter(pk=rule.pk).update(is_on=on)
    rule.is_on = on
    audit.log("period_rule.switched_on" if on else "period_rule.switched_off", rule, by=by)


def check(rule: PeriodRule) -> None:
    """Refuse in words what cannot be judged."""
    if not rule.name.strip():
        raise NotAllowed(_("Give it a name."))
    limits = (rule.threshold is not None, rule.benchmark_id is not None, rule.against_industry)
    if sum(limits) != 1:
        raise NotAllowed(
            _("Give a threshold: a number, another metric, or the benchmark entered for it.")
        )
    if not 1 <= rule.times <= 24:
        raise NotAllowed(_("A rule waits for 1 to 24 periods in a row."))
    if rule.comparator in RELATIVE and (rule.threshold is None or rule.threshold <= 0):
        raise NotAllowed(_("A fall or a rise is a share above nothing, such as 30%."))
    if rule.benchmark and rule.benchmark.unit != rule.metric.unit:
        raise NotAllowed(_("The other metric has another unit."))
    if rule.begins_on and rule.ends_on and rule.ends_on < rule.begins_on:
        raise NotAllowed(_("It ends before it begins."))


def _differs(was: PeriodRule, rule: PeriodRule, name: str) -> bool:
    return bool(getattr(was, name) != getattr(rule, name))


# --- judging --------------------------------------------------------------------


def judge_all(*, today: dt.date) -> list[Breach]:
    """Judge every rule that is on; the breaches that were found now."""
    return [
        breach
        for pk in PeriodRule.objects.filter(is_on=True).values_list("pk", flat=True)
        for breach in judge(pk, today=today)
    ]


def slices_asked_for() -> set[str]:
    """The slices whose periods have to be closed, everybody among them."""
    return {"", *PeriodRule.objects.filter(is_on=True).values_list("slice", flat=True)}


@transaction.atomic
def judge(pk: int, *, today: dt.date) -> list[Breach]:
    """Judge one rule's closed periods. Whoever else judges it waits, and then finds it done."""
    rule = PeriodRule.objects.select_for_update().get(pk=pk)
    known = standing(rule)
    fresh = _new_verdicts(rule, known, today=today)
    PeriodVerdict.objects.bulk_create(fresh)
    now = standing(rule)
    revised = {one.result.begins_on for one in fresh if one.result.begins_on in known}
    _doubt(rule, now, today=today)
    found = []
    for run in runs(list(now.values()), rule.grain):
        is_last = bool(now) and run[-1] == max(now)
        needed = 1 if is_last and is_watched(rule, run[0], today=today) else rule.times
        if len(run) >= needed and (is_last or revised & set(run)):
            breach = _open(rule, run, today=today)
            found += [breach] if breach else []
    return found


def is_watched(rule: PeriodRule, begins_on: dt.date, *, today: dt.date) -> bool:
    """Whether the half year after an earlier breach is not over: one period is enough then."""
    earlier = rule.breaches.filter(last_on__lt=begins_on, watched_until__gte=today)
    return earlier.filter(doubted_on=None).exists()


def watched(*, today: dt.date) -> list[Breach]:
    """Breaches that are watched, the newest of each rule, the newest first."""
    rows = Breach.objects.filter(watched_until__gte=today, rule__is_on=True, doubted_on=None)
    newest = rows.select_related("rule__metric", "rule__benchmark").order_by("rule_id", "-pk")
    return sorted(newest.distinct("rule_id"), key=lambda one: one.found_on, reverse=True)


def standing(rule: PeriodRule) -> dict[dt.date, Judged]:
    """The newest verdict about each period by the rule as it is, oldest period first."""
    rows = (
        PeriodVerdict.objects.filter(rule=rule, rule_version=rule.version)
        .select_related("result", "benchmark")
        .order_by("result__begins_on", "pk")
    )
    return {one.result.begins_on: Judged(one.result.begins_on, one.is_breach, one) for one in rows}


def runs(judged: Sequence[Judged], grain: str) -> Iterator[list[dt.date]]:
    """Breached periods in a row; one that is unknown or missing ends the row."""
    run: list[dt.date] = []
    for one in judged:
        follows = bool(run) and periods.following(run[-1], grain) == one.begins_on
        if run and not (one.is_breach and follows):
            yield run
            run = []
        if one.is_breach:
            run.append(one.begins_on)
    if run:
        yield run


def _new_verdicts(
    rule: PeriodRule, known: dict[dt.date, Judged], *, today: dt.date
) -> list[PeriodVerdict]:
    results = _results(rule, rule.metric)
    against = _results(rule, rule.benchmark) if rule.benchmark else {}
    industry = _industry(rule) if rule.against_industry else []
    fresh = []
    for begins_on, result in results.items():
        if not _is_watched(rule, begins_on):
            continue
        verdict = _verdict(rule, result, results, against, industry, today=today)
        if verdict is None:
            continue
        was = known.get(begins_on)
        if was is None or _basis(was.verdict) != _basis(verdict):
            fresh.append(verdict)
    return fresh


def _basis(verdict: PeriodVerdict) -> tuple[Any, ...]:
    return (verdict.result_id, verdict.benchmark_id, verdict.threshold)


def _results(rule: PeriodRule, metric: Metric | None) -> dict[dt.date, PeriodResult]:
    rows = PeriodResult.objects.filter(metric=metric, slice=rule.slice, grain=rule.grain)
    return {one.begins_on: one for one in rows.order_by("begins_on", "revision")}


def _industry(rule: PeriodRule) -> list[Benchmark]:
    """What the metric is elsewhere, the newest first. A period has the newest as of its end; one
    from before any was entered has the first, so that a rule holds from its first benchmark on."""
    return list(Benchmark.objects.filter(metric=rule.metric_id).order_by("-day", "-id"))


def _is_watched(rule: PeriodRule, begins_on: dt.date) -> bool:
    if rule.begins_on and begins_on < periods.begin(rule.begins_on, rule.grain):
        return False
    return rule.ends_on is None or begins_on <= rule.ends_on


def _verdict(
    rule: PeriodRule,
    result: PeriodResult,
    results: dict[dt.date, PeriodResult],
    against: dict[dt.date, PeriodResult],
    industry: Sequence[Benchmark],
    *,
    today: dt.date,
) -> PeriodVerdict | None:
    """What the rule says of a period; None while its benchmark is not closed, or not entered."""
    other: PeriodResult | None = None
    limit = rule.threshold
    if rule.comparator in RELATIVE:
        other = results.get(periods.before(result.begins_on, rule.grain))
    elif rule.benchmark_id:
        if (other := against.get(result.begins_on)) is None:
            return None
        limit = other.value
    elif rule.against_industry:
        if not industry:
            return None
        end = periods.following(result.begins_on, rule.grain)
        limit = next((one.value for one in industry if one.day < end), industry[-1].value)
    return PeriodVerdict(
        rule=rule,
        rule_version=rule.version,
        result=result,
        benchmark=other,
        threshold=limit,
        is_breach=is_breach(rule.comparator, result.value, limit, other.value if other else None),
        judged_on=today,
    )


def is_breach(
    comparator: str, value: Decimal | None, limit: Decimal | None, before: Decimal | None = None
) -> bool | None:
    """Whether the value breaks the limit; unknown is neither."""
    if value is None or limit is None:
        return None
    if comparator == Comparator.BELOW:
        return value < limit
    if comparator == Comparator.ABOVE:
        return value > limit
    if before is None or before <= 0:  # a share of nothing, or of a loss, says nothing
        return None
    change = value / before - 1
    return -change >= limit if comparator == Comparator.FELL else change >= limit


# --- breaches -------------------------------------------------------------------


def _open(rule: PeriodRule, run: Sequence[dt.date], *, today: dt.date) -> Breach | None:
    """The breach of a run, and its work; None where the run is known already."""
    first, last = run[0], run[-1]
    same = Breach.objects.filter(rule=rule, began_on__lte=last, last_on__gte=first).first()
    if same is not None:
        if same.last_on < last:
            same.last_on = last
            same.save(update_fields=["last_on"])
        return None
    item = work.unfinished().filter(pk__in=rule.breaches.values("work_item")).first()
    item = item or _give(rule, run, today=today)
    breach = Breach.objects.create(
        rule=rule,
        began_on=first,
        last_on=last,
        found_on=today,
        work_item=item,
        times=min(len(run), rule.times),
        watched_until=judging.watched_until(today),
    )
    audit.log("period_rule.breached", rule, first=first, last=last)
    return breach


def _give(rule: PeriodRule, run: Sequence[dt.date], *, today: dt.date) -> WorkItem | None:
    now = standing(rule)
    came_to = {day: now[day].verdict for day in run}
    return work.give(
        KIND,
        kept_words.each(lambda: rule.label),
        on=today,
        why=kept_words.each(lambda: period_words.of_run(rule, came_to)),
        plan=kept_words.each(lambda: rule.plan_words),
        subject=rule,
        owner=_responsible(rule),
        team=rule.team,
        due_on=today + dt.timedelta(days=rule.days_to_act),
        once=f"{KIND}:{rule.pk}:{run[0]}",
    )


def _responsible(rule: PeriodRule) -> Staff | None:
    """Whom the rule names, if they are still here; where it names neither them nor a team, who
    owns the metric, else a manager: work that is nobody's is done by nobody."""
    for owner in (rule.owner, None if rule.team_id else rule.metric.owner):
        if owner is not None and owner.is_active:
            return owner
    if rule.team_id:
        return None
    managers = Staff.objects.filter(is_active=True, role=Staff.Role.MANAGER)
    return managers.order_by("pk").first()


def _doubt(rule: PeriodRule, now: dict[dt.date, Judged], *, today: dt.date) -> None:
    """Mark breaches that the newest verdicts no longer bear out; they stay told all the same."""
    found = list(runs(list(now.values()), rule.grain))
    for breach in rule.breaches.all():
        long_enough = [run for run in found if len(run) >= (breach.times or rule.times)]
        is_borne_out = any(_within(breach, run) for run in long_enough)
        if is_borne_out == (breach.doubted_on is None) or not now:
            continue
        breach.doubted_on = None if is_borne_out else today
        breach.save(update_fields=["doubted_on"])
        audit.log(
            "period_rule.borne_out" if is_borne_out else "period_rule.doubted",
            rule,
            first=breach.began_on,
        )


def _within(breach: Breach, run: Iterable[dt.date]) -> bool:
    return any(breach.began_on <= day <= breach.last_on for day in run)


# --- what ships -----------------------------------------------------------------


def install() -> int:
    """Add the field's rules whose metrics are there; how many were added."""
    have = set(PeriodRule.objects.exclude(shipped_key="").values_list("shipped_key", flat=True))
    metrics = {one.key: one for one in Metric.objects.all()}
    fresh = [one for one in SHIPPED if one.key not in have and one.metric in metrics]
    PeriodRule.objects.bulk_create(
        [one.rule(metrics[one.metric]) for one in fresh], ignore_conflicts=True
    )
    return len(fresh)
