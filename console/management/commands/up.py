"""`manage.py up`: start the whole console, look after it, and stop it again."""

import argparse
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from console import clock, translations
from console.embedded import (
    memory,
    obstacles,
    places,
    postgres,
    programs,
    supervisor,
    terminal,
    valkey,
)
from console.embedded.supervisor import Supervisor
from segments import contacts
from segments import demo as business


class Command(BaseCommand):
    help = "Starts the console: servers, workers, timetable, web. Ctrl+C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="load the demo business when the database is empty",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # what the console writes is its own
        memory.keep_at_hand()
        home = settings.HOME_DIR
        keeper = Supervisor(home / "logs", say=self.say)
        with (
            obstacles.one_at_a_time(home),
            terminal.ours_alone(),
            supervisor.interrupted_by_signals(),
        ):
            try:
                self.start(keeper, demo=options["demo"])
                keeper.watch()
            except KeyboardInterrupt:
                self.say("\nStopping …")
            except OSError as error:
                raise obstacles.refused(error, home) from error
            finally:
                keeper.stop()
        self.say("Stopped.")

    def say(self, words: str) -> None:
        """A line on the terminal, which may be gone by now."""
        with suppress(OSError):
            self.stdout.write(words)
            self.stdout.flush()

    def start(self, keeper: Supervisor, *, demo: bool) -> None:
        """Everything in its order; each part finds what it needs already there."""
        began = time.monotonic()
        obstacles.check_room(settings.HOME_DIR)
        obstacles.check_ports()
        self.start_servers(keeper)
        self.prepare(keeper, demo=demo)
        self.say("Web, workers, timetable, mailbox …")
        if settings.EMBEDDED_MAILBOX:  # stops after the workers, who may be sending
            keeper.start(programs.mailbox(), wait=False)
        keeper.start(programs.worker(), programs.beat(), programs.web())
        self.say(f"Ready after {time.monotonic() - began:.1f} s.\n")
        self.welcome()

    def start_servers(self, keeper: Supervisor) -> None:
        if settings.EMBEDDED_POSTGRES:
            self.say("PostgreSQL …")
            keeper.start(postgres.service(settings.HOME_DIR))
        obstacles.check_database()
        if settings.EMBEDDED_VALKEY:
            self.say("Valkey …")
            keeper.start(valkey.service(settings.HOME_DIR))
        obstacles.check_broker()

    def prepare(self, keeper: Supervisor, *, demo: bool) -> None:
        self.say("Tables, translations, static files …")
        call_command("migrate", interactive=False, verbosity=0)
        self.check_contacts()
        for folder in settings.LOCALE_PATHS:
            translations.compile_catalogs(folder)
        collect_static()
        wanted = demo and business.is_wanted()
        connection.close()  # the programs have their own
        if wanted:
            self.say("The demo business …")
            keeper.run("demo", programs.manage("demo", "--if-empty"), cwd=places.ROOT)

    def check_contacts(self) -> None:
        """Names and addresses are kept as CONTACT_KEY says, or nothing starts."""
        contacts.adopt()
        try:
            if not contacts.is_as_set():
                self.say("Contacts are sealed anew …")
                contacts.convert()
        except contacts.WrongKey as wrong:
            raise places.CannotStart(str(wrong)) from wrong

    def welcome(self) -> None:
        self.say(f"  The console is at {settings.PUBLIC_URL}, and its today is {clock.today()}.")
        connection.close()
        logins = settings.HOME_DIR / "secrets" / "demo_logins.txt"
        if logins.exists():
            self.say("  Sign in as one of:")
            for line in logins.read_text().splitlines():
                role, name, password = line.split("\t")
                self.say(f"    {role:<10} {name:<12} {password}")
        self.say("  Ctrl+C stops everything.\n")


def collect_static() -> None:
    """Collect static files when one of them changed; asking takes a moment, collecting seconds."""
    stamp, now = settings.HOME_DIR / "static.stamp", fingerprint_of_static()
    with suppress(FileNotFoundError):
        if stamp.read_text() == now and settings.STATIC_ROOT.exists():
            return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now)


def fingerprint_of_static() -> str:
    """A name for the present state of all static files, from their paths, sizes and times."""
    state = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            state.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return state.hexdigest()
