"""`manage.py mailbox`: receive mail on loopback and keep it to be read in the console."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from console.embedded import mailbox


class Command(BaseCommand):
    help = "Receives mail on loopback and keeps it to be read in the console."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=settings.MAILBOX_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox.serve(options["port"])
