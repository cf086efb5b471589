"""The people of one campaign, frozen when it was submitted."""

import datetime as dt
import hashlib
from array import array
from functools import lru_cache
from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from campaigns.models.account import signatures
from campaigns.models.campaign import Campaign
from campaigns.models.contact import ContactPolicy
from campaigns.models.coupon import CouponBatch
from campaigns.models.template import TemplateRevision
from console import kept_words
from console.models import AuditEntry
from console.states import Stale
from segments.models.fields import BitmapField

SAID = ("template", "channel", "markup", "language", "words")  # of a template's revision


class Audience(models.Model):
    """Who will get it, and everything that the approver's yes rests on."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="audience")
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))
    segment_rule = models.JSONField(default=dict)
    segment_version = models.PositiveIntegerField(null=True)
    # The rules of segments that this one's rule, and the plan's branches, speak of.
    rules = models.JSONField(default=dict, db_default={})
    template_revision = models.PositiveIntegerField(null=True)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    # The templates of the plan, each with its revision.
    words = models.JSONField(default=dict)
    # The coupons of the plan, and the contact policy in force; null: frozen before these counted.
    coupons = models.JSONField(default=list, db_default=[])
    policy_version = models.PositiveIntegerField(null=True)
    # Segments that guards kept it from; who comes later is kept out by them as well.
    kept_from = models.JSONField(default=list, db_default=[])
    # How those, and the ones that their rules speak of, were ruled; not known of what is older.
    kept_rules = models.JSONField(default=dict, db_default={})
    # As what the project and, by channel, the accounts sign; not known of what is older.
    signed = models.JSONField(default=dict, db_default={})
    # Who of them had no room for a message by the contact policy; null: nobody could tell, as
    # they are reached in several ways, or it is older. Each claim decides again.
    no_room = BitmapField(null=True)
    # In which stages of the default set they were, as `campaigns.layers` counts them.
    layers = models.JSONField(default=dict, db_default={})
    data_as_of = models.DateField(_("as of"), null=True)
    frozen_at = models.DateTimeField(_("frozen at"))

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")

    def __str__(self) -> str:
        return f"{self.campaign}: {self.size}"

    def content(self) -> dict[str, Any]:
        """What the approver's yes rests on; another freezing is never the same content."""
        rules = {"rules": self.rules} if self.rules else {}  # what is older has none
        promises = {} if self.policy_version is None else self._promises()
        kept_from = {"kept_from": self.kept_from} if self.kept_from else {}
        kept_from |= {"kept_rules": self.kept_rules} if self.kept_rules else {}
        return (
            rules
            | promises
            | kept_from
            | ({"signed": self.signed} if self.signed else {})
            | {
                "members": _digest(self.members.serialize()),
                "segment_rule": self.segment_rule,
                "segment_version": self.segment_version,
                "data_as_of": self.data_as_of,
                "frozen_at": self.frozen_at.astimezone(dt.UTC),
                "template_revision": self.template_revision,
                "subject": self.subject,
                "body": self.body,
                "words": self.words,
            }
        )

    def is_up_to_date(self) -> bool:
        """Whether what is around it is as it was when it was frozen."""
        return self._outdated() is None

    def require_up_to_date(self) -> None:
        """What is approved starts by the contact policy and the names that it was approved under.

        Raises:
            Stale: one was changed since, so somebody has to look again.
        """
        if words := self._outdated():
            raise Stale(kept_words.say(words))

    def _outdated(self) -> Any:
        """In words, what changed since; None where nothing did."""
        now = ContactPolicy.objects.values_list("version", flat=True).first() or 0
        if self.policy_version not in {None, now}:
            return _("The contact policy changed since approval was asked for; ask again.")
        if self.signed and self.signed != signatures(self.signed):
            return _(
                "The sender that customers read changed since approval was asked for; ask again."
            )
        return None

    def coupon_makers(self) -> set[int | None]:
        """Who made a coupon that it gives, or changed what one costs."""
        batches = CouponBatch.objects.filter(pk__in=self.coupons)
        deeds = AuditEntry.objects.filter(
            subject_type=ContentType.objects.get_for_model(CouponBatch),
            subject_id__in=[str(pk) for pk in self.coupons],
            action__in=("coupon_batch.added", "coupon_batch.changed"),
        )
        return {*batches.values_list("owner", flat=True), *deeds.values_list("staff", flat=True)}

    def _promises(self) -> dict[str, Any]:
        """What its coupons promise and its templates say, as they are in the database now."""
        batches = CouponBatch.objects.filter(pk__in=self.coupons).order_by("pk")
        said = models.Q(pk=None)
        for template, number in self.words.items():
            said |= models.Q(template=int(template), number=number)
        revisions = TemplateRevision.objects.filter(said).order_by("template", "number")
        return {
            "policy": self.policy_version,
            "coupons": [[one.pk, kept_words.as_kept(one.name), one.terms()] for one in batches],
            "said": list(revisions.values_list(*SAID)),
        }


@lru_cache(maxsize=8)
def _digest(members: bytes) -> str:
    """Of a set as it is kept: SHA-256 over its numbers, asked again with each wave."""
    return hashlib.sha256(array("I", BitMap.deserialize(members))).hexdigest()


class Exclusion(models.Model):
    """Members of the segment who will not get it, and why; each stands under one reason."""

    class Reason(models.TextChoices):
        NO_ADDRESS = "no_address", _("no address")
        NO_CONSENT = "no_consent", _("no consent")
        SUPPRESSED = "suppressed", _("on the do-not-contact list")
        HELD_OUT = "held_out", _("in the holdout")
        LEFT_ALONE = "left_alone", _("reported spam, or wants no messages for now")
        MISMATCH = "mismatch", _("the offer does not fit them")

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="exclusions")
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["audience", "reason"], name="one_set_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.size}"


class AudienceGroup(models.Model):
    """Members whom chance put together: the control, an arm of a split, who reads one wording.

    Only of steps that everybody comes to by chance alone; nobody knows who goes which way of a
    branch.
    """

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="groups")
    step = models.CharField(max_length=16, blank=True)  # blank: the control
    name = models.CharField(max_length=16, blank=True)
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["audience", "step", "name"], name="one_set_a_group"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.name}: {self.size}"
