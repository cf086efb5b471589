"""Which way a move between two stages leads: until now the order alone said it."""

from typing import Any

from django.db import migrations, models
from django.db.models import F

# Of the sets that ship: order is which rule is asked first, and level how far somebody has come.
LEVELS = {
    "prospect": 0, "activation": 1, "growth": 2, "maturity": 3, "decline": 0,
    "new_users": 1, "high_value_users": 3, "active_users": 2, "dormant_users": 0,
    "activate": 0, "convert": 2, "retain": 3, "wake": 1, "recall": 0,
    "new": 1, "active": 2, "dormant": 0,
    "prospects": 0, "newcomers": 1, "advocates": 3, "mature": 2, "churned": 0,
    "introduction": 1, "growing": 2, "settled": 3, "declining": 0,
}  # fmt: skip


def fill(apps: Any, _editor: Any) -> None:
    stages = apps.get_model("segments", "Stage").objects.all()
    stages.update(level=F("position"))
    for key, level in LEVELS.items():
        stages.filter(key=key).update(level=level)
    for version in apps.get_model("segments", "StageSetVersion").objects.all():
        for place, stage in enumerate(version.stages, start=1):
            stage.setdefault("level", LEVELS.get(stage["key"], place))
        version.save(update_fields=["stages"])


class Migration(migrations.Migration):
    dependencies = [("segments", "0012_lists_say_why")]
    operations = [
        migrations.AddField(
            "stage", "level", models.SmallIntegerField(default=0, verbose_name="level")
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
