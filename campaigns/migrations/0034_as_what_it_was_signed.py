"""An audience knows as what customers read who writes to them, when a yes was asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0033_how_it_was_kept_from")]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="signed",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
