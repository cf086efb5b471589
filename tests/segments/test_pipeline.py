"""The recompute carries events all the way to segments, once, alone, and with progress."""

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models import QuerySet

from console import jobs
from console.models import AuditEntry, Job
from console.states import NotAllowed
from segments import computing, ingest, pipeline, standing, tasks, taxonomies, traits
from segments.models import Segment, SegmentSnapshot, StageFlow
from tests.segments import factories
from tests.segments.factories import SegmentFactory, incoming

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)


def flows() -> QuerySet[StageFlow]:
    return StageFlow.objects.filter(stage_set__is_default=True)


def test_an_accepted_event_reaches_traits_scores_stages_and_segments() -> None:
    who = factories.CustomerFactory()
    segment = SegmentFactory(rule={"event": "order_paid", "days": 30})
    ingest.receive([incoming(who, "2017-12-24", amount=500)])
    found = pipeline.run(DAY)
    known = traits.of([who.pk])[who.pk]
    assert (known["recency_days"], known["monetary_minor"], known["r_score"]) == (8, 500, 1)
    assert standing.in_default([who.pk])[who.pk].key == "activation"
    segment.refresh_from_db()
    assert set(segment.members) == {who.pk}
    assert (found["events"], found["day_sets"], found["moves"], found["segments"]) == (
        1,
        1,
        len(taxonomies.SETS),
        1,
    )


def test_a_second_run_changes_nothing() -> None:
    who = factories.CustomerFactory()
    SegmentFactory(rule={"event": "order_paid"})
    ingest.receive([incoming(who, "2017-12-24")])
    pipeline.run(DAY)
    found = pipeline.run(DAY)
    assert (found["events"], found["traits"], found["scores"], found["moves"]) == (0, 0, 0, 0)
    assert (flows().count(), SegmentSnapshot.objects.count()) == (1, 1)


def test_progress_goes_from_nothing_to_everything() -> None:
    told: list[tuple[int, int]] = []
    pipeline.run(DAY, progress=lambda done, total, note="": told.append((done, total)))
    assert told[0] == (0, 8)
    assert told[-1] == (8, 8)
    assert told == sorted(told)


def test_a_run_leaves_one_line_in_the_audit_log() -> None:
    pipeline.run(DAY)
    assert AuditEntry.objects.get(action="pipeline.ran").details["day"] == "2018-01-01"


def another_connection() -> Any:
    """A session of its own in the tests' database."""
    return psycopg.connect(**connection.get_connection_params())


def test_two_runs_at_once_are_one_too_many() -> None:
    job = jobs.create("pipeline", "recompute")
    with another_connection() as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s)", [pipeline.LOCK])
        with pytest.raises(NotAllowed, match="already"):
            tasks.run_pipeline(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    assert "already" in job.error


def test_traits_that_find_a_run_under_way_wait_for_their_turn() -> None:
    job = jobs.create("traits", "traits")
    with another_connection() as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s)", [pipeline.LOCK])
        with pytest.raises(pipeline.Busy):  # a worker takes it up again
            tasks.compute_traits(job.pk)
        job.refresh_from_db()
        assert job.status == Job.Status.WAITING
        elsewhere.execute("SELECT pg_advisory_unlock(%s)", [pipeline.LOCK])
    tasks.compute_traits(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert tasks.compute_traits.max_retries is None
    assert pipeline.Busy in tasks.compute_traits.autoretry_for


def test_a_night_that_finds_a_run_under_way_comes_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = another_connection()
    elsewhere.execute("SELECT pg_advisory_lock(%s)", [pipeline.LOCK])
    monkeypatch.setattr("segments.pipeline.time.sleep", lambda _seconds: elsewhere.close())
    pipeline.run(DAY, patience=60)
    assert AuditEntry.objects.filter(action="pipeline.ran").exists()


def test_the_lock_is_given_back_even_when_a_step_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> int:
        raise OSError("the lake is gone")

    monkeypatch.setattr(computing, "recompute", fail)
    with pytest.raises(OSError, match="lake is gone"):
        pipeline.run(DAY)
    with another_connection() as elsewhere:
        row = elsewhere.execute("SELECT pg_try_advisory_lock(%s)", [pipeline.LOCK]).fetchone()
    assert row == (True,)


def test_the_past_is_replayed_day_by_day() -> None:
    who = factories.CustomerFactory()
    segment = SegmentFactory(rule={"trait": "recency_days", "op": ">", "value": 30})
    factories.happened(incoming(who, "2017-11-01"))
    pipeline.replay([dt.date(2017, 12, 15), dt.date(2017, 11, 15)])
    sizes = segment.snapshots.order_by("day").values_list("day", "size")
    assert list(sizes) == [(dt.date(2017, 11, 15), 0), (dt.date(2017, 12, 15), 1)]
    moves = flows().order_by("on").values_list("to_stage__key", flat=True)
    assert list(moves) == ["activation", "decline"]


def test_the_tasks_report_to_their_job_and_use_the_consoles_today() -> None:
    segment = SegmentFactory()
    job = jobs.create("pipeline", "recompute")
    tasks.run_pipeline(job.pk)
    job.refresh_from_db()
    segment.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert segment.size == 0
    tasks.recompute_segment(segment.pk)
    assert Segment.objects.get(pk=segment.pk).computed_at > segment.computed_at
