"""Going on from a checkpoint gives what adding up all days does, whatever changed in between."""

import datetime as dt
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from segments import checkpoints, computing, history, sheet, tallies, tally_files, traits
from segments.lake import rewrite
from segments.models import Column, Customer, Merge, Trait
from segments.tallies import EVERYTHING
from tests.segments import factories
from tests.segments.factories import CustomerFactory, incoming
from tests.segments.test_recipes import own_recipes  # noqa: F401

pytestmark = pytest.mark.django_db
FIRST = dt.date(2018, 1, 1)
NAMES = ["seen", "seen", "bought", "other"]


def some_events(chance: random.Random, who: list[Customer], day: dt.date) -> list[Any]:
    return [
        incoming(
            one,
            day,
            name=chance.choice(NAMES),
            amount=chance.choice([None, 5, 70, -30]),
            properties=chance.choice([{}, {"size": 3, "from": "mail"}, {"size": -1}]),
        )
        for one in who
        for _time in range(chance.choice([0, 0, 1, 3]))
    ]


def kept() -> list[Path]:
    return sorted(EVERYTHING.folder.parent.glob("*/until-*"))


def stored() -> dict[str, bytes]:
    return {
        key: sheet.read(key)[key].values.tobytes()
        for key in Column.objects.values_list("key", flat=True)
    }


def merge(keeps: Customer, gone: Customer) -> Merge:
    Customer.objects.filter(pk=gone.pk).update(merged_into=keeps)
    return Merge.objects.create(
        kept=keeps,
        absorbed=gone,
        status="done",
        reason=Merge.Reason.SAID_SO,
        at=factories.moment(FIRST),
    )


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[dt.date | None]:
    """The first day of each pass over everything."""
    found: list[dt.date | None] = []
    days = tallies.Tallies.days

    def noted(self: Any, measure: Any, *, since: Any, until: Any) -> Iterator[Any]:
        if measure == EVERYTHING:
            found.append(since)
        return days(self, measure, since=since, until=until)

    monkeypatch.setattr(tallies.Tallies, "days", noted)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_nights_with_late_events_merges_and_erasures_equal_adding_up_everything(
    own_recipes: None,  # noqa: F811
    seed: int,
) -> None:
    chance = random.Random(seed)
    people = CustomerFactory.create_batch(7)
    day, used = FIRST, 0
    for night in range(14):
        for _day in range(chance.choice([1, 1, 2, 5])):
            factories.happened(*some_events(chance, people, day))
            day += dt.timedelta(days=1)
        if chance.random() < 0.5:  # one of them tells of a day long ago
            late = FIRST + dt.timedelta(days=chance.randrange((day - FIRST).days))
            factories.happened(*some_events(chance, [chance.choice(people)], late))
        if night in (4, 8):
            merge(people[0], people.pop())
        if night == 6:
            Merge.objects.update(status=Merge.Status.UNDONE)
            Customer.objects.filter(merged_into=people[0]).update(merged_into=None)
        if night == 10:  # one is erased, the other's events get the number of who they are now
            rewrite.remove(history.place(), [people.pop().pk])
            (number,) = Merge.objects.filter(status="done").values_list("absorbed", flat=True)
            rewrite.renumber(history.place(), {number: people[0].pk})
            Merge.objects.filter(absorbed=number).update(settled_at=factories.moment(day))
        if night % 3 == 0:
            people.append(CustomerFactory())
        used += bool(kept())
        computing.recompute(day)
        by_steps = stored()
        for folder in kept():
            shutil.rmtree(folder)
        assert computing.recompute(day) == 0
        assert stored() == by_steps
    assert used > 8


