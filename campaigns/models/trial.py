"""Trials: which of several ways does best, and which one everybody else gets."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class Trial(models.Model):
    """What each variant of a message, or each way of a split, came to; and the winner."""

    class Why(models.TextChoices):
        SURE = "sure", _("it was surely better")
        AHEAD = "ahead", _("it was ahead when the time was up")
        BY_HAND = "by_hand", _("chosen by a person")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="trials")
    step = models.CharField(max_length=16)
    began_at = models.DateTimeField(auto_now_add=True)  # in real time, as waves are
    # By variant or way: how many got it, did what counts, unsubscribed, and what it cost.
    tallies = models.JSONField(default=dict)
    # The same by factor, where the ways are combinations of several: factor → level → what.
    factors = models.JSONField(default=dict)
    computed_at = models.DateTimeField(_("as of"), null=True)
    winner = models.CharField(_("winner"), max_length=16, blank=True, default="")
    why = models.CharField(max_length=8, choices=Why, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    chosen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "step"], name="one_trial_a_step"),
            models.CheckConstraint(
                condition=models.Q(winner="") | ~models.Q(why=""), name="winner_has_a_why"
            ),
            models.CheckConstraint(
                condition=~models.Q(why="by_hand") | ~models.Q(reason=""),
                name="by_hand_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.step}"
