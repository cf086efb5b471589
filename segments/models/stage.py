"""Lifecycle stages: sets of them with their versions, and who moved between them when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.kept_words import KeptWords
from console.models import Team
from segments import stage_words
from segments.models.fields import BitmapField, DaysField


class StageSet(models.Model):
    """One way to divide the lifecycle into stages."""

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True)
    is_default = models.BooleanField(_("default"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)
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
    failure = KeptWords(_("why the last computation failed"), blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)
    computed_at = models.DateTimeField(_("computed at"), null=True)
    computed_version = models.PositiveIntegerField(null=True)
    data_as_of = models.DateField(_("as of"), null=True)
    # The days counted, since 1970-01-01: one on which nobody moved has no flow to show for it.
    days = DaysField(editable=False)

    class Meta:
        verbose_name = _("stage set")
        verbose_name_plural = _("stage sets")
        ordering: ClassVar = ["-is_default", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_set"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(stage_words.SETS.get(self.key, (self.key,))[0])

    @property
    def about(self) -> str:
        """What it is for: the words of people here, or ours in the reader's language."""
        return self.description or str(stage_words.SETS.get(self.key, ("", ""))[1])


class Stage(models.Model):
    """One stage. A customer stands in the first one, by position, whose rule says yes."""

    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="stages")
    key = models.SlugField(_("key"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))
    rule = models.JSONField(_("rule"), default=dict)
    # The order says which rule is asked first; this, which way a move leads.
    level = models.SmallIntegerField(_("level"), default=0)
    color = models.CharField(_("colour"), max_length=16, default="#0d9488")
    description = models.CharField(_("description"), max_length=300, blank=True)
    # A stage that a newer version left out stays for the moves of the past.
    retired_at = models.DateTimeField(_("retired at"), null=True, editable=False)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering: ClassVar = ["stage_set", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stage_set", "key"], name="one_stage_a_key"),
        ]

    def __str__(self) -> str:
        return self.name or str(stage_words.STAGES.get(self.key, (self.key,))[0])

    @property
    def about(self) -> str:
        """Who stands here and what to do: people's own words, or ours."""
        return self.description or str(stage_words.STAGES.get(self.key, ("", ""))[1])


class StageSetVersion(models.Model):
    """The stages that a set had: key, name, colour, rule in order. Versions are only ever added."""

    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    stages = models.JSONField(_("stages"))
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("version of a stage set")
        verbose_name_plural = _("versions of stage sets")
        ordering: ClassVar = ["stage_set", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stage_set", "number"], name="one_stages_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.stage_set} v{self.number}"


class StageFlow(models.Model):
    """Who moved from one stage to another on a day, as a set. Null stands for no stage.

    Where a customer stands now is the `Column` of the set; where they stood on a past day
    follows from the flows since then.
    """

    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="flows")
    on = models.DateField(_("on"))
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        ordering: ClassVar = ["-on", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stage_set", "on", "from_stage", "to_stage"],
                nulls_distinct=False,
                name="one_flow_a_day_and_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.from_stage} → {self.to_stage}"
