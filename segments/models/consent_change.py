"""Every yes and no that a customer ever said, kept by a trigger of the database."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from segments.models.customer import Customer


class ConsentChange(models.Model):
    """One decision. Whatever writes a `Consent`, the trigger adds its line here."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consent_changes")
    channel = models.CharField(_("channel"), max_length=16)
    purpose = models.CharField(_("purpose"), max_length=16)
    granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("at"))
    source = models.CharField(pgettext_lazy("of a consent", "source"), max_length=120)

    class Meta:
        verbose_name = _("change of a consent")
        verbose_name_plural = _("changes of consents")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.channel} {self.purpose}"
