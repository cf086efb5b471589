"""Customers that came into a campaign together, and their ways through its steps."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from campaigns.models.campaign import Campaign
from segments.models.fields import BitmapField


class Intake(models.Model):
    """Customers who came in together: a frozen audience, one occurrence, or one event's.

    `number` is what tells the messages of one intake from those of another; `key` is unique in
    the campaign, so that what lets people in twice lets them in once.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="intakes")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=120)
    members = BitmapField()
    # Members who get nothing, so that one can tell what the rest did because of it.
    control = BitmapField()
    left_out = models.JSONField(default=dict)  # how many, by reason
    contexts = models.JSONField(default=dict)  # of a trigger: customer → its event's properties
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_intake_a_number"),
            models.UniqueConstraint(fields=["campaign", "key"], name="one_intake_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ← {self.number}"


class Wave(models.Model):
    """Members who are to take one step, from a time on; one worker claims it.

    They are of one intake. Only before a message, few of many intakes may stand together: then
    `mixed` says who is of which, and `occurrence` is the first of them.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CLAIMED = "claimed", _("claimed")
        DONE = "done", _("done")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.CLAIMED, Status.DONE},
        # Put back when its sender stopped or died, or when some messages are to be tried again.
        Status.CLAIMED: {Status.WAITING, Status.CLAIMED, Status.DONE},
        Status.DONE: set(),
    }

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="waves")
    step = models.CharField(max_length=16, default="message")
    kind = models.CharField(max_length=8, default="message", db_default="message")  # of the step
    occurrence = models.PositiveIntegerField(default=0)  # the intake's number
    mixed = models.JSONField(default=dict, db_default={})
    members = BitmapField()
    size = models.PositiveIntegerField(default=0, db_default=0)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    # All in the real time of the database, not on the console's clock: nobody is shown it.
    due_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(null=True)  # later than due, after a try that failed
    claimed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # False: its customers took the next step already; only their message goes once more.
    goes_on = models.BooleanField(default=True, db_default=True)
    # Who was taken out of it while a sender had it: what did not leave by then leaves no more.
    gone = BitmapField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["campaign", "kind", "not_before", "id"],
                condition=~models.Q(status="done"),
                name="waves_to_do",
            ),
            models.Index(fields=["campaign", "step"], name="waves_by_step"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.step} #{self.pk}"

    @property
    def by_intake(self) -> dict[int, BitMap]:
        """Its members by the intake that they came in with."""
        return self.intakes_of(self.members)

    def intakes_of(self, those: BitMap) -> dict[int, BitMap]:
        """The same of some who are in it, or were."""
        if not self.mixed:
            return {self.occurrence: those}
        return {int(number): BitMap(ids) & those for number, ids in self.mixed.items()}


class Entrance(models.Model):
    """Who came into a campaign on a day, so that they do not come in again too soon."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="entrances")
    day = models.DateField()
    members = BitmapField()
    size = models.PositiveIntegerField(default=0)
    # How often somebody came in: who came twice that day counts twice.
    times = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "day"], name="one_entrance_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ← {self.day}"


class Lookout(models.Model):
    """Who was in the segment when a campaign last looked: who is there and was not, came in."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="lookout")
    members = BitmapField()
    seen_at = models.DateTimeField(null=True)  # the computation of the segment that was seen

    def __str__(self) -> str:
        return str(self.campaign)
