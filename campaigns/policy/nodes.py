"""What a contact policy consists of, what it has to know of a customer, and what it answers."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY, WEEK, MONTH = "day", "week", "month"
WINDOWS = (DAY, WEEK, MONTH)
DEFER, DROP, DOWNGRADE = "defer", "drop", "downgrade"
ACTIONS = (DEFER, DROP, DOWNGRADE)
MARKETING, TRANSACTIONAL = "marketing", "transactional"
NORMAL, IMPORTANT = 50, 80  # priorities of campaigns, from 0 to 100
USUAL, HOURS, SILENT = "usual", "hours", "silent"  # what days off are like
HOLIDAYS, WEEKENDS_TOO = "holidays", "weekends_too"  # which days are off


class PolicyError(ValueError):
    """The policy cannot be read; says where and why."""


# --- what it says -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages in a window of the customer's calendar.

    A cap for a stage takes the place of the one for all stages with the same channel and window.
    """

    most: int
    window: str
    channel: str = ""  # empty: all channels together
    stage: str = ""  # empty: every stage
    reserved: int = 0  # of them, only for important campaigns


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet from one time of the customer's day until another, perhaps over midnight."""

    since: dt.time
    until: dt.time


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of messages of a channel that may not leave now."""

    when_capped: str = DEFER
    when_quiet: str = DEFER
    when_barred: str = DROP  # no address, no consent, suppressed
    lower: str = ""  # the channel that they are downgraded to
    keeps_quiet: bool = True
    needs_consent: bool = True


@dataclass(frozen=True)
class Policy:
    """One policy over all channels. The empty one limits nothing."""

    caps: tuple[Cap, ...] = ()
    quiet: Hours | None = None
    days_off: str = USUAL
    which_days: str = HOLIDAYS
    quiet_off: Hours | None = None  # in the place of `quiet` on days off
    country: str = "CN"  # whose holidays
    ways: Mapping[str, Way] = field(default_factory=dict)
    important_from: int = IMPORTANT  # the priority from which a campaign may use what is reserved
    longest_wait: dt.timedelta = dt.timedelta(days=3)
    complaint_days: int = 90  # nothing leaves for so long after a complaint; 0: for ever

    def way(self, channel: str) -> Way:
        return self.ways.get(channel) or Way(needs_consent=channel not in OURS)


# Channels of our own house: who opens the app or hears a machine agreed to nothing more.
OURS = frozenset({"in_app", "webhook", "robot"})

# --- what it has to know ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approach:
    """What somebody wants to send."""

    channel: str
    purpose: str = MARKETING
    priority: int = NORMAL
    also: frozenset[str] = frozenset()  # channels that there are words for besides
    since: dt.datetime | None = None  # when it was first due; waiting is counted from here
    expires_at: dt.datetime | None = None  # it makes no sense from here on

    @property
    def is_limited(self) -> bool:
        """Whether caps, quiet hours and the holdout are meant for it."""
        return self.purpose != TRANSACTIONAL


class Count(NamedTuple):
    """Contacts through a channel in the present day, week and month of the customer."""

    channel: str
    day: int
    week: int
    month: int


class Facts(NamedTuple):
    """What is known of a customer. Two with the same facts get the same answer."""

    zone: ZoneInfo
    barred: str = ""  # why this channel is closed for good: erased, no address, no consent, …
    stage: str = ""
    counts: tuple[Count, ...] = ()
    is_held_out: bool = False
    hold: str = ""  # why nothing at all is to leave at the moment
    hold_until: dt.datetime | None = None  # None: until somebody lifts it


# --- what it answers --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It never leaves."""

    reason: str


@dataclass(frozen=True, slots=True)
class Defer:
    """It may not leave before this moment; asked again then."""

    until: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Downgrade:
    """It may leave through another channel, if that one is open."""

    channel: str
    reason: str


Verdict = Send | Skip | Defer | Downgrade
