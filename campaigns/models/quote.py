"""What a campaign is expected to cost and to bring back, as it was asked for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class Quote(models.Model):
    """Kept when a campaign is submitted, and never changed. Money in minor units.

    `lines` are as `campaigns.costs.lines` tells them. Of a campaign that customers come into
    again and again, `size` is the most that it lets in, or None: then it is the price of one.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="quotes", verbose_name=_("campaign")
    )
    size = models.PositiveIntegerField(_("customers"), null=True)
    lines = models.JSONField(default=list)
    low_minor = models.BigIntegerField(_("at least"))
    expected_minor = models.BigIntegerField(_("expected"))
    worst_minor = models.BigIntegerField(_("at most"))
    # Revenue of those who get it, with its bounds, and how much of it the campaign causes where a
    # control of the past tells; None without a precedent.
    returns = models.JSONField(null=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.expected_minor}"

    @property
    def is_free(self) -> bool:
        """Whether nothing in it can cost anything, however many there are."""
        return not any(Decimal(most_each(line)) > 0 and line["count"][2] for line in self.lines)

    @property
    def roi(self) -> float | None:
        """Expected: what it brings for each unit spent, less that unit; None where no past
        campaign had a control that tells what customers would have bought anyway."""
        caused = (self.returns or {}).get("caused")
        return float(caused) / self.expected_minor - 1 if caused and self.expected_minor else None

    def content(self) -> dict[str, Any]:
        """What an approver's yes rests on."""
        return {"size": self.size, "lines": self.lines, "worst_minor": self.worst_minor}


def most_each(line: Mapping[str, Any]) -> str:
    """What one of a line costs at most; older quotes tell only of the usual."""
    found: str = line.get("most_each") or line["each"]
    return found
