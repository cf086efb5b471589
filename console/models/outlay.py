"""Money for a thing that has no approval of its own: set aside by one, committed by others."""

import hashlib
import json
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models.approval import Approval
from console.models.budget import Budget
from console.models.budget_entry import BudgetEntry, Reservation


class Outlay(models.Model):
    """So much of a budget for a thing. Its state is its approval's; a yes commits the money."""

    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="outlays", verbose_name=_("budget")
    )
    reservation = models.ForeignKey(
        Reservation, models.PROTECT, related_name="outlays", verbose_name=_("for what")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    because = models.CharField(_("why"), max_length=300, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_on = models.DateField(_("asked for on"))
    # Sent twice, such as by a till that lost the answer, it is asked for once.
    key = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("money for a thing")
        verbose_name_plural = _("money for things")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="outlay_of_something"
            ),
            models.UniqueConstraint(fields=["budget", "key"], name="an_outlay_is_asked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.budget} → {self.reservation}"

    def digest(self) -> str:
        """SHA-256 over what the approver says yes to."""
        thing = [self.reservation.subject_type_id, self.reservation.subject_id]
        said = [self.budget_id, *thing, self.amount_minor, self.because]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def editors(self) -> set[int]:
        """Who had a hand in it, and so does not decide about it."""
        return {self.asked_by_id}

    def on_approved(self, approval: Approval) -> None:
        """Called back by an approval: it may be spent."""
        self._move(BudgetEntry.Kind.COMMIT, approval)

    def on_rejected(self, approval: Approval) -> None:
        """Called back by an approval: it is available again."""
        self._move(BudgetEntry.Kind.RELEASE, approval)

    def _move(self, kind: str, approval: Approval) -> None:
        held = self.reservation
        entry = BudgetEntry.of(
            self.budget,
            kind,
            self.amount_minor,
            key=f"outlay:{self.pk}",
            because=self.because,
            by=self.asked_by,
            on=approval.decided_on or self.asked_on,
            reservation=held,
        )
        entry.subject_type = ContentType.objects.get(pk=held.subject_type_id)
        entry.subject_id = held.subject_id
        entry.save(force_insert=True)
