"""Tags that people give to customers, and what they gave and took."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console import kept_words
from console.kept_words import KeptName
from console.models import Team
from segments.models.fields import BitmapField, digest_of
from segments.models.segment import Segment


class Tag(models.Model):
    """A word on customers: put there by people, by a file, or by a segment that they came into."""

    name = KeptName(_("name"), max_length=60, unique=True)
    description = KeptName(_("description"), max_length=300, blank=True)
    color = models.CharField(_("colour"), max_length=16, default="#0d9488")
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    # Whoever is in this segment when it is computed gets the tag.
    segment = models.ForeignKey(
        Segment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("given to who comes into"),
    )
    is_lost = models.BooleanField(_("lost by who leaves it"), default=False, db_default=False)
    is_badge = models.BooleanField(_("shown to the customer"), default=False, db_default=False)
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField(_("customers"), default=0)
    version = models.PositiveIntegerField(default=1)  # of the members
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return kept_words.said(self.name)


class TagChange(models.Model):
    """Who got a tag or lost it, when, and by whom. Only ever added to."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="changes")
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))
    given = models.BooleanField(_("given"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    source = KeptName(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("change of a tag")
        verbose_name_plural = _("changes of tags")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.tag} {self.at:%Y-%m-%d}"
