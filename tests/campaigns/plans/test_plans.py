"""Plans: read from JSON, refused in words, said in words, and when their waits end."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.plans import exposure, moments, tree, triggers, words
from campaigns.plans.known import Known, Named
from campaigns.plans.nodes import Branch, Plan, PlanError, Wait
from segments.rules.vocabulary import Vocabulary

KNOWN = Known(
    templates={1: Named("Hello"), 2: Named("Still there?"), 3: Named("Text", "sms")},
    channels={"email": "e-mail", "sms": "SMS"},
    coupons={7: "10 off"},
    staff={5: "Ann"},
    teams={4: "Service"},
    rules=Vocabulary(events=frozenset({"order_paid"}), titles={"order_paid": "Order paid"}),
)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def message(key: str = "hello", template: int = 1, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "message", "channel": "email", "template": template, **more}


def wait(key: str = "pause", **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "wait", **(more or {"minutes": 60})}


PAID = {"event": "order_paid", "did": True, "times": 1, "days": 7}
JOURNEY = [
    message(),
    wait(minutes=1440, at="10:00", weekdays=[1, 2]),
    {
        "key": "opened",
        "kind": "branch",
        "did": {"deed": "opened", "step": "hello"},
        "yes": [
            {
                "key": "coin",
                "kind": "split",
                "arms": [
                    {"key": "a", "weight": 1, "steps": [message("more", 2, coupon=7, expires=15)]},
                    {"key": "b", "weight": 3, "steps": []},
                ],
            }
        ],
        "no": [
            {"key": "call", "kind": "task", "title": "Call them", "team": 4, "days": 2},
            {"key": "stop", "kind": "exit"},
        ],
    },
    message("last", 2),
]


def read(raw: Any) -> Plan:
    return tree.parse(raw, KNOWN)


def test_each_step_knows_what_comes_behind_it() -> None:
    plan = read(JOURNEY)
    assert plan.first == "hello"
    assert plan.follows == {
        "hello": "pause",
        "pause": "opened",
        "opened": "last",
        "coin": "last",
        "more": "last",
        "call": "stop",
        "stop": None,
        "last": None,
    }
    branch, split = plan.by_key["opened"], plan.by_key["coin"]
    assert isinstance(branch, Branch)
    assert plan.entry_of(branch.no, branch) == "call"
    assert plan.entry_of((), split) == "last", "a way without steps leads behind it"
    assert plan.channels() == {"email"}


def test_the_plan_is_said_in_one_sentence_and_in_lines() -> None:
    plan = read(JOURNEY)
    said = words.sentence(plan, KNOWN)
    assert said == (
        "send by e-mail: “Hello”, then wait 1 day and then wait until 10:00 on Monday, Tuesday"
        " where the customer is, then ask whether the customer opened “Hello”"
        " (if so: divide by chance (a (25%): send by e-mail: “Still there?” with the coupon"
        " “10 off” (not later than 15 minutes after it was due); b (75%): do nothing);"
        " if not: Service gets a task for each customer, due in 2 days: “Call them”,"
        " then leave the plan),"
        " then send by e-mail: “Still there?”."
    )
    assert [line.key for line in words.lines(plan, KNOWN) if line.key] == list(plan.by_key)


@pytest.mark.parametrize(
    ("raw", "where", "why"),
    [
        ({}, (), "list of steps"),
        ([], (), "at least one step"),
        ([1], (0,), "A step belongs"),
        ([{"key": "a", "kind": "fly"}], (0,), "one of"),
        ([message("Ä")], (0,), "small letters"),
        ([message(), message()], (1,), "Two steps"),
        ([message(template=9)], (0,), "Choose a template"),
        ([message(template=True)], (0,), "Choose a template"),
        ([message(template=3)], (0,), "another channel"),
        ([message(channel="pigeon")], (0,), "which channel"),
        ([message(coupon=8)], (0,), "no such coupon"),
        ([message(expires=0)], (0,), "1 minute"),
        ([message(variants=[])], (0,), "one template, or"),
        ([message(subject="x")], (0,), "means nothing"),
        ([wait(minutes=0)], (0,), "1 minute to a year"),
        ([wait(at="24:00")], (0,), "10:30"),
        ([wait(weekdays=[8])], (0,), "Monday"),
        ([{"key": "x", "kind": "exit"}, message()], (0,), "after an end"),
        ([{"key": "b", "kind": "branch", "rule": {"all": []}}], (0,), "a step on one"),
        ([{"key": "b", "kind": "branch", "yes": [message()]}], (0,), "of whom"),
        (
            [{"key": "b", "kind": "branch", "rule": {"any": []}, "yes": [message()]}],
            (0, "rule"),
            "condition",
        ),
        (
            [
                {
                    "key": "b",
                    "kind": "branch",
                    "did": {"deed": "opened", "step": "hello"},
                    "yes": [message()],
                }
            ],
            (0,),
            "before it",
        ),
        ([{"key": "s", "kind": "split", "arms": []}], (0,), "2 to 8"),
        ([{"key": "t", "kind": "task", "title": " ", "team": 4}], (0,), "what is to be done"),
        ([{"key": "t", "kind": "task", "title": "Call"}], (0,), "who"),
        (
            [{"key": "t", "kind": "task", "title": "A", "team": 4, "duty": "x"}],
            (0,),
            "kind of work",
        ),
        ([{"key": "t", "kind": "task", "title": "Call", "owner": 6}], (0,), "not work here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused_at_its_place(
    raw: Any, where: tuple[int, ...], why: str
) -> None:
    with pytest.raises(PlanError, match=why) as refused:
        read(raw)
    assert refused.value.path == where


def test_a_plan_that_is_too_deep_or_too_long_is_refused() -> None:
    deep: list[Any] = [message()]
    for n in range(6):
        deep = [{"key": f"b{n}", "kind": "branch", "rule": {"all": []}, "yes": deep}]
    with pytest.raises(PlanError, match="nested"):
        read(deep)
    with pytest.raises(PlanError, match="at most 60"):
        read([message(f"m{n}") for n in range(61)])


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("raw", "since", "zone", "until"),
    [
        ({"minutes": 90}, "2026-03-01T10:00+08:00", SHANGHAI, "2026-03-01T11:30+08:00"),
        ({"at": "10:00"}, "2026-03-01T09:00+08:00", SHANGHAI, "2026-03-01T10:00+08:00"),
        ({"at": "10:00"}, "2026-03-01T10:00+08:00", SHANGHAI, "2026-03-01T10:00+08:00"),
        ({"at": "10:00"}, "2026-03-01T10:01+08:00", SHANGHAI, "2026-03-02T10:00+08:00"),
        ({"at": "10:00"}, "2026-03-01T09:00+08:00", BERLIN, "2026-03-01T10:00+01:00"),
        ({"weekdays": [1]}, "2026-03-01T10:00+08:00", SHANGHAI, "2026-03-02T00:00+08:00"),
        ({"weekdays": [7]}, "2026-03-01T10:00+08:00", SHANGHAI, "2026-03-01T10:00+08:00"),
        (
            {"minutes": 1440, "at": "09:00", "weekdays": [5]},
            "2026-03-05T09:30+08:00",
            SHANGHAI,
            "2026-03-13T09:00+08:00",
        ),
        # The clocks go forward on 2026-03-29 at 2:00, and back on 2026-10-25 at 3:00.
        ({"at": "02:30"}, "2026-03-29T00:00+01:00", BERLIN, "2026-03-29T03:30+02:00"),
        ({"at": "02:30"}, "2026-10-25T00:00+02:00", BERLIN, "2026-10-25T02:30+02:00"),
        ({"minutes": 1440}, "2026-03-28T12:00+01:00", BERLIN, "2026-03-29T13:00+02:00"),
    ],
)
def test_a_wait_ends_on_the_clock_of_the_zone(
    raw: dict[str, Any], since: str, zone: ZoneInfo, until: str
) -> None:
    step = read([wait(**raw)]).steps[0]
    assert isinstance(step, Wait)
    assert moments.end_of(step, at(since), zone) == at(until)


@pytest.mark.parametrize(
    ("raw", "end", "by", "zone", "until"),
    [
        ({"minutes": 5}, "2026-03-02T10:00+08:00", 90, SHANGHAI, "2026-03-02T11:30+08:00"),
        ({"at": "10:00"}, "2026-03-02T10:00+08:00", 5, SHANGHAI, "2026-03-03T10:00+08:00"),
        ({"at": "10:00"}, "2026-03-02T10:00+08:00", 3000, SHANGHAI, "2026-03-05T10:00+08:00"),
        # The clocks of Berlin go forward on 29 March and back on 25 October.
        ({"at": "10:00"}, "2026-03-28T10:00+01:00", 60, BERLIN, "2026-03-29T10:00+02:00"),
        ({"at": "10:00"}, "2026-10-24T10:00+02:00", 60, BERLIN, "2026-10-25T10:00+01:00"),
        ({"at": "10:00"}, "2026-03-28T10:00+01:00", 1439, BERLIN, "2026-03-30T10:00+02:00"),
        (
            {"at": "10:00", "weekdays": [6]},
            "2026-03-28T10:00+01:00",
            60,
            BERLIN,
            "2026-04-04T10:00+02:00",
        ),
    ],
)
def test_after_a_pause_a_wait_for_an_hour_ends_at_that_hour(
    raw: dict[str, Any], end: str, by: int, zone: ZoneInfo, until: str
) -> None:
    step = read([wait(**raw)]).steps[0]
    assert isinstance(step, Wait)
    assert moments.later(step, at(end), dt.timedelta(minutes=by), zone) == at(until)


@pytest.mark.parametrize(
    ("raw", "last", "following"),
    [
        ({"every": "day", "at": "09:00"}, "2026-03-02T09:00+08:00", "2026-03-03T09:00+08:00"),
        (
            {"every": "week", "at": "13:00", "days": [1, 5]},
            "2026-02-27T13:00+08:00",
            "2026-03-02T13:00+08:00",
        ),
        (
            {"every": "month", "at": "09:00", "days": [1, 28]},
            "2026-03-01T09:00+08:00",
            "2026-03-28T09:00+08:00",
        ),
    ],
    ids=["day", "week", "month"],
)
def test_a_timetable_strikes(raw: dict[str, Any], last: str, following: str) -> None:
    now = at("2026-03-02T12:00+08:00")
    timetable = moments.read(raw)
    assert moments.latest(timetable, now, SHANGHAI) == at(last)
    assert moments.following(timetable, now, SHANGHAI) == at(following)


@pytest.mark.parametrize(
    "raw",
    [{}, {"every": "year"}, {"every": "day"}, {"every": "week", "at": "09:00"}, {"every": "month"}],
    ids=str,
)
def test_a_timetable_that_says_too_little_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        moments.read(raw)


@pytest.mark.parametrize(
    ("where", "properties", "fits"),
    [
        ([], {}, True),
        ([{"property": "total", "op": ">=", "value": 100}], {"total": 100}, True),
        ([{"property": "total", "op": ">=", "value": 100}], {"total": "120.5"}, True),
        ([{"property": "total", "op": ">=", "value": 100}], {"total": "much"}, False),
        ([{"property": "total", "op": ">=", "value": 100}], {}, False),
        ([{"property": "app", "op": "=", "value": "ios"}], {"app": "ios"}, True),
        ([{"property": "app", "op": "in", "value": ["ios", "web"]}], {"app": "android"}, False),
        ([{"property": "app", "op": "not_set"}], {}, True),
    ],
)
def test_an_event_fits_by_its_properties(
    where: list[Any], properties: dict[str, Any], fits: bool
) -> None:
    wanted = triggers.read({"event": "order_paid", "where": where}, KNOWN.rules)
    assert triggers.fits(wanted, "order_paid", properties) is fits
    assert not triggers.fits(wanted, "another", properties)


TWO = [{"key": "a", "template": 1, "weight": 1}, {"key": "b", "template": 2, "weight": 1}]
BEST = {"by": "clicked", "share": 20, "least": 100, "hours": 24}


def trial(**more: Any) -> dict[str, Any]:
    step = {"key": "hello", "kind": "message", "channel": "email", "variants": TWO}
    return step | {"winner": BEST | more}


def test_a_message_says_its_second_channel_and_how_its_winner_is_found() -> None:
    plan = read([trial() | {"second": {"channel": "sms", "template": 3}}])
    said = words.sentence(plan, KNOWN)
    assert "where the contact policy says so, by SMS: “Text”" in said
    assert "tried on 20% first, the others get the one that most click in within 1 day" in said
    assert plan.channels() == {"email", "sms"}
    assert next(plan.messages()).templates == [1, 2, 3]
    asked = words.sentence(read([trial(unclear="person")]), KNOWN)
    assert "somebody decides" in asked


def test_who_never_got_the_message_has_a_way_of_their_own() -> None:
    branch = {
        "key": "opened",
        "kind": "branch",
        "did": {"deed": "opened", "step": "hello"},
        "no": [message("again", 2)],
        "never": [{"key": "call", "kind": "task", "title": "Call them", "team": 4}],
    }
    plan = read([message(), branch])
    assert plan.follows["call"] is None
    assert "if it never left: Service gets a task" in words.sentence(plan, KNOWN)
    shares = exposure.of(plan)
    assert (shares["call"].low, shares["call"].middle, shares["call"].high) == (0, 0, 1)


@pytest.mark.parametrize(
    "step",
    [
        message(second={"channel": "email", "template": 1}),
        message(second={"channel": "sms", "template": 1}),
        message(second={"channel": "fax", "template": 3}),
        message(second=3),
        message(winner=BEST),
        trial(share=0),
        trial(share=100),
        trial(hours=0),
        trial(least=2),
        trial(by="liked"),
        trial(unclear="coin"),
        {"key": "x", "kind": "branch", "rule": PAID, "yes": [wait()], "never": []},
    ],
    ids=lambda step: str(step)[-60:],
)
def test_what_a_trial_or_a_second_channel_lacks_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        read([step])
