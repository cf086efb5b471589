"""Events that were accepted and wait to be moved into the lake, and what is left of them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class InboxEvent(models.Model):
    """One accepted event on its way to the lake."""

    key = models.CharField(max_length=200, unique=True)
    customer_id = models.IntegerField()
    name = models.CharField(max_length=80)
    time = models.DateTimeField()
    amount = models.BigIntegerField(null=True)
    properties = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["customer_id"], name="inbox_by_customer")]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class InboxBatch(models.Model):
    """The events that are being moved into the lake just now; gone once they are there.

    Once numbered it never changes: moving it a second time after a crash moves exactly the
    same rows, and the lake knows the numbers that it has. One row instead of a mark on each
    event, which would write all of them once more.
    """

    number = models.BigIntegerField(primary_key=True)
    events = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"#{self.number}"


class ReceivedKey(models.Model):
    """The memory that makes a second delivery of an event nothing at all.

    It keeps the first half of the key's SHA-256 for `ingest.DAYS_REMEMBERED` days.
    """

    digest = models.UUIDField(primary_key=True)
    received_on = models.DateField()

    class Meta:
        # Keys come day by day, so that a few pages of an index tell where a day begins.
        indexes: ClassVar = [BrinIndex(fields=["received_on"], name="received_by_day")]

    def __str__(self) -> str:
        return str(self.digest)


class DirtyDay(models.Model):
    """A day whose events in the lake changed since its day sets were built."""

    day = models.DateField(primary_key=True)

    def __str__(self) -> str:
        return str(self.day)
