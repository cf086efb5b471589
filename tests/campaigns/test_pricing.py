"""Quotes: what messages, coupons and work will cost, at least, about and at most."""

from decimal import Decimal

import pytest
from django.utils import translation
from pyroaring import BitMap

from campaigns import parting, planning, pricing
from campaigns.admin import quotes
from campaigns.costs import lines as costs
from campaigns.costs.lines import Count, Line
from campaigns.models import Campaign, ChannelAccount, CouponBatch, Evidence, Quote
from campaigns.plans.exposure import Share
from console import approvals, clock
from tests.campaigns.factories import campaign_at, people

pytestmark = pytest.mark.django_db


def quote(plan: list[dict[str, object]], size: int | None, **expected: object) -> Quote:
    campaign = campaign_at("draft", people(1))
    campaign.plan = plan
    found = Evidence(campaign=campaign, expected=expected, found_at=clock.now())
    if "revenue" in expected:
        found.precedents = [{"purchased": 10, "revenue_minor": 200_000}]
    return pricing.made(campaign, size, found, at=clock.now())


def mail(key: str = "hello", **more: object) -> dict[str, object]:
    return {"key": key, "kind": "message", "channel": "email", "template": 1, **more}


def tariff(minor: str) -> None:
    ChannelAccount.objects.update_or_create(
        channel="email",
        is_default=True,
        defaults={"name": "Post", "kind": "smtp", "tariff": Decimal(minor), "token": "t"},
    )


def test_bounds_are_rounded_outward_and_parts_of_a_coin_add_up() -> None:
    assert costs.times(100, Share(0.5, 0.5, 0.5)) == Count(30, 50, 70)
    assert costs.times(3, Share(0.5, 0.5, 0.5)) == Count(0, 1.5, 3), "chance may give all to one"
    assert costs.times(3, Share(1, 1, 1)) == Count(3, 3, 3)
    line = Line("message", "a", "sms", Count(1, 3, 5), Decimal("4.5"))
    assert line.cost == Count(5, 14, 23)
    assert costs.total([line, line]) == Count(10, 28, 46)


def test_each_message_of_the_way_costs_what_its_channel_costs() -> None:
    tariff("4.5")
    found = quote([mail(), mail("again")], 1_000)
    assert (found.low_minor, found.expected_minor, found.worst_minor) == (9_000, 9_000, 9_000)


def test_a_second_channel_costs_at_most_what_the_dearer_one_does() -> None:
    tariff("1")
    sms = {"name": "SMS", "kind": "sms_http", "channel": "sms", "token": "s", "is_default": True}
    ChannelAccount.objects.create(**sms, tariff=Decimal(5))
    found = quote([mail(second={"channel": "sms", "template": 1})], 100)
    assert (found.low_minor, found.expected_minor, found.worst_minor) == (100, 100, 500)
    tariff("10")
    found = quote([mail(second={"channel": "sms", "template": 1})], 100)
    assert (found.low_minor, found.worst_minor) == (0, 1_000)


def test_the_control_costs_nothing() -> None:
    tariff("10")
    campaign = campaign_at("draft", people(1))
    campaign.control_share = 0.2
    found = pricing.made(
        campaign, 100, Evidence(campaign=campaign, found_at=clock.now()), at=clock.now()
    )
    assert found.expected_minor == 800


def test_the_price_of_a_frozen_audience_counts_who_really_gets_it() -> None:
    tariff("10")
    campaign = campaign_at("draft", people(1))
    campaign.control_share = 0.12
    found = Evidence(campaign=campaign, found_at=clock.now())
    found.expected = {"revenue": {"low": 1.0, "middle": 2.0, "high": 3.0}}
    members = next(
        some
        for n in range(100, 200)
        if len(parting.control(campaign, some := BitMap(range(n)))) != round(0.12 * n)
    )
    gets_it = len(members) - len(parting.control(campaign, members))
    told = pricing.of(campaign, members, found, at=clock.now())
    assert told.lines[0]["count"] == [gets_it] * 3
    assert (told.size, told.worst_minor) == (len(members), 10 * gets_it)
    assert told.returns is not None
    assert told.returns["middle"] == 2 * gets_it, "the control brings nothing"


def test_an_arm_costs_those_whom_chance_sends_there_also_behind_a_branch() -> None:
    campaign, members = campaign_at("draft", people(1)), BitMap(range(1, 101))
    arms = [{"key": one, "weight": 1, "steps": [mail(one)]} for one in "ab"]
    split: dict[str, object] = {"key": "split", "kind": "split", "arms": arms}
    asks: dict[str, object] = {
        "key": "if",
        "kind": "branch",
        "did": {"deed": "opened", "step": "hello"},
        "yes": [split],
    }

    def counts(*plan: dict[str, object]) -> dict[str, Count]:
        campaign.plan = list(plan)
        return parting.counts(campaign, planning.of(campaign), members)

    sure = counts(split)
    assert sure["a"].low == sure["a"].high
    assert sure["a"].high + sure["b"].high == 100
    unsure = counts(mail(), asks)
    assert unsure["a"].low == 0
    assert unsure["a"].high == sure["a"].high, "at most all of its arm"


def test_coupons_cost_as_often_as_they_were_redeemed_and_at_most_all() -> None:
    batch = CouponBatch.objects.create(name="10 off", value_minor=1_000, valid_minutes=15)
    plan = [mail(coupon=batch.pk)]
    seen = quote(plan, 100, redeemed={"low": 0.05, "middle": 0.1, "high": 0.2})
    assert (seen.low_minor, seen.expected_minor, seen.worst_minor) == (5_000, 10_000, 100_000)
    guessed = quote(plan, 100)
    assert (guessed.low_minor, guessed.expected_minor, guessed.worst_minor) == (0, 50_000, 100_000)
    assert not guessed.lines[1]["is_seen"]
    CouponBatch.objects.update(most_issued=30)
    assert quote(plan, 100).worst_minor == 30_000


