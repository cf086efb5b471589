"""The kinds of things that customers do, their properties, and what each day had of them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Team

# Events that the console makes itself, or that its demo brings. A title of one's own wins.
SHIPPED_TITLES = {
    "campaign_converted": _("Converted after a campaign"),
    "campaign_received": _("Campaign received"),
    "coupon_issued": _("Coupon given"),
    "coupon_redeemed": _("Coupon redeemed"),
    "coupon_reversed": _("Redemption reversed"),
    "item_bought": _("Item bought"),
    "message_bounced": _("Message came back"),
    "message_clicked": _("Message clicked"),
    "message_complained": _("Message reported as spam"),
    "message_delivered": _("Message delivered"),
    "message_machine_clicked": _("Message clicked by a machine"),
    "message_machine_opened": _("Message opened by a machine"),
    "message_opened": _("Message opened"),
    "message_replied": _("Message answered"),
    "message_sent": _("Message sent"),
    "message_unsubscribed": _("Unsubscribed by a message"),
    "order_paid": _("Order paid"),
}
# All events whose names came after the catalogue was full stand together under this one.
OTHERS = "$others"


class EventType(models.Model):
    """A kind of event by its name, what it is called, and what it counts as."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=80, blank=True, default="")
    description = models.CharField(_("description"), max_length=400, blank=True, default="")
    # Empty: the first of `revenue`, `total`, `value`, `amount` that is a number.
    amount_property = models.CharField(_("amount"), max_length=80, blank=True, default="")
    # What the newest version of each `Definition` says; only `definitions` writes them.
    counts_as_active = models.BooleanField(_("counts as active"), default=True)
    counts_as_interaction = models.BooleanField(_("counts as interaction"), default=False)
    counts_as_paid = models.BooleanField(_("counts as paid"), default=False)
    counts_as_effective = models.BooleanField(_("counts for effective"), default=False)
    blocked = models.BooleanField(_("blocked"), default=False)
    blocked_volume = models.BigIntegerField(_("events dropped"), default=0)
    # Events that come in under this name are taken as that one's.
    taken_as = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="aliases"
    )
    is_planned = models.BooleanField(_("in the tracking plan"), default=False)
    owner = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    volume = models.BigIntegerField(_("events"), default=0)
    # Sightings of properties that came after the catalogue had as many as it keeps.
    beyond = models.BigIntegerField(default=0)
    first_seen_at = models.DateTimeField(_("first seen"), null=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True)
    drift = models.JSONField(default=list)  # what `drift.look` found last
    drift_on = models.DateField(null=True)

    class Meta:
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What people call it: the title, in the reader's language where it is ours."""
        if self.name == OTHERS:
            return str(_("other events"))
        return self.title or str(SHIPPED_TITLES.get(self.name, self.name))


class Kind(models.TextChoices):
    """What a property's value can be in JSON."""

    STRING = "string", _("text")
    NUMBER = "number", _("number")
    BOOLEAN = "boolean", _("yes or no")
    LIST = "list", _("list")
    OBJECT = "object", _("object")
    NULL = "null", _("nothing")


class EventProperty(models.Model):
    """A property of a kind of event. Values are never kept: they may be personal."""

    event_type = models.ForeignKey(EventType, models.CASCADE, related_name="properties")
    name = models.CharField(_("property"), max_length=80)
    kinds = models.JSONField(_("kinds of values"), default=dict)  # {kind: how often}
    volume = models.BigIntegerField(_("events"), default=0)  # that have it, and not as nothing
    first_seen_on = models.DateField(_("first seen"), null=True)
    last_seen_on = models.DateField(_("last seen"), null=True)
    description = models.CharField(_("description"), max_length=200, blank=True, default="")
    is_required = models.BooleanField(_("required"), default=False)
    planned_kind = models.CharField(
        _("planned as"), max_length=8, choices=Kind, blank=True, default=""
    )

    class Meta:
        verbose_name = _("property")
        verbose_name_plural = _("properties")
        ordering: ClassVar = ["event_type", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event_type", "name"], name="one_row_a_property"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type}.{self.name}"


class EventDay(models.Model):
    """What one day of the project's zone had of one kind of event; the rest adds these up."""

    event_type = models.ForeignKey(EventType, models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    volume = models.BigIntegerField(_("events"), default=0)
    properties = models.JSONField(default=dict)  # {property: {kind: how often}}
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event_type", "day"], name="one_row_an_event_and_day"),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="event_day_by_day")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.day}"
