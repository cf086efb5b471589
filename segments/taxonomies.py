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
    level: int  # a move to a higher one leads forward, one to a lower one back
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
        Ready("prospect", SLATE, 0, _NEVER),
        Ready("activation", SKY, 1, _NEW),
        Ready("growth", GREEN, 2, {"all": [_LATELY, _trait("orders_90d", "<", OFTEN)]}),
        Ready("maturity", TEAL, 3, _LATELY),
        Ready("decline", AMBER, 0, tree.EVERYONE),
    ],
    "user_classes": [  # R58
        Ready("new_users", SKY, 1, _NEW),
        Ready("high_value_users", VIOLET, 3, {"all": [_trait("m_score", ">=", 4), _AROUND]}),
        Ready("active_users", GREEN, 2, _AROUND),
        Ready("dormant_users", SLATE, 0, tree.EVERYONE),
    ],
    "five_focuses": [  # R78
        Ready("activate", SLATE, 0, _NEVER),
        Ready("convert", SKY, 2, {"all": [_trait("orders", "=", 1), _LATELY]}),
        Ready("retain", GREEN, 3, _LATELY),
        Ready("wake", AMBER, 1, _THIS_QUARTER),
        Ready("recall", RED, 0, tree.EVERYONE),
    ],
    "three_states": [  # R106
        Ready("new", SKY, 1, _NEW),
        Ready("active", GREEN, 2, _LATELY),
        Ready("dormant", SLATE, 0, tree.EVERYONE),
    ],
    "journey": [  # R168
        Ready("prospects", SLATE, 0, _NEVER),
        Ready("newcomers", SKY, 1, _NEW),
        Ready(
            "advocates",
            VIOLET,
            3,
            {"all": [_THIS_QUARTER, {"event": INVITED, "days": QUIET_DAYS}]},
        ),
        Ready("mature", TEAL, 2, _THIS_QUARTER),
        Ready("churned", RED, 0, tree.EVERYONE),
    ],
    "four_periods": [  # R200
        Ready(
            "introduction",
            SKY,
            1,
            {"any": [_NEVER, _trait("tenure_days", "<", 14)]},
        ),
        Ready("growing", GREEN, 2, {"all": [_LATELY, _trait("tenure_days", "<=", QUIET_DAYS)]}),
        Ready("settled", TEAL, 3, _LATELY),
        Ready("declining", AMBER, 0, tree.EVERYONE),
    ],
}
DEFAULT = "lifecycle"
# What a version keeps of a stage.
FIELDS = ("key", "name", "color", "level", "description", "rule")


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
        Stage(
            stage_set=stage_set,
            key=one.key,
            color=one.color,
            level=one.level,
            rule=one.rule,
            position=position,
        )
        for position, one in enumerate(stages, start=1)
    )
    StageSetVersion.objects.create(stage_set=stage_set, number=1, stages=written(stage_set))


def written(stage_set: StageSet) -> list[dict[str, Any]]:
    """The stages in use, in order, as a version keeps them."""
    in_use = stage_set.stages.filter(retired_at=None)
    return list(in_use.order_by("position", "pk").values(*FIELDS))
