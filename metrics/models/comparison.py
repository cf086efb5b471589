"""Comparisons of frozen groups: what is asked, who is in it, and what each day came to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.models import Job, Team
from segments.models.fields import BitmapField, digest_of


class Comparison(models.Model):
    """A control and variants over a window of days; they never change after it was made."""

    name = models.CharField(_("name"), max_length=120)
    goal_event = models.CharField(_("goal event"), max_length=200)
    where = models.JSONField(default=list)  # of the event: [property, op, value] each
    since = models.DateField(_("first day"))
    until = models.DateField(_("last day"))
    is_random = models.BooleanField(
        _("chance decided who is in which group"),
        default=True,
        help_text=_("Otherwise a difference is no effect, and the page says so."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    # How much information the end is expected to bring; fixed before anybody looks.
    plan = models.JSONField(default=dict)
    counted_through = models.DateField(_("counted through"), null=True)
    counted_at = models.DateTimeField(_("counted at"), null=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = pgettext_lazy("of groups", "comparison")
        verbose_name_plural = _("comparisons")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(since__lte=models.F("until")), name="a_window_has_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1


class ComparedGroup(models.Model):
    """One group, frozen when the comparison was made; the first is the control."""

    comparison = models.ForeignKey(Comparison, models.CASCADE, related_name="groups")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=120)
    source = models.CharField(max_length=60)  # segment:7, list:3, tag:2, campaign:5
    weight = models.PositiveIntegerField(_("planned share"), default=1)
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        ordering: ClassVar = ["comparison", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "position"], name="one_group_a_place"),
        ]

    def __str__(self) -> str:
        return self.name


class ComparedDay(models.Model):
    """What a group came to from the first day through this one, as sums."""

    group = models.ForeignKey(ComparedGroup, models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    # n, done, done before; and Pairs of whole numbers: revenue with the past, revenue with events
    sums = models.JSONField()

    class Meta:
        ordering: ClassVar = ["group", "day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "day"], name="one_row_a_compared_day"),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.day}"
