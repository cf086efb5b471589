"""A sender's journal: what the next worker can rely on, and when it says that it cannot."""

from pathlib import Path

import pytest

from campaigns.channels import journal
from campaigns.channels.base import Accepted, Failed, Refused, Unsure
from campaigns.channels.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "7-1"


def test_it_tells_what_left_what_is_in_doubt_and_what_was_never_begun(path: Path) -> None:
    record = Journal(path)
    for number in (1, 2, 3, 4, 5):
        record.begun(number)
    record.ended(1, Accepted("provider's 1"))
    record.ended(2, Refused("no"))
    record.ended(3, Failed("later"))
    record.ended(4, Unsure("lost"))
    record.close()

    found = journal.read(path)

    assert found.sent == {1: "provider's 1"}
    assert found.in_doubt == {4, 5}
    assert found.is_whole


def test_what_was_begun_once_more_is_in_doubt_once_more(path: Path) -> None:
    record = Journal(path)
    record.begun(1)
    record.ended(1, Failed("later"))
    record.begun(1)
    record.close()
    assert journal.read(path).in_doubt == {1}


def test_a_worker_that_lives_is_left_alone(path: Path) -> None:
    record = Journal(path)
    with pytest.raises(journal.InUse):
        journal.read(path)
    record.close()
    journal.read(path)


def test_without_a_journal_nothing_is_known(path: Path) -> None:
    assert not journal.read(path).is_whole


def test_after_the_machine_started_anew_lines_may_be_missing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal(path).close()
    another = path.with_name("boot")
    another.write_text("another boot")
    monkeypatch.setattr(journal, "BOOT", another)
    assert not journal.read(path).is_whole


def test_a_line_that_was_cut_off_is_not_read(path: Path) -> None:
    record = Journal(path)
    record.begun(12)
    record.close()
    with path.open("ab") as file:
        file.write(b"sent 1")  # of "sent 12"
    assert journal.read(path).sent == {}


def test_what_is_in_the_database_needs_no_journal(path: Path) -> None:
    record = Journal(path)
    record.forget()
    assert not path.exists()


def test_a_provider_cannot_write_lines_of_its_own(path: Path) -> None:
    record = Journal(path)
    for number in (1, 2):
        record.begun(number)
    record.ended(1, Accepted("a1\nback 2\nsense"))
    record.close()
    found = journal.read(path)
    assert found.sent == {1: "a1 back 2 sense"}
    assert found.in_doubt == {2}
