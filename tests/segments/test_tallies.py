"""Tallies: what is missing of them is asked for in parts that fit into memory."""

import datetime as dt

import pytest

from segments import history, tallies
from segments.lake import schema, store
from tests.segments import factories

DAYS = [dt.date(2017, 3, 1) + dt.timedelta(days=n) for n in range(5)]


def test_days_are_asked_for_together_up_to_so_many_events(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [factories.row(who, day) for day in DAYS for who in range(3)]
    store.append(history.place(), schema.table(rows), app_id="test", version=1)
    monkeypatch.setattr(tallies, "EVENTS_AT_A_TIME", 6)
    assert list(tallies._spans(DAYS, set(DAYS))) == [DAYS[:2], DAYS[2:4], DAYS[4:]]
    assert list(tallies._spans(DAYS, {*DAYS[:1], *DAYS[2:4]})) == [DAYS[:1], DAYS[2:4]]
    monkeypatch.setattr(tallies, "EVENTS_AT_A_TIME", 1)  # a day is never cut
    assert list(tallies._spans(DAYS, set(DAYS))) == [[day] for day in DAYS]
