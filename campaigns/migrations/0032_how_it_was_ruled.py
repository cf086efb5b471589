"""A guard knows how its segment was ruled when somebody last saved it."""

from typing import Any

from django.db import migrations, models


def as_now(apps: Any, _schema: Any) -> None:
    """Those that are there go by the rules of today."""
    guards = apps.get_model("campaigns", "Guard").objects
    for guard in guards.select_related("segment").defer("segment__members"):
        guards.filter(pk=guard.pk).update(rules={str(guard.segment_id): guard.segment.rule})


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0031_whom_it_was_kept_from")]

    operations = [
        migrations.AddField(
            model_name="guard",
            name="rules",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.RunPython(as_now, migrations.RunPython.noop),
    ]
