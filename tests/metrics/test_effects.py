"""What campaigns change beside purchases: whom they wake, who stays, and what did what."""

import datetime as dt
from typing import Any

import pytest
from pyroaring import BitMap

from campaigns import giving, planning
from campaigns.models import Campaign, Intake, Trial, Wave
from metrics import activations, contributions, effects, results
from metrics.stats.samples import Mean
from segments import activity
from segments.models import Customer
from tests.campaigns.factories import CouponBatchFactory
from tests.metrics.factories import TemplateFactory, customers, mailed, today_is
from tests.segments.factories import happened, incoming

NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)
MONDAY = NOON.date()
DAY = dt.timedelta(days=1)
MUCH_LATER = NOON + 60 * DAY


def days(**who: set[int]) -> dict[dt.date, BitMap]:
    """Who was active: days by how far they are from the day of the campaign, `_` for minus."""
    found = {MONDAY + n * DAY: BitMap() for n in range(-30, 30)}
    for name, members in who.items():
        found[MONDAY + int(name.replace("_", "-").removeprefix("d")) * DAY] = BitMap(members)
    return found


def test_asleep_is_who_did_nothing_for_thirty_days_and_activated_who_then_did() -> None:
    active = days(d_30={1}, d_1={2}, d0={3}, d7={1, 4}, d8={5}, d14={1, 3})
    found = activations.woken(
        [(MONDAY, BitMap(range(1, 7)))], active, counted=7, last=MONDAY + 14 * DAY
    )
    # 1 and 2 were awake; 3 and 4 woke; 5 came a day too late.
    assert (found.asleep, found.activated) == (4, 2)
    # 1, 3 and 4 were active in the window, and of these 1 and 3 in the week after it.
    assert (found.followed, found.stayed) == (3, 2)


def test_who_stays_is_not_told_before_their_week_is_over() -> None:
    arrivals = [(MONDAY, BitMap([1, 2]))]
    found = activations.woken(arrivals, days(d1={1}), counted=7, last=MONDAY + 13 * DAY)
    assert (found.activated, found.followed, found.stayed) == (1, 0, 0)


def test_nobody_is_told_to_sleep_on_before_their_first_day_is_over() -> None:
    arrivals = [(MONDAY, BitMap([1, 2])), (MONDAY + DAY, BitMap([3]))]
    active = days(d0={1})
    found = activations.woken(arrivals, active, counted=7, last=MONDAY)
    assert (found.asleep, found.activated) == (2, 1), "of the third nothing is known yet"
    found = activations.woken(arrivals, active, counted=7, last=MONDAY - DAY)
    assert (found.asleep, found.activated) == (None, None)


def test_before_the_first_event_nobody_knows_who_was_asleep() -> None:
    active = {day: one for day, one in days(d1={1}).items() if day >= MONDAY - 29 * DAY}
    found = activations.woken([(MONDAY, BitMap([1]))], active, counted=7, last=MONDAY + 20 * DAY)
    assert (found.asleep, found.activated) == (None, None)


def test_who_came_in_twice_counts_from_the_first_day() -> None:
    told = activations.by_day([(MONDAY + DAY, BitMap([1, 2])), (MONDAY, BitMap([1]))])
    assert told == [(MONDAY, BitMap([1])), (MONDAY + DAY, BitMap([2]))]


def let_in(campaign: Campaign, everybody: list[Customer], control: list[Customer]) -> None:
    Intake.objects.create(
        campaign=campaign,
        number=0,
        key="start",
        members=BitMap([one.pk for one in everybody]),
        control=BitMap([one.pk for one in control]),
        at=NOON,
    )


@pytest.mark.django_db
def test_a_result_tells_whom_it_woke_and_what_the_control_did_anyway() -> None:
    today_is("2017-07-01")
    everybody = customers(8)
    mine, control = everybody[:4], everybody[4:]
    campaign = mailed(*((one, NOON) for one in mine), control_share=0.5)
    let_in(campaign, everybody, control)
    happened(incoming(mine[0], MONDAY - 40 * DAY, name="page_viewed"))
    happened(incoming(mine[0], MONDAY - 3 * DAY, name="page_viewed"))
    for who, after in ((mine[1], 1), (mine[2], 2), (mine[1], 9), (control[0], 3)):
        happened(incoming(who, MONDAY + after * DAY, name="page_viewed"))
    activity.catch_up()
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.asleep, result.activated) == (3, 2)
    assert (result.control_asleep, result.control_activated) == (4, 1)
    assert (result.followed, result.stayed) == (2, 1)
    assert result.stayed_points == pytest.approx(0.25)
    assert (result.is_final, result.is_followed) == (True, True)


