"""The harness compares answers before it compares times."""

import gc
import json
import time
from pathlib import Path

import pytest

from tests.bench import harness
from tests.bench.harness import AnswersDiffer, Contest, Entry


@pytest.fixture(autouse=True)
def no_collecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The garbage of all tests so far takes a second to look through, before each round."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


def entry(ours: object = 1, peer: object = 1, *, peer_takes: float = 0.0) -> Entry:
    def ask() -> object:
        time.sleep(peer_takes)
        return peer

    return Entry("work", "somebody", 2.0, lambda _: Contest(lambda: ours, ask, note="said"))


def test_a_faster_wrong_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswersDiffer, match="work"):
        harness.run([entry(ours=1, peer=2)], tmp_path, tell=lambda _: None)


def test_the_ratio_is_the_peers_time_by_ours(tmp_path: Path) -> None:
    contest = Contest(lambda: time.sleep(0.05), lambda: time.sleep(0.15))
    row = harness.compete(entry(), contest, rounds=5)
    assert 2 < row.ratio < 4
    assert 0.05 <= row.ours_s < 0.1


def test_rows_are_written_with_the_fields_that_readers_expect(tmp_path: Path) -> None:
    rows = harness.run([entry(peer_takes=0.002)], tmp_path, tell=lambda _: None)
    harness.save(rows, tmp_path / "deep" / "bench.json")
    written = json.loads((tmp_path / "deep" / "bench.json").read_text("utf-8"))
    assert list(written[0]) == ["name", "ours_s", "peer", "peer_s", "ratio", "goal", "note"]
    assert written[0]["note"].startswith("said")


def test_the_table_says_which_goal_was_missed() -> None:
    slow = harness.Row("slow", 2.0, "somebody", 1.0, 0.5, 2.0, "")
    fast = harness.Row("fast", 0.001, "somebody", 1.0, 1000.0, 2.0, "")
    lines = harness.table([slow, fast]).splitlines()
    assert "MISSED" in lines[1]
    assert lines[2].endswith("met")


def test_every_kind_of_report_is_asked_after_the_night() -> None:
    from metrics.reports import every
    from tests.bench import nightly

    assert {*nightly.REPORTS, nightly.WITHOUT} == set(every.BY_KIND)
