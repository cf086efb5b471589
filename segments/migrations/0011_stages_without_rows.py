"""The tables of a row a customer and of a row a move go."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("segments", "0010_stages_are_columns")]
    operations = [
        migrations.DeleteModel("StageMove"),
        migrations.DeleteModel("CustomerStage"),
    ]
