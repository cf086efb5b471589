"""Where events come from, and the keys by which the senders are known."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EventSource(models.Model):
    """An app, a site or a server that sends events."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    archived_at = models.DateTimeField(_("put away at"), null=True, blank=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class SourceDay(models.Model):
    """How many items of a source were sorted on a day; intake counts, nobody else."""

    source = models.ForeignKey(EventSource, models.CASCADE, related_name="days")
    day = models.DateField()  # when they came, not when they happened
    items = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "day"], name="one_row_a_source_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.day}: {self.items}"


class WriteKey(models.Model):
    """A key of a source. Only its digest is kept; the key itself is shown once."""

    class Scope(models.TextChoices):
        EVENTS = "events", _("events")
        PROFILES = "profiles", _("profiles")  # set what we know about customers, and consents
        IDENTITIES = "identities", _("identities")  # say that two ids are one person
        HISTORY = "history", _("history")  # bring in events of long ago
        COUPONS = "coupons", _("coupons")  # redeem them: for a till's or a shop's server

    source = models.ForeignKey(EventSource, models.CASCADE, related_name="keys")
    hint = models.CharField(_("key"), max_length=16)  # how it begins, to recognise it by
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 in hex
    scopes = models.JSONField(_("may send"), default=list)
    per_second = models.PositiveIntegerField(_("events a second"), default=1000)
    burst = models.PositiveIntegerField(_("at once"), default=20_000)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # Set when a newer key takes its place: both work until then.
    expires_at = models.DateTimeField(_("works until"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("write key")
        verbose_name_plural = _("write keys")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.hint}…"
