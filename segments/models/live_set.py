"""Sets of customers that the database itself keeps up to date."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from segments.models.fields import BitmapField, digest_of


class LiveSet(models.Model):
    """A set as it was last gathered: everyone, or who agreed to hear from us about something.

    `segments.live_sets` reads and writes it.
    """

    name = models.CharField(max_length=60, unique=True)
    members = BitmapField()
    digest = digest_of("members")

    def __str__(self) -> str:
        return self.name


class LiveSetChange(models.Model):
    """Who came into a set, or left it, since it was gathered. Triggers write it."""

    name = models.CharField(max_length=60)
    customers = ArrayField(models.IntegerField())
    added = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["name", "id"], name="live_set_changes")]

    def __str__(self) -> str:
        return f"{self.name} {'+' if self.added else '-'}{len(self.customers)}"
