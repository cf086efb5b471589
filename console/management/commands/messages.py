"""`manage.py messages`: collect new words into the catalogues; needs no gettext."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from console import translations


class Command(BaseCommand):
    help = "Collects strings to translate into locale/*/LC_MESSAGES/django.po."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for po in sorted(settings.LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.po")):
            total, without = translations.update(po)
            self.stdout.write(f"{po.parent.parent.name}: {total} strings, {without} untranslated")
            for message in translations.waiting(translations.read(po)):
                self.stdout.write(f"  {message}")
