"""What the pages of the scorings say: charts, cells, samples, forms, previews, explanations."""

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import QueryDict
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from console import clock, figures
from segments import arrays, matrix, scorings, sheet, tiers, trait_words, traits, valuing
from segments.admin import move_facts
from segments.admin import scoring_charts as charts
from segments.models import Scoring, ScoringRun, Stage, StageSet
from segments.rules.nodes import RuleError
from segments.scoring import clusters, potential, rfm, value
from segments.valuing import Preview

LISTED, SAMPLED = 50, 5


def problem(refusal: RuleError) -> str:
    """Why a recipe makes no sense, and at which place of it."""
    place = " › ".join(str(one + 1) if isinstance(one, int) else one for one in refusal.path)
    return f"{refusal.said(_)} ({place})" if place else refusal.said(_)


def freshness(run: ScoringRun | None) -> str:
    """As of which day the scores are, of which version, and of how many customers."""
    if run is None:
        return _("not computed yet")
    return _("as of %(day)s · version %(version)d · %(customers)s customers") % {
        "day": run.day.isoformat(),
        "version": run.scoring.version,
        "customers": figures.whole(run.customers),
    }


def statics(scoring: Scoring) -> bool:
    """Whether to warn that the layers rest only on who customers are."""
    return valuing.rests_on_statics(scorings.read(scoring))


def weekdays() -> list[tuple[int, Any]]:
    return list(WEEKDAYS.items())


# --- what a page shows ----------------------------------------------------------


def of_kind(
    kind: str, scoring: Scoring, run: ScoringRun | None, asked: QueryDict
) -> dict[str, Any]:
    """Charts and rows of the last run."""
    summary = run.summary if run else {}
    names = scorings.labels()
    layer = {
        scorings.RFM: "rfm_cell",
        scorings.VALUE: "value_tier",
        scorings.POTENTIAL: "potential",
        scorings.CLUSTERS: "cluster",
    }[kind]
    currency, scored = clock.project().currency, run.customers if run else 0
    rows = charts.layers(kind, summary, names[layer], currency, scored)
    for row in rows:
        row["link"] = segment_link(row["name"], row["rule"])
    ways = {
        scorings.RFM: _of_rfm,
        scorings.VALUE: _of_value,
        scorings.POTENTIAL: _of_potential,
        scorings.CLUSTERS: _of_clusters,
    }
    found = ways[kind](scoring, summary, freshness(run), names, asked)
    return {"layers": rows, **found, **(_moved(kind, run) if run else {})}


def _moved(kind: str, run: ScoringRun) -> dict[str, Any]:
    """How the tiers, or cells, were left and entered in the last days."""
    if kind not in tiers.LAYERS:
        return {}
    ledger, days = tiers.Tiers(kind), move_facts.DAYS
    found = matrix.between(ledger, since=run.day - dt.timedelta(days=days), until=run.day)
    return {
        "days": days,
        "rates": move_facts.rates(found.rates),
        "weeks": move_facts.weeks(ledger, run.day, move_facts.TIERS),
    }


def segment_link(name: str, rule: dict[str, Any]) -> str:
    """A new segment that begins with this rule."""
    said = {"name": name, "rule": json.dumps({"all": [rule]}, ensure_ascii=False)}
    return f"{reverse('admin:segments_segment_add')}?{urlencode(said)}"


def _of_rfm(scoring: Scoring, summary: Any, fresh: str, names: Any, asked: Any) -> dict[str, Any]:
    currency = clock.project().currency
    recipe = scorings.read(scoring)
    said = summary.get("thresholds", {})
    bounds = []
    for score in range(rfm.SCORES, 1, -1):
        at = {letter: said[letter][score - 2] for letter in said}
        bounds.append(
            [score, *(_bound(recipe, letter, at.get(letter), currency) for letter in "rfm")]
        )
    return {
        "chart": charts.rfm_field(summary, currency, fresh),
        "bounds": bounds if said else [],
        "measures": [str(_label(key)) for key in recipe.traits],
    }


def _bound(recipe: Any, letter: str, at: float | None, currency: str) -> str:
    if at is None:
        return figures.NOTHING
    part = {"r": recipe.recency, "f": recipe.frequency, "m": recipe.monetary}[letter]
    known = traits.some([part.trait]).get(part.trait)
    is_money = known is not None and known.kind == traits.MONEY
    shown = figures.money(round(at), currency) if is_money else f"{at:g}"
    return f"≤ {shown}" if letter == "r" else f"≥ {shown}"


def _label(key: str) -> Any:
    known = traits.some([key]).get(key)
    return known.label if known else key


