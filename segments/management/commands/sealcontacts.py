"""`manage.py sealcontacts`: bring names and addresses into the form that CONTACT_KEY says."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from segments import contacts


class Command(BaseCommand):
    help = (
        "Seals the contacts with CONTACT_KEY, opens them when it is empty, or changes the key "
        "when the earlier one stands in CONTACT_KEYS_OLD. Stop web and workers first. Stopped "
        "half way, it goes on the next time. `manage.py up` does it by itself."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            changed = contacts.convert(progress=self.show)
        except contacts.WrongKey as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{changed} contacts were converted.")

    def show(self, done: int, total: int, note: str = "") -> None:
        self.stdout.write(f"{done}/{total} {note}".rstrip())
