"""An audience knows how the segments were ruled from which guards kept its offer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0032_how_it_was_ruled")]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="kept_rules",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
