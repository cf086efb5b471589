from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0017_notes_have_a_name'),
    ]

    operations = [
        migrations.AlterField(
            model_name='segmentweek',
            name='made_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='made at'),
        ),
    ]
