"""Sending one claimed wave, so that nobody gets a message twice, whatever dies.

A message's row is born, unique by campaign, step, occurrence and customer, before the message
leaves; groups of rows are claimed at a time, as many as leave in about two seconds. The journal
says of each whether it was given, so a dead worker leaves in doubt only what was on the wire.
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from campaigns import planning
from campaigns.channels.base import (
    Accepted,
    Busy,
    Channel,
    Failed,
    Mail,
    Outcome,
    Refused,
    Unreachable,
)
from campaigns.channels.journal import Journal
from campaigns.channels.note import Note
from campaigns.contact import reasons
from campaigns.delivery import claims, settling, ways
from campaigns.delivery.saying import Saying
from campaigns.journeys import waves
from campaigns.models import Campaign, Message, Wave
from campaigns.money import paying
from campaigns.words import wording
from console import kept_words, states
from segments.models import Customer

FIRST_GROUP, LARGEST_GROUP, LARGEST_PAID = (
    50,
    1000,
    500,
)  # rows claimed at a time; few until it is seen to go well
SECONDS_A_GROUP = 2.0  # that a group should take, and so a pause or an unsubscription
SECONDS_A_CLAIM = 5.0  # then what has not left goes back, to be decided anew
ERRORS_IN_A_ROW = 20  # then something is wrong that a person should look at
SECONDS_BUSY = 15  # that a server with no time for us is left alone
TRIES = 5  # of what can heal, in about a quarter of an hour
SECONDS_A_WAVE = 300  # then a slow server's wave is given back, long before a task's limit

Status = Message.Status


@dataclass
class Tally:
    """What became of a claimed wave."""

    sent: int = 0
    failed: int = 0
    held: int = 0
    skipped: int = 0
    retry: int = 0
    deferred: int = 0
    rests: bool = False  # whether the other side wants to be left alone for a while
    trouble: str = ""  # in kept words, why nothing more should leave before a person has looked


def is_on(campaign: Campaign) -> bool:
    """Whether the campaign is still to be sent, at this moment."""
    return Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.SENDING).exists()


class Sender:
    """One worker's way through one claimed wave."""

    def __init__(
        self,
        campaign: Campaign,
        wave: Wave,
        channel: Channel[Any],
        journal: Journal,
        at: dt.datetime,
    ) -> None:
        self.campaign, self.wave, self.at = campaign, wave, at
        self.channel = ways.Ways(channel, planning.message(campaign, wave.step).channel)
        self.journal = journal
        self.saying = Saying(campaign, wave, sender=self.channel.sender)
        self.tally = Tally()
        self.errors_in_a_row = 0
        self.unreachable = ""
        self.hush = 0.0  # seconds that the other side wants us to keep quiet

    def run(self) -> Tally:
        give_back_at = time.monotonic() + SECONDS_A_WAVE
        waiting, size = claims.waiting(self.wave), FIRST_GROUP
        while waiting and self._goes_on() and time.monotonic() < give_back_at:
            if not is_on(self.campaign):
                break
            try:
                self.channel.connect()  # nothing is claimed for a server that is not there
            except Busy:
                self.hush = SECONDS_BUSY
                break
            except Unreachable as nobody:
                self.unreachable = str(nobody)
                break
            waiting, speed = self._send_group(waiting, size)
            size = max(FIRST_GROUP, min(int(speed * SECONDS_A_GROUP), LARGEST_GROUP))
        self._give_back(is_left=bool(waiting or self.tally.retry))
        return self.tally

    def _goes_on(self) -> bool:
        return not (self.unreachable or self.tally.trouble or self.hush)

    def _send_group(self, waiting: list[int], size: int) -> tuple[list[int], float]:
        """Claim and give some of those who wait; who still does, and how many left a second.

        Claiming takes about as long for many as for few, so that it does not count: a database
        that is slow at the moment would keep the groups small, and everything slow.
        """
        now = waiting[: self._claimable(size)]
        claim = claims.begin(self.wave, now, self.saying.offer(now), at=self.at)
        group = _Group(self, claim.begun)
        self.tally.skipped += claim.skipped
        self.tally.deferred += claim.deferred
        began = time.monotonic()
        for channel in group.channels():
            self.channel.send(channel, group.messages(channel), group)
        speed = len(group.outcomes) / max(time.monotonic() - began, 0.001)
        if claim.unpaid or group.is_short:
            self.tally.trouble = self.tally.trouble or paying.no_money(self.campaign)
        returned = [row for row in group.rows if row.id not in group.outcomes]
        counts = settling.write(
            self.wave,
            group.outcomes | {row.id: settling.RETURNED for row in returned},
            heals=not self._goes_on() or self.wave.tries + 1 < TRIES,
            at=self.at,
        )
        for status, count in counts.items():
            setattr(self.tally, status, getattr(self.tally, status) + count)
        again = sorted([*(row.customer for row in returned), *claim.unpaid])
        return again + waiting[len(now) :], speed

    def _claimable(self, size: int) -> int:
        """Of what is paid beforehand, no more than leaves before the claim is over."""
        if not self.channel.is_priced(self.saying.step.channel):
            return size
        return min(size, LARGEST_PAID, self.channel.soon(SECONDS_A_CLAIM) or LARGEST_PAID)

    def judge(self, outcome: Outcome) -> None:
        """See whether it makes sense to go on."""
        if isinstance(outcome, Accepted):
            self.errors_in_a_row = 0
            return
        if isinstance(outcome, Refused) and outcome.is_gone:  # is about the customer alone
            return
        self.errors_in_a_row += 1
        if isinstance(outcome, Failed):
            self.hush = max(self.hush, outcome.wait)
            if not outcome.answered:
                self.unreachable = outcome.reason
                return
        if self.errors_in_a_row >= ERRORS_IN_A_ROW and not self.tally.trouble:
            said = {"count": self.errors_in_a_row}
            self.tally.trouble = kept_words.each(
                lambda: (
                    _("%(count)s messages in a row failed; the last one: %(reason)s")
                    % (said | {"reason": reasons.said(outcome.reason)})
                )
            )

    @transaction.atomic
    def _give_back(self, *, is_left: bool) -> None:
        """Close the wave, or put it back with a time for what is to be tried again."""
        rows = Campaign.objects.select_for_update(no_key=True)  # as everybody who moves customers
        if rows.get(pk=self.campaign.pk).status == Campaign.Status.CANCELLED:
            ended = Wave.Status.DONE
            states.move_many(Wave, [self.wave.pk], frm=Wave.Status.CLAIMED, to=ended)
            return
        also: dict[str, object] = {}
        to = Wave.Status.WAITING if is_left else Wave.Status.DONE
        pause = dt.timedelta(seconds=self.hush)
        if self.unreachable or self.tally.retry:
            pause = max(pause, dt.timedelta(minutes=2**self.wave.tries))
            also["tries"] = self.wave.tries + 1
            if self.unreachable and self.wave.tries + 1 >= TRIES:
                self.tally.trouble = kept_words.each(
                    lambda: (
                        _("The mail server cannot be reached: %(reason)s")
                        % {"reason": reasons.said(self.unreachable)}
                    )
                )
        if pause:
            also["not_before"] = Now() + pause
        self.tally.rests = bool(self.unreachable or self.hush)
        if to == Wave.Status.DONE:
            waves.move_on(self.wave)
        else:
            states.move_many(Wave, [self.wave.pk], frm=Wave.Status.CLAIMED, to=to, **also)