def _of_value(scoring: Scoring, summary: Any, fresh: str, names: Any, asked: Any) -> dict[str, Any]:
    recipe = scorings.read(scoring)
    weights = summary.get("weights", {})
    unknown = set(summary.get("unknown", ()))
    return {
        "chart": charts.value_histogram(summary, fresh),
        "factors": [
            {
                "name": scorings.named(one, scorings.FACTORS),
                "rests_on": _stages(one.stage_set) if one.stage_set else _label(one.trait),
                "weight": f"{one.weight:g}",
                "share": figures.share(weights.get(one.key, 0.0)),
                "is_unknown": one.key in unknown,
            }
            for one in recipe.factors
        ],
        "extremes": extremes(),
    }


def _stages(key: str) -> str:
    return str(StageSet.objects.filter(key=key).first() or key)


def extremes() -> list[tuple[str, list[dict[str, Any]]]]:
    """A few customers with the highest and the lowest scores."""
    column = sheet.read("value_score").get("value_score")
    if column is None:
        return []
    known = np.flatnonzero(arrays.known(column.values))
    scores = column.values[known]
    most = min(SAMPLED, len(known))
    if not most:
        return []
    top = np.argpartition(-scores, most - 1)[:most]
    low = np.argpartition(scores, most - 1)[:most]
    chosen = [(_("Highest scores"), top, -1), (_("Lowest scores"), low, 1)]
    return [
        (
            title,
            [
                {"id": int(known[at]), "score": int(scores[at])}
                for at in sorted(places, key=lambda at: (sign * scores[at], known[at]))
            ],
        )
        for title, places, sign in chosen
    ]


def _of_potential(
    scoring: Scoring, summary: Any, fresh: str, names: Any, asked: QueryDict
) -> dict[str, Any]:
    recipe = scorings.read(scoring)
    titles = {one.key: scorings.named(one, scorings.SIGNS) for one in recipe.signs}
    titles[potential.STREAK] = str(scorings.SIGNS[potential.STREAK])
    sign = asked.get("sign", "")
    rules = {key: _sign_rule(key, names["potential_signs"]) for key in titles}
    return {
        "chart": charts.potential_signs(summary, titles, fresh),
        "signs": [
            {
                "key": one["key"],
                "name": titles.get(one["key"], one["key"]),
                "from": "" if one["from"] is None else f"{one['from']:g}",
                "customers": figures.whole(one["customers"]),
                "is_unknown": one["key"] in summary.get("unknown", ()),
                "is_chosen": one["key"] == sign,
                "link": segment_link(titles.get(one["key"], ""), rules[one["key"]])
                if one["key"] in rules
                else "",
            }
            for one in summary.get("signs", ())
        ],
        "needs": summary.get("needs"),
        "people": people(sign, names["potential_signs"]),
        "listed": LISTED,
    }


def _sign_rule(key: str, combinations: dict[str, str]) -> dict[str, Any]:
    having = [one for one in combinations if key in one.split("+")]
    return {"trait": "potential_signs", "op": "in", "value": having}


def people(sign: str, names: dict[str, str]) -> list[dict[str, Any]]:
    """The first customers of high potential, or those with one sign."""
    columns = sheet.read("potential", "potential_signs")
    if len(columns) < 2:
        return []
    level, signs = columns["potential"], columns["potential_signs"]
    if sign:
        having = [at for at, word in enumerate(signs.words) if sign in word.split("+")]
        found = np.isin(signs.values, having)
    elif potential.HIGH in level.words:
        found = level.values == level.words.index(potential.HIGH)
    else:
        return []
    return [
        {"id": pk, "signs": names.get(word := signs.words[signs.values[pk]], word)}
        for pk in np.flatnonzero(found)[:LISTED].tolist()
        if signs.values[pk] >= 0
    ]


def _of_clusters(
    scoring: Scoring, summary: Any, fresh: str, names: Any, asked: Any
) -> dict[str, Any]:
    titles = {key: str(_label(key)) for key in scorings.read(scoring).traits}
    profiles = summary.get("profiles", ())
    own = dict(scorings.read(scoring).names)
    kept = traits.some(titles)
    currency = clock.project().currency
    return {
        "chart": charts.cluster_profiles(summary, names["cluster"], titles, fresh),
        "k_chart": charts.cluster_numbers(summary, fresh),
        "described": [
            {
                "number": one["number"],
                "name": names["cluster"].get(str(one["number"]), ""),
                "own_name": own.get(one["number"], ""),
                "means": [
                    (titles.get(key, key), _mean(kept.get(key), mean, currency))
                    for key, mean in one["means"].items()
                ],
                "words": _difference_words(one["differences"], titles),
            }
            for one in profiles
        ],
    }


