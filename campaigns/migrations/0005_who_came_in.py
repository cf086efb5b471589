"""What was sent before there were intakes: campaigns are ours, and their audience came in."""

from typing import Any

from django.db import migrations


def name_kinds_anew(apps: Any, schema_editor: Any) -> None:
    apps.get_model("campaigns", "Campaign").objects.filter(kind="email").update(kind="ours")


def name_kinds_as_before(apps: Any, schema_editor: Any) -> None:
    apps.get_model("campaigns", "Campaign").objects.filter(kind="ours").update(kind="email")


def write_down_intakes(apps: Any, schema_editor: Any) -> None:
    """Who was on the work list of a campaign came in when it began."""
    Intake = apps.get_model("campaigns", "Intake")
    Campaign = apps.get_model("campaigns", "Campaign")
    Audience = apps.get_model("campaigns", "Audience")
    for campaign in Campaign.objects.filter(waves__isnull=False).distinct().iterator():
        audience = Audience.objects.filter(campaign=campaign).first()
        if audience is not None:
            Intake.objects.create(
                campaign=campaign,
                number=0,
                key="start",
                members=audience.members,
                at=campaign.started_at or audience.frozen_at,
            )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_intakes")]

    operations = [
        migrations.RunPython(name_kinds_anew, name_kinds_as_before),
        migrations.RunPython(write_down_intakes, migrations.RunPython.noop),
    ]
