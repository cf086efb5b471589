from django.db import migrations, models
from django.db.models import Exists, OuterRef


def part(apps, schema_editor):
    """What was held for the cost of a change began with that change."""
    turns = apps.get_model("console", "RequestTurn").objects.filter(holding="answer")
    changes = apps.get_model("console", "RequestRevision").objects.filter(
        request=OuterRef("request"), after_yes=True, at=OuterRef("since")
    )
    turns.filter(Exists(changes)).update(holding="cost")


def join(apps, schema_editor):
    apps.get_model("console", "RequestTurn").objects.filter(holding="cost").update(holding="answer")


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0018_views_and_weeks_have_names'),
    ]

    operations = [
        migrations.AlterField(
            model_name='requestturn',
            name='holding',
            field=models.CharField(choices=[('answer', 'to be accepted'), ('cost', 'cost of a change to be told'), ('work', 'to be done'), ('question', 'a question to be answered'), ('agreement', 'priority to be agreed'), ('review', 'to be looked at'), ('dependency', 'waits for another request')], max_length=10),
        ),
        migrations.RunPython(part, join),
    ]
