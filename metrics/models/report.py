"""Reports that people explore: what was computed, whom it found, and those saved under a name."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.models import Job, Team
from segments.models.fields import BitmapField


class Kind(models.TextChoices):
    """The reports there are."""

    RETENTION = "retention", _("Retention")
    GROWTH = "growth", pgettext_lazy("a report", "Growth")
    FUNNEL = "funnel", _("Funnel")
    PATHS = "paths", _("Paths")
    UNDONE = "undone", _("Left undone")
    STICKINESS = "stickiness", _("Stickiness")
    RHYTHM = "rhythm", _("Hours and days")
    CONTENT = "content", pgettext_lazy("a report", "Content")
    FEATURES = "features", pgettext_lazy("a report", "Features")
    SERVICE = "service", pgettext_lazy("a report", "Service and revisits")
    INCIDENT = "incident", pgettext_lazy("a report", "After an incident")
    WORTH = "worth", pgettext_lazy("a report", "Spend by predicted value")


class KeptAnswer(models.Model):
    """What a question came to, by the question and the data's version: asked again, it is there.

    The data are numbers only. Which customers they are about is in the sets.
    """

    kind = models.CharField(max_length=20)
    question = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, unique=True)  # of the kind and the question
    version = models.CharField(max_length=64, blank=True)  # of the data that it was answered from
    data = models.BinaryField(null=True)
    as_of = models.DateField(_("as of"), null=True)
    under = models.JSONField(default=dict)  # the versions of the definitions
    computed_at = models.DateTimeField(_("computed at"), null=True)
    used_on = models.DateField(null=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("answer of a report")
        verbose_name_plural = _("answers of reports")

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class FoundSet(models.Model):
    """Customers whom an answer names: who stopped at a step, who left something undone."""

    answer = models.ForeignKey(KeptAnswer, models.CASCADE, related_name="sets")
    place = models.CharField(max_length=20)
    members = BitmapField()
    size = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "place"], name="one_found_set_a_place"),
        ]

    def __str__(self) -> str:
        return f"{self.answer} {self.place}: {self.size}"


class SavedReport(models.Model):
    """A report as somebody set it up, under a name."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("report"), max_length=20, choices=Kind)
    query = models.TextField(_("settings"), blank=True)  # as they stand in the address
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        verbose_name=_("by"),
        related_name="+",
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering: ClassVar = ["kind", "name"]

    def __str__(self) -> str:
        return self.name
