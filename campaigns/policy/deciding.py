"""What becomes of one message to one customer at one moment."""

import datetime as dt
from collections.abc import Iterable, Iterator

from campaigns.policy import calendar
from campaigns.policy.calendar import IsOff
from campaigns.policy.nodes import (
    DAY,
    DEFER,
    DOWNGRADE,
    WEEK,
    Approach,
    Cap,
    Count,
    Defer,
    Downgrade,
    Facts,
    Policy,
    Send,
    Skip,
    Verdict,
    Way,
)

QUIET, DAY_OFF, HELD_OUT, EXPIRED = "quiet", "day_off", "held_out", "expired"
# Reasons for which another channel would not help either.
GONE = frozenset({"erased", "merged"})
SEND = Send()


def decide(
    facts: Facts,
    policy: Policy,
    approach: Approach,
    at: dt.datetime,
    is_off: IsOff = calendar.never_off,
) -> Verdict:
    """Send it, skip it for a reason, defer it, or send it through a lower channel.

    The answer holds for the moment `at` and as long as nobody else writes to the customer: the
    caller holds the customer's row. A downgrade says that the lower channel is to be asked.
    """
    way = policy.way(approach.channel)
    if facts.barred:
        lower = way.when_barred == DOWNGRADE and facts.barred not in GONE
        return _lower(way, approach, facts.barred) if lower else Skip(facts.barred)
    if approach.expires_at and at >= approach.expires_at:
        return Skip(EXPIRED)
    if not approach.is_limited:
        return SEND
    if facts.is_held_out:
        return Skip(HELD_OUT)
    if facts.hold and (facts.hold_until is None or facts.hold_until > at):
        return _wait(facts.hold_until, facts.hold, policy, approach, at)
    return _in_time(facts, policy, approach, at, is_off)


def _in_time(
    facts: Facts, policy: Policy, approach: Approach, at: dt.datetime, is_off: IsOff
) -> Verdict:
    """By the caps and the quiet hours."""
    way = policy.way(approach.channel)
    today = calendar.day_of(at, facts.zone)
    full = list(full_caps(facts, policy, approach))
    free_on = max((calendar.next_window(today, cap.window) for cap in full), default=today)
    opens: dt.datetime | None = calendar.begin(free_on, facts.zone) if full else at
    if any(_room(cap, policy, approach) <= 0 for cap in full):
        opens = None  # no later window has room either
    if way.keeps_quiet and opens is not None:
        opens = calendar.first_open(opens, facts.zone, policy, is_off)
    if opens == at and not full:
        return SEND
    if full:
        return _act(way.when_capped, reason_of(full[0]), opens, policy, approach, at)
    why = DAY_OFF if is_off(today) and policy.days_off != "usual" else QUIET
    return _act(way.when_quiet, why, opens, policy, approach, at)


def full_caps(facts: Facts, policy: Policy, approach: Approach) -> Iterator[Cap]:
    """The caps that leave no room for one more message, as the policy orders them."""
    for cap in caps_for(policy, approach.channel, facts.stage):
        if counted(cap, facts.counts) >= _room(cap, policy, approach):
            yield cap


def _room(cap: Cap, policy: Policy, approach: Approach) -> int:
    """How many a campaign of this priority may fill."""
    return cap.most - (0 if approach.priority >= policy.important_from else cap.reserved)


def caps_for(policy: Policy, channel: str, stage: str) -> list[Cap]:
    """The caps over a channel for a customer in a stage."""
    return [cap for cap in caps_of(policy, stage) if cap.channel in {"", channel}]


def caps_of(policy: Policy, stage: str) -> list[Cap]:
    """The caps over all channels for a customer in a stage."""
    chosen: dict[tuple[str, str], Cap] = {}
    for cap in policy.caps:
        if cap.stage not in {"", stage}:
            continue
        place = (cap.channel, cap.window)
        if cap.stage or place not in chosen:
            chosen[place] = cap
    return list(chosen.values())


def counted(cap: Cap, counts: Iterable[Count]) -> int:
    """The contacts that a cap counts."""
    of = [one for one in counts if cap.channel in {"", one.channel}]
    if cap.window == DAY:
        return sum(one.day for one in of)
    return sum(one.week if cap.window == WEEK else one.month for one in of)


def reason_of(cap: Cap) -> str:
    """How a full cap is written with a message."""
    return f"cap:{cap.channel}:{cap.window}"


def _act(
    action: str,
    reason: str,
    opens: dt.datetime | None,
    policy: Policy,
    approach: Approach,
    at: dt.datetime,
) -> Verdict:
    if action == DEFER:
        return _wait(opens, reason, policy, approach, at)
    if action == DOWNGRADE:
        return _lower(policy.way(approach.channel), approach, reason)
    return Skip(reason)


def _wait(
    until: dt.datetime | None, reason: str, policy: Policy, approach: Approach, at: dt.datetime
) -> Verdict:
    """Defer it, unless that is longer than it may wait or makes sense."""
    last = (approach.since or at) + policy.longest_wait
    if until is None or until > last or (approach.expires_at and until >= approach.expires_at):
        return Skip(reason)
    return Defer(until, reason)


def _lower(way: Way, approach: Approach, reason: str) -> Verdict:
    """Ask for the lower channel, if there are words for it."""
    if way.lower in approach.also and way.lower != approach.channel:
        return Downgrade(way.lower, reason)
    return Skip(reason)
