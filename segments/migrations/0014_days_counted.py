"""On which days it was counted who stands where: until now only a move told of it."""

import datetime as dt
from typing import Any

from django.db import migrations
from pyroaring import BitMap

from segments.models.fields import BitmapField

EPOCH = dt.date(1970, 1, 1)


def fill(apps: Any, _editor: Any) -> None:
    for stage_set in apps.get_model("segments", "StageSet").objects.all():
        days = set(stage_set.flows.values_list("on", flat=True)) | {stage_set.data_as_of}
        stage_set.days = BitMap((day - EPOCH).days for day in days if day)
        stage_set.save(update_fields=["days"])


class Migration(migrations.Migration):
    dependencies = [("segments", "0013_levels_of_stages")]
    operations = [
        migrations.AddField("stageset", "days", BitmapField(editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
