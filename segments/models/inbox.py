"""Events that were accepted and wait to be moved into the lake."""

from typing import ClassVar

from django.db import models


class InboxEvent(models.Model):
    """One accepted event. The key makes a second delivery of it nothing at all.

    Rows leave in batches: `InboxBatch` remembers which batch went last.
    """

    key = models.CharField(max_length=200, unique=True)
    customer_id = models.IntegerField()
    name = models.CharField(max_length=80)
    time = models.DateTimeField()
    amount = models.BigIntegerField(null=True)
    properties = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)
    batch = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"
