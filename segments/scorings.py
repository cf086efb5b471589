"""Which way of scoring is in force, version by version, and what its cells and tiers are called."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from segments.models import Scoring, ScoringRun
from segments.scoring import clusters, potential, rfm, value

RFM, VALUE, POTENTIAL, CLUSTERS = (kind.value for kind in Scoring.Kind)
KINDS = (RFM, VALUE, POTENTIAL, CLUSTERS)
MODULES: dict[str, ModuleType] = {
    RFM: rfm,
    VALUE: value,
    POTENTIAL: potential,
    CLUSTERS: clusters,
}

# Names of what ships, so that they follow the reader's language. A title of its own wins.
CELLS = {
    "HHH": _("Important: valuable"),
    "LHH": _("Important: keep in touch"),
    "HLH": _("Important: develop"),
    "LLH": _("Important: win back"),
    "HHL": _("Ordinary: valuable"),
    "LHL": _("Ordinary: keep in touch"),
    "HLL": _("Ordinary: develop"),
    "LLL": _("Ordinary: win back"),
    "high": _("High value"),
    "middle": _("Middle value"),
    "promising": _("Potential"),
}
TIERS = {
    "high": _("High value"),
    "middle": _("Middle value"),
    "ordinary": _("Ordinary value"),
}
FACTORS = {
    "purchasing_power": _("Purchasing power"),
    "activity": _("Activity"),
    "spread": _("Spreading the word"),
    "demand": _("Sensitivity to offers"),
    "preference": _("Strength of preference"),
    "stage": _("Lifecycle stage"),
}
LEVELS = {potential.HIGH: _("High potential"), potential.SOME: _("Shows a sign")}
SIGNS = {
    "interaction": _("Interacts often"),
    "content": _("Makes valuable content"),
    "influence": _("Influences others"),
    potential.STREAK: _("Comes every day, not paid yet"),
}
CLUSTER_NAMES = {
    clusters.ACTIVE: _("Highly active"),
    clusters.LEAVING: _("May leave"),
    clusters.SILENT: _("Silent"),
}


# --- versions ---------------------------------------------------------------


def current(kind: str) -> Scoring:
    """The newest version; before anybody changed it, what the console came with."""
    found = Scoring.objects.filter(kind=kind).select_related("by").order_by("-version").first()
    return found or shipped(kind)


def everything() -> dict[str, Scoring]:
    """The newest version of each kind, in one query."""
    newest = Scoring.objects.order_by("kind", "-version").distinct("kind").select_related("by")
    found = {one.kind: one for one in newest}
    return {kind: found.get(kind) or shipped(kind) for kind in KINDS}


def shipped(kind: str) -> Scoring:
    """The first version, which is written down when it first runs or is first changed."""
    module = MODULES[kind]
    return Scoring(kind=kind, version=1, recipe=module.write(module.SHIPPED))


def history(kind: str) -> list[Scoring]:
    """Every version, the newest first."""
    found = Scoring.objects.filter(kind=kind).select_related("by").order_by("-version")
    return list(found) or [shipped(kind)]


def read(scoring: Scoring) -> Any:
    """The recipe as its module has it."""
    return MODULES[scoring.kind].read(scoring.recipe)


def last_run(kind: str) -> ScoringRun | None:
    """The newest run of a kind, of whatever version."""
    runs = ScoringRun.objects.filter(scoring__kind=kind).select_related("scoring")
    return runs.order_by("-day", "-scoring__version").first()


# --- names ------------------------------------------------------------------


def named(part: Any, shipped_words: Mapping[str, Any]) -> str:
    """What a cell, a tier, a factor or a sign is called."""
    return part.title or str(shipped_words.get(part.key, part.key))


def labels() -> dict[str, dict[str, str]]:
    """For each trait that a scoring writes: its values, and what they are called."""
    kept = everything()
    recipes = {kind: read(one) for kind, one in kept.items()}
    signs = [*recipes[POTENTIAL].signs]
    return {
        "rfm_cell": {one.key: named(one, CELLS) for one in recipes[RFM].cells},
        "value_tier": {one.key: named(one, TIERS) for one in recipes[VALUE].tiers},
        "potential": {key: str(words) for key, words in LEVELS.items()},
        "potential_signs": _combined(
            {one.key: named(one, SIGNS) for one in signs}
            | {potential.STREAK: str(SIGNS[potential.STREAK])}
        ),
        "cluster": cluster_names(recipes[CLUSTERS], last_run(CLUSTERS)),
    }


def _combined(names: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for bits in range(1, 1 << len(names)):
        chosen = [key for at, key in enumerate(names) if bits >> at & 1]
        found["+".join(chosen)] = " + ".join(names[key] for key in chosen)
    return found


def cluster_names(recipe: clusters.Clusters, run: ScoringRun | None) -> dict[str, str]:
    """What the clusters of the last run are called: by people, by what they are, by number."""
    given = dict(recipe.names)
    profiles: Iterable[Any] = run.summary.get("profiles", ()) if run else ()
    found = {}
    for profile in profiles:
        number = profile["number"]
        called = CLUSTER_NAMES.get(profile["called"])
        plain = gettext("Cluster %(number)d") % {"number": number}
        found[str(number)] = given.get(number) or (str(called) if called else plain)
    return found
