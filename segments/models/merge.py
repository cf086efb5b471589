"""Two customers who turned out to be one."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from segments.models.customer import Customer


class Merge(models.Model):
    """One merge, with what it rests on and what it takes to find out whether it was wrong.

    Until it is `settled`, the lake keeps the events under the absorbed customer's number and
    `segments.history` reads them under the kept one's, so that a merge can be taken back.
    """

    class Status(models.TextChoices):
        HELD = "held", _("held: somebody should look")
        DONE = "done", _("merged")
        UNDONE = "undone", _("taken back")
        REFUSED = "refused", _("not the same person")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.HELD: {Status.DONE, Status.REFUSED},
        Status.DONE: {Status.UNDONE},
        Status.UNDONE: set(),
        Status.REFUSED: set(),
    }

    class Reason(models.TextChoices):
        SEEN_TOGETHER = "seen_together", _("an anonymous visitor signed in")
        SAID_SO = "said_so", _("the product said that they are one")
        BY_HAND = "by_hand", _("merged by hand")

    kept = models.ForeignKey(
        Customer, models.PROTECT, related_name="merges", verbose_name=_("kept")
    )
    absorbed = models.ForeignKey(
        Customer, models.PROTECT, related_name="merged_by", verbose_name=_("absorbed")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    # The ids that were said to be one, the source, the key of the item; and what the absorbed
    # and the kept one were before: profile, identifiers, consents.
    evidence = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    # When the days and segments that it changes were told; taking it back is to be told anew.
    told_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("settled in the lake at"), null=True)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("absorbed")), name="nobody_merges_with_themselves"
            ),
            models.UniqueConstraint(
                fields=["absorbed"], condition=models.Q(status="done"), name="absorbed_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["absorbed"],
                condition=models.Q(status="done", settled_at=None),
                name="merges_to_settle",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=["done", "undone"], told_at=None),
                name="merges_to_tell",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=["held", "refused", "undone"]),
                name="merges_apart",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.absorbed_id} → #{self.kept_id}"


class Suspect(models.Model):
    """A customer with so many ids that some of them may be other people's. Made anew at night."""

    # From how many on somebody should look, and how many customers are looked at.
    BOUNDS: ClassVar[dict[str, int]] = {"user_ids": 3, "ids": 40, "most": 1000}

    customer = models.OneToOneField(
        Customer,
        models.CASCADE,
        primary_key=True,
        related_name="suspect",
        verbose_name=_("customer"),
    )
    user_ids = models.PositiveIntegerField(_("user ids"))
    ids = models.PositiveIntegerField(_("identifiers"))
    merges = models.PositiveIntegerField(_("merges"))
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("customer with many ids")
        verbose_name_plural = _("customers with many ids")
        ordering: ClassVar = ["-user_ids", "-ids"]

    def __str__(self) -> str:
        return f"#{self.pk}"
