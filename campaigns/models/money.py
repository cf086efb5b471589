"""What is remembered of a campaign's money besides the ledger: asking for more, and a remainder."""

import hashlib
import json
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from console import budgets, clock
from console.models import Approval, Budget


class Addition(models.Model):
    """More money for a campaign under way. Its state is its approval's.

    The difference is reserved when it is asked for, so that a yes finds it. What the campaign was
    approved with stays as it was: the ledger knows how much it may spend in all.
    """

    # A policy for campaigns is for more money as well: else a large sum is had in two small ones.
    judged_as: ClassVar = Campaign._meta.label_lower

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="additions", verbose_name=_("campaign")
    )
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    because = models.CharField(_("why"), max_length=300)
    # What the yes rests on, as it was then: precedents with what they make one expect, the price
    # of those who are still to be reached, and where the money stood.
    evidence = models.JSONField(default=dict)
    price = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for at"))
    # Sent twice, such as by a double click, it is asked for once.
    key = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("more money for a campaign")
        verbose_name_plural = _("more money for campaigns")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="addition_of_something"
            ),
            models.UniqueConstraint(fields=["campaign", "key"], name="an_addition_is_asked_once"),
        ]

    def __str__(self) -> str:
        return str(self.campaign)

    @property
    def team_id(self) -> int | None:
        """Whose it is: the campaign's team."""
        return self.campaign.team_id

    def digest(self) -> str:
        """SHA-256 over what the approver says yes to."""
        said = [self.campaign_id, self.campaign.budget_id, self.amount_minor, self.because]
        content = [*said, self.evidence, self.price]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def editors(self) -> set[int]:
        """Who asked, now or for the campaign, and who had a hand in it: none of them decides."""
        asked = Approval.objects.filter(
            subject_type=ContentType.objects.get_for_model(Campaign), subject_id=self.campaign_id
        )
        first = set(asked.order_by().values_list("requested_by", flat=True))
        return self.campaign.editors() | first | {self.asked_by_id}

    def on_approved(self, approval: Approval) -> None:
        """Called back by an approval: it may be spent, once somebody resumes the campaign."""
        budgets.commit(self._budget, self.amount_minor, **self._deed(approval))

    def on_rejected(self, approval: Approval) -> None:
        """Called back by an approval: what was reserved for it is available again."""
        budgets.give_up(self._budget, self.amount_minor, **self._deed(approval))

    @property
    def _budget(self) -> Budget:
        assert self.campaign.budget is not None
        return self.campaign.budget

    def _deed(self, approval: Approval) -> budgets.Deed:
        """Of two ends of the same asking only one can be."""
        on = approval.decided_on or clock.today()
        key, by = f"addition:{self.pk}:decided", approval.decider()
        return {"subject": self.campaign, "key": key, "on": on, "by": by}


class Purse(models.Model):
    """What a campaign was charged beyond whole minor units; written under its budget's lock.

    Tariffs have parts of a fen, and the ledger has none: what is left over goes with the next.
    """

    campaign = models.OneToOneField(
        Campaign, models.CASCADE, primary_key=True, related_name="purse"
    )
    part = models.DecimalField(max_digits=12, decimal_places=6, default=0)

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.part}"
