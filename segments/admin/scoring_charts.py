"""The last run of each scoring as charts, each with its table."""

from typing import Any

from django.utils.translation import gettext as _

from console import charts, figures
from console.charts import Chart
from segments import scorings
from segments.scoring import clusters, rfm, value

Summary = dict[str, Any]
SCORES = range(1, rfm.SCORES + 1)


def rfm_field(summary: Summary, currency: str, freshness: str) -> Chart:
    """Recency by frequency: the best corner is at the top right."""
    field = summary.get("field", [])
    total = sum(one["customers"] for one in field)
    option = charts.heatmap(
        [f"F{score}" for score in SCORES],
        [f"R{score}" for score in reversed(SCORES)],
        [(one["f"] - 1, rfm.SCORES - one["r"], one["customers"]) for one in field],
        name=_("Customers"),
        unit=charts.unit("count"),
    )
    return Chart(
        id="rfm-field",
        title=_("Recency by frequency"),
        definition=_("How many customers have each pair of scores; the best are at the top right."),
        option=option,
        columns=[_("Scores"), _("Customers"), _("Share"), _("Spent"), _("Spent each")],
        rows=[
            [
                f"R{one['r']} F{one['f']}",
                figures.whole(one["customers"]),
                _share(one["customers"], total),
                figures.money(one["spent"], currency),
                _each(one, currency),
            ]
            for one in sorted(field, key=lambda one: (-one["r"], -one["f"]))
        ],
        freshness=freshness,
        size="tall",
        empty=_("Scores appear once there are orders and the nightly work has run."),
    )


def value_histogram(summary: Summary, freshness: str) -> Chart:
    """How many customers have scores of each band of fifty."""
    counts = summary.get("histogram", [])
    width = value.MOST // value.BINS
    labels = [f"{at * width}–{(at + 1) * width}" for at in range(len(counts))]
    total = sum(counts)
    return Chart(
        id="value-histogram",
        title=_("Customers by value score"),
        definition=_("Where a customer stands in each factor, by the weights, from 0 to 1000."),
        option=charts.bars(labels, counts, name=_("Customers"), unit=charts.unit("count")),
        columns=[_("Score"), _("Customers"), _("Share")],
        rows=[
            [label, figures.whole(count), _share(count, total)]
            for label, count in zip(labels, counts, strict=True)
        ],
        freshness=freshness,
        empty=_("Scores appear once traits are known and the nightly work has run."),
    )


def potential_signs(summary: Summary, names: dict[str, str], freshness: str) -> Chart:
    """How many customers show each sign."""
    signs = summary.get("signs", [])
    labels = [names.get(one["key"], one["key"]) for one in signs]
    return Chart(
        id="potential-signs",
        title=_("Customers by sign"),
        definition=_(
            "A customer can show several signs; with enough of them the potential is high."
        ),
        option=charts.bars(
            labels,
            [one["customers"] for one in signs],
            name=_("Customers"),
            unit=charts.unit("count"),
            lying=True,
        ),
        columns=[_("Sign"), _("Customers"), _("With no other sign")],
        rows=[
            [label, figures.whole(one["customers"]), figures.whole(one["alone"])]
            for label, one in zip(labels, signs, strict=True)
        ],
        freshness=freshness,
        size="low",
        empty=_("Signs appear once traits are known and the nightly work has run."),
    )


def cluster_numbers(summary: Summary, freshness: str) -> Chart:
    """How well customers part into each number of clusters, and the one that was chosen."""
    tried = summary.get("tried", [])
    chosen = summary.get("k")
    return Chart(
        id="cluster-k",
        title=_("Why this number of clusters"),
        definition=_(
            "The silhouette tells how clearly clusters are apart, from -1 to 1; "
            "the inertia how tight they are."
        ),
        option=charts.bars(
            [f"k = {one['k']}" for one in tried],
            [round(one["silhouette"], 3) for one in tried],
            name=_("Silhouette"),
            unit=charts.unit("count"),
        ),
        columns=[_("Clusters"), _("Silhouette"), _("Inertia"), ""],
        rows=[
            [
                f"k = {one['k']}",
                f"{one['silhouette']:.3f}",
                figures.whole(one["inertia"]),
                _("chosen") if one["k"] == chosen else "",
            ]
            for one in tried
        ],
        note=why(summary),
        freshness=freshness,
        size="low",
        empty=_("Clusters appear once enough is known of enough customers."),
    )


