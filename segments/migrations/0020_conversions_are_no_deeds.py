"""What counts as active was changed before there were conversions as events: they are no deeds."""

from django.db import migrations


def leave_out(apps, schema_editor):
    for one in apps.get_model("segments", "Definition").objects.filter(all_but=True):
        if "campaign_converted" not in one.events:
            one.events = sorted([*one.events, "campaign_converted"])
            one.save(update_fields=["events"])


class Migration(migrations.Migration):
    dependencies = [("segments", "0019_tags_by_segment")]
    operations = [migrations.RunPython(leave_out, migrations.RunPython.noop)]
