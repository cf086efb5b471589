"""What staff learned from a customer in person: the side of the portrait that is not counted."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from segments.models.customer import Customer


class CustomerNote(models.Model):
    """One observation, in somebody's own words."""

    class Kind(models.TextChoices):
        NEED = "need", _("need")
        PAIN = "pain", _("pain point")
        OTHER = "other", _("remark")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="notes")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.OTHER)
    text = models.CharField(_("note"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"#{self.customer_id} {self.get_kind_display()}"
