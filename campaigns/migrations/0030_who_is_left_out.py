"""Guards that leave people out, two more reasons to be left out, and demonstrations marked so."""

from typing import Any

from django.db import migrations, models

DEMONSTRATIONS = "演示（A/A）"  # how the names of those that are there begin


def carry_over(apps: Any, _schema: Any) -> None:
    apps.get_model("campaigns", "Guard").objects.filter(blocks=True).update(then="refuses")
    campaigns = apps.get_model("campaigns", "Campaign").objects
    campaigns.filter(name__startswith=DEMONSTRATIONS).update(is_demonstration=True)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0029_why_it_stopped")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="is_demonstration",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="exclusion",
            name="reason",
            field=models.CharField(
                choices=[
                    ("no_address", "no address"),
                    ("no_consent", "no consent"),
                    ("suppressed", "on the do-not-contact list"),
                    ("held_out", "in the holdout"),
                    ("left_alone", "reported spam, or wants no messages for now"),
                    ("mismatch", "the offer does not fit them"),
                ],
                max_length=16,
                verbose_name="reason",
            ),
        ),
        migrations.AddField(
            model_name="guard",
            name="then",
            field=models.CharField(
                choices=[
                    ("asks", "a reason is asked, which the approver reads"),
                    ("leaves_out", "they are left out"),
                    ("refuses", "it is refused"),
                ],
                default="asks",
                max_length=10,
                verbose_name="then",
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name="guard", name="blocks"),
    ]