def test_a_share_off_costs_by_the_orders_of_the_past() -> None:
    batch = CouponBatch.objects.create(name="20 %", kind="percent", percent=20, valid_minutes=15)
    revenue = {"low": 1.0, "middle": 50.0, "high": 100.0}
    found = quote([mail(coupon=batch.pk)], 10, revenue=revenue)
    assert found.worst_minor == 10 * 4_000  # a fifth of orders of 20,000
    assert found.returns == {"low": 10.0, "middle": 500.0, "high": 1_000.0}
    CouponBatch.objects.update(most_minor=1_500)
    assert quote([mail(coupon=batch.pk)], 10, revenue=revenue).worst_minor == 15_000


@pytest.mark.parametrize(
    ("rows", "each", "words"),
    [
        ([(10, 200_000, 40), (5, 100_000, 10)], 1_200, "of an order of CN¥60.00"),
        ([(10, 200_000, 40), (5, 900_000, None)], 1_000, "of an order of CN¥50.00"),
        ([(10, 200_000, None)], 4_000, "of an order of at most CN¥200.00"),
        ([(10, 0, 0)], 0, ""),
        ([(10, -9_000, 4)], 0, ""),
        ([(10, -9_000, None)], 0, ""),
    ],
    ids=["orders", "some counted", "nobody counted", "without amounts", "taken back", "by buyers"],
)
def test_a_share_off_is_of_an_order_and_not_of_all_that_a_buyer_spent(
    rows: list[tuple[int, int, int | None]], each: int, words: str
) -> None:
    batch = CouponBatch.objects.create(name="20 %", kind="percent", percent=20, valid_minutes=15)
    campaign = campaign_at("draft", people(1), plan=[mail(coupon=batch.pk)])
    found = Evidence(campaign=campaign, found_at=clock.now())
    found.precedents = [
        {"purchased": buyers, "revenue_minor": revenue, "orders": orders}
        for buyers, revenue, orders in rows
    ]
    told = pricing.made(campaign, 10, found, at=clock.now())
    assert Decimal(told.lines[1]["each"]) == each
    with translation.override("en"):
        said = quotes.shown(told, campaign)["rows"][1]["assumes"]
    assert words in said
    assert ("order" in said) == bool(words)


def test_of_two_ways_of_which_one_is_certain_not_both_are_expected_of_nobody() -> None:
    plan: list[dict[str, object]] = [
        mail(),
        {
            "key": "if",
            "kind": "branch",
            "did": {"deed": "opened", "step": "hello"},
            "yes": [mail("yes")],
            "no": [mail("no")],
        },
    ]
    tariff("10")
    for size, each in ((None, 0.5), (19, 9.5), (20, 10)):
        found = quote(plan, size)
        middles = [line["count"][1] for line in found.lines]
        assert middles == [size or 1, each, each]
        assert found.expected_minor == 20 * (size or 1)
    with translation.override("en"):
        rows = quotes.shown(quote(plan, None), campaign_at("draft", people(1, prefix="x")))["rows"]
    assert [row["count"] for row in rows] == ["1", "0.5 (0–1)", "0.5 (0–1)"]


def test_whom_an_event_takes_out_while_they_wait_may_cost_nothing_behind_it() -> None:
    tariff("10")
    pause: dict[str, object] = {"key": "pause", "kind": "wait", "minutes": 60}
    campaign = campaign_at("draft", people(1), plan=[mail(), pause, mail("later")])
    found = Evidence(campaign=campaign, found_at=clock.now())
    for events, least in (([], [10, 10]), (["order_paid"], [10, 0])):
        campaign.exit_events = events
        told = pricing.made(campaign, 10, found, at=clock.now(), members=BitMap(range(10)))
        assert [line["count"][0] for line in told.lines] == least
        assert [line["count"][2] for line in told.lines] == [10, 10]


def test_work_for_people_is_priced_too() -> None:
    plan = [
        {"key": "call", "kind": "task", "title": "Call them", "days": 2, "team": 1},
        {"key": "once", "kind": "task", "title": "Look at it", "days": 2, "team": 1, "each": False},
    ]
    each = clock.project().work_minor
    assert quote(plan, 20).worst_minor == 21 * each


def test_what_lets_people_in_again_and_again_is_priced_for_one() -> None:
    tariff("7")
    found = quote([mail()], None)
    assert (found.size, found.expected_minor) == (None, 7)


def test_another_price_is_another_content() -> None:
    campaign = campaign_at("submitted", people(3))
    approval = approvals.pending_for(campaign)
    assert approval is not None
    assert campaign.digest() == approval.digest
    Quote.objects.filter(campaign=campaign).update(worst_minor=1)
    assert Campaign.objects.get(pk=campaign.pk).digest() != approval.digest


def test_a_return_is_promised_only_where_a_control_told_what_a_campaign_causes() -> None:
    tariff("10")
    revenue = {"low": 1.0, "middle": 50.0, "high": 100.0}
    share = {"low": 0.1, "middle": 0.2, "high": 0.3}
    unsure = quote([mail()], 100, revenue=revenue, share=share)
    assert unsure.returns is not None
    assert (unsure.returns["middle"], unsure.roi) == (5_000.0, None)
    lift = {"low": 0.0, "middle": 0.1, "high": 0.2}
    told = quote([mail()], 100, revenue=revenue, share=share, lift=lift)
    assert told.returns is not None
    assert (told.returns["caused"], told.roi) == (2_500.0, 1.5)
