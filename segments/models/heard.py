"""Who listens for which events, and the events that wait for a listener."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Listener(models.Model):
    """Somebody, such as a campaign, who wants to know of an event's happening soon after it."""

    who = models.CharField(max_length=40)
    name = models.CharField(max_length=80)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "who"], name="one_ear_an_event"),
        ]
        indexes: ClassVar = [models.Index(fields=["who"], name="ears_by_who")]

    def __str__(self) -> str:
        return f"{self.who} ← {self.name}"


class HeardEvent(models.Model):
    """A copy of one event for one listener, who deletes it with what came of it."""

    who = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    customer_id = models.IntegerField()
    name = models.CharField(max_length=80)
    time = models.DateTimeField()
    amount = models.BigIntegerField(null=True)
    properties = models.JSONField(default=dict)
    heard_at = models.DateTimeField(db_default=Now())  # in the database's real time

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["who", "id"], name="heard_by_who"),
            models.Index(fields=["customer_id"], name="heard_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.who} ← {self.name} #{self.customer_id}"
