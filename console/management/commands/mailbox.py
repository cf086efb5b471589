"""`manage.py mailbox`: receive mail and short messages on loopback, to be read in the console."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from console.embedded import mailbox, phone


class Command(BaseCommand):
    help = "Receives mail and short messages on loopback, to be read in the console."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=settings.MAILBOX_PORT)
        parser.add_argument("--phone-port", type=int, default=settings.PHONE_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        phone.open_beside(options["phone_port"], settings.HOME_DIR)
        mailbox.serve(options["port"])
