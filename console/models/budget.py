"""Budgets: money for a purpose, over a period, of a team, and the rule that guards it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import kept_words
from console.kept_words import KeptName
from console.models.staff import Team

BALANCES = ("available_minor", "reserved_minor", "committed_minor", "spent_minor")


class Budget(models.Model):
    """Its four balances are kept by the database from the ledger; nothing else may write them."""

    name = KeptName(_("name"), max_length=120)
    purpose = KeptName(_("purpose"), max_length=300, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name=_("team"))
    since = models.DateField(pgettext_lazy("a period", "from"))
    until = models.DateField(pgettext_lazy("a period", "until"))
    currency = models.CharField(_("currency"), max_length=3)
    available_minor = models.BigIntegerField(_("available"), default=0, editable=False)
    reserved_minor = models.BigIntegerField(_("reserved"), default=0, editable=False)
    committed_minor = models.BigIntegerField(_("committed"), default=0, editable=False)
    spent_minor = models.BigIntegerField(_("spent"), default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering: ClassVar = ["-until", "name", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="budget_has_a_period"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__gte": 0}),
                    name=f"budget_{name.removesuffix('_minor')}_not_below_nothing",
                )
                for name in BALANCES
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)

    @property
    def total_minor(self) -> int:
        """What was put in and not taken out again."""
        return sum(getattr(self, name) for name in BALANCES)

    @property
    def unspent_minor(self) -> int:
        return self.total_minor - self.spent_minor

    @cached_property
    def rule(self) -> "BudgetRule":
        """The rule in force; each budget is made with its first."""
        return max(self.rules.all(), key=lambda one: one.number)  # so that a list may prefetch


class BudgetRule(models.Model):
    """One version of what happens when the money does not reach; never changed, only followed."""

    class Over(models.TextChoices):
        STOP = "stop", _("stop: nothing beyond the amount")
        ASK = "ask", _("ask: more may be asked for, and somebody else decides")

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="rules")
    number = models.PositiveIntegerField(_("version"))
    over = models.CharField(
        _("when it does not reach"), max_length=4, choices=Over, default=Over.STOP
    )
    warn_share = models.FloatField(
        _("warn below"), default=0.2, help_text=_("Share of the whole that is still available.")
    )
    because = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("rule of a budget")
        verbose_name_plural = _("rules of budgets")
        ordering: ClassVar = ["budget", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "number"], name="one_budget_rule_a_version"),
            models.CheckConstraint(
                condition=Q(warn_share__gte=0, warn_share__lte=1), name="warn_share_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} v{self.number}"
