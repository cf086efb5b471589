"""Whose yes is needed for what: policies in versions, and deputies for those who are away."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptName

# The names of policies that come with the console, as a table keeps them.
UNTRIED = "Without a precedent"
SHIPPED = {"Everything else": _("Everything else"), UNTRIED: _("Without a precedent")}


class ApprovalPolicy(models.Model):
    """The first active policy, by rank, whose conditions hold is the one. None holds: no."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    rank = models.PositiveSmallIntegerField(
        _("rank"), default=100, help_text=_("Policies are asked in this order, the lowest first.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")
        ordering: ClassVar = ["rank", "pk"]

    def __str__(self) -> str:
        return str(SHIPPED.get(self.name, self.name))


class PolicyVersion(models.Model):
    """What a policy said from then on, as `console.policy_rules` reads it; never changed."""

    policy = models.ForeignKey(ApprovalPolicy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("content"))
    because = KeptName(_("why"), max_length=300, blank=True)
    # Empty: it shipped with the console.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of a policy")
        verbose_name_plural = _("versions of policies")
        ordering: ClassVar = ["policy", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "number"], name="one_policy_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"


class Deputy(models.Model):
    """Somebody who votes in another's place for some days."""

    of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="deputies",
        verbose_name=pgettext_lazy("a deputy", "of"),
    )
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("deputy")
    )
    since = models.DateField(pgettext_lazy("a period", "from"))
    until = models.DateField(pgettext_lazy("a period", "until"))
    because = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("named at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("deputy")
        verbose_name_plural = _("deputies")
        ordering: ClassVar = ["-since", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="deputy_has_a_period"),
            models.CheckConstraint(condition=~Q(of=F("to")), name="deputy_is_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.of} → {self.to}"

    def holds(self, day: dt.date) -> bool:
        return self.ended_at is None and self.since <= day <= self.until
