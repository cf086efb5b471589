"""An account's pace is by the minute: a robot takes 20 messages in one."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0015_playbooks")]

    operations = [
        migrations.RemoveConstraint("channelaccount", "account_rate_from_1"),
        migrations.RenameField("channelaccount", "rate", "per_minute"),
        migrations.AlterField(
            "channelaccount",
            "per_minute",
            models.PositiveIntegerField(
                default=1200,
                help_text="At most; what the provider allows.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(600000),
                ],
                verbose_name="messages a minute",
            ),
        ),
        migrations.AddConstraint(
            "channelaccount",
            models.CheckConstraint(
                condition=models.Q(("per_minute__gte", 1)), name="account_pace_from_1"
            ),
        ),
    ]
