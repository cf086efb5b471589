"""The weekly meeting between teams: its pack as it was, and what was decided there."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptName
from console.models.team_request import TeamRequest
from console.models.work_item import WorkItem


class Meeting(models.Model):
    """A week's meeting; its pack is kept as people saw it once the meeting is closed."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("meeting", "open")
        CLOSED = "closed", pgettext_lazy("meeting", "closed")

    MOVES: ClassVar[dict[str, set[str]]] = {Status.OPEN: {Status.CLOSED}, Status.CLOSED: set()}
    NOUN = "meeting"

    monday = models.DateField(_("week of"), unique=True)
    status = models.CharField(_("status"), max_length=6, choices=Status, default=Status.OPEN)
    pack = models.JSONField(null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = pgettext_lazy("between teams", "meeting")
        verbose_name_plural = pgettext_lazy("between teams", "meetings")
        ordering: ClassVar = ["-monday"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(monday__iso_week_day=1), name="a_meeting_is_of_a_week"
            )
        ]

    def __str__(self) -> str:
        return f"{self.monday:%G-W%V}"


class MeetingDecision(models.Model):
    """What was decided, by whom it is done, and the work item that came of it."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="decisions")
    text = KeptName(_("decision"), max_length=500)
    request = models.ForeignKey(
        TeamRequest, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    work = models.OneToOneField(WorkItem, models.PROTECT, null=True, related_name="decision")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text
