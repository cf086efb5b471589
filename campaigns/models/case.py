"""Campaigns that are worth telling others about: what happened, and what was learnt."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign
from console.models import Team


class Case(models.Model):
    """One campaign in the case library. The figures are the campaign's result, always as it is."""

    class Outcome(models.TextChoices):
        WORKED = "worked", pgettext_lazy("a case", "worked")
        MIXED = "mixed", pgettext_lazy("a case", "worked in part")
        FAILED = "failed", pgettext_lazy("a case", "did not work")

    campaign = models.OneToOneField(
        Campaign, models.PROTECT, related_name="case", verbose_name=_("campaign")
    )
    title = models.CharField(pgettext_lazy("a case", "title"), max_length=120)
    outcome = models.CharField(pgettext_lazy("a case", "outcome"), max_length=6, choices=Outcome)
    situation = models.TextField(
        _("situation"), max_length=4000, help_text=_("What was wrong, or what one wanted to reach.")
    )
    deed = models.TextField(
        _("what was done"), max_length=4000, help_text=_("To whom, what, through which channel.")
    )
    lessons = models.TextField(
        _("lessons"),
        max_length=4000,
        help_text=_("What others should do the same way, and what differently; a line each."),
    )
    topics = models.JSONField(_("topics"), default=list, blank=True)  # words to find it by
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("filed by")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team")
    )
    filed_on = models.DateField(_("filed on"))
    version = models.PositiveIntegerField(_("version"), default=1)
    archived_at = models.DateTimeField(_("archived at"), null=True)

    class Meta:
        verbose_name = pgettext_lazy("the case library", "case")
        verbose_name_plural = pgettext_lazy("the case library", "cases")
        ordering: ClassVar = ["-filed_on", "-pk"]

    def __str__(self) -> str:
        return self.title
