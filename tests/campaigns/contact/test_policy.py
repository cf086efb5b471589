"""What the contact policy says about one customer at one moment, by worlds that are made up."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.policy import calendar, deciding, reading
from campaigns.policy.nodes import (
    DAY,
    DOWNGRADE,
    DROP,
    HOURS,
    MARKETING,
    MONTH,
    SILENT,
    TRANSACTIONAL,
    WEEK,
    WINDOWS,
    Approach,
    Cap,
    Count,
    Defer,
    Downgrade,
    Facts,
    Hours,
    Policy,
    PolicyError,
    Send,
    Skip,
    Way,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = dt.datetime(2026, 3, 11, 4, tzinfo=dt.UTC)  # a Wednesday, noon in Shanghai
NIGHT = Hours(dt.time(22), dt.time(8))
# Clocks that jump by an hour or by half of one, over midnight, and by a whole day.
ZONES = [
    *("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"),
    *("America/Havana", "America/Santiago", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia"),
    *("Pacific/Auckland", "Asia/Kolkata", "UTC"),
]
FIRST = dt.datetime(2011, 1, 1, tzinfo=dt.UTC)


def jumps(zone: ZoneInfo) -> list[dt.datetime]:
    """The days on which the zone's clock was put forward or back."""
    days = [FIRST + dt.timedelta(n) for n in range(16 * 365)]
    ahead = [day.astimezone(zone).utcoffset() for day in days]
    pairs = zip(days, ahead, ahead[1:], strict=False)
    return [day for day, was, now in pairs if was != now] or [FIRST]


JUMPS = {zone: jumps(zone) for zone in map(ZoneInfo, ZONES)}


@st.composite
def somewhere(draw: st.DrawFn) -> tuple[dt.datetime, ZoneInfo]:
    """A moment near one at which a clock jumps, and whose clock that is."""
    zone = draw(st.sampled_from(list(JUMPS)))
    near = draw(st.timedeltas(dt.timedelta(days=-1), dt.timedelta(days=2)))
    return draw(st.sampled_from(JUMPS[zone])) + near, zone


times = st.times().map(lambda time: time.replace(microsecond=0, second=0))
nights = st.builds(Hours, times, times).filter(lambda one: one.since != one.until)


def facts(*counts: Count, zone: ZoneInfo = SHANGHAI, **more: object) -> Facts:
    return Facts(zone=zone, counts=counts, **more)  # type: ignore[arg-type]


def sms(**more: object) -> Approach:
    return Approach("sms", **more)  # type: ignore[arg-type]


# --- windows and quiet hours ------------------------------------------------


@given(somewhere())
@example((dt.datetime(2011, 12, 30, 10, tzinfo=dt.UTC), ZoneInfo("Pacific/Apia")))
def test_each_moment_is_in_the_day_that_began_last(world: tuple[dt.datetime, ZoneInfo]) -> None:
    at, zone = world
    day = calendar.day_of(at, zone)
    assert calendar.begin(day, zone) <= at < calendar.begin(day + dt.timedelta(1), zone)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(WINDOWS))
def test_windows_follow_each_other_without_a_gap(day: dt.date, window: str) -> None:
    after = calendar.next_window(day, window)
    assert calendar.first_day(day, window) <= day < after
    assert calendar.first_day(after, window) == after
    assert calendar.first_day(after - dt.timedelta(1), window) == calendar.first_day(day, window)


@given(somewhere(), nights, st.sampled_from(["usual", HOURS, SILENT]), nights)
def test_the_first_open_moment_is_open_and_none_before_it_is(
    world: tuple[dt.datetime, ZoneInfo], night: Hours, days_off: str, weekend: Hours
) -> None:
    at, zone = world
    policy = Policy(quiet=night, days_off=days_off, quiet_off=weekend)
    opens = calendar.first_open(at, zone, policy, is_weekend)
    assert opens is not None
    assert opens >= at
    assert not calendar.is_quiet(opens, zone, policy, is_weekend)
    step = (opens - at) / 40
    before = [at + step * n for n in range(40)] if opens > at else []
    # Where a clock leaps over the end of the quiet hours, the hour after it may go unused.
    skipped = dt.timedelta(hours=1)
    assert all(
        calendar.is_quiet(one, zone, policy, is_weekend) for one in before if one < opens - skipped
    )


def is_weekend(day: dt.date) -> bool:
    return day.weekday() > 4


def test_quiet_hours_follow_the_clock_of_the_customer() -> None:
    policy = Policy(quiet=NIGHT)
    london = facts(zone=ZoneInfo("Europe/London"))
    assert deciding.decide(facts(), policy, sms(), NOON) == Send()
    # Four in the morning there; it opens at eight.
    expected = Defer(dt.datetime(2026, 3, 11, 8, tzinfo=dt.UTC), "quiet")
    assert deciding.decide(london, policy, sms(), NOON) == expected


