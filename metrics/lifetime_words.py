"""Lifetime value in words: numbers, days and verdicts as the page says them."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import figures
from metrics.models import LifetimeModel
from segments import traits

Report = dict[str, Any]


def freshness(run: LifetimeModel) -> str:
    """As of when, and of how many."""
    return _("as of %(day)s · %(customers)s customers") % {
        "day": run.day.isoformat(),
        "customers": figures.whole(run.customers),
    }


def split_label(run: LifetimeModel) -> str:
    """What the trait is called by which customers are parted."""
    key = run.report["cohorts"].get("trait", run.recipe.split_by)
    known = traits.some([key]).get(key)
    return str(known.label) if known else key


def orders_words(trial: Report) -> str:
    """The orders of the trial in a sentence."""
    return _(
        "In the %(days)d days after %(cut)s the model said %(said)s orders; %(came)s came "
        "(%(apart)s)."
    ) % {
        "days": trial["days"],
        "cut": day_of(trial["cut"]),
        "said": figures.whole(trial["said"]),
        "came": figures.whole(trial["came"]),
        "apart": apart(trial["said"], trial["came"]),
    }


def risk_words(found: Report) -> str:
    """How well a risk was told, in a sentence."""
    if found["auc"] is None:
        return _("Everybody came out alike, so that nothing tells how well the risk was told.")
    return _(
        "AUC %(auc)s: of two customers of whom one ordered and one did not, so often the right "
        "one was told the higher risk (50%% is chance). Brier score %(brier)s; telling everybody "
        "the same share would have %(plain)s, and less is better."
    ) % {
        "auc": figures.share(found["auc"]),
        "brier": figures.number(found["brier"], digits=3),
        "plain": figures.number(found["plain"], digits=3),
    }


def contract_words(found: Report) -> str:
    """The curve in a sentence."""
    said = ngettext(
        "%(contracts)s contract, of which %(open)s still runs.",
        "%(contracts)s contracts, of which %(open)s still run.",
        found["contracts"],
    ) % {"contracts": figures.whole(found["contracts"]), "open": figures.whole(found["open"])}
    if found["median"] is None:
        return said + " " + _("More than half outlive everything seen so far.")
    return f"{said} " + _("Half end within %(days)s days.") % {
        "days": figures.whole(found["median"])
    }


# --- numbers --------------------------------------------------------------------


def minor(amount: float, currency: str) -> int:
    return round(amount * 10 ** figures.decimals(currency))


def money(amount: float, currency: str) -> str:
    return figures.money(minor(amount, currency), currency)


def minor_money(amount: float | None, currency: str) -> str:
    return figures.NOTHING if amount is None else figures.money(round(amount), currency)


def apart(said: float, came: float) -> str:
    return figures.signed_share((said - came) / came if came else None)


def day_of(number: float) -> dt.date:
    return traits.EPOCH + dt.timedelta(days=int(number))


def month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def later(months: int) -> str:
    return _("+%(n)d mo.") % {"n": months}


def open_month(day: dt.date) -> str:
    if (day + dt.timedelta(days=1)).day == 1:
        return ""
    return _("%(month)s is not over: what stands in it so far will still grow.") % {
        "month": f"{day:%Y-%m}"
    }
