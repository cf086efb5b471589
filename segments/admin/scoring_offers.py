"""What the forms of the scorings offer: traits, names and the values that stand in them."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from segments import scorings, traits, valuing
from segments.admin.scoring_forms import MEASURES
from segments.models import Stage
from segments.scoring import clusters, potential, rfm

ROLES = {
    "": gettext_lazy("nothing in particular"),
    clusters.ACTIVITY: gettext_lazy("how active they are"),
    clusters.RECENCY: gettext_lazy("how long they were away"),
    clusters.WORTH: gettext_lazy("what they are worth"),
    clusters.CHANGE: gettext_lazy("whether they come more or less"),
}


def for_form(kind: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """What the form offers."""
    offered = [
        (one.key, str(one.label))
        for one in traits.registry().values()
        if one.kind in valuing.NUMBERS and not one.key.endswith("_score")
    ]
    offered += [(key, key) for key in _chosen(kind, recipe) - {key for key, _label in offered}]
    found: dict[str, Any] = {"offered": offered, "scores": range(1, rfm.SCORES + 1)}
    match kind:
        case scorings.RFM:
            labels = (_("Recency"), _("Frequency"), _("Money"))
            cells = [
                {**one, **{x: one.get(x, [1, rfm.SCORES]) for x in rfm.LETTERS}}
                for one in recipe["cells"]
            ]
            found["whole_span"] = [1, rfm.SCORES]
            found["measured"] = [
                (name, label, recipe[name]) for name, label in zip(MEASURES, labels, strict=True)
            ]
            found["cells"] = [(one, scorings.CELLS.get(one["key"], one["key"])) for one in cells]
        case scorings.VALUE:
            found["parts"] = [
                {
                    **one,
                    "trait_field": f"trait_{at}",
                    "name": one["title"] or scorings.FACTORS.get(one["key"], one["key"]),
                }
                | {"stages": _stages(one)}
                for at, one in enumerate(recipe["factors"])
            ]
            found["tiers"] = [
                (one, scorings.TIERS.get(one["key"], one["key"])) for one in recipe["tiers"]
            ]
        case scorings.POTENTIAL:
            found["dimensions"] = [
                {**one, "name": one["title"] or scorings.SIGNS.get(one["key"], one["key"])}
                for one in recipe["signs"]
            ]
            found["streak"] = recipe["streak"] or {"days": potential.Streak.days}
        case scorings.CLUSTERS:
            spare = clusters.MOST_FEATURES - len(recipe["features"])
            found["features"] = [*recipe["features"], *[{}] * min(spare, 2)]
            found["roles"] = ROLES.items()
            found["numbers"] = range(clusters.FEWEST, clusters.MOST + 1)
    return found


def _stages(factor: dict[str, Any]) -> list[tuple[str, str, Any]]:
    if "stage_set" not in factor:
        return []
    kept = Stage.objects.filter(stage_set__key=factor["stage_set"])
    names = {one.key: str(one) for one in kept.select_related("stage_set").order_by("position")}
    points = factor["points"]  # the database does not keep their order
    order = [*(key for key in names if key in points), *(key for key in points if key not in names)]
    return [(key, names.get(key, key), points[key]) for key in order]


def _chosen(kind: str, recipe: dict[str, Any]) -> set[str]:
    """The traits that stand in the form, also those that nothing computes here yet."""
    if kind == scorings.RFM:
        parts = [recipe[name] for name in MEASURES]
    else:
        parts = next(recipe[name] for name in ("factors", "signs", "features") if name in recipe)
    return {one["trait"] for one in parts if one.get("trait")}
