"""`manage.py demo`: fills an empty console with a real grocer's year, and people to sign in."""

import calendar
import datetime as dt
import os
import secrets
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from campaigns import demo as campaigns_demo
from campaigns import demonstrations
from console import audit, clock, jobs, policies
from console.embedded import places
from console.kept_words import both
from console.meetings import demo as meetings_demo
from console.models import Staff, Team
from console.terminal import Bar
from metrics import (
    activity_tables,
    history,
    lifetime_value,
    measure,
    results,
    retention,
    segment_weeks,
    watch,
)
from metrics import demo as metrics_demo
from segments import activity, demo, library, pipeline

TEAMS = (both("用户运营", "User operations"), both("增长", "Growth"))
# username, role, and which of the two teams
PEOPLE = [
    ("operator", Staff.Role.OPERATOR, 0),
    ("operator2", Staff.Role.OPERATOR, 1),
    ("manager", Staff.Role.MANAGER, 0),
    ("product", Staff.Role.PRODUCT, 1),
    ("analyst", Staff.Role.ANALYST, 1),
    ("support", Staff.Role.SUPPORT, 0),
    ("admin", Staff.Role.ADMIN, 0),
]
LOGINS = "demo_logins.txt"
LOCK = 0xDE40  # the advisory lock of whoever loads the demo


class Command(BaseCommand):
    help = "Load the demo business, The Complete Journey, into an empty console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="when the console has customers already, do nothing instead of complaining",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with alone():
            if demo.is_wanted():
                self.load()
            elif not options["if_empty"]:
                raise CommandError(
                    "This console has customers already; the demo loads only into an empty one."
                )

    def load(self) -> None:
        """Load all of it, or go on where a load was broken off: each step can be done again."""
        job = demo.unfinished() or jobs.create(demo.KIND, "The demo business")
        bar = Bar(self.stdout)
        with jobs.running(job) as report:

            def progress(done: int, total: int, note: str = "") -> None:
                report(done, total, note)
                bar.show(done, total, note)

            work(STEPS, progress)
        bar.close()
        self.stdout.write(f"The logins are in {settings.HOME_DIR / 'secrets' / LOGINS}")


@contextmanager
def alone() -> Iterator[None]:
    """Be the only one that loads the demo; the database lets go of it should we die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CommandError("The demo is being loaded already, by another process.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


# --- the steps --------------------------------------------------------------


@transaction.atomic
def add_people(_progress: jobs.Progress) -> None:
    """One login a role, with random passwords that only the file knows."""
    teams = [Team.objects.get_or_create(name=name)[0] for name in TEAMS]
    lines = []
    for username, role, team in PEOPLE:
        password = secrets.token_urlsafe(9)
        person, _is_new = Staff.objects.get_or_create(username=username)
        person.role, person.team = role, teams[team]
        person.set_password(password)
        person.save()
        lines.append(f"{role}\t{username}\t{password}\n")
    keep_logins(lines)
    audit.log("demo.people", usernames=[username for username, _role, _team in PEOPLE])


def keep_logins(lines: list[str]) -> None:
    """Write the file that only its owner can read."""
    places.make_home(settings.HOME_DIR)
    folder = settings.HOME_DIR / "secrets"
    places.make_folder(folder, mode=0o700)
    draft = folder / f".{LOGINS}"
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(lines)
    draft.replace(folder / LOGINS)


def build_sets(progress: jobs.Progress) -> None:
    activity.catch_up(progress=progress)


def install(_progress: jobs.Progress) -> None:
    library.install()


def replay(progress: jobs.Progress) -> None:
    """Traits, stages and segments as they were at each month's end, so that they have a past."""
    year = demo.TODAY.year - 1
    ends = [dt.date(year, month, calendar.monthrange(year, month)[1]) for month in range(1, 13)]
    pipeline.replay(ends, progress=progress)


def recompute(progress: jobs.Progress) -> None:
    pipeline.run(clock.today(), progress=progress)


def record_campaigns(progress: jobs.Progress) -> None:
    campaigns_demo.load(at=clock.now(), progress=progress)


def add_plays(_progress: jobs.Progress) -> None:
    people = {one.username: one for one in Staff.objects.filter(username__in=("operator", "admin"))}
    campaigns_demo.load_budgets(by=people["admin"], on=clock.today())
    campaigns_demo.load_plays(by=people["operator"], guarded_by=people["admin"])


def demonstrate(_progress: jobs.Progress) -> None:
    names = ("operator", "manager", "admin")
    people = {one.username: one for one in Staff.objects.filter(username__in=names)}
    # Who has a hand in segments approves nothing that uses them.
    demonstrations.load(by=people["operator"], approver=people["manager"], at=clock.now())
    if policies.lets_untried_pass(people["admin"]):
        policies.ask_twice_for_untried(by=people["admin"])


def measure_all(progress: jobs.Progress) -> None:
    measure.run(progress=progress)
    retention.monthly()
    activity_tables.update()
    results.compute_open(at=clock.now())
    watch.run(today=clock.today())
    segment_weeks.make_due(today=clock.today())


def ask_each_other(_progress: jobs.Progress) -> None:
    names = ("operator", "manager", "product", "analyst")
    found = {one.username: one for one in Staff.objects.filter(username__in=names)}
    people = metrics_demo.People(**{name: found[name] for name in names})
    metrics_demo.load(people, today=clock.today())


def hold_a_meeting(_progress: jobs.Progress) -> None:
    names = ("manager", "product", "support")
    found = {one.username: one for one in Staff.objects.filter(username__in=names)}
    people = meetings_demo.People(**{name: found[name] for name in names})
    meetings_demo.load(people, at=clock.now(), today=clock.today())


def foretell(progress: jobs.Progress) -> None:
    day = history.last_closed_day()
    lifetime_value.run(day, progress)
    measure.run(since=day, only=[lifetime_value.AHEAD])


@dataclass(frozen=True)
class Step:
    """A part of the load: its words on the terminal, its share of a hundred, and the work."""

    label: str
    share: int
    work: Callable[[jobs.Progress], None]


STEPS = [
    Step("customers, consents and events", 53, demo.load),
    Step("people who work here", 5, add_people),
    Step("who did what on which day", 10, build_sets),
    Step("ready-made segments", 2, install),
    Step("the campaigns of the past", 2, record_campaigns),
    Step("the past of stages and segments", 18, replay),
    Step("budgets, guards and a playbook", 1, add_plays),
    Step("stages and segments of today", 3, recompute),
    Step("two campaigns that show how one is judged", 1, demonstrate),
    Step("metrics", 4, measure_all),
    Step("requests between teams", 1, ask_each_other),
    Step("lifetime value", 2, foretell),
    Step("a meeting, and who has to do what", 1, hold_a_meeting),
]


def work(steps: list[Step], progress: jobs.Progress) -> None:
    """Do the steps in order, each as its share of one progress."""
    whole, before = sum(step.share for step in steps), 0
    for step in steps:
        progress(before, whole, step.label)
        step.work(_part_of(progress, before, step, whole))
        before += step.share
    progress(whole, whole, "done")


def _part_of(progress: jobs.Progress, before: int, step: Step, whole: int) -> jobs.Progress:
    def within(done: int, total: int, note: str = "") -> None:
        progress(before + step.share * done // max(total, 1), whole, step.label)

    return within
