"""What the database does for columns and sets, and the first version of what is there already."""

from typing import Any

from django.db import migrations

# `substr` reads the few bytes that tell about one customer; see 0003.
OUTSIDE = """
    ALTER TABLE segments_block ALTER COLUMN values SET STORAGE EXTERNAL;
    ALTER TABLE segments_tag ALTER COLUMN members SET STORAGE EXTERNAL;
    ALTER TABLE segments_tagchange ALTER COLUMN members SET STORAGE EXTERNAL;
    ALTER TABLE segments_customerlist ALTER COLUMN members SET STORAGE EXTERNAL;
    ALTER TABLE segments_stageflow ALTER COLUMN members SET STORAGE EXTERNAL;
"""
# A number that is never given out twice, also not after a rollback: local copies are named by it.
COUNT = "CREATE SEQUENCE segments_column_version"
STOP_COUNTING = "DROP SEQUENCE segments_column_version"


def keep_first_versions(apps: Any, _editor: Any) -> None:
    """Rules and stages that are there become their own first known version."""
    versions = apps.get_model("segments", "SegmentVersion")
    for segment in apps.get_model("segments", "Segment").objects.defer("members"):
        versions.objects.create(
            segment=segment, number=segment.rule_version, rule=segment.rule, by=segment.owner
        )
    versions = apps.get_model("segments", "StageSetVersion")
    for stage_set in apps.get_model("segments", "StageSet").objects.all():
        fields = ("key", "name", "color", "description", "rule")
        stages = stage_set.stages.order_by("position", "pk").values(*fields)
        versions.objects.create(stage_set=stage_set, number=1, stages=list(stages))


class Migration(migrations.Migration):
    dependencies = [("segments", "0004_who_they_are")]
    operations = [
        migrations.RunSQL(OUTSIDE, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT, STOP_COUNTING),
        migrations.RunPython(keep_first_versions, migrations.RunPython.noop),
    ]
