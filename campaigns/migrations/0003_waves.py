"""The work list is of waves, each of them of one step."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_privacy")]

    operations = [
        migrations.RenameModel("OutboxChunk", "Wave"),
        migrations.RemoveConstraint("wave", "one_chunk_a_number"),
        migrations.RemoveIndex("wave", "chunks_to_do"),
        migrations.RemoveConstraint("message", "one_message_a_customer"),
    ]
