"""Where a word was defined anew as all but some events, conversions do not count either."""

from typing import Any

from django.db import migrations

NAME = "campaign_converted"
# For readers of either language: it is written once and read for ever.
NOTE = "活动后转化不是客户自己的行为 / Conversions after a campaign are nobody's deed"


def leave_out(apps: Any, _schema: Any) -> None:
    """A next version of each such word. Where somebody sends events of this name, they decide."""
    if apps.get_model("segments", "EventType").objects.filter(name=NAME).exists():
        return
    definitions = apps.get_model("segments", "Definition").objects
    for newest in definitions.order_by("key", "-version").distinct("key"):
        if newest.all_but and NAME not in newest.events:
            definitions.create(
                key=newest.key,
                version=newest.version + 1,
                events=sorted([*newest.events, NAME]),
                all_but=True,
                times=newest.times,
                within_days=newest.within_days,
                note=NOTE,
            )


class Migration(migrations.Migration):
    dependencies = [("segments", "0019_tags_by_segment")]

    operations = [
        migrations.RunPython(leave_out, migrations.RunPython.noop),
    ]
