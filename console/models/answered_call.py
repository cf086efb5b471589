"""An API call that was carried out under a key of its caller, and what it was answered."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class AnsweredCall(models.Model):
    """One deed that must not be done twice, however often it is sent."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    where = models.CharField(max_length=200)  # the method and the path
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)  # of the body
    code = models.PositiveSmallIntegerField()
    answer = models.TextField()  # as it was written, letter for letter
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by", "where", "key"], name="a_call_is_answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.where} {self.key}"
