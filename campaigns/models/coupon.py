"""Coupons: what a batch of them gives, each one that a customer has, and its redemptions."""

import datetime as dt
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign
from campaigns.models.message import Message
from console import kept_words
from console.kept_words import KeptName
from console.models import Team
from segments.models import Customer


class CouponBatch(models.Model):
    """One kind of coupon: what it gives, for how long, and how many there are at most."""

    class Kind(models.TextChoices):
        VALUE = "value", _("an amount off")
        PERCENT = "percent", _("a share off")
        GIFT = "gift", _("a gift or a service")

    # What a customer is promised: it cannot change once somebody has such a coupon.
    TERMS: ClassVar[tuple[str, ...]] = (
        "kind",
        "value_minor",
        "percent",
        "most_minor",
        "floor_minor",
        "gift",
        "shared_code",
        "is_open",
        "valid_minutes",
        "ends_at",
        "comes_back",
    )

    name = KeptName(_("name"), max_length=120, unique=True)
    kind = models.CharField(
        pgettext_lazy("coupon", "gives"), max_length=8, choices=Kind, default=Kind.VALUE
    )
    # The amount off; of a gift, what one costs us.
    value_minor = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(_("percent off"), null=True, blank=True)
    most_minor = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)
    gift = models.CharField(_("what it is"), max_length=120, blank=True)
    floor_minor = models.PositiveBigIntegerField(_("for orders from"), default=0)
    # Empty: each coupon has a code of its own.
    shared_code = models.CharField(_("shared code"), max_length=32, blank=True)
    is_open = models.BooleanField(
        _("for anybody who knows the code"),
        default=False,
        help_text=_("Otherwise only for customers to whom it was given."),
    )
    valid_minutes = models.PositiveIntegerField(_("valid for (minutes)"), null=True, blank=True)
    ends_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    most_issued = models.PositiveIntegerField(_("at most in all"), null=True, blank=True)
    most_a_day = models.PositiveIntegerField(_("at most a day"), null=True, blank=True)
    comes_back = models.BooleanField(
        _("comes back with a refund"),
        default=True,
        help_text=_("A customer whose order is refunded can use the coupon again while it lasts."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind="value", value_minor__isnull=False, value_minor__gt=0)
                | models.Q(kind="percent", percent__isnull=False, percent__range=(1, 100))
                | (models.Q(kind="gift", value_minor__isnull=False) & ~models.Q(gift="")),
                name="coupon_gives_something",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_minutes__isnull=False, valid_minutes__gt=0)
                | models.Q(ends_at__isnull=False),
                name="coupon_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(is_open=False) | ~models.Q(shared_code=""),
                name="open_coupon_has_a_shared_code",
            ),
            models.UniqueConstraint(
                fields=["shared_code"],
                condition=~models.Q(shared_code=""),
                name="one_batch_a_shared_code",
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)

    @property
    def is_shared(self) -> bool:
        """Whether everybody has the same code, each once."""
        return bool(self.shared_code)

    @property
    def depth(self) -> float:
        """The share of an order that it can take off, of the smallest order that it is for."""
        if self.kind == self.Kind.PERCENT:
            return float(Decimal(self.percent or 0) / 100)
        if self.kind == self.Kind.GIFT:
            return 0.0
        return min(1.0, (self.value_minor or 0) / self.floor_minor) if self.floor_minor else 1.0

    def terms(self) -> dict[str, object]:
        """What it promises, for whoever approves something that gives it."""
        return {name: getattr(self, name) for name in self.TERMS}


class CouponDay(models.Model):
    """How many of a batch were given on a day of the project; its row is the lock of both caps."""

    batch = models.ForeignKey(CouponBatch, models.CASCADE, related_name="days")
    day = models.DateField()
    issued = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "day"], name="one_row_a_coupon_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.day}: {self.issued}"


class Coupon(models.Model):
    """A coupon that one customer has."""

    class Status(models.TextChoices):
        ISSUED = "issued", pgettext_lazy("coupon", "given")
        REDEEMED = "redeemed", pgettext_lazy("coupon", "redeemed")
        REVOKED = "revoked", pgettext_lazy("coupon", "taken back")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.ISSUED: {Status.REDEEMED, Status.REVOKED},
        # A refund gives it back or, where the batch says so, ends it.
        Status.REDEEMED: {Status.ISSUED, Status.REVOKED},
        Status.REVOKED: set(),
    }

    batch = models.ForeignKey(
        CouponBatch, models.PROTECT, related_name="coupons", verbose_name=_("coupon")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="coupons", verbose_name=_("customer")
    )
    # Without dashes, in capitals; empty where the batch has one code for everybody.
    code = models.CharField(pgettext_lazy("coupon", "code"), max_length=32, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ISSUED)
    # What gave it: a message of a campaign, a person, or the till (a shared code that is open).
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, related_name="coupons", verbose_name=_("campaign")
    )
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="coupons")
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("given by"),
    )
    because = models.CharField(_("why"), max_length=200, blank=True)
    issued_at = models.DateTimeField(_("given at"))
    expires_at = models.DateTimeField(_("valid until"))
    # What was spent for it of its campaign's money: as much as it can cost, until that is known.
    held_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    # When to look what it came to; empty: it holds no money, or that is known.
    settles_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("customer's coupon")
        verbose_name_plural = _("customers' coupons")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], condition=~models.Q(code=""), name="one_coupon_a_code"
            ),
            models.UniqueConstraint(
                fields=["batch", "customer"],
                condition=models.Q(code=""),
                name="shared_code_once_a_customer",
            ),
            models.UniqueConstraint(
                fields=["message", "batch"],
                condition=models.Q(message__isnull=False),
                name="one_coupon_a_message",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["settles_at"],
                condition=models.Q(settles_at__isnull=False),
                name="coupons_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} #{self.pk}"  # never the code: it is money

    def is_over(self, at: dt.datetime) -> bool:
        """Whether its time has run out."""
        return self.expires_at <= at

    def is_final(self, at: dt.datetime) -> bool:
        """Whether it cannot be redeemed any more, not even after a refund."""
        is_used_up = self.status == self.Status.REDEEMED and not self.batch.comes_back
        return is_used_up or self.status == self.Status.REVOKED or self.is_over(at)


class Redemption(models.Model):
    """One use of a coupon in an order, and whether a refund reversed it."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions")
    # The sender's own key: the same redemption asked for again is the same redemption.
    key = models.CharField(max_length=200, unique=True)
    order = models.CharField(pgettext_lazy("redemption", "order"), max_length=120, blank=True)
    order_minor = models.PositiveBigIntegerField(_("order's amount"), null=True)
    cost_minor = models.PositiveBigIntegerField(_("cost"))
    at = models.DateTimeField(_("redeemed at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("redeemed by"),
    )
    reversed_at = models.DateTimeField(_("reversed at"), null=True)
    reversed_because = models.CharField(_("reversed because"), max_length=200, blank=True)
    # Metrics books costs by days; what it has not seen yet says so here.
    is_booked = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["coupon"],
                condition=models.Q(reversed_at__isnull=True),
                name="a_coupon_is_redeemed_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["order"], condition=~models.Q(order=""), name="redemptions_by_order"
            ),
            models.Index(fields=["at"], name="redemptions_by_time"),
            models.Index(
                fields=["id"], condition=models.Q(is_booked=False), name="redemptions_to_book"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