def test_a_night_goes_on_from_the_last_and_begins_anew_for_who_changed(
    looked_at: list[dt.date | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, other = CustomerFactory.create_batch(2)
    days = [FIRST + dt.timedelta(number) for number in range(120)]
    factories.happened(*(incoming(one, day) for one in (who, other) for day in days))
    today, longest = days[-1], dt.timedelta(days=89)  # the longest window of a trait that ships
    computing.recompute(today)
    assert looked_at == [None]
    assert [path.name for path in kept()] == [f"until-{today - checkpoints.LATE}"]
    computing.recompute(today)
    assert looked_at[1:] == [today - longest]
    factories.happened(incoming(other, days[3], amount=500))
    again: list[list[int]] = []
    monkeypatch.setattr(checkpoints, "last", _noting(checkpoints.last, again))
    computing.recompute(today)
    assert looked_at[2:] == [None]
    assert again == [[other.pk]]
    assert traits.of([other.pk])[other.pk]["orders"] == 121


def _noting(last: Any, found: list[list[int]]) -> Any:
    def noted(*given: Any) -> Any:
        made = last(*given)
        if made is not None and given[0] == EVERYTHING:
            found.append(np.flatnonzero(made.anew).tolist())
        return made

    return noted


def test_a_trait_that_is_new_counts_from_the_first_day_beside_those_that_go_on() -> None:
    who = CustomerFactory()
    days = [FIRST + dt.timedelta(number) for number in range(20)]
    factories.happened(*(incoming(who, day) for day in days))
    computing.recompute(days[-1])
    recipe = {"take": "days", "events": ["order_paid"]}
    Trait.objects.create(key="on_days", title="on_days", kind="whole", recipe=recipe)
    computing.recompute(days[-1])
    computing.recompute(days[-1])
    known = traits.of([who.pk])[who.pk]
    assert (known["on_days"], known["orders"]) == (20, 20)


def test_a_checkpoint_that_was_cut_short_is_none() -> None:
    who = CustomerFactory()
    days = [FIRST + dt.timedelta(number) for number in range(20)]
    factories.happened(*(incoming(who, day) for day in days))
    computing.recompute(days[-1])
    (folder,) = kept()
    folder.rename(folder.with_name("until-draft"))  # killed before it had its name
    computing.recompute(days[-1])
    assert traits.of([who.pk])[who.pk]["orders"] == 20
    assert [path.name for path in kept()] == [folder.name]


@pytest.mark.parametrize("name", ["*.npz", "known_as.npy", "*.arrow"])
def test_a_checkpoint_that_cannot_be_read_costs_time_and_nothing_else(name: str) -> None:
    who = CustomerFactory()
    days = [FIRST + dt.timedelta(number) for number in range(20)]
    factories.happened(*(incoming(who, day) for day in days))
    computing.recompute(days[-1])
    (folder,) = kept()
    for path in folder.glob(name):
        path.unlink()
        path.write_bytes(b"noughts" * 3)
    factories.happened(incoming(who, days[2]))
    computing.recompute(days[-1])
    assert traits.of([who.pk])[who.pk]["orders"] == 21
    assert len(kept()) == 1


def test_a_disk_that_keeps_no_checkpoint_keeps_no_night_from_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_given: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    who = CustomerFactory()
    factories.happened(*(incoming(who, FIRST + dt.timedelta(number)) for number in range(20)))
    monkeypatch.setattr(np, "savez", full)
    computing.recompute(FIRST + dt.timedelta(19))
    assert traits.of([who.pk])[who.pk]["orders"] == 20
    assert not list(EVERYTHING.folder.glob("until-*"))


def test_a_day_asked_about_again_is_not_answered_by_a_later_checkpoint() -> None:
    who = CustomerFactory()
    days = [FIRST + dt.timedelta(number) for number in range(20)]
    factories.happened(*(incoming(who, day) for day in days))
    for day, orders in ((days[-1], 20), (days[5], 6), (days[12], 13)):
        computing.recompute(day)
        assert traits.of([who.pk], day=day)[who.pk]["orders"] == orders


def test_what_two_tallies_of_a_day_say_differently_is_told(tmp_path: Path) -> None:
    def tally(name: str, **rows: list[Any]) -> Path:
        path = tmp_path / f"2018-01-01-{name}.arrow"
        tally_files.write(pa.table(rows), tmp_path / "draft" / path.name)
        return (tmp_path / "draft" / path.name).rename(path)

    (tmp_path / "draft").mkdir()
    events = ["cart", "cart", "seen"]
    one = tally("one", event=events, customer=[1, 2, 1], times=[1, 1, 4], low=[None, 3, None])
    other = tally("two", event=events, customer=[1, 2, 3], times=[1, 2, 4], low=[None, 3, None])
    assert tally_files.differing(one, other).tolist() == [1, 2, 3]
    assert tally_files.differing(one, one).tolist() == []
    assert tally_files.differing(None, other).tolist() == [1, 2, 3]
