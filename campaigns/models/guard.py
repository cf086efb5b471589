"""Guards: which offers do not fit whom."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign
from console import kept_words
from console.kept_words import KeptName
from segments.models import Segment


class Guard(models.Model):
    """An offer that is not for the members of a segment, and what happens when it goes to them."""

    class Then(models.TextChoices):
        ASKS = "asks", _("a reason is asked, which the approver reads")
        LEAVES_OUT = "leaves_out", _("they are left out")
        REFUSES = "refuses", _("it is refused")

    name = KeptName(_("name"), max_length=120, unique=True)
    offer = models.CharField(_("offer"), max_length=8, choices=Campaign.Offer)
    segment = models.ForeignKey(
        Segment, models.PROTECT, related_name="+", verbose_name=_("not for")
    )
    then = models.CharField(
        pgettext_lazy("a guard", "then"), max_length=10, choices=Then, default=Then.ASKS
    )
    # Of an audience; whom a guard leaves out is left out however few they are.
    most_share = models.FloatField(_("tolerated share"), default=0.1)
    why = KeptName(_("why"), max_length=300, blank=True)
    # How its segment, and those that it speaks of, were ruled when somebody last saved the guard.
    rules = models.JSONField(default=dict, db_default={}, editable=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("guard")
        verbose_name_plural = _("guards")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(most_share__gte=0, most_share__lt=1),
                name="guard_share_below_all",
            ),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)