def test_on_a_silent_day_off_nothing_leaves_until_the_next_morning() -> None:
    policy = Policy(quiet=NIGHT, days_off=SILENT)
    saturday = NOON + dt.timedelta(days=3)
    answer = deciding.decide(facts(), policy, sms(), saturday, is_weekend)
    assert answer == Defer(dt.datetime(2026, 3, 16, 0, tzinfo=dt.UTC), "day_off")


def test_a_channel_may_be_free_of_quiet_hours() -> None:
    policy = Policy(quiet=Hours(dt.time(1), dt.time(23)), ways={"sms": Way(keeps_quiet=False)})
    assert deciding.decide(facts(), policy, sms(), NOON) == Send()


# --- caps -------------------------------------------------------------------

caps = st.builds(
    Cap,
    most=st.integers(0, 4),
    window=st.sampled_from(WINDOWS),
    channel=st.sampled_from(["", "sms", "email"]),
    stage=st.sampled_from(["", "new", "lost"]),
    reserved=st.integers(0, 2),
)
policies = st.builds(
    Policy,
    caps=st.lists(caps, max_size=4).map(tuple),
    quiet=st.none() | st.just(NIGHT),
    ways=st.fixed_dictionaries(
        {
            "sms": st.builds(
                Way,
                when_capped=st.sampled_from(["defer", DROP, DOWNGRADE]),
                when_quiet=st.sampled_from(["defer", DROP, DOWNGRADE]),
                lower=st.just("email"),
            )
        }
    ),
)
counts = st.lists(
    st.builds(
        Count,
        st.sampled_from(["sms", "email", "push"]),
        st.integers(0, 3),
        st.integers(0, 5),
        st.integers(0, 9),
    ),
    max_size=3,
    unique_by=lambda one: one.channel,
).map(tuple)


@given(policies, counts, st.sampled_from(["", "new", "lost"]), somewhere())
def test_what_is_sent_leaves_every_cap_that_applies_with_room(
    policy: Policy, past: tuple[Count, ...], stage: str, world: tuple[dt.datetime, ZoneInfo]
) -> None:
    at, zone = world
    known = Facts(zone=zone, counts=past, stage=stage)
    answer = deciding.decide(known, policy, sms(also=frozenset({"email"})), at)
    if not isinstance(answer, Send):
        return
    assert not calendar.is_quiet(at, zone, policy, calendar.never_off)
    for cap in deciding.caps_for(policy, "sms", stage):
        assert deciding.counted(cap, past) < cap.most - cap.reserved


@given(policies, counts, somewhere())
def test_a_deferred_message_waits_no_longer_than_it_may(
    policy: Policy, past: tuple[Count, ...], world: tuple[dt.datetime, ZoneInfo]
) -> None:
    at, zone = world
    answer = deciding.decide(facts(*past, zone=zone), policy, sms(), at)
    if isinstance(answer, Defer):
        assert at < answer.until <= at + policy.longest_wait
        assert not calendar.is_quiet(answer.until, zone, policy, calendar.never_off)


def test_a_full_day_waits_for_the_customers_next_morning() -> None:
    policy = Policy(caps=(Cap(1, DAY, "sms"),), quiet=NIGHT)
    answer = deciding.decide(facts(Count("sms", 1, 1, 1)), policy, sms(), NOON)
    assert answer == Defer(dt.datetime(2026, 3, 12, 0, tzinfo=dt.UTC), "cap:sms:day")


def test_a_full_month_is_too_long_to_wait_for() -> None:
    policy = Policy(caps=(Cap(1, MONTH),))
    answer = deciding.decide(facts(Count("push", 0, 0, 1)), policy, sms(), NOON)
    assert answer == Skip("cap::month")


def test_waiting_is_counted_from_when_it_was_first_due() -> None:
    policy = Policy(caps=(Cap(1, DAY),), longest_wait=dt.timedelta(hours=24))
    full = facts(Count("sms", 1, 1, 1))
    assert isinstance(deciding.decide(full, policy, sms(since=NOON), NOON), Defer)
    waited = sms(since=NOON - dt.timedelta(hours=20))
    assert deciding.decide(full, policy, waited, NOON) == Skip("cap::day")


def test_what_would_have_expired_is_not_deferred() -> None:
    policy = Policy(caps=(Cap(1, DAY),))
    brief = sms(expires_at=NOON + dt.timedelta(minutes=15))
    assert deciding.decide(facts(Count("sms", 1, 1, 1)), policy, brief, NOON) == Skip("cap::day")
    assert deciding.decide(facts(), policy, sms(expires_at=NOON), NOON) == Skip("expired")


