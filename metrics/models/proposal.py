"""Proposals to move money to where one more unit of it brings more."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.models import Transfer


class Proposal(models.Model):
    """One move, as it was worked out; a person accepts or dismisses it, and says why."""

    class Dimension(models.TextChoices):
        CHANNEL = "channel", _("channel")
        SEGMENT = "segment", _("segment")
        BUDGET = "budget", _("budget")
        SOURCE = "source", _("channel of acquisition")

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("a proposal", "open")
        ACCEPTED = "accepted", pgettext_lazy("a proposal", "accepted")
        DISMISSED = "dismissed", pgettext_lazy("a proposal", "dismissed")
        OUTDATED = "outdated", pgettext_lazy("a proposal", "no longer so")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.ACCEPTED, Status.DISMISSED, Status.OUTDATED},
        Status.ACCEPTED: set(),
        Status.DISMISSED: set(),
        Status.OUTDATED: set(),
    }

    dimension = models.CharField(_("between"), max_length=7, choices=Dimension)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.OPEN)
    source = models.CharField(pgettext_lazy("allocation", "from"), max_length=120)
    source_name = models.CharField(max_length=200)
    target = models.CharField(pgettext_lazy("allocation", "to"), max_length=120)
    target_name = models.CharField(max_length=200)
    amount_minor = models.BigIntegerField(_("amount"))
    # What that is expected to bring more, with its bounds, and how sure one is that it is more.
    gain_minor = models.BigIntegerField(_("gain"))
    gain_low_minor = models.BigIntegerField()
    gain_high_minor = models.BigIntegerField()
    sure = models.FloatField(_("sure"))
    # The campaigns, or the months, that it was worked out from: others may say something else.
    basis = models.JSONField(default=list)
    made_at = models.DateTimeField(_("made at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("stop-loss", "decided by"),
    )
    decided_at = models.DateTimeField(pgettext_lazy("stop-loss", "decided at"), null=True)
    because = models.CharField(_("why"), max_length=300, blank=True)
    # Where it moves money between budgets, what asks for that.
    transfer = models.OneToOneField(
        Transfer, models.PROTECT, null=True, related_name="+", verbose_name=_("transfer")
    )

    class Meta:
        verbose_name = pgettext_lazy("allocation", "proposal")
        verbose_name_plural = pgettext_lazy("allocation", "proposals")
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dimension", "source", "target"],
                condition=models.Q(status="open"),
                name="one_open_proposal_a_move",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="proposal_of_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_name} → {self.target_name}"