def halved(template: int, coupon: int) -> list[dict[str, Any]]:
    """Half of them get a message, the others the same with a coupon."""
    message = {"kind": "message", "channel": "email", "template": template}
    return [
        {
            "key": "half",
            "kind": "split",
            "arms": [
                {"key": "a", "weight": 1, "steps": [{"key": "plain", **message}]},
                {"key": "b", "weight": 1, "steps": [{"key": "gift", "coupon": coupon, **message}]},
            ],
        }
    ]


@pytest.mark.django_db
def test_a_campaign_with_coupon_and_promotion_tells_what_each_brought() -> None:
    """Scenario c: coupon, promotion and natural demand, from the groups that chance made."""
    today_is("2017-07-01")
    everybody = customers(60)
    plan = halved(TemplateFactory.create().pk, CouponBatchFactory.create().pk)
    campaign = mailed(*((one, NOON) for one in everybody[:40]), control_share=0.34, plan=plan)
    let_in(campaign, everybody, everybody[40:])
    ways = giving.of(campaign, planning.of(campaign), BitMap([one.pk for one in everybody[:40]]))
    by_way = {one.way[0]: [c for c in everybody if c.pk in one.members] for one in ways}
    a, b = len(by_way["half:a"]), len(by_way["half:b"])
    assert a + b == 40
    half, most = a // 2, b * 3 // 4  # chance says how many go which way
    for group, many in (
        (by_way["half:a"], half),
        (by_way["half:b"], most),
        (everybody[40:], 2),
    ):
        for one in group[:many]:
            happened(incoming(one, MONDAY, time=NOON + DAY, amount=100))
    told = results.compute(campaign, at=MUCH_LATER).parts
    assert [one["given"] for one in told["groups"]] == [
        [],
        ["message:email"],
        ["coupon", "message:email"],
    ]
    parts = {one["names"][0]: one["amount"] for one in told["conversion"]["parts"]}
    assert parts == pytest.approx(
        {
            "natural": 40 * 0.1,
            "message:email": 40 * (half / a - 0.1),
            "coupon": b * (most / b - half / a),
        }
    )
    assert told["conversion"]["total"] == half + most
    assert told["revenue"]["total"] == 100 * (half + most)


@pytest.mark.django_db
def test_who_went_a_way_that_somebody_had_chosen_tells_nothing_of_chance() -> None:
    everybody = customers(4)
    plan = halved(TemplateFactory.create().pk, CouponBatchFactory.create().pk)
    campaign = mailed((everybody[0], NOON), control_share=0.5, plan=plan)
    chosen = NOON + DAY
    for number, due in ((0, NOON), (1, NOON + 2 * DAY)):
        mine = BitMap([one.pk for one in everybody[2 * number : 2 * number + 2]])
        values = {"control": BitMap(), "key": str(number), "at": NOON}
        Intake.objects.create(campaign=campaign, number=number, members=mine, **values)
        Wave.objects.create(
            campaign=campaign, step="gift", occurrence=number, members=mine, due_at=due
        )
    came = effects.entries(campaign)
    assert sum(map(len, contributions.groups(campaign, came).values())) == 4
    Trial.objects.create(campaign=campaign, step="half", winner="b", why="sure", chosen_at=chosen)
    assert sum(map(len, contributions.groups(campaign, came).values())) == 2


def test_what_it_caused_has_the_error_of_both_means() -> None:
    treated = Mean(100, 3_000, 190_000)
    control = Mean(50, 500, 10_000)
    expected = 100 * ((treated.variance or 0) / 100 + (control.variance or 0) / 50) ** 0.5
    assert effects._error(treated, control) == pytest.approx(expected)
