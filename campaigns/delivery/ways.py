"""The ways out of a step's messages: each through its channel's own account, at its pace.

A step has one channel, but the contact policy may send some of its messages through a lower
one.
"""

import math
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from campaigns.channels import kinds
from campaigns.channels.base import (
    Accepted,
    Channel,
    Failed,
    Journal,
    Mail,
    Outcome,
    Unreachable,
    Unsure,
)
from campaigns.channels.note import Note
from campaigns.models import ChannelAccount, Message
from campaigns.money.paying import Charge
from campaigns.providers import accounts, pacing

EMAIL = kinds.EMAIL
Out = Mail | Note


class Ways:
    """All channels of a step, for mails and notes. `mail` is how mail leaves without an account.

    They stay open for the next wave.
    """

    def __init__(self, mail: Channel[Any], first: str) -> None:
        own = ChannelAccount.objects.filter(is_default=True)
        self.accounts = {account.channel: account for account in own}
        self._mail, self._first = mail, first

    @property
    def sender(self) -> str:
        """From whom mail comes."""
        return accounts.sender_of(self.accounts.get(EMAIL))

    def is_priced(self, channel: str) -> bool:
        """Whether a message through it costs something."""
        account = self.accounts.get(channel)
        return account is not None and account.tariff > 0

    def charges(self, channel: str, messages: Iterable[Out]) -> dict[int, Charge]:
        """What each of a channel's messages costs, by its number."""
        account = self.accounts[channel]
        return {
            one.number: Charge(account.pk, accounts.price(account, one.text)) for one in messages
        }

    def soon(self, seconds: float) -> int | None:
        """How many the step's own account lets out in so many seconds; None: any number."""
        account = self.accounts.get(self._first)
        return None if account is None else math.ceil(account.per_minute * seconds / 60)

    def connect(self) -> None:
        """Make sure that somebody is there for the step's own channel, or raise Unreachable."""
        self._way(self._first).connect()

    def _way(self, channel: str) -> Channel[Any]:
        """Raises Unreachable: there is no account, or it cannot be opened."""
        account = self.accounts.get(channel)
        if account is None and channel == EMAIL:
            return self._mail
        if account is None:
            label = ChannelAccount.Channel(channel).label
            raise Unreachable(_("%(channel)s has no account.") % {"channel": label})
        try:
            return accounts.channel(account)
        except accounts.CannotOpen as lost:
            raise Unreachable(f"{account.name}: {lost}") from lost

    def send(self, channel: str, messages: Iterable[Out], journal: Journal) -> None:
        """Give messages of one channel, and note with which account each left."""
        account = self.accounts.get(channel)
        try:
            way = self._way(channel)
        except Unreachable as nobody:
            for message in messages:
                journal.ended(message.number, Failed(str(nobody)))
            return
        if account is None:
            way.send(messages, journal)
            return
        noted = _Noted(account, journal)
        try:
            way.send(pacing.paced(account, messages), noted)
        finally:
            noted.write()


class _Noted:
    """A journal that also knows which messages left with one account."""

    def __init__(self, account: ChannelAccount, journal: Journal) -> None:
        self._account, self._journal = account, journal
        self._left: list[int] = []

    def begun(self, number: int) -> None:
        self._journal.begun(number)

    def ended(self, number: int, outcome: Outcome) -> None:
        self._journal.ended(number, outcome)
        if isinstance(outcome, Accepted | Unsure):
            self._left.append(number)

    def write(self) -> None:
        if self._left:
            Message.objects.filter(pk__in=self._left).update(account=self._account)
