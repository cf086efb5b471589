"""What became of a request's dates: who held it, why it slipped, what it waits for."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptName, KeptWords
from console.models.staff import Team
from console.models.team_request import PriorityProposal, RequestRevision, TeamRequest


class RequestTurn(models.Model):
    """A stretch in which one team held a request; the other team's clock stood still meanwhile."""

    class Holding(models.TextChoices):
        ANSWER = "answer", pgettext_lazy("holding", "to be accepted")
        COST = "cost", pgettext_lazy("holding", "cost of a change to be told")
        WORK = "work", pgettext_lazy("holding", "to be done")
        QUESTION = "question", pgettext_lazy("holding", "a question to be answered")
        AGREEMENT = "agreement", pgettext_lazy("holding", "priority to be agreed")
        REVIEW = "review", pgettext_lazy("holding", "to be looked at")
        DEPENDENCY = "dependency", pgettext_lazy("holding", "waits for another request")

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="turns")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    holding = models.CharField(max_length=10, choices=Holding)
    note = KeptName(max_length=300, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["since", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(until=None), name="one_team_holds_a_request"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="a_turn_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.team}"

    @property
    def what_for(self) -> Promise:
        """What it is held for."""
        return self.Holding(self.holding).label


class RequestSlip(models.Model):
    """A promised date that moved, by how many working days, and what made it move."""

    class Cause(models.TextChoices):
        SPEC = "spec", pgettext_lazy("slip", "specification changed")
        PRIORITY = "priority", pgettext_lazy("slip", "priority changed")
        DEPENDENCY = "dependency", pgettext_lazy("slip", "waits for another request")
        CAPACITY = "capacity", pgettext_lazy("slip", "no capacity")
        ANSWER = "answer", pgettext_lazy("slip", "waited for an answer")
        ESTIMATE = "estimate", pgettext_lazy("slip", "estimate was wrong")

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="slips")
    was = models.DateField(_("was promised for"))
    to = models.DateField(_("is promised for"))
    # Later is positive, earlier negative; China's working days.
    days = models.SmallIntegerField(_("working days"))
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    because = KeptName(_("why"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # What made it slip, where that is one of these.
    revision = models.ForeignKey(RequestRevision, models.SET_NULL, null=True, related_name="slips")
    proposal = models.ForeignKey(PriorityProposal, models.SET_NULL, null=True, related_name="slips")
    displaced_by = models.ForeignKey(
        TeamRequest, models.SET_NULL, null=True, related_name="displaced"
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(was=F("to")), name="a_slip_moves_a_date")
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.days:+d}"


class RequestDependency(models.Model):
    """Something that must wait until a request is delivered: another request, or a campaign."""

    needs = models.ForeignKey(TeamRequest, models.CASCADE, related_name="needed_by")
    request = models.ForeignKey(TeamRequest, models.CASCADE, null=True, related_name="needs")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.PositiveBigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    because = KeptName(_("why"), max_length=300, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    # Somebody decided in writing that it need not wait.
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    waived_because = KeptName(max_length=300, blank=True)
    waived_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dependency")
        verbose_name_plural = _("dependencies")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, subject_id=None)
                | Q(request=None, subject_id__isnull=False, subject_type__isnull=False),
                name="a_dependency_has_one_that_waits",
            ),
            models.CheckConstraint(
                condition=Q(request=None) | ~Q(request=F("needs")), name="no_request_needs_itself"
            ),
            models.CheckConstraint(
                condition=Q(waived_by=None) | ~Q(waived_because=""), name="waived_in_writing"
            ),
            models.UniqueConstraint(
                fields=["needs", "request"],
                condition=Q(request__isnull=False),
                name="a_request_needs_another_once",
            ),
            models.UniqueConstraint(
                fields=["needs", "subject_type", "subject_id"],
                condition=Q(subject_id__isnull=False),
                name="a_record_needs_a_request_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request or self.subject} → {self.needs}"


class TeamWeek(models.Model):
    """A week in which a team has more or fewer days than usual: holidays, leave, help."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="weeks")
    monday = models.DateField(_("week of"))
    days = models.DecimalField(
        _("days of work"),
        max_digits=5,
        decimal_places=1,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(500))],
    )
    because = KeptName(_("why"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("week of a team")
        verbose_name_plural = _("weeks of teams")
        ordering: ClassVar = ["monday"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "monday"], name="a_team_has_a_week_once"),
            models.CheckConstraint(
                condition=Q(monday__iso_week_day=1), name="a_week_begins_on_monday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}, {self.monday}"


class RequestVerdict(models.Model):
    """Whether a delivered request moved its number, as it could be told on one day."""

    class Outcome(models.TextChoices):
        MET = "met", pgettext_lazy("verdict", "met")
        PARTLY = "partly", pgettext_lazy("verdict", "partly")
        NOT = "not", pgettext_lazy("verdict", "not met")
        UNCLEAR = "unclear", pgettext_lazy("verdict", "cannot be told")

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="verdicts")
    outcome = models.CharField(_("verdict"), max_length=7, choices=Outcome)
    # Value, interval, span, definition's version, how it was compared: `metrics.promises`.
    measured = models.JSONField()
    words = KeptWords(_("in words"), max_length=2000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_outcome_display()}"
