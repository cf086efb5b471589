"""With whom messages leave: what a provider has to be told, and what it costs."""

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import clock, kept_words, once
from console.kept_words import KeptName
from console.models import Approval


class ChannelAccount(models.Model):
    """One account with a provider, a robot of a group, a system of one's own, or our own app."""

    # As `campaigns.channels.kinds` says, in the words of screens.
    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("SMS")
        PUSH = "push", pgettext_lazy("channel", "push")
        IN_APP = "in_app", _("in the app")
        ROBOT = "robot", _("work chat")
        WEBHOOK = "webhook", _("webhook")

    name = KeptName(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=16)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    given = models.JSONField(_("settings"), default=dict)  # those that are no secret
    sealed = models.TextField(default="", blank=True, editable=False)  # the others, as JSON
    # In fen and the like; with parts of one, because a short message costs 4.5.
    tariff = models.DecimalField(
        _("cost of a message"),
        max_digits=9,
        decimal_places=3,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    per_minute = models.PositiveIntegerField(
        _("messages a minute"),
        default=1200,
        validators=[MinValueValidator(1), MaxValueValidator(600_000)],
        help_text=_("At most; what the provider allows."),
    )
    is_enabled = models.BooleanField(_("in use"), default=True)
    is_default = models.BooleanField(_("the channel's own"), default=False)
    # Of a robot: whether its group hears what waits for a decision.
    tells_approvals = models.BooleanField(default=False, db_default=False)
    # In the address of its reports, which is secret by it.
    token = models.CharField(max_length=64, editable=False, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("added by"),
    )
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering: ClassVar = ["channel", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=models.Q(is_default=True),
                name="one_default_account_a_channel",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(is_enabled=True),
                name="default_account_is_in_use",
            ),
            models.CheckConstraint(
                condition=models.Q(per_minute__gte=1), name="account_pace_from_1"
            ),
            models.CheckConstraint(condition=models.Q(tariff__gte=0), name="account_tariff_from_0"),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)


PROJECT = "project"


@once.a_page_asks
def own_of_channels() -> list[ChannelAccount]:
    """The account of each channel through which messages go out."""
    return list(ChannelAccount.objects.filter(is_default=True))


def signatures(wanted: Iterable[str]) -> dict[str, str]:
    """As what customers read who writes to them: the project, and the accounts of channels."""
    own = {one.channel: one.given for one in own_of_channels()}
    signs = {channel: own.get(channel, {}).get("sign_name", "") for channel in wanted}
    mail = own.get(ChannelAccount.Channel.EMAIL, {}).get("sender") or settings.DEFAULT_FROM_EMAIL
    known = {PROJECT: clock.project().name, str(ChannelAccount.Channel.EMAIL): mail}
    return {one: known.get(one, signs[one]) for one in signs}


class GroupNotice(models.Model):
    """That one step of an approval was told to a robot's group; once each."""

    account = models.ForeignKey(ChannelAccount, models.CASCADE, related_name="+")
    approval = models.ForeignKey(Approval, models.CASCADE, related_name="+")
    step = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "approval", "step"], name="a_group_hears_a_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approval} → {self.account}"
