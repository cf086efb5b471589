"""Rows of moves and standings of former releases become sets and columns, with nothing lost."""

import datetime as dt
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from segments import standing
from segments.models import Stage, StageSet
from tests.segments.factories import CustomerFactory

pytestmark = pytest.mark.django_db
convert = import_module("segments.migrations.0010_stages_are_columns").convert
TABLES = """
    CREATE TABLE segments_customerstage (
        customer_id int, stage_set_id bigint, stage_id bigint, since_on date);
    CREATE TABLE segments_stagemove (
        id serial, customer_id int, stage_set_id bigint, from_stage_id bigint,
        to_stage_id bigint, "on" date);
"""


def day(number: int) -> dt.date:
    return dt.date(2018, 1, number)


def test_rows_of_moves_become_sets_by_day() -> None:
    stage_set = StageSet.objects.create(key="s", is_default=True, data_as_of=day(9), version=3)
    new, old = (
        Stage.objects.create(stage_set=stage_set, key=key, position=place)
        for place, key in enumerate(("new", "old"), start=1)
    )
    there, back, twice, merged = (CustomerFactory().pk for _ in range(4))
    moves = [
        (there, None, new, 1), (back, None, new, 1), (merged, None, new, 1),
        (back, new, old, 3), (back, old, new, 5),
        # A day that was computed twice, and one that came to nothing.
        (twice, None, new, 3), (twice, new, old, 3), (there, new, old, 4), (there, old, new, 4),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        for who, was, now, on in moves:
            cursor.execute(
                "INSERT INTO segments_stagemove (customer_id, stage_set_id, from_stage_id,"
                ' to_stage_id, "on") VALUES (%s, %s, %s, %s, %s)',
                [who, stage_set.pk, was.pk if was else None, now.pk, day(on)],
            )
        for who, stage, on in ((there, new, 1), (back, new, 5), (twice, old, 3)):
            cursor.execute(
                "INSERT INTO segments_customerstage VALUES (%s, %s, %s, %s)",
                [who, stage_set.pk, stage.pk, day(on)],
            )
    convert(apps, SimpleNamespace(connection=connection))
    found = {
        (flow.on.day, flow.from_stage and flow.from_stage.key, flow.to_stage and flow.to_stage.key):
        set(flow.members)
        for flow in stage_set.flows.all()
    }  # fmt: skip
    assert found == {
        (1, None, "new"): {there, back, merged},
        (3, "new", "old"): {back},
        (3, None, "old"): {twice},
        (5, "old", "new"): {back},
        (9, "new", None): {merged},
    }
    assert all(flow.size == len(flow.members) for flow in stage_set.flows.all())
    stood = {
        who: (stand.stage.key, stand.since)
        for who, theirs in standing.of([there, back, twice, merged], [stage_set]).items()
        for stand in theirs.values()
    }
    assert stood == {there: ("new", day(1)), back: ("new", day(5)), twice: ("old", day(3))}
    past = standing.on(stage_set.pk, day(4))
    assert [int(past[who]) for who in (there, back, twice, merged)] == [
        new.pk, old.pk, old.pk, new.pk,
    ]  # fmt: skip
    stage_set.refresh_from_db()
    assert stage_set.computed_version == 3


def test_a_project_without_a_computation_has_nothing_to_convert() -> None:
    StageSet.objects.create(key="s")
    convert(apps, SimpleNamespace(connection=connection))
