"""Playbooks: which customers get which play, in which order, and what came of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign
from console import kept_words
from console.kept_words import KeptName
from console.models import Budget, Team
from segments.models import Segment
from segments.models.fields import BitmapField


class Playbook(models.Model):
    """A strategy: plays in order of precedence under one budget, with one control group."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", pgettext_lazy("playbook", "in force")
        PAUSED = "paused", _("paused")
        ENDED = "ended", pgettext_lazy("playbook", "ended")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.ACTIVE, Status.ENDED},
        Status.ACTIVE: {Status.PAUSED, Status.ENDED},
        Status.PAUSED: {Status.ACTIVE, Status.ENDED},
        Status.ENDED: set(),
    }

    name = KeptName(_("name"), max_length=120, unique=True)
    goal = KeptName(_("goal"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT)
    control_share = models.FloatField(
        pgettext_lazy("share of customers", "control"),
        default=0.1,
        help_text=_("Share of the customers who get none of its plays."),
    )
    rest_days = models.PositiveSmallIntegerField(
        _("rest (days)"),
        default=30,
        help_text=_("For so long whoever got a play gets no other, unless a more urgent one."),
    )
    budget_minor = models.PositiveBigIntegerField(_("costs at most"), null=True, blank=True)
    # Out of which its plays are paid, each up to a limit of its own.
    budget = models.ForeignKey(
        Budget,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("budget"),
    )
    wake_event = models.CharField(
        _("comes back by"),
        max_length=80,
        blank=True,
        help_text=_("Empty: by anything that counts as being active."),
    )
    wake_days = models.PositiveSmallIntegerField(_("counted for (days)"), default=30)
    takes_present = models.BooleanField(_("begins with those who are there already"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)

    class Meta:
        verbose_name = _("playbook")
        verbose_name_plural = _("playbooks")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(control_share__gte=0, control_share__lte=0.5),
                name="playbook_control_0_to_50_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(wake_days__gte=1, wake_days__lte=90),
                name="wake_days_1_to_90",
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)

    @property
    def is_draft(self) -> bool:
        """Whether its plays may still be changed."""
        return self.status == self.Status.DRAFT


class Play(models.Model):
    """One line: who (a level, and a layer of value if it matters), and the campaign they get."""

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="plays")
    place = models.PositiveSmallIntegerField(
        pgettext_lazy("play", "place")
    )  # the first that fits is the one
    level = models.ForeignKey(
        Segment, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("play", "who")
    )
    value = models.ForeignKey(
        Segment,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("play", "value"),
    )
    # Its segment is the level, or the level and the value together.
    campaign = models.OneToOneField(Campaign, models.PROTECT, related_name="play")
    # Who was in the segment at the last look: who is there and was not, came in.
    seen = BitmapField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("play")
        verbose_name_plural = _("plays")
        ordering: ClassVar = ["playbook", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["playbook", "place"],
                name="one_play_a_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return str(self.campaign)


class Turn(models.Model):
    """Customers whose turn came together: those who get the play, and those who get nothing."""

    play = models.ForeignKey(Play, models.CASCADE, related_name="turns")
    day = models.DateField()
    at = models.DateTimeField()
    members = BitmapField()
    control = BitmapField()
    left_out = models.JSONField(default=dict)  # how many, by reason

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["day"], name="turns_by_day")]

    def __str__(self) -> str:
        return f"{self.play_id} {self.day}"


class PlayResult(models.Model):
    """How many came back, of those who got a play and of the control; written by metrics."""

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="results")
    # Empty: all its plays together.
    play = models.OneToOneField(Play, models.CASCADE, null=True, related_name="result")
    treated = models.PositiveIntegerField(default=0)
    woken = models.PositiveIntegerField(default=0)
    control = models.PositiveIntegerField(default=0)
    control_woken = models.PositiveIntegerField(default=0)
    # Of the woken, those whose seven days after are over, and who were active in them.
    followed = models.PositiveIntegerField(default=0)
    stayed = models.PositiveIntegerField(default=0)
    # The difference of the two shares, and its 95 % bounds.
    lift = models.FloatField(null=True)
    lift_low = models.FloatField(null=True)
    lift_high = models.FloatField(null=True)
    cost_minor = models.BigIntegerField(default=0)
    as_of = models.DateField(_("as of"))
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["playbook"], condition=models.Q(play=None), name="one_whole_a_playbook"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id}: {self.play_id or ''}"

    @property
    def share(self) -> float | None:
        """How many of those who got it came back: 挽回率."""
        return self.woken / self.treated if self.treated else None

    @property
    def control_share(self) -> float | None:
        """How many came back by themselves."""
        return self.control_woken / self.control if self.control else None

    @property
    def saved(self) -> float | None:
        """How many came back who would not have by themselves."""
        return self.lift * self.treated if self.lift is not None else None

    @property
    def cost_a_wake(self) -> float | None:
        """What each who came back cost; where there is a control, each who would not have."""
        of = self.woken if self.saved is None else self.saved
        return self.cost_minor / of if of > 0 else None

    @property
    def stayed_share(self) -> float | None:
        """How many of the woken were active in the seven days after."""
        return self.stayed / self.followed if self.followed else None