class _Group:
    """The messages of one claim on their way out: makes them, and hears of each."""

    def __init__(self, sender: Sender, rows: list[claims.Begun]) -> None:
        self.sender, self.rows = sender, rows
        self.outcomes: dict[int, Outcome] = {}
        self.is_short = False  # of money
        self.stop_at = time.monotonic() + SECONDS_A_CLAIM

    def channels(self) -> list[str]:
        """Through which they leave; most through the step's own."""
        return list(dict.fromkeys(row.channel for row in self.rows))

    def messages(self, channel: str) -> Iterator[Mail | Note]:
        """One after the other, until nothing more should leave with this claim."""
        rows = [row for row in self.rows if row.channel == channel]
        # All that is needed of the database, before the first one: later the loop is running.
        made = self._made(rows, *self.sender.saying.known([row.customer for row in rows]))
        if self.sender.channel.is_priced(channel):
            return self._while_on(self._paid(channel, list(made)))
        return self._while_on(made)

    def _made(
        self,
        rows: list[claims.Begun],
        customers: Mapping[int, Customer],
        known: Mapping[int, Any],
    ) -> Iterator[Mail | Note]:
        for row in rows:
            try:
                yield self.sender.saying.message(row, customers[row.customer], known[row.customer])
            except wording.CannotRender as problem:
                self.ended(row.id, Refused(str(problem)))

    def _paid(self, channel: str, made: list[Mail | Note]) -> list[Mail | Note]:
        """Those that there is money for; a message's price is known when it is written."""
        sender = self.sender
        paid = paying.pay(sender.campaign, sender.channel.charges(channel, made))
        self.is_short |= paid.is_short
        return [one for one in made if one.number in paid.numbers]

    def _while_on(self, made: Iterable[Mail | Note]) -> Iterator[Mail | Note]:
        for message in made:
            if not self.sender._goes_on() or time.monotonic() > self.stop_at:
                return
            yield message

    def begun(self, number: int) -> None:
        self.sender.journal.begun(number)

    def ended(self, number: int, outcome: Outcome) -> None:
        self.sender.journal.ended(number, outcome)
        self.outcomes[number] = outcome
        self.sender.judge(outcome)
