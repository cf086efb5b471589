"""Guards: which offers do not fit whom."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from console import kept_words
from console.kept_words import KeptName
from segments.models import Segment


class Guard(models.Model):
    """An offer that is not for the members of a segment, and what happens when it goes to them."""

    name = KeptName(_("name"), max_length=120, unique=True)
    offer = models.CharField(_("offer"), max_length=8, choices=Campaign.Offer)
    segment = models.ForeignKey(
        Segment, models.PROTECT, related_name="+", verbose_name=_("not for")
    )
    most_share = models.FloatField(_("tolerated share"), default=0.1)
    blocks = models.BooleanField(
        _("blocks"),
        default=False,
        help_text=_("Otherwise one may go on with a written reason, which the approver reads."),
    )
    why = KeptName(_("why"), max_length=300, blank=True)
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
