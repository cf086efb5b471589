"""The ledger of budgets: what is set aside for what, and every movement, never changed."""

from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import kept_words
from console.kept_words import KeptName
from console.models.budget import BALANCES, Budget, BudgetRule

# What each kind of movement does to `BALANCES`. Money comes in and goes out by the kinds at both
# ends; all those between sum to zero.
EFFECT: dict[str, tuple[int, int, int, int]] = {
    "fund": (1, 0, 0, 0),
    "reduce": (-1, 0, 0, 0),
    "reserve": (-1, 1, 0, 0),
    "release": (1, -1, 0, 0),
    "commit": (0, -1, 1, 0),
    "unspent": (1, 0, -1, 0),
    "spend": (0, 0, -1, 1),
    "refund": (0, 0, 1, -1),
    "out": (0, -1, 0, 0),
    "in": (1, 0, 0, 0),
}


def _as_its_kind() -> Q:
    """The balances move exactly as the kind says."""
    found = Q()
    for kind, effect in EFFECT.items():
        moves = {
            name: F("amount_minor") * sign if sign else 0
            for name, sign in zip(BALANCES, effect, strict=True)
        }
        found |= Q(kind=kind, **moves)
    return found


class Reservation(models.Model):
    """The money of one budget for one thing; the database keeps its balances from the ledger."""

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="reservations")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.PositiveBigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    title = KeptName(_("for what"), max_length=200)
    reserved_minor = models.BigIntegerField(_("reserved"), default=0, editable=False)
    committed_minor = models.BigIntegerField(_("committed"), default=0, editable=False)
    spent_minor = models.BigIntegerField(_("spent"), default=0, editable=False)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["budget", "subject_type", "subject_id"],
                name="one_reservation_a_subject",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__gte": 0}),
                    name=f"reservation_{name.removesuffix('_minor')}_not_below_nothing",
                )
                for name in BALANCES[1:]
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.title)


class BudgetEntry(models.Model):
    """One movement between what is available, reserved, committed and spent.

    A trigger refuses UPDATE and DELETE, and another adds each new row to the balances.
    """

    class Kind(models.TextChoices):
        FUND = "fund", _("put in")
        REDUCE = "reduce", _("taken out")
        RESERVE = "reserve", _("reserved")
        RELEASE = "release", _("given back from the reserved")
        COMMIT = "commit", _("committed")
        UNSPENT = "unspent", _("given back from the committed")
        SPEND = "spend", _("spent")
        REFUND = "refund", _("refunded")
        OUT = "out", _("gone to another budget")
        IN = "in", _("come by a transfer")

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="entries")
    reservation = models.ForeignKey(
        Reservation, models.PROTECT, null=True, related_name="entries", verbose_name=_("for what")
    )
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.PositiveBigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    asked_minor = models.BigIntegerField(pgettext_lazy("an amount", "asked for"))
    amount_minor = models.BigIntegerField(_("amount"))
    available_minor = models.BigIntegerField(_("available"))
    reserved_minor = models.BigIntegerField(_("reserved"))
    committed_minor = models.BigIntegerField(_("committed"))
    spent_minor = models.BigIntegerField(_("spent"))
    rule = models.ForeignKey(
        BudgetRule, models.PROTECT, related_name="+", verbose_name=_("rule in force")
    )
    key = models.CharField(_("key"), max_length=200)
    because = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    on = models.DateField(_("day"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("entry of a budget")
        verbose_name_plural = _("entries of budgets")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["budget", "on"], name="budget_entries_by_day")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "key", "kind"], name="a_movement_is_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, asked_minor__gte=F("amount_minor")),
                name="a_movement_moves_what_was_asked",
            ),
            models.CheckConstraint(condition=_as_its_kind(), name="movements_sum_to_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_minor}"

    @classmethod
    def of(cls, budget: Budget, kind: str, amount: int, **values: object) -> "BudgetEntry":
        """A movement as its kind has it, not saved yet."""
        effect = {name: sign * amount for name, sign in zip(BALANCES, EFFECT[kind], strict=True)}
        said = {"asked_minor": amount, "rule": budget.rule} | values
        return cls(budget=budget, kind=kind, amount_minor=amount, **effect, **said)
