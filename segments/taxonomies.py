"""The six stage sets that ship: the field's ways to divide a lifecycle, for everybody to edit."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from console import audit
from segments.models import Stage, StageSet, StageSetVersion
from segments.rules import tree

ACTIVE_DAYS = 30  # whoever ordered within them is not in decline
QUIET_DAYS = 90  # whoever did not order within them has to be called back
OFTEN = 12  # orders in 90 days: about one a week
INVITED = "friend_invited"  # a project that records invitations has advocates

SLATE, SKY, GREEN, TEAL, AMBER, RED, VIOLET = (
    "#94a3b8", "#0ea5e9", "#10b981", "#0f766e", "#f59e0b", "#e11d48", "#7c3aed",
)  # fmt: skip


@dataclass(frozen=True)
class Ready:
    """One stage to start with. Its words stand in `stage_words`, by the key."""

    key: str
    color: str
    rule: dict[str, Any]


def _trait(key: str, op: str, value: Any) -> dict[str, Any]:
    return {"trait": key, "op": op, "value": value}


_NEVER = _trait("orders", "=", 0)
_NEW = _trait("tenure_days", "<", ACTIVE_DAYS)
_LATELY = _trait("recency_days", "<=", ACTIVE_DAYS)
_THIS_QUARTER = _trait("recency_days", "<=", QUIET_DAYS)
_AROUND = _trait("active_days_30d", ">=", 1)

# The first rule that holds decides. R2 is the default: 激活期、成长期、成熟期、衰退期, and before
# them those who never ordered.
SETS: dict[str, list[Ready]] = {
    "lifecycle": [  # R2
        Ready("prospect", SLATE, _NEVER),
        Ready("activation", SKY, _NEW),
        Ready("growth", GREEN, {"all": [_LATELY, _trait("orders_90d", "<", OFTEN)]}),
        Ready("maturity", TEAL, _LATELY),
        Ready("decline", AMBER, tree.EVERYONE),
    ],
    "user_classes": [  # R58
        Ready("new_users", SKY, _NEW),
        Ready("high_value_users", VIOLET, {"all": [_trait("m_score", ">=", 4), _AROUND]}),
        Ready("active_users", GREEN, _AROUND),
        Ready("dormant_users", SLATE, tree.EVERYONE),
    ],
    "five_focuses": [  # R78
        Ready("activate", SLATE, _NEVER),
        Ready("convert", SKY, {"all": [_trait("orders", "=", 1), _LATELY]}),
        Ready("retain", GREEN, _LATELY),
        Ready("wake", AMBER, _THIS_QUARTER),
        Ready("recall", RED, tree.EVERYONE),
    ],
    "three_states": [  # R106
        Ready("new", SKY, _NEW),
        Ready("active", GREEN, _LATELY),
        Ready("dormant", SLATE, tree.EVERYONE),
    ],
    "journey": [  # R168
        Ready("prospects", SLATE, _NEVER),
        Ready("newcomers", SKY, _NEW),
        Ready(
            "advocates",
            VIOLET,
            {"all": [_THIS_QUARTER, {"event": INVITED, "days": QUIET_DAYS}]},
        ),
        Ready("mature", TEAL, _THIS_QUARTER),
        Ready("churned", RED, tree.EVERYONE),
    ],
    "four_periods": [  # R200
        Ready(
            "introduction",
            SKY,
            {"any": [_NEVER, _trait("tenure_days", "<", 14)]},
        ),
        Ready("growing", GREEN, {"all": [_LATELY, _trait("tenure_days", "<=", QUIET_DAYS)]}),
        Ready("settled", TEAL, _LATELY),
        Ready("declining", AMBER, tree.EVERYONE),
    ],
}
DEFAULT = "lifecycle"


@transaction.atomic
def install() -> int:
    """Those sets that are not here yet; what is here stays as people left it."""
    there = set(StageSet.objects.values_list("key", flat=True))
    missing = {key: stages for key, stages in SETS.items() if key not in there}
    if not missing:
        return 0
    has_default = StageSet.objects.filter(is_default=True).exists()
    for key, stages in missing.items():
        made, is_new = StageSet.objects.get_or_create(
            key=key, defaults={"is_default": key == DEFAULT and not has_default}
        )
        if is_new:
            _fill(made, stages)
            audit.log("stageset.installed", made)
    return len(missing)


def _fill(stage_set: StageSet, stages: list[Ready]) -> None:
    Stage.objects.bulk_create(
        Stage(stage_set=stage_set, key=one.key, color=one.color, rule=one.rule, position=position)
        for position, one in enumerate(stages, start=1)
    )
    StageSetVersion.objects.create(stage_set=stage_set, number=1, stages=written(stage_set))


def written(stage_set: StageSet) -> list[dict[str, Any]]:
    """The stages in use, in order, as a version keeps them."""
    fields = ("key", "name", "color", "description", "rule")
    return list(stage_set.stages.filter(retired_at=None).order_by("position", "pk").values(*fields))
