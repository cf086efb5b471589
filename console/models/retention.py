"""How long each kind of data is kept."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionPeriod(models.Model):
    """The days after which one kind of data goes, at night. No days: it is kept."""

    class Kind(models.TextChoices):
        EVENTS = "events", _("events in the lake, and the day sets made of them")
        DEAD_LETTERS = "dead_letters", _("events that could not be taken")
        ADDRESSES = "addresses", _("addresses in the log of messages")
        MAILBOX = "mailbox", _("mails in the local mailbox")
        JOBS = "jobs", _("jobs that are over")
        MERGES = "merges", _("what it takes to undo a merge")
        COPIES = "copies", _("records of people's requests for a copy")

    kind = models.CharField(_("kind of data"), max_length=16, choices=Kind, unique=True)
    days = models.PositiveIntegerField(_("kept for (days)"), null=True, blank=True)

    class Meta:
        verbose_name = _("retention period")
        verbose_name_plural = _("retention periods")
        ordering: ClassVar = ["kind"]

    def __str__(self) -> str:
        return self.get_kind_display()