def _mean(trait: Any, mean: float | None, currency: str) -> str:
    if mean is None:
        return figures.NOTHING
    if trait is not None and trait.kind == traits.MONEY:
        return figures.money(round(mean), currency)
    return f"{mean:.1f}"


def _difference_words(differences: dict[str, float], titles: dict[str, str]) -> str:
    """The strongest differences: `orders ↑↑ · days since the last order ↓`."""
    found = [
        f"{titles.get(key, key)} {('↑' if one > 0 else '↓') * (2 if abs(one) > 1 else 1)}"
        for key, one in clusters.strongest(differences, 3)
    ]
    return " · ".join(found) or _("like the average customer")


# --- previews and explanations -----------------------------------------------------


def of_preview(kind: str, recipe: dict[str, Any], found: Preview) -> dict[str, Any]:
    """How many would move, and what each cell or tier would hold."""
    names = _names_of(kind, recipe)
    rows = [
        (
            names.get(key, key),
            figures.whole(found.now.get(key, 0)),
            figures.whole(found.was.get(key, 0)),
            found.now.get(key, 0) - found.was.get(key, 0),
        )
        for key in [*found.now, *(one for one in found.was if one not in found.now)]
        if found.now.get(key) or found.was.get(key)
    ]
    weights = []
    if kind == scorings.VALUE and found.outcome:
        parsed = value.read(recipe)
        shares = found.outcome.summary["weights"]
        weights = [
            (
                scorings.named(one, scorings.FACTORS),
                f"{one.weight:g}",
                figures.share(shares[one.key]),
            )
            for one in parsed.factors
        ]
    return {
        "found": found,
        "moved": figures.whole(found.moved),
        "customers": figures.whole(found.customers),
        "share": figures.share(found.moved / found.customers) if found.customers else "",
        "rows": rows,
        "weights": weights,
        "sum": f"{sum(one['weight'] for one in recipe['factors']):g}" if weights else "",
        "samples": _samples(found) if kind == scorings.VALUE else [],
        "why": charts.why(found.outcome.summary)
        if kind == scorings.CLUSTERS and found.outcome
        else "",
    }


def _samples(found: Preview) -> list[dict[str, int]]:
    """The customers who would have the highest scores."""
    if found.outcome is None:
        return []
    scores = found.outcome.columns["value_score"]
    order = np.argsort(-scores.astype(np.int64), kind="stable")[:SAMPLED]
    return [
        {"id": int(at) * found.step, "score": int(scores[at])} for at in order if scores[at] >= 0
    ]


def _names_of(kind: str, recipe: dict[str, Any]) -> dict[str, str]:
    """What the cells or tiers of a recipe are called that is not saved."""
    match kind:
        case scorings.RFM:
            return {one.key: scorings.named(one, scorings.CELLS) for one in rfm.read(recipe).cells}
        case scorings.VALUE:
            tiers = value.read(recipe).tiers
            return {one.key: scorings.named(one, scorings.TIERS) for one in tiers}
        case scorings.POTENTIAL:
            return {key: str(words) for key, words in scorings.LEVELS.items()}
    return scorings.labels()["cluster"]


def explained(asked: str, day: dt.date) -> dict[str, Any]:
    """A customer's value score factor by factor, beside the one that was kept."""
    text = asked.strip().removeprefix("#")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    parts = valuing.explain(number, day=day) if number else []
    kept = traits.of([number], ["value_score", "value_tier"])[number] if parts else {}
    currency = clock.project().currency
    return {
        "customer": number,
        "asked": asked,
        "kept": kept.get("value_score"),
        "tier": scorings.labels()["value_tier"].get(str(kept.get("value_tier")), "")
        if kept
        else "",
        "total": round(sum(one.points for one in parts)),
        "parts": [
            {
                "name": scorings.named(one.factor, scorings.FACTORS),
                "rests_on": _label(one.factor.trait) if one.factor.trait else "",
                "value": _shown(one, currency),
                "stands": figures.share(one.stands, digits=0),
                "share": figures.share(one.share),
                "points": f"{one.points:.0f}",
            }
            for one in parts
        ],
    }


def _shown(part: valuing.Part, currency: str) -> str:
    if part.value is None:
        return figures.NOTHING
    if not part.factor.trait:
        stage = part.factor.points[int(part.value)][0]
        kept = Stage.objects.filter(stage_set__key=part.factor.stage_set, key=stage).first()
        return str(kept or stage)
    known = traits.some([part.factor.trait])[part.factor.trait]
    raw = part.value if known.kind == traits.NUMBER else round(part.value)
    return trait_words.value(known, raw, currency)
