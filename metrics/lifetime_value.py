"""Lifetime value: the model is fitted every night, tried on the past, and says what is to come.

Who ordered, how often and for how much comes from the lake in one pass. What the model says of
each customer are traits; what it rests on, and how well it foretold, is kept with every run.
"""

import datetime as dt
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, clock, figures, jobs, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from metrics import past_orders, slicing
from metrics.models import LifetimeModel, LifetimeRecipe
from metrics.queries import order_days
from metrics.slicing import Slicing
from metrics.stats.lifetime import fitting, report, survival
from metrics.stats.lifetime.fitting import Fitted, Foretold, Parameters, Refused
from metrics.stats.lifetime.histories import Histories
from metrics.stats.lifetime.report import Past
from segments import acquired, arrays, definitions, foretold, live_sets, sheet, traits
from segments.arrays import Array
from segments.models import EventType

ACTION = "lifetime.change"
AHEAD = "value_ahead"  # the metric of what is foretold
MOST_MONTHS, MOST_DISCOUNT = 36, Decimal("0.2")
ORDERS_AHEAD = 90  # days of the trait `expected_orders_90`
Refusal = LifetimeModel.Refusal


# --- settings -----------------------------------------------------------------


def recipe() -> LifetimeRecipe:
    """The settings in force; before anybody changed them, what the console comes with."""
    return LifetimeRecipe.objects.order_by("-version").first() or LifetimeRecipe(version=1)


def history() -> list[LifetimeRecipe]:
    """Every version, the newest first."""
    found = list(LifetimeRecipe.objects.select_related("by").order_by("-version"))
    return found or [LifetimeRecipe(version=1)]


@dataclass(frozen=True)
class Settings:
    """What somebody wants the settings to be."""

    months: int = 12
    monthly_discount: Decimal = Decimal("0.01")
    split_by: str = ""
    contract_start: str = ""
    contract_end: str = ""

    @classmethod
    def of(cls, kept: LifetimeRecipe) -> "Settings":
        return cls(**{name: getattr(kept, name) for name in cls.__dataclass_fields__})


@transaction.atomic
def change(wanted: Settings, *, seen_version: int, note: str, by: Staff) -> LifetimeRecipe:
    """A new version of the settings, in force from the next run on.

    Raises:
        NotAllowed: the role may not, it makes no sense, no reason is given, or nothing differs.
        Stale: somebody else changed it since `seen_version`.
    """
    roles.require(by, ACTION)
    _check(wanted)
    was = keep()
    # Who comes second waits here, and then sees that the version moved on.
    LifetimeRecipe.objects.select_for_update().get(pk=was.pk)
    if recipe().version != seen_version:
        raise Stale(_("Somebody else changed this meanwhile; load the page again."))
    if not note.strip():
        raise NotAllowed(_("Say in a few words why it changes; others will ask."))
    if wanted == Settings.of(was):
        raise NotAllowed(_("This says the same as the version that is in force."))
    now = LifetimeRecipe.objects.create(
        version=was.version + 1, note=note.strip()[:300], by=by, **vars(wanted)
    )
    audit.log("lifetime.changed", now, by=by, note=now.note)
    return now


def _check(wanted: Settings) -> None:
    if not 1 <= wanted.months <= MOST_MONTHS:
        raise NotAllowed(_("Choose from 1 to %(most)d months.") % {"most": MOST_MONTHS})
    if not 0 <= wanted.monthly_discount <= MOST_DISCOUNT:
        raise NotAllowed(_("The discount is from 0% to 20% a month."))
    if wanted.split_by and wanted.split_by not in choices():
        raise NotAllowed(_("Choose a trait with words as values."))
    marks = {wanted.contract_start, wanted.contract_end}
    if marks == {""}:
        return
    known = EventType.objects.filter(name__in=marks - {""}).count()
    if "" in marks or len(marks) < 2 or known < 2:
        raise NotAllowed(_("Choose two different events, with which a contract begins and ends."))


def choices() -> dict[str, str]:
    """Traits by which curves can be parted, with their names."""
    known = traits.registry().values()
    return {one.key: str(one.label) for one in known if one.kind == traits.CHOICE}


def keep() -> LifetimeRecipe:
    """The settings in force, written down if they were not."""
    found = recipe()
    if found.pk is None:
        found, _is_new = LifetimeRecipe.objects.get_or_create(version=1)
    return found


# --- runs ---------------------------------------------------------------------


def last() -> LifetimeModel | None:
    """The newest run, refused or not."""
    return LifetimeModel.objects.select_related("recipe").first()


def in_force() -> LifetimeModel | None:
    """The newest run whose numbers are the customers' traits."""
    return LifetimeModel.objects.filter(refusal="").select_related("recipe").first()


@dataclass
class _Run:
    """What a run works on, and what it found so far."""

    recipe: LifetimeRecipe
    day: dt.date
    unit: int  # minor units of one of money
    living: Array
    past: Past | None
    refusal: str = ""
    fitted: Fitted | None = None
    who: Array | None = None
    said: Foretold | None = None
    histories: Histories | None = None


