"""Asking for money: from another budget, or new, with somebody else's yes."""

import hashlib
import json
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from console.models.approval import Approval
from console.models.budget import Budget
from console.models.budget_entry import BudgetEntry, Reservation


class Transfer(models.Model):
    """Money that goes to a budget once its approval is given. Its state is that approval's.

    From another budget it is reserved there when it is asked for, so that a yes finds it.
    """

    source = models.ForeignKey(
        Budget,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("from the budget"),
        help_text=_("Empty: new money."),
    )
    target = models.ForeignKey(
        Budget, models.PROTECT, related_name="transfers", verbose_name=_("to the budget")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    because = models.CharField(_("why"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_on = models.DateField(_("asked for on"))
    # Sent twice, such as by a double click, it is asked for once.
    key = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("transfer between budgets")
        verbose_name_plural = _("transfers between budgets")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transfer_of_something"),
            models.CheckConstraint(
                condition=Q(source=None) | ~Q(source=F("target")), name="transfer_to_another"
            ),
            models.UniqueConstraint(fields=["asked_by", "key"], name="a_transfer_is_asked_once"),
        ]

    def __str__(self) -> str:
        source, target = self.source, self.target
        if source is None:
            return f"→ {target}"
        if str(source) == str(target):  # as teams name theirs alike, each year
            return f"{source} ({source.team}) → {target} ({target.team})"
        return f"{source} → {target}"

    def digest(self) -> str:
        """SHA-256 over what the approver says yes to."""
        said = [self.source_id, self.target_id, self.amount_minor, self.because]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def editors(self) -> set[int]:
        """Who had a hand in it, and so does not decide about it."""
        return {self.asked_by_id}

    def on_approved(self, approval: Approval) -> None:
        """Called back by an approval: the money goes over."""
        moves = [self._entry(self.target, BudgetEntry.Kind.IN, approval)]
        if self.source is not None:
            moves.append(self._entry(self.source, BudgetEntry.Kind.OUT, approval))
        # In one order, so that two transfers between the same budgets do not wait for each other.
        for entry in sorted(moves, key=lambda one: one.budget_id):
            entry.save(force_insert=True)

    def on_rejected(self, approval: Approval) -> None:
        """Called back by an approval: what was reserved for it is available again."""
        if self.source is not None:
            self._entry(self.source, BudgetEntry.Kind.RELEASE, approval).save(force_insert=True)

    def _entry(self, budget: Budget, kind: str, approval: Approval) -> BudgetEntry:
        entry = BudgetEntry.of(
            budget,
            kind,
            self.amount_minor,
            key=f"transfer:{self.pk}",
            because=self.because,
            by=self.asked_by,
            on=approval.decided_on or self.asked_on,
        )
        if kind != BudgetEntry.Kind.IN:
            entry.reservation = Reservation.objects.get(
                budget=budget, subject_type=self._kind(), subject_id=self.pk
            )
        entry.subject_type, entry.subject_id = self._kind(), self.pk
        return entry

    @classmethod
    def _kind(cls) -> ContentType:
        return ContentType.objects.get_for_model(cls)
