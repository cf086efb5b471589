"""Sending one claimed wave, so that nobody gets a message twice, whatever dies.

A message's row is born, unique by campaign, step, occurrence and customer, before its mail goes
out, a group at a time. What a dead worker had begun and not finished is therefore known, at most
one group, and is held for a person; everything else of its wave goes on.
"""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import claims, links, reasons, rendering, wording
from campaigns.channels.base import (
    STOPPED,
    Accepted,
    Channel,
    Failed,
    Mail,
    Outcome,
    Refused,
    Unreachable,
)
from campaigns.models import Campaign, Message, Wave
from console import clock, states
from segments import ingest, traits
from segments.models import Customer

GROUP = 25  # mails begun at a time; after a crash at most so many are held
ERRORS_IN_A_ROW = 20  # then something is wrong that a person should look at
TRIES = 5  # of what can heal, in about a quarter of an hour
SECONDS_A_WAVE = 300  # then a slow server's wave is given back, long before a task's limit

Status = Message.Status


class LostClaim(Exception):
    """Somebody else settled messages that this worker had begun: its lock was lost."""


@dataclass
class Tally:
    """What became of a claimed wave."""

    sent: int = 0
    failed: int = 0
    held: int = 0
    skipped: int = 0
    retry: int = 0
    trouble: str = ""  # why nothing more should leave before a person has looked


def is_on(campaign: Campaign) -> bool:
    """Whether the campaign is still to be sent, at this moment."""
    return Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.SENDING).exists()