def test_a_cap_of_a_stage_takes_the_place_of_the_general_one() -> None:
    policy = Policy(caps=(Cap(1, WEEK, "sms"), Cap(3, WEEK, "sms", stage="new")))
    once = Count("sms", 0, 1, 1)
    assert deciding.decide(facts(once, stage="new"), policy, sms(), NOON) == Send()
    assert deciding.decide(facts(once, stage="lost"), policy, sms(), NOON) == Skip("cap:sms:week")


def test_only_important_campaigns_use_what_is_reserved() -> None:
    policy = Policy(caps=(Cap(2, DAY, reserved=1),))
    once = facts(Count("email", 1, 1, 1))
    assert isinstance(deciding.decide(once, policy, sms(priority=50), NOON), Defer)
    assert deciding.decide(once, policy, sms(priority=80), NOON) == Send()


def test_a_cap_of_nothing_is_not_waited_for() -> None:
    answer = deciding.decide(facts(), Policy(caps=(Cap(0, DAY, "sms"),)), sms(), NOON)
    assert answer == Skip("cap:sms:day")


# --- what becomes of it -----------------------------------------------------


def test_a_downgrade_needs_words_for_the_lower_channel() -> None:
    way = Way(when_capped=DOWNGRADE, lower="in_app")
    policy = Policy(caps=(Cap(0, DAY, "sms"),), ways={"sms": way})
    with_words = sms(also=frozenset({"in_app"}))
    answer = deciding.decide(facts(), policy, with_words, NOON)
    assert answer == Downgrade("in_app", "cap:sms:day")
    assert deciding.decide(facts(), policy, sms(), NOON) == Skip("cap:sms:day")


@pytest.mark.parametrize("reason", ["no_address", "no_consent", "suppressed"])
def test_a_closed_channel_may_be_downgraded(reason: str) -> None:
    policy = Policy(ways={"sms": Way(when_barred=DOWNGRADE, lower="email")})
    asked = sms(also=frozenset({"email"}))
    assert deciding.decide(facts(barred=reason), policy, asked, NOON) == Downgrade("email", reason)
    assert deciding.decide(facts(barred="erased"), policy, asked, NOON) == Skip("erased")


@pytest.mark.parametrize("purpose", [MARKETING, TRANSACTIONAL])
def test_transactional_messages_know_no_limits_but_closed_channels(purpose: str) -> None:
    policy = Policy(caps=(Cap(0, DAY),), quiet=Hours(dt.time(0), dt.time(23, 59)))
    held = facts(is_held_out=True, hold="complaint")
    answer = deciding.decide(held, policy, sms(purpose=purpose), NOON)
    assert isinstance(answer, Send) == (purpose == TRANSACTIONAL)
    closed = deciding.decide(facts(barred="no_address"), policy, sms(purpose=purpose), NOON)
    assert closed == Skip("no_address")


def test_who_is_held_out_or_left_alone_gets_nothing() -> None:
    assert deciding.decide(facts(is_held_out=True), Policy(), sms(), NOON) == Skip("held_out")
    for_ever = facts(hold="complaint")
    assert deciding.decide(for_ever, Policy(), sms(), NOON) == Skip("complaint")
    until = NOON + dt.timedelta(days=1)
    paused = facts(hold="pause", hold_until=until)
    assert deciding.decide(paused, Policy(), sms(), NOON) == Defer(until, "pause")
    assert deciding.decide(paused, Policy(), sms(), until) == Send()


# --- as it is kept ----------------------------------------------------------


@given(policies)
def test_a_policy_is_read_as_it_was_written(policy: Policy) -> None:
    places = {(cap.channel, cap.window, cap.stage) for cap in policy.caps}
    if len(places) == len(policy.caps) and all(c.reserved <= c.most for c in policy.caps):
        assert reading.parse(reading.written(policy)) == policy


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"caps": 3},
        {"caps": [{"most": -1, "window": "day"}]},
        {"caps": [{"most": True, "window": "day"}]},
        {"caps": [{"most": 1, "window": "year"}]},
        {"caps": [{"most": 1, "window": "day"}] * 2},
        {"caps": [{"most": 1, "window": "day", "reserved": 2}]},
        {"quiet": {"from": "25:00", "until": "08:00"}},
        {"quiet": {"from": "08:00", "until": "08:00"}},
        {"days_off": "never"},
        {"ways": {"sms": {"when_capped": "downgrade"}}},
        {"ways": {"sms": {"when_capped": "downgrade", "lower": "sms"}}},
        {"ways": {"sms": {"keeps_quiet": "yes"}}},
        {"longest_wait_hours": 10**9},
    ],
)
def test_a_policy_that_says_nothing_sensible_is_refused(raw: object) -> None:
    with pytest.raises(PolicyError):
        reading.parse(raw)
