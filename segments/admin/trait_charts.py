"""The spread of a trait's values as a chart with its table, and a few examples."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, clock, figures
from console.charts import Chart
from segments import distribution, scorings, trait_previews, trait_words, traits
from segments.admin.trait_form import TraitForm
from segments.distribution import Bin, Spread
from segments.models import TraitPreview
from segments.recipes.nodes import KnownSince
from segments.traits import Trait

RANKS = {
    "least": gettext_lazy("smallest"),
    "quarter": gettext_lazy("a quarter is at most"),
    "middle": gettext_lazy("half is at most"),
    "three_quarters": gettext_lazy("three quarters are at most"),
    "most": gettext_lazy("largest"),
    "mean": gettext_lazy("average"),
}


def of_trait(trait: Trait, day: dt.date) -> Chart:
    """How the values stand now."""
    found = traits.read(trait.key, day=day).get(trait.key)
    spread = distribution.of(found.values, found.words) if found else Spread(0, [], {})
    return chart(trait, spread)


def of_preview(preview: TraitPreview, form: TraitForm) -> Chart:
    """How the values would stand."""
    return chart(_as_trait(preview), trait_previews.spread(preview))


def examples(preview: TraitPreview) -> list[dict[str, Any]]:
    """Some customers with the value that they would have."""
    currency = clock.project().currency
    trait = _as_trait(preview)
    return [
        {"number": number, "value": trait_words.value(trait, value, currency)}
        for number, value in preview.examples
    ]


def _as_trait(preview: TraitPreview) -> Trait:
    return Trait("preview", "", "", KnownSince(), preview.kind, preview.unit, False)


def chart(trait: Trait, spread: Spread) -> Chart:
    """A bar a step or a word; under it the same as a table, and the ranks."""
    currency = clock.project().currency
    called = scorings.labels().get(trait.key, {}) if trait.kind == traits.CHOICE else {}
    labels = [called.get(one.word) or label(trait, one, currency) for one in spread.bins]
    counts = [one.customers for one in spread.bins]
    if spread.others:
        labels.append(_("others"))
        counts.append(spread.others)
    ranks = [
        _("%(name)s: %(value)s")
        % {
            "name": RANKS[name],
            "value": trait_words.value(trait, plain(trait, value), currency),
        }
        for name, value in spread.ranks.items()
        if not (name == "mean" and trait.kind == traits.DATE)
    ]
    rows = [
        [label, figures.whole(count), figures.share(count / spread.known)]
        for label, count in zip(labels, counts, strict=True)
    ]
    return Chart(
        id="trait-spread",
        title=_("How the values are spread over %(known)s customers")
        % {"known": figures.whole(spread.known)},
        option=charts.bars(
            labels,
            counts,
            name=_("customers"),
            unit=charts.unit("count"),
            lying=trait.kind == traits.CHOICE,
        ),
        columns=[_("Value"), _("Customers"), _("Share")],
        rows=rows,
        note=" · ".join(ranks),
        empty=_("Nobody has a value."),
    )


def label(trait: Trait, one: Bin, currency: str) -> str:
    """A value, or a step of values from the least to the most."""
    if one.word:
        return one.word
    low, high = (
        trait_words.value(trait, plain(trait, edge), currency) for edge in (one.low, one.high)
    )
    return low if one.low == one.high else f"{low} – {high}"


def plain(trait: Trait, value: float) -> float | int:
    """Whole again where the values are."""
    is_whole = trait.kind in {traits.WHOLE, traits.DATE, traits.MONEY} and value == int(value)
    return int(value) if is_whole else value
