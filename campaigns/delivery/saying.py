"""What one step of a campaign says: its wordings made ready once, and each customer's message."""

import datetime as dt
from collections.abc import Mapping
from email.utils import parseaddr, quote
from typing import Any

from django.conf import settings
from django.utils import timezone
from pyroaring import BitMap

from campaigns import parting, planning
from campaigns.channels.base import Mail
from campaigns.channels.note import Note
from campaigns.delivery import once
from campaigns.delivery.claims import Begun, Offer
from campaigns.models import Campaign, CouponBatch, Intake, Wave
from campaigns.models.account import PROJECT
from campaigns.offers import coupons
from campaigns.outcomes import returns, trials
from campaigns.policy.nodes import TRANSACTIONAL, Approach
from campaigns.words import links, rendering, revisions, short_links
from campaigns.words.rendering import Letter, Link, Rendered
from console import clock
from console.models import Project
from segments import traits
from segments.models import Customer

EMAIL, SMS = "email", "sms"
DAY = 24 * 60  # minutes


class Saying:
    """One step's words, for the customers of one wave."""

    def __init__(self, campaign: Campaign, wave: Wave, *, sender: str) -> None:
        self.campaign, self.wave, self.signed = campaign, wave, campaign.audience.signed
        self.sender = _named(sender, self.signed.get(EMAIL, sender))
        self.step = planning.message(campaign, wave.step)
        project = clock.project()
        self.zone = clock.zone(project)
        self.letters = {
            one.key: self._prepared(one.template, project) for one in self.step.variants
        }
        second = self.step.second
        self.second = self._prepared(second.template, project) if second else None
        self.batch = CouponBatch.objects.get(pk=self.step.coupon) if self.step.coupon else None
        self.winner = trials.winner(campaign, wave.step) if len(self.letters) > 1 else ""
        self.contexts: Mapping[str, Any] = {}
        if any(letter.needs_event for letter in self._all()):
            self.contexts = _contexts(wave)

    def offer(self, customers: list[int]) -> Offer:
        """What is offered to these customers, and which of them get which wording."""
        minutes = self.step.expires
        if minutes is None and self.campaign.entry == Campaign.Entry.EVENT:
            minutes = DAY  # what somebody did the day before yesterday is no reason any more
        second = self.step.second
        approach = Approach(
            self.step.channel,
            str(self.campaign.purpose),
            self.campaign.priority,
            also=frozenset([second.channel] if second else []),
        )
        return Offer(
            approach,
            variants=self._variants(customers),
            batch=self.batch,
            lasts=None if minutes is None else dt.timedelta(minutes=minutes),
            is_once=once.is_wanted(self.step.channel),
        )

    def known(self, customers: list[int]) -> tuple[dict[int, Customer], Mapping[int, Any]]:
        """Who they are, and the traits of them that the words speak of."""
        spoken = sorted({name for letter in self._all() for name in letter.traits})
        return Customer.objects.in_bulk(customers), traits.of(customers, tuple(spoken))

    def message(self, row: Begun, customer: Customer, known: Mapping[str, Any]) -> Mail | Note:
        """What this customer gets. Raises CannotRender."""
        unsubscribe_url = links.unsubscribe_url(row.id)
        made = rendering.render(
            self._letter(row),
            customer,
            known,
            unsubscribe_url=unsubscribe_url,
            preferences_url=links.preferences_url(row.id),
            link=self._link(row),
            pixel_url=links.open_url(row.id),
            trap_url=links.trap_url(row.id),
            coupon=self._coupon(row, customer),
            event=self.contexts.get(str(row.customer), {}),
        )
        # Mail servers and providers distrust any time but the real one.
        at, name = timezone.now(), name_of(row.id, self.campaign.pk, self.sender)
        if row.channel != EMAIL:
            return _note(made, row, name, at)
        return Mail(
            number=row.id,
            id=name,
            sender=self.sender,
            recipient=row.address,
            subject=made.subject,
            html=made.html,
            text=made.text,
            unsubscribe_url=unsubscribe_url,
            at=at,
            return_path=returns.address(row.id),
        )

    def _coupon(self, row: Begun, customer: Customer) -> dict[str, Any] | None:
        if self.batch is None or row.coupon is None:
            return None
        spoken = rendering.language_of(customer)
        return coupons.words(self.batch, row.coupon, self.zone, spoken)

    def _link(self, row: Begun) -> Link:
        if row.channel == SMS:  # in which every letter costs
            return lambda target: short_links.url(row.id, target)
        return lambda target: links.click_url(row.id, target)

    def _variants(self, customers: list[int]) -> dict[int, str]:
        """By a salted hash: a customer gets the same wording of a step whenever they come.

        Once there is a winner, everybody who has no message yet gets that.
        """
        if len(self.letters) == 1:
            (only,) = self.letters
            return dict.fromkeys(customers, only)
        if self.winner:
            return dict.fromkeys(customers, self.winner)
        parts = parting.wordings(self.campaign, self.step, BitMap(customers))
        return {who: key for key, members in parts.items() for who in members}

    def _prepared(self, template: int, project: Project) -> Letter:
        words = revisions.frozen_of(self.campaign.audience, template)
        return rendering.prepare(
            words,
            campaign_name=self.campaign.name,
            project=project,
            is_marketing=self.campaign.purpose != TRANSACTIONAL,
            signed=self.signed.get(PROJECT, ""),
        )

    def _all(self) -> list[Letter]:
        return [*self.letters.values(), *([self.second] if self.second else [])]

    def _letter(self, row: Begun) -> Letter:
        """The words of the channel that the message really leaves through."""
        if self.second and row.channel != self.step.channel:
            return self.second
        return self.letters[row.variant]


def _contexts(wave: Wave) -> dict[str, Any]:
    """What events said with which the wave's customers came in, by who they are now."""
    here = wave.by_intake
    came = Intake.objects.filter(campaign=wave.campaign_id, number__in=here)
    said = dict(came.order_by("number").values_list("number", "contexts"))
    who = {int(one) for contexts in said.values() for one in contexts}
    merged = Customer.objects.filter(pk__in=who, merged_into__isnull=False).order_by("pk")
    now = dict(merged.values_list("pk", "merged_into"))
    own: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for number, contexts in said.items():
        for one, what in contexts.items():
            customer, kept = int(one), now.get(int(one))
            if customer in here[number] or (kept is not None and kept in here[number]):
                own[one] = what
                others[str(kept)] = what
    return others | own


def _named(sender: str, approved: str) -> str:
    """The address that mail comes from now, under the name that was approved."""
    (name, _address), (now, address) = parseaddr(approved), parseaddr(sender)
    if name == now:
        return sender
    return f'"{quote(name)}" <{address}>' if name else address


def name_of(message: int, campaign: int, sender: str = "") -> str:
    """What a message is called at the other side: a mail's Message-ID."""
    domain = parseaddr(sender or settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"{message}.{campaign}@{domain or 'localhost'}"


def _note(made: Rendered, row: Begun, name: str, at: dt.datetime) -> Note:
    return Note(
        number=row.id,
        id=name,
        recipient=row.address,
        at=at,
        channel=row.channel,
        text=made.text,
        title=made.subject,
        url=made.url,
        template=made.template,
        params=made.params,
        data=made.data,
        expires_at=at + row.lasts if row.lasts else None,
    )
