"""The registry of what we know about customers; values stand in columns."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.kept_words import KeptWords
from console.models import Job, Team


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
    failure = KeptWords(_("why the last computation failed"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("trait")
        verbose_name_plural = _("traits")
        ordering: ClassVar = ["-is_shipped", "id"]

    def __str__(self) -> str:
        return self.title or self.key


class TraitPreview(models.Model):
    """What a trait would come to, before anybody keeps it: asked by a form, found by a worker."""

    job = models.OneToOneField(Job, models.CASCADE, related_name="+")
    recipe = models.JSONField()
    kind = models.CharField(max_length=8, choices=Trait.Kind)
    unit = models.CharField(max_length=20, blank=True)
    form = models.JSONField()  # every field of the form with its values, as they were sent
    spread = models.JSONField(null=True)  # see `segments.distribution`
    examples = models.JSONField(default=list)  # customers, each with the value
    problem = KeptWords(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.job}"

    @property
    def is_done(self) -> bool:
        """Whether the worker has found what it comes to, or why it comes to nothing."""
        return self.spread is not None or bool(self.problem)
