"""Channels of acquisition: what a month's spend brought, and moves between channels."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from console.models import Staff, WorkItem
from metrics import acquisition, allocation, channel_months, measure, outlooks
from metrics.models import Channel, Payback, Proposal, Spend
from metrics.stats import response
from metrics.stats.response import Trial
from segments import traits
from tests.factories import StaffFactory
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2018, 1, 10, 12, tzinfo=dt.UTC)
MONTHS = [f"2017-{month:02}" for month in range(1, 10)]
PAGE = "/admin/metrics/proposal/"


def number(day: dt.date) -> int:
    return (day - traits.EPOCH).days


# --- what months brought ----------------------------------------------------------


def test_a_month_counts_when_all_who_came_have_their_window_behind_them() -> None:
    came = [dt.date(2017, 1, 31), dt.date(2017, 2, 1), dt.date(2017, 2, 28), dt.date(2017, 3, 1)]
    on = np.array([number(one) for one in came])
    codes, paid = np.array([0, 0, 1, 1]), np.array([7, 10, 3, 50])
    said: dict[str, Any] = {"since": dt.date(2017, 1, 5), "words": ["ads", "seo"]}
    # 90 days after 28 February end with 28 May.
    short = channel_months.sums(on, codes, paid, **said, last=dt.date(2017, 5, 28))
    assert short == {}
    long = channel_months.sums(on, codes, paid, **said, last=dt.date(2017, 5, 29))
    assert long == {"2017-02": {"ads": [1, 10, 100], "seo": [1, 3, 9]}}


@pytest.mark.django_db(transaction=True)
def test_the_night_tells_what_months_brought_from_events() -> None:
    today_is(dt.date(2017, 8, 1))
    first, buyer, idle = (one.pk for one in customers(3))
    came = dt.date(2017, 2, 3)
    happened(
        incoming(first, dt.date(2017, 1, 1), amount=900, properties={"utm_source": "ads"}),
        incoming(buyer, came, amount=1_000, properties={"utm_source": "ads"}),
        incoming(buyer, came + dt.timedelta(days=89), amount=500),
        incoming(buyer, came + dt.timedelta(days=90), amount=70_000),
        incoming(idle, came, name="visit", amount=None, properties={"utm_source": "ads"}),
    )
    measure.run()
    kept = acquisition.compute_payback()
    assert isinstance(kept, Payback)
    assert kept.months["2017-02"] == {"ads": [2, 1_500, 1_500**2]}
    assert kept.months["2017-03"] == {}
    assert "2017-01" not in kept.months, "whoever was there before would seem to be new"


# --- what that says of one more unit ----------------------------------------------


@pytest.fixture
def year(db: None) -> tuple[Channel, Channel]:
    """Nine months in which money brought much by one channel and little by the other."""
    today_is(NOON.date())
    good, poor = (
        Channel.objects.create(key=key, name=name, words=[key])
        for key, name in (("video", "Short video"), ("fair", "Fairs"))
    )
    chance, kept = random.Random(5), {}
    for place, month in enumerate(MONTHS):
        spend = 100_000 + 20_000 * (place % 3)
        kept[month] = {
            one.key: [100.0, returns * spend * chance.uniform(0.95, 1.05), returns * spend**2 / 25]
            for one, returns in ((good, 4), (poor, 0.3))
        }
        for one in (good, poor):
            Spend.objects.create(
                day=dt.date.fromisoformat(f"{month}-15"), channel=one, amount_minor=spend
            )
    Payback.objects.create(day=NOON.date(), lines={}, months=kept)
    return good, poor


def test_each_month_with_spend_is_told_and_no_other(year: tuple[Channel, Channel]) -> None:
    good, poor = year
    Spend.objects.create(day=dt.date(2017, 12, 1), channel=good, amount_minor=5)  # too young
    Spend.objects.create(day=dt.date(2017, 3, 1), amount_minor=5)  # nobody's
    Spend.objects.create(day=dt.date(2017, 3, 1), channel=good, source="coupons", amount_minor=5)
    trials, names, months = channel_months.trials(NOON)
    assert names == {"video": "Short video", "fair": "Fairs"}
    assert months == {"video": MONTHS, "fair": MONTHS}
    (third,) = [one for one in trials if one.group == "video" and one.spend == 140_000][:1]
    assert third.caused == pytest.approx(560_000, rel=0.06)
    poor.archived_at = NOON
    poor.save()
    assert channel_months.trials(NOON)[1] == {"video": "Short video"}


def test_a_month_that_brought_nobody_tells_so(year: tuple[Channel, Channel]) -> None:
    kept = Payback.objects.get()
    kept.months["2017-04"].pop("fair")
    kept.save()
    assert [one.caused for one in channel_months.trials(NOON)[0] if one.group == "fair"][3] == 0


def test_money_is_proposed_to_go_to_the_channel_that_brings_more(
    year: tuple[Channel, Channel],
) -> None:
    assert allocation.look(at=NOON) == 1
    found = Proposal.objects.get()
    assert (found.dimension, found.source, found.target) == ("source", "fair", "video")
    assert 0 < found.amount_minor <= 0.2 * 120_000, "of a month, not of all of them"
    assert found.gain_low_minor > 0
    assert found.basis == MONTHS
    item = WorkItem.objects.get()
    assert "a month" in item.why
    assert "no control" in item.why


def test_without_spend_or_with_too_little_nothing_is_proposed(
    year: tuple[Channel, Channel],
) -> None:
    Spend.objects.exclude(day__month__in=[1]).delete()
    assert allocation.look(at=NOON) == 0
    Spend.objects.all().delete()
    assert outlooks.outlook("source", at=NOON).standings == []
    Payback.objects.all().delete()
    assert outlooks.outlook("source", at=NOON).trials == []


def test_the_page_says_that_it_is_attribution(
    year: tuple[Channel, Channel],
    client: Client,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    boss: Staff = StaffFactory.create(role="manager")
    allocation.look(at=NOON)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(boss)
    with django_assert_max_num_queries(16):
        page = client.get(f"{PAGE}?by=source").content.decode()
    assert "a month from Fairs to Short video" in page
    assert "18 months of channels tell what their money brought, by attribution." in page
    assert "some of them would have come anyway" in page
    exported = client.get(reverse("admin:metrics_proposal_export") + "?by=source")
    lines = b"".join(exported.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].lstrip("\ufeff").startswith("group,months,spend")
    assert len(lines) == 3
    accept = reverse("admin:metrics_proposal_accept", args=[Proposal.objects.get().pk])
    client.post(accept, {"because": "It brings more"})
    assert Proposal.objects.get().status == Proposal.Status.ACCEPTED


# --- errors without a control -----------------------------------------------------


def test_errors_are_widened_until_the_months_fit_each_other() -> None:
    chance = random.Random(11)
    spends = [500, 1_000, 2_000] * 6

    def months(noise: float) -> list[Trial]:
        return [Trial("a", x, 3 * x + chance.gauss(0, noise), 100.0) for x in spends]

    same = response.widened(months(100.0))
    assert same[0].error == pytest.approx(100, rel=0.35)
    assert same[0].error >= 100
    wide = response.widened(months(500.0))
    assert wide[0].error == pytest.approx(500, rel=0.35)
    two = [Trial("a", 1, 1.0, 1.0), Trial("b", 1, 9.0, 1.0)]
    assert response.widened(two) == two, "nothing is left to tell it from"
