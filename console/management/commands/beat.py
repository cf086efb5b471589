"""`manage.py beat`: Celery's clock, of which only one may tick."""

import os
import signal
import threading
import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from console.celery import app

LOCK = 0x6C696665  # any number that nobody else locks
LOOK_EVERY = 5.0  # seconds


class Command(BaseCommand):
    """Holds an advisory lock in a connection of its own, because two beats start all work twice."""

    help = "Starts the timetable's work when it is due; a second one waits for the first to end."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        lock = self.wait_for_turn()
        threading.Thread(target=end_when_lost, args=(lock,), daemon=True).start()
        folder = settings.HOME_DIR / "beat"
        folder.mkdir(exist_ok=True)
        app.Beat(schedule=str(folder / "schedule"), loglevel="INFO").run()

    def wait_for_turn(self) -> psycopg.Connection:
        """Return the connection that holds the lock; the lock lasts as long as it."""
        lock, told = connect(), False
        while lock.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() != (True,):
            if not told:
                self.stdout.write("Another beat is running; waiting until it ends.")
                self.stdout.flush()
                told = True
            time.sleep(LOOK_EVERY / 5)
        return lock


def connect() -> psycopg.Connection:
    """A connection beside Django's, which may be closed and opened again at any time."""
    return psycopg.connect(**{**connection.get_connection_params(), "autocommit": True})


def end_when_lost(lock: psycopg.Connection) -> None:
    """End this process when the database forgot the lock, before another beat takes it for long."""
    while True:
        time.sleep(LOOK_EVERY)
        try:
            lock.execute("SELECT 1")
        except psycopg.Error:
            os.kill(os.getpid(), signal.SIGTERM)
            return
