"""Saved rules and the customers who fit them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console import kept_words
from console.kept_words import KeptName, KeptWords
from console.models import Team
from segments import segment_words
from segments.models.fields import BitmapField, digest_of


def everyone() -> dict[str, Any]:
    """The rule that a new segment begins with."""
    return {"all": []}


class Segment(models.Model):
    """A saved rule. Its members are computed by workers and carry their freshness."""

    name = KeptName(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    rule = models.JSONField(_("rule"), default=everyone)
    rule_version = models.PositiveIntegerField(_("version"), default=1)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField(_("customers"), null=True)
    computed_at = models.DateTimeField(_("computed at"), null=True)
    computed_version = models.PositiveIntegerField(_("computed for version"), null=True)
    data_as_of = models.DateField(_("as of"), null=True)
    failure = KeptWords(_("why the last computation failed"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        name = kept_words.said(self.name)
        return str(segment_words.NAMES.get(name, name))

    @property
    def about(self) -> str:
        """What it is for, in the reader's language where the console told it."""
        return str(segment_words.DESCRIPTIONS.get(self.description, self.description))

    @property
    def is_computed(self) -> bool:
        """Whether the members are those of the rule as it stands now."""
        return self.computed_version == self.rule_version


class SegmentVersion(models.Model):
    """A rule that a segment had: who gave it, when and why. Versions are only ever added."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    rule = models.JSONField(_("rule"))
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("version of a segment")
        verbose_name_plural = _("versions of segments")
        ordering: ClassVar = ["segment", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "number"], name="one_rule_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.segment} v{self.number}"


class SegmentSnapshot(models.Model):
    """The members at the end of one day's recompute."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="snapshots")
    day = models.DateField(_("day"))
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "day"], name="one_snapshot_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.segment} {self.day}"
