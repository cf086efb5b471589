"""The people who work here, their team and their role."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from console import kept_words
from console.kept_words import KeptName


class Team(models.Model):
    """A group that owns segments and campaigns together."""

    name = KeptName(_("name"), max_length=80, unique=True)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lead"),
        help_text=_("Approves where a policy asks for the lead of the requester's team."),
    )
    days_a_week = models.DecimalField(
        _("days of work a week"),
        max_digits=5,
        decimal_places=1,
        default=Decimal(10),
        help_text=_("What the whole team can take on for others in a usual week."),
    )
    urgent_a_month = models.PositiveSmallIntegerField(
        _("urgent requests a month"),
        default=2,
        help_text=_("How many the team may send through the urgent lane."),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return kept_words.said(self.name)


class Staff(AbstractUser):
    """Somebody who signs in here; what they may do follows from the role alone."""

    class Role(models.TextChoices):
        OPERATOR = "operator", _("operator")
        PRODUCT = "product", _("product")
        MANAGER = "manager", _("manager")
        ANALYST = "analyst", _("analyst")
        SUPPORT = "support", _("support")
        ADMIN = "admin", _("administrator")

    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.OPERATOR)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("team")
    )

    # Everybody here works in the admin site; only leaving (is_active) shuts the door.
    is_staff = models.BooleanField(_("may sign in to the console"), default=True)

    class Meta(AbstractUser.Meta):
        verbose_name = _("staff member")  # type: ignore[assignment]  # lazy, like Django's own
        verbose_name_plural = _("staff")  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.get_full_name() or self.username
