"""Comparisons: frozen groups, counted from the lake, and what the sums say."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from console.models import Staff
from console.states import NotAllowed
from metrics import comparisons, lift, watch
from metrics.comparisons import Given
from metrics.models import ComparedDay, Comparison
from metrics.stats.verdicts import Verdict
from segments.lake.properties import Condition
from segments.models import Customer, CustomerList
from tests.factories import StaffFactory
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
SINCE = dt.date(2017, 5, 10)
DAY = dt.timedelta(1)


def listed(name: str, who: list[int]) -> str:
    found = CustomerList.objects.create(
        name=f"{name} {CustomerList.objects.count()}",
        kind="id",
        status="ready",
        members=BitMap(who),
        size=len(who),
    )
    return f"list:{found.pk}"


def compared(*groups: list[int], **values: Any) -> Comparison:
    owner: Staff = StaffFactory.create()
    given = [Given(listed(f"group {n}", who), f"g{n}") for n, who in enumerate(groups)]
    said: dict[str, Any] = {
        "goal_event": "order_paid",
        "since": SINCE,
        "until": SINCE + 2 * DAY,
        "by": owner,
    }
    return comparisons.add("Coupon or none", given, **(said | values))


def bought(customer: Customer, day: dt.date, amount: int, **values: Any) -> None:
    happened(incoming(customer, day, amount=amount, **values))


@pytest.fixture
def four(db: None) -> list[Customer]:
    today_is("2017-06-01")
    return customers(4)


def test_each_day_is_summed_up_to_itself_with_the_past_beside(four: list[Customer]) -> None:
    a, b, c, d = four
    comparison = compared([a.pk, b.pk], [c.pk, d.pk])
    bought(a, SINCE - 3 * DAY, 50)  # the past is as long as the window
    bought(a, SINCE - 4 * DAY, 7_000)
    bought(a, SINCE, 100)
    bought(a, SINCE + DAY, 30)
    bought(c, SINCE + 2 * DAY, -20)
    bought(c, SINCE + 3 * DAY, 9_000)
    assert comparisons.count(comparison, yesterday=dt.date(2017, 5, 31)) == 3
    control, variant = comparison.groups.all()
    found = [row.sums for row in ComparedDay.objects.filter(group=control).order_by("day")]
    assert [one["y"] for one in found] == [100, 130, 130]
    assert [one["done"] for one in found] == [1, 1, 1]
    last = found[-1]
    assert (last["n"], last["yy"], last["x"], last["xx"], last["xy"]) == (
        2,
        16_900,
        50,
        2_500,
        6_500,
    )
    assert (last["e"], last["ee"], last["ey"]) == (2, 4, 260)
    assert ComparedDay.objects.get(group=variant, day=SINCE + 2 * DAY).sums["y"] == -20
    comparison.refresh_from_db()
    assert comparison.counted_through == comparison.until


def test_only_events_that_fulfil_the_condition_count(four: list[Customer]) -> None:
    a, b, *_others = four
    comparison = compared([a.pk], [b.pk], where=[Condition("color", "=", "red")])
    bought(a, SINCE, 100, properties={"color": "red"})
    bought(b, SINCE, 100, properties={"color": "blue"})
    comparisons.count(comparison, yesterday=dt.date(2017, 5, 31))
    last = ComparedDay.objects.filter(day=comparison.until).order_by("group__position")
    assert [row.sums["done"] for row in last] == [1, 0]


def test_a_window_is_counted_to_its_last_closed_day_and_then_no_more(four: list[Customer]) -> None:
    comparison = compared([four[0].pk], [four[1].pk])
    bought(four[0], SINCE, 100)
    assert comparisons.count(comparison, yesterday=SINCE - DAY) == 0
    watch.run(today=SINCE + DAY)
    comparison.refresh_from_db()
    assert comparison.counted_through == SINCE
    bought(four[1], SINCE, 40)  # late
    watch.run(today=SINCE + 9 * DAY)
    comparison.refresh_from_db()
    assert comparison.counted_through == comparison.until
    assert comparisons.unfinished(yesterday=SINCE + 20 * DAY) == []
    late = ComparedDay.objects.get(group__position=1, day=SINCE)
    assert late.sums["y"] == 40


def test_groups_are_frozen(four: list[Customer]) -> None:
    comparison = compared([four[0].pk], [four[1].pk])
    CustomerList.objects.update(members=BitMap([four[2].pk]))
    assert [list(group.members) for group in comparison.groups.all()] == [
        [four[0].pk],
        [four[1].pk],
    ]


def test_the_plan_is_made_once(four: list[Customer]) -> None:
    comparison = compared([four[0].pk, four[2].pk], [four[1].pk, four[3].pk])
    bought(four[0], SINCE - DAY, 100)
    comparisons.count(comparison, yesterday=SINCE)
    planned = dict(comparison.plan)
    assert planned["odds"] == pytest.approx(1 / 3)
    for one in four:
        bought(one, SINCE + DAY, 900)
    comparisons.count(comparison, yesterday=SINCE + DAY)
    assert comparison.plan == planned


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "name"),
        ({"goal_event": ""}, "which event"),
        ({"until": SINCE - DAY}, "window"),
        ({"until": SINCE + 400 * DAY}, "window"),
        ({"groups": 1}, "one to seven"),
        ({"groups": "empty"}, "no customers"),
        ({"groups": "twice"}, "1 customers are in two"),
        ({"groups": "gone"}, "no customers"),
    ],
    ids=["name", "event", "order", "long", "one", "empty", "twice", "gone"],
)
def test_what_cannot_be_compared_is_refused(
    four: list[Customer], wrong: dict[str, Any], words: str
) -> None:
    numbers = [one.pk for one in four]
    whole, empty = listed("whole", numbers), listed("empty", [])
    first, second = listed("first", numbers[:2]), listed("second", numbers[2:])
    groups: dict[Any, list[str]] = {
        "fine": [first, second],
        1: [whole],
        "empty": [whole, empty],
        "twice": [whole, listed("one", numbers[:1])],
        "gone": [whole, "segment:999"],
    }
    said: dict[str, Any] = {
        "name": "x",
        "goal_event": "order_paid",
        "since": SINCE,
        "until": SINCE,
        "groups": "fine",
    } | wrong
    given = [Given(source) for source in groups[said.pop("groups")]]
    with pytest.raises(NotAllowed, match=words):
        comparisons.add(said.pop("name"), given, by=StaffFactory.create(), **said)
    assert not Comparison.objects.exists()


# --- what the sums say ------------------------------------------------------------


def sums(n: int, done: int, *, each: int = 1_000, spread: int = 100, past: bool = False) -> Any:
    """Who did it spent about so much; with a past, as before."""
    values = np.zeros(n, dtype=object)
    values[:done] = [each + (k % 5 - 2) * spread for k in range(done)]
    before = values - 10 if past else np.zeros(n, dtype=object)
    events = np.where(values != 0, 1, 0)
    return {
        "n": n,
        "done": done,
        "done_before": done,
        "x": int(before.sum()),
        "xx": int((before * before).sum()),
        "y": int(values.sum()),
        "yy": int((values * values).sum()),
        "xy": int((before * values).sum()),
        "e": int(events.sum()),
        "ee": int((events * events).sum()),
        "ey": int((events * values).sum()),
    }


def said_of(*groups: Any, through: dt.date = SINCE + 2 * DAY, **values: Any) -> lift.Outcome:
    """The outcome of made-up sums."""
    numbers = [customers(1)[0].pk for _ in groups]
    comparison = compared(*[[number] for number in numbers], **values)
    rows = list(comparison.groups.all())
    for row, one in zip(rows, groups, strict=True):
        row.size = one["n"]
    comparison.counted_through = through
    comparison.plan = comparisons.plan(groups, done=1, of=1)
    return lift.outcome(
        comparison, rows, {row.pk: one for row, one in zip(rows, groups, strict=True)}
    )


def verdicts(outcome: lift.Outcome) -> dict[str, Verdict]:
    return {line.measure: line.verdict for line in outcome.lines}


def test_more_who_did_it_won_and_fewer_lost() -> None:
    won = verdicts(said_of(sums(5_000, 400), sums(5_000, 600)))
    assert (won["conversion"], won["revenue"]) == (Verdict.WON, Verdict.WON)
    assert won["order"] == Verdict.NO_DIFFERENCE
    lost = verdicts(said_of(sums(5_000, 600), sums(5_000, 400)))
    assert lost["conversion"] == Verdict.LOST


def test_before_the_end_only_what_holds_daily_is_said() -> None:
    early = said_of(sums(5_000, 400), sums(5_000, 460), through=SINCE)
    assert verdicts(early)["conversion"] == Verdict.TOO_EARLY
    line = early.lines[0]
    assert line.found.interval is not None
    assert line.daily is not None
    assert line.daily.low < line.found.interval.low
    clear = said_of(sums(5_000, 400), sums(5_000, 700), through=SINCE)
    assert verdicts(clear)["conversion"] == Verdict.WON


def test_groups_that_are_not_random_have_no_winner() -> None:
    found = verdicts(said_of(sums(5_000, 400), sums(5_000, 600), is_random=False))
    assert found["conversion"] == Verdict.HIGHER


def test_sizes_that_chance_does_not_make_break_it() -> None:
    found = said_of(sums(5_000, 400), sums(4_000, 600))
    assert found.is_broken
    assert set(verdicts(found).values()) == {Verdict.BROKEN}


def test_several_variants_share_one_chance_of_error() -> None:
    two = said_of(sums(5_000, 400), sums(5_000, 460))
    four = said_of(*[sums(5_000, 400)] * 3, sums(5_000, 460))
    assert verdicts(two)["conversion"] == Verdict.WON
    assert four.lines[2].verdict == Verdict.NO_DIFFERENCE


def test_the_past_is_taken_out_of_revenue() -> None:
    found = said_of(sums(2_000, 300, past=True), sums(2_000, 300, past=True))
    revenue = next(line for line in found.lines if line.measure == "revenue")
    assert revenue.explained > 0.9
    plain = said_of(sums(2_000, 300), sums(2_000, 300)).lines[1]
    assert (plain.explained, plain.mean) == (0, revenue.mean)
    assert (revenue.detectable or 0) < (plain.detectable or 0) / 3


def test_nobody_who_did_it_is_too_early_to_say_anything() -> None:
    found = said_of(sums(50, 0), sums(50, 0))
    assert set(verdicts(found).values()) == {Verdict.TOO_EARLY}
    assert [line.found.effect for line in found.lines] == [0, 0, None]