def why(summary: Summary) -> str:
    """The choice of k in a sentence."""
    by_k = {one["k"]: one["silhouette"] for one in summary.get("tried", [])}
    chosen = summary.get("k")
    if chosen not in by_k:
        return ""
    sentences = {
        clusters.SET: _("%(k)d clusters, as the settings say; their silhouette is %(own).2f."),
        clusters.BEST: _(
            "%(k)d clusters are the most clearly apart of those looked at: silhouette %(own).2f."
        ),
        clusters.SMALLER: _(
            "%(k)d clusters are about as clearly apart (%(own).2f) as any larger number "
            "(at best %(best).2f), and fewer are easier to work with."
        ),
        clusters.KEPT: _(
            "%(k)d clusters as last time: with a silhouette of %(own).2f they are still about as "
            "clearly apart as any (at best %(best).2f), so that groups do not jump."
        ),
    }
    return sentences[summary["why"]] % {
        "k": chosen,
        "own": by_k[chosen],
        "best": max(one for k, one in by_k.items() if k >= min(summary["at_least"], max(by_k))),
    }


def cluster_profiles(
    summary: Summary, names: dict[str, str], traits: dict[str, str], freshness: str
) -> Chart:
    """What is different about each cluster, in standard deviations from the average customer."""
    profiles = summary.get("profiles", [])
    keys = list(profiles[0]["differences"]) if profiles else []
    labels = [traits.get(key, key) for key in keys]
    shown = [names.get(str(one["number"]), str(one["number"])) for one in profiles]
    cells = [
        (column, row, round(one["differences"][key], 2))
        for column, one in enumerate(profiles)
        for row, key in enumerate(keys)
    ]
    return Chart(
        id="cluster-profiles",
        title=_("What is different about each cluster"),
        definition=_("In standard deviations from the average customer: 0 is like the average."),
        option=charts.heatmap(
            shown, labels, cells, name=_("Difference"), unit=charts.unit("number")
        ),
        columns=[_("Cluster"), *labels],
        rows=[
            [name, *(f"{one['differences'][key]:+.2f}" for key in keys)]
            for name, one in zip(shown, profiles, strict=True)
        ],
        freshness=freshness,
        empty=_("Clusters appear once enough is known of enough customers."),
    )


def _share(part: int, whole: int) -> str:
    return figures.share(part / whole) if whole else figures.NOTHING


def _each(one: dict[str, Any], currency: str) -> str:
    count = one["customers"]
    return figures.money(round(one["spent"] / count), currency) if count else figures.NOTHING


def layers(
    kind: str, summary: Summary, names: dict[str, str], currency: str, scored: int
) -> list[Any]:
    """The cells, tiers, levels or clusters with sizes and money; shares are of who was scored."""
    parts, trait = {
        scorings.RFM: ("cells", "rfm_cell"),
        scorings.VALUE: ("tiers", "value_tier"),
        scorings.POTENTIAL: ("levels", "potential"),
        scorings.CLUSTERS: ("profiles", "cluster"),
    }[kind]
    found = summary.get(parts, [])
    spent = summary.get("spent", sum(one["spent"] for one in found))
    rows = []
    for one in found:
        word = str(one.get("key", one.get("number")))
        rows.append(
            {
                "key": word,
                "name": names.get(word, word),
                "customers": figures.whole(one["customers"]),
                "share": _share(one["customers"], scored),
                "spent": figures.money(one["spent"], currency),
                "spent_share": _share(one["spent"], spent),
                "each": _each(one, currency),
                "from": one.get("from"),
                "rule": {"trait": trait, "op": "=", "value": word},
                "profile": one,
            }
        )
    return rows
