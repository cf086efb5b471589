"""What one team asks of another: what, why, for whom, and the number that it should move."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptName, KeptWords
from console.models.staff import Team

# What presses most: what is open, the urgent lane, by priority with what nobody agreed on last,
# by the promised day. Two indexes are in this order, so that no list has to sort.
PRESSING: tuple[Any, ...] = (
    Case(When(status__in=["accepted", "asked", "started"], then=Value(0)), default=Value(1)).asc(),
    F("lane").desc(),
    Coalesce("priority", Value(9)).asc(),
    F("promised_on").asc(nulls_last=True),
    F("id").desc(),
)


class TeamRequest(models.Model):
    """Work that one team asks of another, from the wish to whether it moved its number."""

    class Kind(models.TextChoices):
        FEATURE = "feature", pgettext_lazy("request", "feature")
        DATA = "data", pgettext_lazy("request", "data")
        FIX = "fix", pgettext_lazy("request", "fix")
        CREATIVE = "creative", pgettext_lazy("request", "creative")
        ANALYSIS = "analysis", pgettext_lazy("request", "analysis")

    class Status(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("request", "draft")
        ASKED = "asked", pgettext_lazy("request", "asked")
        ACCEPTED = "accepted", pgettext_lazy("request", "accepted")
        STARTED = "started", pgettext_lazy("request", "in progress")
        DELIVERED = "delivered", pgettext_lazy("request", "delivered")
        JUDGED = "judged", pgettext_lazy("request", "judged")
        DECLINED = "declined", pgettext_lazy("request", "declined")
        WITHDRAWN = "withdrawn", pgettext_lazy("request", "withdrawn")

    class Lane(models.TextChoices):
        NORMAL = "normal", pgettext_lazy("lane", "normal")
        URGENT = "urgent", pgettext_lazy("lane", "urgent")

    class Cause(models.TextChoices):
        """What the urgent lane is for; nothing else may enter it."""

        CHURN = "churn", pgettext_lazy("urgent", "customers are leaving")
        INCIDENT = "incident", pgettext_lazy("urgent", "an incident")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.ASKED, Status.WITHDRAWN},
        Status.ASKED: {Status.ACCEPTED, Status.DECLINED, Status.DRAFT, Status.WITHDRAWN},
        Status.ACCEPTED: {Status.STARTED, Status.DECLINED, Status.WITHDRAWN},
        Status.STARTED: {Status.DELIVERED, Status.ACCEPTED, Status.WITHDRAWN},
        # What was delivered and is not what was asked for goes back.
        Status.DELIVERED: {Status.JUDGED, Status.STARTED},
        Status.JUDGED: set(),
        Status.DECLINED: {Status.DRAFT},
        Status.WITHDRAWN: {Status.DRAFT},
    }
    OPEN: ClassVar[set[str]] = {Status.ASKED, Status.ACCEPTED, Status.STARTED}
    TAKEN: ClassVar[set[str]] = {Status.ACCEPTED, Status.STARTED}  # the receiving team's load
    NOUN = "team_request"

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    title = KeptName(pgettext_lazy("request", "what"), max_length=160)
    why = KeptWords(pgettext_lazy("request", "why"), max_length=4000)
    for_whom = KeptName(_("for whom"), max_length=300, blank=True)
    # The fields that its kind asks for, as text by name: `team_requests.kinds`.
    details = models.JSONField(default=dict)
    spec = KeptWords(_("specification"), max_length=40_000, blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)

    from_team = models.ForeignKey(
        Team, models.PROTECT, related_name="requests_asked", verbose_name=_("asking team")
    )
    to_team = models.ForeignKey(
        Team, models.PROTECT, related_name="requests_taken", verbose_name=_("receiving team")
    )
    parties = models.ManyToManyField(
        Team, related_name="requests_joined", blank=True, verbose_name=_("other teams in it")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="requests_owned",
        verbose_name=_("done by"),
    )

    # The promise that the asking side makes: this number, so much, until then.
    metric = models.SlugField(_("metric"), max_length=80, blank=True)
    expected_change = models.DecimalField(
        _("expected change"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Relative to the baseline: 0.05 is five per cent more, -0.05 five less."),
    )
    expected_by = models.DateField(_("by when"), null=True, blank=True)
    # What the metric was when the receiving team said yes; written once, never again.
    baseline = models.JSONField(null=True, editable=False)

    lane = models.CharField(_("lane"), max_length=6, choices=Lane, default=Lane.NORMAL)
    urgent_cause = models.CharField(_("cause"), max_length=8, choices=Cause, blank=True)
    urgent_since = models.DateField(null=True, editable=False)

    # What both sides agreed on; None until they did. `is_reopened`: one of them changed it since.
    impact = models.PositiveSmallIntegerField(_("impact"), null=True, editable=False)
    effort_days = models.DecimalField(
        _("effort in days"), max_digits=6, decimal_places=1, null=True, editable=False
    )
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, editable=False)
    is_reopened = models.BooleanField(default=False, editable=False)

    asked_on = models.DateField(_("asked on"), null=True, editable=False)
    accepted_on = models.DateField(_("accepted on"), null=True, editable=False)
    started_on = models.DateField(_("begun on"), null=True, editable=False)
    promised_on = models.DateField(_("promised for"), null=True, editable=False)
    first_promised_on = models.DateField(null=True, editable=False)
    delivered_on = models.DateField(_("delivered on"), null=True, editable=False)

    # Grows with every change; who writes over an older one is told.
    edition = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    # Sent twice, such as by a double click or a mail that comes again, it is made once.
    once = models.CharField(max_length=200, blank=True, default="", editable=False)

    class Meta:
        verbose_name = pgettext_lazy("between teams", "request")
        verbose_name_plural = pgettext_lazy("between teams", "requests")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["once"], condition=~Q(once=""), name="a_request_is_made_once"
            ),
            models.CheckConstraint(
                condition=Q(lane="normal", urgent_cause="")
                | (Q(lane="urgent") & ~Q(urgent_cause="")),
                name="an_urgent_request_has_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(impact=None, effort_days=None, priority=None)
                | Q(impact__isnull=False, effort_days__gt=0, priority__isnull=False),
                name="a_request_is_agreed_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["to_team", "status", "priority"], name="request_by_taker"),
            models.Index(fields=["from_team", "status"], name="request_by_asker"),
            models.Index(fields=["owner", "status"], name="request_by_owner"),
            models.Index(fields=["status", "promised_on"], name="request_by_promise"),
            models.Index(*PRESSING, name="request_in_list"),
            models.Index(F("status"), *PRESSING[1:], name="request_on_board"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}" if self.pk else self.title

    @property
    def is_agreed(self) -> bool:
        """Whether both sides stand by the priority that it has."""
        return self.priority is not None and not self.is_reopened

    def is_late(self, today: dt.date) -> bool:
        return self.status in self.OPEN and bool(self.promised_on and self.promised_on < today)


class RequestRevision(models.Model):
    """What was asked for, word for word, at one moment; none is thrown away."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()  # field name → its text
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    because = KeptName(_("why it changes"), max_length=300, blank=True)
    # What a change after acceptance costs the receiving team, in working days.
    costs_days = models.DecimalField(
        _("costs in days"),
        max_digits=5,
        decimal_places=1,
        null=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    # The receiving team had said yes to an older one; until it answers, `costs_days` is None.
    after_yes = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="revisions_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.request} v{self.number}"


class PriorityProposal(models.Model):
    """What one side says of impact and effort; agreed once the other side says yes to it."""

    class Side(models.TextChoices):
        ASKING = "asking", _("asking team")
        RECEIVING = "receiving", _("receiving team")

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="proposals")
    side = models.CharField(max_length=9, choices=Side)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    impact = models.PositiveSmallIntegerField(
        _("impact"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    effort_days = models.DecimalField(
        _("effort in days"),
        max_digits=6,
        decimal_places=1,
        validators=[MinValueValidator(Decimal("0.5"))],
    )
    # 0 is the most pressing, as teams say P0 to P3.
    priority = models.PositiveSmallIntegerField(_("priority"), validators=[MaxValueValidator(3)])
    because = KeptName(_("why"), max_length=300, blank=True)
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(impact__range=(1, 5), priority__lte=3, effort_days__gt=0),
                name="a_proposal_is_in_range",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("by")),
                name="nobody_confirms_their_own_proposal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: P{self.priority}"


class RequestLink(models.Model):
    """What a request is about: a segment, a campaign, an alert, an experiment, a report."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="links")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.PositiveBigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    # Of a report: where it is, and what it showed when the request was made (`charts` draws it).
    path = models.CharField(max_length=500, blank=True)
    title = KeptName(max_length=160, blank=True)
    shown = models.JSONField(null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="request_link_by_subject")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject_id__isnull=False) | ~Q(path=""), name="a_link_leads_somewhere"
            )
        ]

    def __str__(self) -> str:
        return self.title or str(self.subject)
