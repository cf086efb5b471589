"""The demo business: a broken load heals, and the command that loads it.

That its counts are the data set's is told in tests/browser, where all of it is loaded.
"""

import io
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection
from pytest_django import Settings

from console import jobs, terminal
from console.management.commands import demo as command
from console.models import Job, Project, Staff
from segments import demo
from segments.lake import engine, questions
from segments.models import Consent, Customer, EventType
from tests.segments import factories, programs

# A week of it is enough to see whether something is lost or doubled.
WEEK = {
    "FROM transactions": "FROM transactions WHERE week BETWEEN 4 AND 8",
    "FROM happened": "FROM (FROM happened WHERE day BETWEEN '2017-02-01' AND '2017-02-07')",
}
WEEK_BASKETS, WEEK_LINES = 3_088, 31_047


def volumes() -> dict[str, int]:
    with engine.connect(factories.lake_path()) as lake:
        return {row["event"]: row["volume"] for row in questions.volumes(lake).to_pylist()}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "killed",
    [
        "demo._load_consents = die",  # customers are in
        "store._commit = die",  # the files are written, the lake does not know them
        "store.append = then_die(store.append)",  # the lake has them, the catalogue does not
        "catalogue.recount = die",
    ],
)
def test_a_load_that_was_killed_is_finished_by_the_next(
    killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"""
        from console import jobs
        from segments import catalogue, demo
        from segments.lake import store
        for whole, part in {WEEK!r}.items():
            demo._EVENTS = demo._EVENTS.replace(whole, part)
        {killed}
        with jobs.running(jobs.create(demo.KIND, "demo")):
            demo.load()
    """
    assert programs.run(program) == -9
    assert demo.is_wanted()
    for whole, part in WEEK.items():
        monkeypatch.setattr(demo, "_EVENTS", demo._EVENTS.replace(whole, part))
    told: list[tuple[int, int]] = []
    demo.load(lambda done, total, note="": told.append((done, total)))
    assert (told[0], told[-1]) == ((0, demo.STEPS), (demo.STEPS, demo.STEPS))
    assert Customer.objects.count() == 2_469
    assert Consent.objects.count() == 1_559
    found = volumes()
    assert (found["order_paid"], found["item_bought"]) == (WEEK_BASKETS, WEEK_LINES)
    assert dict(EventType.objects.values_list("name", "volume")) == found


# --- the command ------------------------------------------------------------


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command with steps that only say that they were done."""
    done: list[str] = []

    def load(progress: jobs.Progress) -> None:
        progress(1, 2)
        factories.CustomerFactory()
        done.append("load")

    def last(progress: jobs.Progress) -> None:
        done.append("last")

    steps = [command.Step("load", 60, load), command.Step("last", 40, last)]
    monkeypatch.setattr(command, "STEPS", steps)
    return done


@pytest.mark.django_db
def test_the_command_loads_once_and_then_says_why_not(small_steps: list[str]) -> None:
    out = io.StringIO()
    call_command("demo", stdout=out)
    assert small_steps == ["load", "last"]
    assert "60%  last" in out.getvalue()
    job = Job.objects.get(kind=demo.KIND)
    assert (job.status, job.done, job.total) == (Job.Status.DONE, 100, 100)
    with pytest.raises(CommandError, match="customers already"):
        call_command("demo", stdout=out)
    call_command("demo", "--if-empty", stdout=out)
    assert small_steps == ["load", "last"]


@pytest.mark.django_db
def test_a_console_with_customers_of_its_own_is_left_alone(small_steps: list[str]) -> None:
    factories.CustomerFactory()
    with pytest.raises(CommandError, match="customers already"):
        call_command("demo")
    assert small_steps == []
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_load_that_failed_goes_on_with_the_same_job(
    small_steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(progress: jobs.Progress) -> None:
        raise OSError("No space left on device")

    whole = command.STEPS
    monkeypatch.setattr(command, "STEPS", [whole[0], command.Step("last", 40, fail)])
    with pytest.raises(OSError, match="No space"):
        call_command("demo", stdout=io.StringIO())
    assert Job.objects.get().status == Job.Status.FAILED
    assert demo.is_wanted()
    monkeypatch.setattr(command, "STEPS", whole)
    call_command("demo", stdout=io.StringIO())
    assert Job.objects.get().status == Job.Status.DONE
    assert not demo.is_wanted()


@pytest.mark.django_db(transaction=True)
def test_two_loads_do_not_run_at_once(small_steps: list[str]) -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [command.LOCK])
        with pytest.raises(CommandError, match="already"):
            call_command("demo")
    other.close()
    assert small_steps == []


@pytest.mark.django_db
def test_everybody_can_sign_in_with_the_file_that_only_the_owner_reads(
    settings: Settings, tmp_path: Path
) -> None:
    settings.HOME_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    command.add_people(jobs.silent)
    command.add_people(jobs.silent)  # again, after a crash
    file = tmp_path / "secrets" / command.LOGINS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [line.split("\t") for line in file.read_text().splitlines()]
    assert {role for role, _name, _password in lines} == set(Staff.Role.values)
    for role, username, password in lines:
        person = Staff.objects.get(username=username)
        assert person.role == role
        assert person.check_password(password)
        assert not person.is_superuser
    by_name = {person.username: person.team_id for person in Staff.objects.all()}
    assert by_name["operator"] != by_name["operator2"]


def test_a_terminal_gets_a_bar_and_a_log_gets_lines() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for out, expected in [(Terminal(), "█"), (io.StringIO(), "50%  half\n")]:
        bar = terminal.Bar(OutputWrapper(out))
        bar.show(1, 2, "half")
        bar.close()
        assert expected in out.getvalue()


@pytest.mark.django_db
def test_the_project_is_the_shop() -> None:
    demo._set_up_project()
    project = Project.objects.get()
    assert (project.time_zone, project.currency) == ("America/New_York", "USD")
