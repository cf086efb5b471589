"""What makes work more pressing: a team's work raised for some days, and chiefs who were told."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptWords
from console.models.staff import Team
from console.models.work_item import WorkItem


class WorkLift(models.Model):
    """A team's work comes before everything else for some days, and ends by itself."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="lifts", verbose_name=_("team"))
    # Empty: whatever the team has to do.
    kind = models.SlugField(_("kind"), max_length=40, blank=True)
    why = KeptWords(_("why"))
    since = models.DateField(pgettext_lazy("a period", "from"))
    until = models.DateField(_("until"))  # the last day of it
    answer_days = models.PositiveSmallIntegerField(_("to be done within days"), default=1)
    # What set it off, such as a warning; nothing when a manager did.
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.PositiveBigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # Somebody ended it on this day, before its time.
    ended_on = models.DateField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_because = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("raised priority")
        verbose_name_plural = _("raised priorities")
        ordering: ClassVar = ["-since", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="a_lift_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | ~Q(ended_because=""), name="a_lift_ends_early_for_why"
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "team", "kind"],
                condition=Q(subject_id__isnull=False),
                name="a_warning_lifts_a_team_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["until"], name="lifts_in_force")]

    def __str__(self) -> str:
        return f"{self.team}, {self.since} – {self.until}"

    def is_in_force(self, on: dt.date) -> bool:
        return self.since <= on <= self.until and self.ended_on is None


class WorkEscalation(models.Model):
    """Somebody was told, once, that a deadline of others has passed."""

    class Step(models.TextChoices):
        LEAD = "lead", pgettext_lazy("escalation", "the team's lead")
        MANAGERS = "managers", pgettext_lazy("escalation", "managers")

    item = models.ForeignKey(WorkItem, models.CASCADE, related_name="escalations")
    step = models.CharField(max_length=8, choices=Step)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="told_of_work")
    due_on = models.DateField()  # the deadline; another one that passes is told of again
    on = models.DateField()
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "to", "due_on"], name="told_of_a_deadline_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["to"], condition=Q(mailed_at=None), name="work_told_unmailed")
        ]

    def __str__(self) -> str:
        return f"{self.item} → {self.to}"
