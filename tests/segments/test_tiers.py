"""Who moves between tiers of value: kept with each run, told between any two days."""

import datetime as dt
import threading
from collections.abc import Callable

import numpy as np
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import Project
from segments import bits, matrix, scorings, sheet, tiers, valuing
from segments.models import TierFlow, Trait
from segments.scorings import RFM, VALUE
from segments.sheet import Fresh

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
DAY = dt.date(2018, 1, 1)
WORDS = ("high", "middle", "ordinary")


def day(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number)


def run(on: int, places: str) -> int:
    """One letter a customer, from customer 0 on: h(igh), m(iddle), o(rdinary), or none."""
    codes = {word[0]: at for at, word in enumerate(WORDS)}
    values = np.array([codes.get(one, np.iinfo(np.int32).min) for one in places], np.int32)
    fresh = Fresh(values, WORDS)
    moved = tiers.note(VALUE, fresh, day=day(on))
    sheet.write({"value_tier": fresh}, day=day(on))
    return moved


def told(since: int, until: int) -> dict[str, int]:
    found = matrix.between(tiers.Tiers(VALUE), since=day(since), until=day(until))
    return {
        f"{was.pk[0] if was else '-'}{now.pk[0] if now else '-'}": many
        for was in found.stages
        for now in found.stages
        if (many := found.count(was, now))
    }


def test_moves_are_told_between_any_two_days() -> None:
    run(0, "-hmmo-")
    run(7, "-hhmoo")
    run(14, "-mhm--")
    assert told(0, 7) == {"hh": 1, "mh": 1, "mm": 1, "oo": 1, "-o": 1}
    assert told(7, 14) == {"hh": 1, "hm": 1, "mm": 1, "o-": 2}
    assert told(0, 14) == {"hm": 1, "mh": 1, "mm": 1, "o-": 1}
    found = matrix.between(tiers.Tiers(VALUE), since=day(0), until=day(14))
    assert found.rates == matrix.Rates(of=4, up=1, down=1, aside=0, out=1, came=0)
    first, second = matrix.weeks(tiers.Tiers(VALUE), until=day(14))
    assert (first.rates.up, first.rates.came, second.rates.down, second.rates.out) == (1, 1, 1, 2)


def test_a_run_again_of_one_day_replaces_what_was_written_of_it() -> None:
    run(0, "-hm")
    assert run(7, "-oh") == 2
    assert run(7, "-hh") == 1
    assert told(0, 7) == {"hh": 1, "mh": 1}
    assert run(7, "-hm") == 0
    assert not TierFlow.objects.filter(on=day(7)).exists()


def test_a_tier_that_is_no_more_is_still_told(staff_of: Callable[..., object]) -> None:
    run(0, "-hm")
    two = [{"key": "vip", "at": 20}, {"key": "ordinary", "at": 100}]
    recipe = {**scorings.current(VALUE).recipe, "tiers": two}
    by = staff_of("operator")
    valuing.change(VALUE, recipe, seen_version=1, note="fewer", by=by)  # type: ignore[arg-type]
    assert [one.pk for one in tiers.Tiers(VALUE).places()] == ["vip", "ordinary", "high", "middle"]
    assert [one.level for one in tiers.Tiers(VALUE).places()] == [2, 1, 0, 0]
    assert told(0, 0) == {"hh": 1, "mm": 1}


def test_a_real_run_keeps_moves_of_cells_as_well() -> None:
    ids = np.arange(1, 31)
    for on, orders in ((0, ids), (7, ids[::-1])):
        values = np.concatenate([[np.iinfo(np.int32).min], orders]).astype(np.int32)
        last = np.concatenate([[np.iinfo(np.int32).min], 17_000 + orders]).astype(np.int32)
        sheet.write(
            {
                "orders": Fresh(values),
                "monetary_minor": Fresh(values.astype(np.int64)),
                "last_order_on": Fresh(last),
            },
            day=day(on),
        )
        valuing.run(RFM, day(on))
    found = matrix.between(tiers.Tiers(RFM), since=day(0), until=day(7))
    assert found.rates.up == found.rates.down > 10
    assert found.rates.of == 30


def test_the_erased_are_in_no_move() -> None:
    run(0, "-hm")
    assert bits.clear(TierFlow, "members", [1]) == 1
    for flow in TierFlow.objects.all():
        assert 1 not in flow.members
        assert flow.size == len(flow.members)
    assert (TierFlow, "members") in bits.columns()


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_at_once_the_second_tells_of_what_the_first_left() -> None:
    from segments import traits

    traits.install()
    ids = np.arange(0, 41)
    sheet.write(
        {"orders": Fresh(ids.astype(np.int32)), "average_order_minor": Fresh(ids.astype(np.int64))},
        day=DAY,
    )
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            valuing.run(VALUE, DAY)
        except BaseException as problem:
            failures.append(problem)
        finally:
            connections.close_all()

    both = [threading.Thread(target=attempt) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert not failures
    found = TierFlow.objects.filter(kind=VALUE)
    assert set(found.values_list("was", flat=True)) == {""}
    assert BitMap.union(*(one.members for one in found)) == BitMap(ids)
    assert sum(one.size for one in found) == len(ids)
    assert Trait.objects.get(key="value_tier").known == len(ids)


# --- screens and API ------------------------------------------------------------


@pytest.fixture
def moved() -> None:
    Project.objects.update(today_on=day(14))
    run(0, "-hmmo")
    run(7, "-mmho")
    run(14, "-mhho")


def test_the_page_of_moves_and_its_file(moved: None, signed_in: SignedIn) -> None:
    client = signed_in("support")
    page = reverse("admin:segments_scoring_moves", args=[VALUE])
    days = {"since": day(0).isoformat(), "until": day(14).isoformat()}
    html = client.get(page, days).content.decode()
    assert "High value" in html
    assert "not scored" not in html
    file = client.get(page, {**days, "as": "csv"}).content.decode("utf-8-sig").splitlines()
    assert file[1:] == ["High value,0,1,0", "Middle value,2,0,0", "Ordinary value,0,0,1"]
    late = client.get(page, {"since": "2019-01-01"}).content.decode()
    assert "The first day comes before" in late
    assert client.get(page.replace("value", "clusters")).status_code == 404


def test_moves_over_the_api(moved: None, signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    asked = {"since": day(7).isoformat(), "until": day(14).isoformat()}
    found = client.get("/api/v1/scorings/value/moves/", asked).json()
    assert {"was": "middle", "now": "high", "customers": 1} in found["cells"]
    assert (found["forward"], found["back"], found["stayed"]) == (1, 0, 3)
    assert client.get("/api/v1/scorings/value/moves/", {"since": "2019-09-09"}).status_code == 400
    assert client.get("/api/v1/scorings/potential/moves/").status_code == 404
