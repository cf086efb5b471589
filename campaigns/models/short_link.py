"""Short addresses for short messages, in which every letter is paid for."""

from typing import ClassVar

from django.db import models

from campaigns.models.message import Message


class ShortLink(models.Model):
    """One link of one message, under a code that nobody guesses."""

    code = models.CharField(max_length=12, unique=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="short_links")
    target = models.TextField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.code
