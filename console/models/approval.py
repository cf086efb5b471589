"""A request for somebody else's yes, bound to the content it was asked for."""

from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import kept_words
from console.kept_words import KeptName
from console.models.approval_policy import PolicyVersion
from console.models.staff import Staff


class Approval(models.Model):
    """One asking. A record can be asked for again, but never twice at a time."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for a decision")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        CHANGES = "changes", _("to be changed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        VOID = "void", _("void")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.PENDING: {
            Status.APPROVED,
            Status.REJECTED,
            Status.CHANGES,
            Status.WITHDRAWN,
            Status.EXPIRED,
            Status.VOID,
        },
        # What was approved is another thing by now.
        Status.APPROVED: {Status.VOID},
        Status.REJECTED: set(),
        Status.CHANGES: set(),
        Status.WITHDRAWN: set(),
        Status.EXPIRED: set(),
        Status.VOID: set(),
    }

    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.PositiveBigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    title = KeptName(_("what"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    digest = models.CharField(
        _("content hash"), max_length=64, help_text=_("SHA-256 of what is to be approved.")
    )
    summary = models.JSONField(_("summary"), default=dict, encoder=DjangoJSONEncoder)
    # The policy as it was when it was asked, and the facts by which it was found.
    version = models.ForeignKey(
        PolicyVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("policy"),
    )
    policy = models.JSONField(default=dict, editable=False)
    facts = models.JSONField(default=dict, editable=False)
    step = models.PositiveSmallIntegerField(pgettext_lazy("approval", "step"), default=0)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_on = models.DateField(_("decided on"), null=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id"],
                condition=models.Q(status="pending"),
                name="one_pending_approval_a_subject",
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.title)

    def decider(self) -> Staff | None:
        """Whose vote decided it; nobody's where it ended without one."""
        if self.status not in {self.Status.APPROVED, self.Status.REJECTED, self.Status.CHANGES}:
            return None
        last = self.votes.select_related("by").order_by("pk").last()
        return last.by if last else None


class Vote(models.Model):
    """One person's decision on one approval."""

    class Decision(models.TextChoices):
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")
        CHANGES = "changes", _("ask for changes")

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="votes")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    # Whose vote it is: their own, or, from a deputy, that of who is away.
    stands_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("in place of"),
    )
    step = models.PositiveSmallIntegerField(pgettext_lazy("approval", "step"), default=0)
    digest = models.CharField(_("content hash"), max_length=64, blank=True)
    decision = models.CharField(_("decision"), max_length=8, choices=Decision)
    comment = models.TextField(_("comment"), blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["approval", "by"], name="one_vote_a_person"),
            models.UniqueConstraint(
                fields=["approval", "stands_for"], name="one_vote_a_person_stood_for"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.get_decision_display()}"


class ApprovalNotice(models.Model):
    """One mail about an approval to one person: it was asked, again, or it was decided."""

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="notices")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    about = models.CharField(max_length=16)  # the step that waits, or the status it came to
    number = models.PositiveSmallIntegerField(default=0)  # 0: the first; then reminders
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["approval", "to", "about", "number"], name="a_notice_is_sent_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval} → {self.to}"
