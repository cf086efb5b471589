"""What the columns of a kind of file mean, kept under a name for the next file of the kind."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Team


class ImportPreset(models.Model):
    """A mapping that somebody named, and the columns that it was made for."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    mapping = models.JSONField(_("columns' meanings"))
    columns = models.JSONField(_("columns"), default=list)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    created_at = models.DateTimeField(_("saved at"), auto_now_add=True)
    used_at = models.DateTimeField(_("last used at"), null=True)

    class Meta:
        verbose_name = _("import preset")
        verbose_name_plural = _("import presets")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