class Sender:
    """One worker's way through one claimed wave."""

    def __init__(self, campaign: Campaign, wave: Wave, channel: Channel, at: dt.datetime) -> None:
        self.campaign, self.wave, self.channel, self.at = campaign, wave, channel, at
        audience = campaign.audience
        self.letter = rendering.prepare(
            audience.subject, audience.body, campaign_name=campaign.name, project=clock.project()
        )
        self.domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
        self.tally = Tally()
        self.errors_in_a_row = 0
        self.unreachable = ""

    @property
    def _mine(self) -> dict[str, Any]:
        """Which messages are this step's."""
        wave = self.wave
        return {"campaign": self.campaign, "step": wave.step, "occurrence": wave.occurrence}

    def run(self) -> Tally:
        if self.wave.status == Wave.Status.CLAIMED:
            self._hold_unfinished()
        give_back_at = time.monotonic() + SECONDS_A_WAVE
        waiting = self._waiting()
        for first in range(0, len(waiting), GROUP):
            if time.monotonic() > give_back_at or not is_on(self.campaign):
                break
            try:
                self.channel.connect()  # nothing is begun for a server that is not there
            except Unreachable as nobody:
                self.unreachable = str(nobody)
                break
            self._send_group(waiting[first : first + GROUP])
            if self.unreachable or self.tally.trouble:
                break
        self._give_back()
        return self.tally

    def _hold_unfinished(self) -> None:
        """What the wave's dead worker had begun: nobody knows whether it left."""
        begun = Message.objects.filter(
            **self._mine, customer__in=self._people(), status=Status.SENDING
        )
        self.tally.held += states.move_many(
            Message,
            list(begun.values_list("pk", flat=True)),
            frm=Status.SENDING,
            to=Status.HELD,
            reason=STOPPED,
        )

    def _waiting(self) -> list[int]:
        """Members without a message, or with one that is to be tried again."""
        people = self._people()
        settled = Message.objects.filter(**self._mine, customer__in=people)
        return list(
            Customer.objects.filter(pk__in=people)
            .exclude(pk__in=settled.exclude(status=Status.RETRY).values("customer"))
            .order_by("pk")
            .values_list("pk", flat=True)
        )

    def _people(self) -> list[int]:
        """The wave's members, and whom they became since the audience was frozen.

        Who is a member already is written to as one. Of several members who became the same
        person, it is the first one's wave that writes to that person.
        """
        mine = list(self.wave.members)
        became = Customer.objects.filter(pk__in=mine, merged_into__isnull=False)
        kept = set(became.values_list("merged_into", flat=True))
        if not kept:
            return mine
        everyone = self.campaign.audience.members
        first: dict[int, int] = {}
        absorbed = Customer.objects.filter(merged_into__in=kept).order_by("pk")
        for member, now in absorbed.values_list("pk", "merged_into"):
            if now is not None and member in everyone:
                first.setdefault(now, member)
        return mine + [
            now
            for now, member in first.items()
            if member in self.wave.members and now not in everyone
        ]

    def _send_group(self, ids: list[int]) -> None:
        begun = claims.begin(self.wave, ids)
        to_send = [row for row in begun if row.status == Status.SENDING]
        self.tally.skipped += len(begun) - len(to_send)
        outcomes: dict[int, Outcome] = {}
        mails: dict[int, Mail] = {}
        ids_now = [row.customer for row in to_send]
        customers = Customer.objects.in_bulk(ids_now)
        known = traits.of(ids_now, self.letter.traits)
        for row in to_send:
            try:
                mails[row.id] = self._mail(row, customers[row.customer], known[row.customer])
            except wording.CannotRender as problem:
                outcomes[row.id] = Refused(str(problem))
        outcomes |= zip(mails, self.channel.send(list(mails.values())), strict=True)
        self._judge([outcomes[row.id] for row in to_send])
        self._finish(to_send, outcomes)

    def _mail(self, row: claims.Begun, customer: Customer, known: Mapping[str, Any]) -> Mail:
        unsubscribe_url = links.unsubscribe_url(row.id)
        made = rendering.render(
            self.letter,
            customer,
            known,
            unsubscribe_url=unsubscribe_url,
            link=lambda target: links.click_url(row.id, target),
            pixel_url=links.open_url(row.id),
        )
        return Mail(
            id=f"{row.id}.{self.campaign.pk}@{self.domain}",
            sender=settings.DEFAULT_FROM_EMAIL,
            recipient=row.address,
            subject=made.subject,
            html=made.html,
            text=made.text,
            unsubscribe_url=unsubscribe_url,
            at=timezone.now(),  # mail servers distrust any other time
        )

    def _judge(self, outcomes: list[Outcome]) -> None:
        """See whether it makes sense to go on with the next group."""
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                self.errors_in_a_row = 0
                continue
            self.errors_in_a_row += 1
            if isinstance(outcome, Failed) and not outcome.answered:
                self.unreachable = outcome.reason
            elif self.errors_in_a_row >= ERRORS_IN_A_ROW:
                self.tally.trouble = _(
                    "%(count)s messages in a row failed; the last one: %(reason)s"
                ) % {"count": self.errors_in_a_row, "reason": reasons.said(outcome.reason)}

    @transaction.atomic
    def _finish(self, begun: list[claims.Begun], outcomes: dict[int, Outcome]) -> None:
        """Write down what became of a group, and tell the lake of the mails that left."""
        ends: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, outcome in outcomes.items():
            ends[self._end(outcome)].append(number)
        for (status, reason), ids in ends.items():
            also = {"sent_at": self.at} if status == Status.SENT else {"reason": reason}
            moved = states.move_many(Message, ids, frm=Status.SENDING, to=status, **also)
            if moved != len(ids):
                raise LostClaim(f"{moved} of {len(ids)} messages were still ours")
            setattr(self.tally, status, getattr(self.tally, status) + len(ids))
        ingest.receive(
            ingest.IncomingEvent(
                key=f"msg-{row.id}-sent",
                customer=row.customer,
                name="message_sent",
                time=self.at,
                properties={"campaign": self.campaign.pk},
            )
            for row in begun
            if isinstance(outcomes.get(row.id), Accepted)
        )

    def _end(self, outcome: Outcome) -> tuple[str, str]:
        """The status that an outcome leads to, and the reason for it."""
        match outcome:
            case Accepted():
                return Status.SENT, ""
            case Refused(reason):
                return Status.FAILED, reason[:200]
            case Failed(reason):
                heals = self.unreachable or self.tally.trouble or self.wave.tries + 1 < TRIES
                return (Status.RETRY if heals else Status.FAILED), reason[:200]
            case _unsure:
                return Status.HELD, outcome.reason[:200]

    def _give_back(self) -> None:
        """Close the wave, or put it back with a time for what is to be tried again."""
        also: dict[str, object] = {}
        to = Wave.Status.WAITING if self._waiting() else Wave.Status.DONE
        if self.unreachable or self.tally.retry:
            also["tries"] = self.wave.tries + 1
            also["not_before"] = Now() + dt.timedelta(minutes=2**self.wave.tries)
            if self.unreachable and self.wave.tries + 1 >= TRIES:
                self.tally.trouble = _("The mail server cannot be reached: %(reason)s") % {
                    "reason": self.unreachable
                }
        states.move_many(Wave, [self.wave.pk], frm=Wave.Status.CLAIMED, to=to, **also)
