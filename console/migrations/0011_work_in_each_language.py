"""Duties are kept for readers of every language, which takes more than 200 letters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0010_clearer_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workitem",
            name="title",
            field=models.TextField(verbose_name="what"),
        ),
    ]
