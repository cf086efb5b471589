"""The registry of what we know about customers; values stand in columns."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Team


class Trait(models.Model):
    """One thing that we know about customers: what it means, and how it comes about.

    Its values are the `Column` of the same key. What we ship is installed as rows as well, with
    empty words, so that its words follow the reader's language.
    """

    class Kind(models.TextChoices):
        WHOLE = "whole", _("whole number")
        NUMBER = "number", _("number")
        MONEY = "money", _("money")
        DATE = "date", _("date")
        CHOICE = "choice", _("one of several words")

    key = models.SlugField(_("key"), max_length=60, unique=True)
    title = models.CharField(_("name"), max_length=80, blank=True)
    description = models.TextField(_("definition"), blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    recipe = models.JSONField(_("how it is computed"))  # see `segments.recipes`
    version = models.PositiveIntegerField(_("version"), default=1)  # of the recipe
    is_shipped = models.BooleanField(default=False, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    known = models.PositiveIntegerField(_("known of"), null=True)  # customers with a value
    computed_at = models.DateTimeField(_("computed at"), null=True)
    computed_version = models.PositiveIntegerField(null=True)
    data_as_of = models.DateField(_("as of"), null=True)
    failure = models.TextField(_("why the last computation failed"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("trait")
        verbose_name_plural = _("traits")
        ordering: ClassVar = ["-is_shipped", "id"]

    def __str__(self) -> str:
        return self.title or self.key
