"""Why a campaign was stopped, kept so that everybody reads it in their own language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0028_money")]

    operations = [
        migrations.AlterField(
            model_name="campaign",
            name="stopped_because",
            field=models.TextField(blank=True, verbose_name="paused because"),
        ),
    ]
