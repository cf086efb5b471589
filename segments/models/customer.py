"""A person we serve: who they are, how they are known and what they consented to."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from segments.models.fields import SealedCharField, SealedEmailField, SealedIdentifierField


class Customer(models.Model):
    """A person we serve. The integer id is the person's bit in every set."""

    id = models.AutoField(primary_key=True)
    # Sealed at rest where `CONTACT_KEY` is set; see `segments.sealing` for raw SQL.
    name = SealedCharField(_("name"), max_length=120, blank=True)
    email = SealedEmailField(pgettext_lazy("an address", "e-mail"), max_length=254, blank=True)
    phone = SealedCharField(_("phone"), max_length=40, blank=True, default="", db_default="")
    language = models.CharField(_("language"), max_length=16, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("known since"), default=timezone.now)
    # A merged or an erased customer keeps the row, empty: the bit is never somebody else's.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed"
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering: ClassVar = ["-id"]
        # People search by how an address or a name begins.
        indexes: ClassVar = [
            models.Index(
                fields=["erased_at"],
                condition=models.Q(erased_at__isnull=False),
                name="customers_erased",
            ),
            models.Index(
                fields=["email"], opclasses=["varchar_pattern_ops"], name="customer_by_email"
            ),
            models.Index(
                fields=["name"], opclasses=["varchar_pattern_ops"], name="customer_by_name"
            ),
            models.Index(
                fields=["phone"], opclasses=["varchar_pattern_ops"], name="customer_by_phone"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"  # never the name: this goes into logs that nobody can change


class Identifier(models.Model):
    """A name by which some source knows a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identifiers")
    kind = models.CharField(_("kind"), max_length=40)
    value = SealedIdentifierField(_("value"), max_length=200)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "value"], name="one_customer_an_identifier"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["value"], opclasses=["varchar_pattern_ops"], name="identifier_by_beginning"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Consent(models.Model):
    """Whether a customer agreed to hear from us, by channel and purpose. No row: no."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents")
    channel = models.CharField(_("channel"), max_length=16)
    purpose = models.CharField(_("purpose"), max_length=16, default="marketing")
    granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("at"))
    source = models.CharField(pgettext_lazy("of a consent", "source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "channel", "purpose"], name="one_consent_a_purpose"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "purpose", "granted"], name="consent_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.purpose}"
