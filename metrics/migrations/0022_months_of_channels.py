from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0021_costs_of_campaigns")]

    operations = [
        migrations.RenameField("proposal", "campaigns", "basis"),
        migrations.AlterField(
            "proposal",
            "dimension",
            models.CharField(
                choices=[
                    ("channel", "channel"),
                    ("segment", "segment"),
                    ("budget", "budget"),
                    ("source", "channel of acquisition"),
                ],
                max_length=7,
                verbose_name="between",
            ),
        ),
        migrations.AddField(
            "payback", "months", models.JSONField(db_default={}, default=dict)
        ),
    ]
