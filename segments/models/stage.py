"""Lifecycle stages: sets of them, where each customer stands, and every move."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.models import Team
from segments.models.customer import Customer
from segments.models.fields import BitmapField

# Names of what we ship, so that they follow the reader's language. A name of its own wins.
SHIPPED_SETS = {"lifecycle": _("Lifecycle stage")}
SHIPPED_STAGES = {
    "prospect": _("Prospect"),
    "activation": _("Activation"),
    "growth": _("Growth"),
    "maturity": _("Maturity"),
    "decline": _("Decline"),
}


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
    failure = models.TextField(_("why the last computation failed"), blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)
    computed_at = models.DateTimeField(_("computed at"), null=True)
    data_as_of = models.DateField(_("as of"), null=True)

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
        return self.name or str(SHIPPED_SETS.get(self.key, self.key))


class Stage(models.Model):
    """One stage. A customer stands in the first one, by position, whose rule says yes."""

    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="stages")
    key = models.SlugField(_("key"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))
    rule = models.JSONField(_("rule"), default=dict)
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
        return self.name or str(SHIPPED_STAGES.get(self.key, self.key))


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


class CustomerStage(models.Model):
    """Where a customer stands in one set."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stages")
    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="+")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    since_on = models.DateField(_("since"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "stage_set"], name="one_stage_a_set"),
        ]

    def __str__(self) -> str:
        return f"#{self.customer_id}: {self.stage}"


class StageMove(models.Model):
    """One move, kept for good; customers move backwards as well. Null stands for no stage."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stage_moves")
    stage_set = models.ForeignKey(StageSet, models.CASCADE, related_name="+")
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    on = models.DateField(_("on"))

    class Meta:
        ordering: ClassVar = ["-on", "-id"]
        indexes: ClassVar = [models.Index(fields=["stage_set", "on"], name="moves_by_day")]

    def __str__(self) -> str:
        return f"#{self.customer_id}: {self.from_stage} → {self.to_stage}"
