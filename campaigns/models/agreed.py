"""What is agreed at the approval about when a campaign stops by itself."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Agreed(models.Model):
    """Fields of a campaign: the return that is expected of it, and its guardrails.

    A limit that is empty is not looked at.
    """

    class RoiPeriod(models.TextChoices):
        WEEK = "week", _("week")
        MONTH = "month", _("month")

    AGREED: ClassVar[tuple[str, ...]] = (
        "expected_roi",
        "roi_period",
        "periods_below",
        "most_unsubscribed",
        "most_complained",
        "most_left",
        "guarded_from",
    )

    expected_roi = models.FloatField(
        _("expected ROI"),
        null=True,
        blank=True,
        help_text=_(
            "Against the control, for each unit spent, less that unit. Empty: what past campaigns "
            "make one expect, or else that it pays back what it costs."
        ),
    )
    roi_period = models.CharField(
        _("judged by the"), max_length=5, choices=RoiPeriod, default=RoiPeriod.MONTH
    )
    periods_below = models.PositiveSmallIntegerField(
        _("stops after periods below it"),
        default=2,
        help_text=_("Closed periods in a row, 1 to 12."),
    )
    most_unsubscribed = models.FloatField(_("unsubscribe, at most"), null=True, blank=True)
    most_complained = models.FloatField(_("report spam, at most"), null=True, blank=True)
    most_left = models.FloatField(
        _("uninstall or switch messages off, at most"), null=True, blank=True
    )
    guarded_from = models.PositiveIntegerField(
        _("looked at from (messages)"),
        default=200,
        help_text=_("With fewer in the last 30 days, shares say nothing."),
    )

    class Meta:
        abstract = True


def _is_share(name: str) -> models.CheckConstraint:
    within = models.Q(**{f"{name}__gte": 0, f"{name}__lte": 1})
    return models.CheckConstraint(
        condition=models.Q(**{f"{name}__isnull": True}) | within, name=f"{name}_0_to_1"
    )


CONSTRAINTS: list[models.BaseConstraint] = [
    models.CheckConstraint(
        condition=models.Q(expected_roi__isnull=True)
        | models.Q(expected_roi__gte=-1, expected_roi__lte=1000),
        name="expected_roi_minus_1_to_1000",
    ),
    models.CheckConstraint(
        condition=models.Q(periods_below__gte=1, periods_below__lte=12),
        name="periods_below_1_to_12",
    ),
    _is_share("most_unsubscribed"),
    _is_share("most_complained"),
    _is_share("most_left"),
]
