"""The contact policy with its versions, who is held out or left alone, and past contacts."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.message import Message
from console.kept_words import KeptName
from segments.models import Customer


class ContactPolicy(models.Model):
    """A version of the one policy over all channels. Versions are only ever added."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    content = models.JSONField(_("what it says"))  # as `campaigns.policy.reading` has it
    note = KeptName(
        _("why"), max_length=200, blank=True, help_text=_("What changed, and what for.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    since = models.DateTimeField(_("in force since"))

    class Meta:
        verbose_name = _("contact policy")
        verbose_name_plural = _("contact policy")
        ordering: ClassVar = ["-version"]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.version})


class Holdout(models.Model):
    """A share of all customers that gets no marketing, from one moment until another.

    Who is in it follows from the salt alone, also for those who come later. Rows stay: what was
    measured against a holdout can always be told who was in it.
    """

    part = models.PositiveSmallIntegerField(_("share"))  # of 10,000
    salt = models.CharField(max_length=40)
    note = models.CharField(_("why"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("set by"),
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)

    class Meta:
        verbose_name = _("holdout")
        verbose_name_plural = _("holdout")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(part__gte=1, part__lte=5000), name="holdout_up_to_a_half"
            ),
            # One at a time: the open one has no end, and there is one such row at most.
            models.UniqueConstraint(
                fields=["until"], nulls_distinct=False,
                condition=models.Q(until__isnull=True), name="one_holdout_at_a_time",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.part / 100:g} %"


class ContactHold(models.Model):
    """A customer whom nothing but transactional messages is sent to for a while."""

    class Reason(models.TextChoices):
        COMPLAINT = "complaint", _("reported spam")
        PAUSE = "pause", _("paused by the customer")
        BY_HAND = "by_hand", _("paused by hand")

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="contact_holds", verbose_name=_("customer")
    )
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    note = models.CharField(_("why"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("set by"),
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)  # empty: until somebody lifts it
    lifted_at = models.DateTimeField(_("lifted at"), null=True)

    class Meta:
        verbose_name = _("contact pause")
        verbose_name_plural = _("contact pauses")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["customer"], condition=models.Q(lifted_at=None), name="holds_not_lifted"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id}"


class Contact(models.Model):
    """One message that counts against the caps. Kept as long as a cap may look back."""

    # Without constraints in the database, which would look up both for every message that is sent.
    message = models.OneToOneField(
        Message, models.CASCADE, primary_key=True, related_name="contact", db_constraint=False
    )
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    channel = models.CharField(max_length=16)
    at = models.DateTimeField()
    day = models.DateField()  # on the customer's calendar, as it was then

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer", "at"], name="contacts_of_a_customer"),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.channel} {self.day}"
