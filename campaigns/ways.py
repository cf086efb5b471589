"""The ways out of a step's messages: each through its channel's own account, at its pace.

A step has one channel, but the contact policy may send some of its messages through a lower
one.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from campaigns import accounts, pacing
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
from campaigns.models import ChannelAccount

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
        """Give messages of one channel, and note with which account each left and what it cost."""
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
        spent = _Spent(account, journal)
        try:
            way.send(spent.noted(pacing.paced(account, messages)), spent)
        finally:
            spent.write()


class _Spent:
    """A journal that also knows what the messages of one account cost."""

    def __init__(self, account: ChannelAccount, journal: Journal) -> None:
        self._account, self._journal = account, journal
        self._texts: dict[int, str] = {}
        self._left: dict[int, int] = {}

    def noted(self, messages: Iterable[Out]) -> Iterator[Out]:
        for message in messages:
            self._texts[message.number] = message.text
            yield message

    def begun(self, number: int) -> None:
        self._journal.begun(number)

    def ended(self, number: int, outcome: Outcome) -> None:
        self._journal.ended(number, outcome)
        if isinstance(outcome, Accepted | Unsure):  # what may have left may be charged
            self._left[number] = accounts.cost(self._account, number, self._texts[number])

    def write(self) -> None:
        if self._left:
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, [self._account.pk, [*self._left], [*self._left.values()]])


_WRITE = """
    UPDATE campaigns_message m SET account_id = %s, cost_minor = given.cost
    FROM unnest(%s::bigint[], %s::int[]) AS given (id, cost) WHERE m.id = given.id
"""