def run(day: dt.date, progress: jobs.Progress = jobs.silent) -> LifetimeModel:
    """Fit the model to all orders up to the end of a day, try it, and keep what it says.

    With too little, or where the search finds nothing, the run is kept as refused and the
    customers' traits stay as they were.
    """
    began = time.perf_counter()
    project, in_use = clock.project(), keep()
    paid = definitions.current(definitions.PAID)  # first: what is read may be newer, never older
    living = _living()
    past = past_orders.read(
        definitions.events(definitions.PAID),
        until=day,
        length=len(living),
        apart=past_orders.parts(_split_by(in_use), len(living)),
        tell=lambda done, total, _note="": progress(done * 6 // max(total, 1), 10, _("orders")),
    )
    now = _Run(in_use, day, 10 ** figures.decimals(project.currency), living, past)
    progress(6, 10, _("the model"))
    _fit(now)
    progress(7, 10, _("its trial"))
    found = _report(now)
    progress(9, 10, _("customers"))
    kept = LifetimeModel(
        recipe=in_use,
        day=day,
        since=traits.EPOCH + dt.timedelta(past.since) if past else None,
        refusal=now.refusal,
        customers=0 if now.who is None else len(now.who),
        repeaters=now.histories.repeaters if now.histories else 0,
        currency=project.currency,
        paid_version=paid.version,
        parameters=now.fitted.parameters.plain() if now.fitted else {},
        log_likelihood=now.fitted.log_likelihood if now.fitted else None,
        report=found,
        seconds=round(time.perf_counter() - began, 3),
    )
    _keep(kept, now)
    progress(10, 10)
    return kept


def _split_by(in_use: LifetimeRecipe) -> str:
    """The trait by which curves are parted: the channel, unless the settings name another."""
    return in_use.split_by or acquired.CHANNEL


def _living() -> Array:
    living = live_sets.everyone()
    return arrays.mask(living, living.max() + 1 if living else 0)


def _fit(now: _Run) -> None:
    """Both models, from last night's on; or why there is none."""
    if now.past is None:
        now.refusal = Refusal.NOTHING
        return
    ledger = now.past.ledger
    now.who = ledger.buyers(now.living)
    now.histories = ledger.histories(now.who, now.past.today)
    spent = ledger.spent_again(now.who) / now.unit
    before = in_force()
    try:
        start = Parameters.of(before.parameters) if before else None
        now.fitted = fitting.fit(now.histories, spent, start)
    except Refused as why:
        now.refusal = str(why)
        return
    now.said = fitting.foretell(
        now.fitted.parameters,
        now.histories,
        spent,
        days=ORDERS_AHEAD,
        risks=foretold.RISKS,
        months=now.recipe.months,
        discount=float(now.recipe.monthly_discount),
    )


def _report(now: _Run) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if now.past is not None:
        curves = report.of_cohorts(now.past.cohorts, now.living)
        found["cohorts"] = curves | {"trait": _split_by(now.recipe)}
    if now.past is not None and now.fitted and now.said and now.histories is not None:
        found["model"] = report.of_model(now.fitted, now.histories, now.said)
        found["trial"] = report.of_trial(now.past, now.living, foretold.RISKS, now.unit)
    if now.said is not None and now.said.value is not None and now.who is not None:
        assert now.past is not None
        amounts = arrays.spread(now.who, np.rint(now.said.value * now.unit), len(now.living))
        found["ahead"] = _ahead(amounts)
        found["cohorts"]["ahead"] = report.ahead_of(
            now.past.cohorts, amounts, len(found["cohorts"]["sizes"][0])
        )
    if now.recipe.has_contracts:
        marks = now.recipe.contract_start, now.recipe.contract_end
        ran = order_days.contracts(*marks, until=now.day)
        curve = survival.estimate(ran.lengths, ran.has_ended)
        found["contracts"] = report.of_contracts(curve)
    return found


def _ahead(amounts: Array) -> dict[str, int]:
    """What is foretold of everybody, and of each channel, in minor units."""
    found = {"": round(float(np.nansum(amounts)))}
    for cut in Slicing().cuts([slicing.CHANNEL]):
        for name, members in zip(cut.names, cut.sets, strict=True):
            who = np.asarray(members.to_array(), np.int64)
            found[name] = round(float(np.nansum(amounts[who[who < len(amounts)]])))
    return found


@transaction.atomic
def _keep(kept: LifetimeModel, now: _Run) -> None:
    kept.save()
    if now.said is None or now.who is None:
        audit.log("lifetime.refused", kept, day=kept.day, why=kept.refusal)
        return
    columns = _columns(now.said, now.who, now)
    fresh = {key: sheet.Fresh(values) for key, values in columns.items()}
    changed = traits.keep(fresh, day=now.day)
    audit.log("lifetime.fitted", kept, day=kept.day, customers=kept.customers, changed=changed)


def _columns(said: Foretold, who: Array, now: _Run) -> dict[str, Array]:
    """The traits of everybody by number; chances in percent, money in minor units."""
    found: dict[str, Array] = {
        foretold.ALIVE: _percent(said.alive),
        foretold.ORDERS: np.round(said.orders, 4),
        **{foretold.RISK[ahead]: _percent(one) for ahead, one in said.silent.items()},
    }
    if said.value is not None:
        found[foretold.VALUE] = np.rint(said.value * now.unit).astype(np.int64)
    length = len(now.living)
    return {key: arrays.spread(who, values, length) for key, values in found.items()}


def _percent(chances: Array) -> Array:
    return np.round(chances * 100, 3)
