"""Plans: read from JSON, refused in words, said in words, and when their waits end."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.plans import moments, tree, triggers, words
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
        " “10 off” (not later than 15 minutes after it was due); b (75%): nothing);"
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
