"""One deliberate approach to a set of customers."""

import hashlib
import json
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.agreed import CONSTRAINTS, Agreed
from campaigns.models.template import MessageTemplate, TemplateRevision
from console import budgets, clock, kept_words, states
from console.kept_words import KeptName, KeptWords
from console.models import Approval, AuditEntry, Budget, Team
from segments.models import Segment, SegmentVersion


class Campaign(Agreed):
    """Sent from here, or recorded: one that ran elsewhere in the past."""

    class Kind(models.TextChoices):
        OURS = "ours", _("sent from here")
        RECORDED = "recorded", _("recorded")

    class Entry(models.TextChoices):
        ONCE = "once", pgettext_lazy("campaign", "once")
        RECURRING = "recurring", _("again and again")
        EVENT = "event", _("when something happens")
        SEGMENT = "segment", _("when one comes into a segment")
        PLAYBOOK = "playbook", _("when a playbook gives it")

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("marketing")
        TRANSACTIONAL = "transactional", _("about an order or an account")

    class Offer(models.TextChoices):
        DISCOUNT = "discount", _("a price promotion")
        UPSELL = "upsell", _("something to pay for")
        PERK = "perk", _("an exclusive perk")
        CONTENT = "content", _("content or a service")

    class Occasion(models.TextChoices):
        QUARTER = "quarter", _("a sale of the quarter")
        NEW_YEAR = "new_year", _("New Year")
        SPRING_FESTIVAL = "spring_festival", _("Spring Festival")
        WOMENS_DAY = "womens_day", _("8 March")
        FOR_LOVERS = "for_lovers", _("a day of lovers (20 May, Qixi, 14 February)")
        MID_YEAR = "mid_year", _("18 June (618)")
        BACK_TO_SCHOOL = "back_to_school", _("back to school")
        MID_AUTUMN = "mid_autumn", _("Mid-Autumn Festival")
        NATIONAL_DAY = "national_day", _("National Day")
        DOUBLE_11 = "double_11", _("11 November (Double 11)")
        BLACK_FRIDAY = "black_friday", _("Black Friday")
        DOUBLE_12 = "double_12", _("12 December (Double 12)")
        ANNIVERSARY = "anniversary", _("our anniversary")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for approval")
        APPROVED = "approved", _("approved")
        SENDING = "sending", _("sending")
        PAUSED = "paused", _("paused")
        SENT = "sent", _("sent")
        CANCELLED = "cancelled", _("cancelled")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.SUBMITTED, Status.CANCELLED},
        Status.SUBMITTED: {Status.APPROVED, Status.DRAFT},
        # Back to draft to change it; the yes is lost, because the next freezing is another one.
        Status.APPROVED: {Status.SENDING, Status.DRAFT, Status.CANCELLED},
        Status.SENDING: {Status.PAUSED, Status.SENT},
        Status.PAUSED: {Status.SENDING, Status.CANCELLED},
        Status.SENT: {Status.SENDING},  # for held messages that a person sends again
        Status.CANCELLED: set(),
    }

    # What of the campaign itself an approver's yes rests on; the audience holds the rest.
    DECIDED: ClassVar[tuple[str, ...]] = (
        "name",
        "goal",
        "kind",
        "entry",
        "timetable",
        "trigger",
        "starts_at",
        "ends_at",
        "again_after_days",
        "exit_events",
        "plan",
        "purpose",
        "offer",
        "mismatch_reason",
        "priority",
        "control_share",
        "segment_id",
        "template_id",
        "conversion_event",
        "conversion_days",
    )
    # What came later counts where it is set: what was approved before it was there still holds.
    DECIDED_IF_SET: ClassVar[tuple[str, ...]] = (
        "most_a_day",
        "most_in_all",
        "budget_id",
        "limit_minor",
        "occasion",
        *Agreed.AGREED,
    )

    name = KeptName(_("name"), max_length=120)
    goal = KeptName(_("goal"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.OURS)
    entry = models.CharField(
        _("how customers come in"), max_length=9, choices=Entry, default=Entry.ONCE
    )
    # Of a repeating one: how often and when, as `plans.moments` reads it.
    timetable = models.JSONField(_("timetable"), default=dict, blank=True)
    # Of one that an event triggers: its name, and what its properties have to be.
    trigger = models.JSONField(_("trigger"), default=dict, blank=True)
    starts_at = models.DateTimeField(
        _("starts at"), null=True, blank=True, help_text=_("Empty: when somebody starts it.")
    )
    ends_at = models.DateTimeField(
        _("lets in until"), null=True, blank=True, help_text=_("Empty: until it is ended.")
    )
    again_after_days = models.PositiveSmallIntegerField(
        _("comes in again after (days)"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Empty: once only. 0: each time."),
    )
    # Whoever comes beyond these is turned away; it is part of what is approved and priced.
    most_a_day = models.PositiveIntegerField(
        _("lets in at most, a day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: whoever comes."),
    )
    most_in_all = models.PositiveIntegerField(
        _("lets in at most, in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("When so many came in, nobody comes in any more. Empty: whoever comes."),
    )
    exit_events = models.JSONField(_("leave the plan at"), default=list, blank=True)
    # Its steps, as `campaigns.plans` reads them; empty: one message of the template.
    plan = models.JSONField(pgettext_lazy("campaign", "plan"), default=list, blank=True)
    purpose = models.CharField(
        _("purpose"), max_length=13, choices=Purpose, default=Purpose.MARKETING
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=50, help_text=_("0 to 100; the higher goes first.")
    )
    control_share = models.FloatField(
        pgettext_lazy("share of customers", "control"),
        default=0.0,
        help_text=_("Share of the audience that gets nothing."),
    )
    offer = models.CharField(
        pgettext_lazy("campaign", "offers"),
        max_length=8,
        choices=Offer,
        blank=True,
        default="",
        help_text=_("A coupon makes it a price promotion by itself."),
    )
    occasion = models.CharField(
        pgettext_lazy("campaign", "occasion"),
        max_length=15,
        choices=Occasion,
        blank=True,
        default="",
        help_text=_("What similar campaigns of the past are looked for by."),
    )
    # Why it goes out although a guard says that the offer does not fit its audience.
    mismatch_reason = KeptName(max_length=500, blank=True, default="")
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    template = models.ForeignKey(
        MessageTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("template"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team")
    )
    budget = models.ForeignKey(
        Budget,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("budget"),
        help_text=_("What it costs is paid out of it."),
    )
    limit_minor = models.PositiveBigIntegerField(
        _("may spend at most"),
        null=True,
        blank=True,
        help_text=_("Empty: what it costs at most, of a campaign that runs once."),
    )
    conversion_event = models.CharField(_("aims at"), max_length=80, default="order_paid")
    conversion_days = models.PositiveSmallIntegerField(
        _("counted for (days)"), default=7, help_text=_("Days after the message, 1 to 90.")
    )
    # Of the demo: it went the whole way, and nobody did anything. What it seems to have brought is
    # chance, so it shows how one is judged and is evidence for nothing.
    is_demonstration = models.BooleanField(default=False, db_default=False, editable=False)
    external_ref = models.CharField(_("number elsewhere"), max_length=80, blank=True)
    stopped_because = KeptWords(_("paused because"), blank=True)
    # In the real time of the database: what fell due since then is not made up for.
    paused_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)  # to newcomers, by hand
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind="recorded")
                | (models.Q(segment__isnull=False) | models.Q(entry="event"))
                & (models.Q(template__isnull=False) | ~models.Q(plan=[])),
                name="campaign_has_whom_and_what",
            ),
            models.CheckConstraint(
                condition=models.Q(control_share__gte=0, control_share__lte=0.9),
                name="control_share_0_to_90_percent",
            ),
            models.CheckConstraint(condition=models.Q(priority__lte=100), name="priority_0_to_100"),
            models.CheckConstraint(
                condition=(models.Q(most_a_day=None) | models.Q(most_a_day__gte=1))
                & (models.Q(most_in_all=None) | models.Q(most_in_all__gte=1)),
                name="campaign_lets_somebody_in",
            ),
            models.CheckConstraint(
                condition=models.Q(conversion_days__gte=1, conversion_days__lte=90),
                name="conversion_days_1_to_90",
            ),
            models.UniqueConstraint(
                fields=["external_ref"],
                condition=~models.Q(external_ref=""),
                name="one_campaign_an_external_ref",
            ),
            models.CheckConstraint(
                condition=models.Q(limit_minor__isnull=True)
                | models.Q(limit_minor__gt=0, budget__isnull=False),
                name="a_limit_is_of_a_budget",
                violation_error_message=_("Choose the budget that it may spend so much of."),
            ),
            *CONSTRAINTS,
        ]

    def __str__(self) -> str:
        return kept_words.said(self.name)

    @property
    def is_lasting(self) -> bool:
        """Whether customers come in again and again, until somebody ends it."""
        return self.entry != self.Entry.ONCE

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == self.Status.DRAFT

    def digest(self) -> str:
        """SHA-256 over everything that an approver says yes to."""
        content = {name: kept_words.as_kept(getattr(self, name)) for name in self.DECIDED}
        content |= {name: getattr(self, name) for name in self.DECIDED_IF_SET if self._is_set(name)}
        content |= self.audience.content()
        if quote := self.quotes.first():
            content["quote"] = quote.content()
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def _is_set(self, name: str) -> bool:
        begins: Any = self._meta.get_field(name)
        return bool(getattr(self, name) != begins.get_default())

    def editors(self) -> set[int]:
        """Who made or changed it, a template or coupon of it, or last its segment or one that
        its rules speak of: nobody of them decides.

        Also whose words or rule it was frozen with, whoever changed them since.
        """
        templates = {*map(int, self.audience.words), self.template_id or 0}
        mine = AuditEntry.of(self, "campaign.added", "campaign.changed", "campaign.justified")
        found = {
            *mine.values_list("staff", flat=True),
            *self._ruled_by(),
            *MessageTemplate.objects.filter(pk__in=templates).values_list("updated_by", flat=True),
            *self._frozen_by(),
            *self.audience.coupon_makers(),
        }
        return {one for one in found if one is not None}

    def _ruled_by(self) -> set[int | None]:
        """Who last said who is in its segment, and in those that its rules speak of."""
        numbers = {str(self.segment_id or 0), *self.audience.rules}
        deeds = AuditEntry.objects.filter(
            subject_type=ContentType.objects.get_for_model(Segment),
            subject_id__in=numbers,
            action__in=("segment.added", "segment.rule"),
        )
        last = deeds.order_by("subject_id", "-pk").distinct("subject_id")
        return set(last.values_list("staff", flat=True))

    def _frozen_by(self) -> set[int | None]:
        """Whose words and whose rule the audience was frozen with."""
        frozen = self.audience
        rule = SegmentVersion.objects.filter(
            segment=self.segment_id, number=frozen.segment_version or 0
        )
        words = TemplateRevision.objects.none()
        for template, number in frozen.words.items():
            words |= TemplateRevision.objects.filter(template=int(template), number=number)
        return {*rule.values_list("by", flat=True), *words.values_list("by", flat=True)}

    def on_approved(self, approval: Approval) -> None:
        """Called back by an approval; sending begins when a person starts it.

        Raises:
            NotAllowed: whoever decided had no evidence before them.
            Stale: another contact policy or name of who writes than when it was asked for.
        """
        self.audience.require_up_to_date()
        self.require_evidence()
        states.move(self, to=self.Status.APPROVED)
        quote = self.quotes.first()
        if quote is None or not quote.is_free:
            if self.budget is None:
                raise states.NotAllowed(_("It costs something, and has no budget."))
            on = approval.decided_on or clock.today()
            key, by = f"{self._asking(approval)}:yes", approval.decider()
            budgets.commit(self.budget, subject=self, key=key, on=on, by=by)

    def require_evidence(self) -> None:
        """Neither asked for nor approved before anybody looked at what the like of it brought.

        Raises:
            NotAllowed: nobody has.
        """
        if not self.evidence.exists():
            raise states.NotAllowed(_("Nobody has looked at what campaigns like this one brought."))

    def on_rejected(self, approval: Approval) -> None:
        """Called back by an approval; the owner may change it and ask again."""
        states.move(self, to=self.Status.DRAFT, line={"after": approval.status})
        if self.budget is not None:
            on = approval.decided_on or clock.today()
            key, by = f"{self._asking(approval)}:no", approval.decider()
            budgets.release(self.budget, subject=self, key=key, on=on, by=by)

    def _asking(self, approval: Approval) -> str:
        return f"campaign:{self.pk}:asked:{approval.pk}"
