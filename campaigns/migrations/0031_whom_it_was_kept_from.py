"""An audience knows from which segments guards kept its offer when a yes to it was asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0030_who_is_left_out")]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="kept_from",
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
