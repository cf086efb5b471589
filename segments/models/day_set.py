"""Who did what on which day, as sets."""

from typing import ClassVar

from django.db import models

from segments.models.event import EventType
from segments.models.fields import BitmapField, digest_of


class DaySet(models.Model):
    """The customers who did an event at least `level` times on a day of the project's zone.

    Levels go to 3, enough for exact answers to "at least 1, 2 or 3 times in a window";
    larger counts ask the lake.
    """

    event_type = models.ForeignKey(EventType, models.CASCADE, related_name="day_sets")
    day = models.DateField()
    level = models.PositiveSmallIntegerField()
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event_type", "day", "level"], name="one_set_a_day_and_level"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="day_set_by_day")]

    def __str__(self) -> str:
        return f"{self.event_type} ≥{self.level} {self.day}"
