"""What acquisition costs, and by which channel customers come."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Campaign
from console import kept_words
from console.kept_words import KeptName


class Channel(models.Model):
    """A way by which customers come, with the words that stand for it in events."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = KeptName(_("name"), max_length=80, unique=True)
    words = models.JSONField(_("words in events"), default=list)  # lower case
    cap_minor = models.PositiveBigIntegerField(
        _("most that a new customer may cost"), null=True, blank=True
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return kept_words.said(self.name)


class Attribution(models.Model):
    """How it is told by which channel a customer came. Rows are only added, the newest rules."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    # Properties of the events of a customer's first day; the first that is there wins.
    channel_properties = models.JSONField(default=list)
    device_properties = models.JSONField(default=list)
    app_words = models.JSONField(default=list)
    # Instead of properties: a trait of words.
    trait = models.CharField(max_length=60, blank=True, default="")
    # The most that a new customer of any channel may cost, in minor units.
    cap_minor = models.PositiveBigIntegerField(null=True)
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-version"]

    def __str__(self) -> str:
        return f"v{self.version}"


class SpendImport(models.Model):
    """A file of spend that was read; taken back, all its entries go."""

    name = models.CharField(_("file"), max_length=200)
    entries = models.PositiveIntegerField(_("entries"))
    amount_minor = models.BigIntegerField(_("amount"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        verbose_name = _("file of spend")
        verbose_name_plural = _("files of spend")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name


class Spend(models.Model):
    """Money spent on a day: for a channel, without telling which, or by a campaign."""

    class Source(models.TextChoices):
        ENTERED = "entered", _("entered")
        IMPORTED = "imported", _("imported")
        CAMPAIGN = "campaign", _("posted by a campaign")
        COUPONS = "coupons", _("redeemed coupons")
        MESSAGES = "messages", _("messages sent")
        WORK = "work", _("work for people")

    # What campaigns cost by themselves: booked by a worker, and mended where it came from.
    POSTED: ClassVar = ("coupons", "messages", "work")
    # What customers who are here already save or hear is no cost of winning customers.
    ACQUIRES: ClassVar = ~models.Q(source__in=POSTED)

    day = models.DateField(_("day"))
    channel = models.ForeignKey(
        Channel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="spend",
        verbose_name=_("channel"),
    )
    amount_minor = models.BigIntegerField(_("amount"))  # negative: money that came back
    source = models.CharField(
        pgettext_lazy("of a number", "source"), max_length=8, choices=Source, default=Source.ENTERED
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    file = models.ForeignKey(
        SpendImport, models.CASCADE, null=True, blank=True, related_name="spend"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="spend"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("spend")
        verbose_name_plural = _("spend")
        ordering: ClassVar = ["-day", "-id"]
        indexes: ClassVar = [models.Index(fields=["day"], name="spend_by_day")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "campaign", "source"],
                condition=models.Q(source__in=["coupons", "messages", "work"]),
                nulls_distinct=False,
                name="posted_of_a_campaign_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel or ''}".strip()


class Payback(models.Model):
    """How much customers brought by months since they came, by channel; computed by a worker."""

    day = models.DateField(unique=True)  # the last closed day that is in it
    # {channel: [[revenue, customers], …]}: a pair a month of 30 days; "" is everybody
    lines = models.JSONField()
    # {month: {channel: [customers, revenue of their first 90 days, its squares]}}
    months = models.JSONField(default=dict, db_default={})
    computed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.day)
