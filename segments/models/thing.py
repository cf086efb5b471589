"""What is not a person but has properties that senders tell us: companies, products."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Thing(models.Model):
    """A group of customers (a company) or an item (a product), by its kind and key."""

    kind = models.CharField(_("kind"), max_length=80)
    key = models.CharField(_("key"), max_length=200)
    attributes = models.JSONField(_("attributes"), default=dict)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("group or item")
        verbose_name_plural = _("groups and items")
        ordering: ClassVar = ["kind", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key"], name="one_thing_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
