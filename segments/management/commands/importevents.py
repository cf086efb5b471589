"""`manage.py importevents`: brings in a file of events from the terminal."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext

from console.models.project import a_known_time_zone
from console.terminal import Bar
from segments import imports, presets, uploads
from segments.models import EventImport
from segments.reading import files, known
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile


def names(text: str) -> tuple[str, ...]:
    """A list that is written with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


class Command(BaseCommand):
    help = (
        "Load events from a file of CSV, JSON lines (both also gzipped), Excel or Parquet: the "
        "whole file, or nothing of it. Interrupted, the same command goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path)
        add(
            "--preset",
            default="",
            metavar="NAME",
            help="meanings saved under a name, or a kind of file",
        )
        add("--customer", default="", metavar="COLUMN", help="which customer it was")
        add("--time", default="", metavar="COLUMN", help="when it happened")
        add("--name", default="", metavar="COLUMN", help="the name of each event")
        add("--event", default="", metavar="NAME", help="the one name of all the events")
        add("--amount", default="", metavar="COLUMN", help="money, such as 1234.50")
        add("--properties", type=names, default=(), metavar="COLUMNS", help="further columns")
        add("--key", default="", metavar="COLUMN", help="each event's own id")
        add(
            "--distinct-by",
            type=names,
            default=(),
            metavar="COLUMNS",
            help="rows that are equal in these columns are one event; the first is taken",
        )
        add("--identifier-kind", default="", metavar="KIND", help="default: user_id")
        add("--timezone", default="", metavar="ZONE", help="of times that name none")
        add("--encoding", choices=sorted(files.ENCODINGS), default="")
        add("--skip-without-customer", action="store_true", help="leave out such rows, and count")
        add(
            "--leave-out-bad",
            default="",
            metavar="MOST",
            help="bad rows are left out and listed, at most so many: 100, or 0.5%%",
        )
        add("--again", action="store_true", help="though the same content was loaded before")

    def handle(self, *_args: Any, **options: Any) -> None:
        with translation.override("en"):  # like all that our commands say
            self.load(options)

    def load(self, options: dict[str, Any]) -> None:
        path = options["file"].absolute()
        mapping = self.mapping(path, options)
        event_import = imports.unfinished(path, mapping) or EventImport.objects.create(
            name=path.name[-200:], path=str(path), mapping=mapping.to_json()
        )
        bar = Bar(self.stdout)
        try:
            imports.load(event_import, again=options["again"], progress=bar.show)
        except imports.NotLoaded as problem:
            raise CommandError(f"{problem}\nNothing was loaded.") from problem
        finally:
            bar.close()
        self.stdout.write(summary(event_import))

    def mapping(self, path: Path, options: dict[str, Any]) -> Mapping:
        """The columns as they were named, checked against the file's."""
        if zone := options["timezone"]:
            try:
                a_known_time_zone(zone)
            except Exception as problem:
                raise CommandError(f"{zone} is not a time zone.") from problem
        said = {name: options[name] for name in SAME if options[name]}
        if zone:
            said["time_zone"] = zone
        try:
            file = files.opened(path, encoding=options["encoding"] or "utf-8")
            mapping = self.preset(options["preset"], file.columns)
            mapping = replace(mapping, **said)
            mapping.check(file.columns, is_open=file.is_open)
        except BadFile as bad:
            raise CommandError(bad.said(gettext)) from bad
        return mapping

    def preset(self, name: str, columns: list[str]) -> Mapping:
        """The preset's mapping, which single options then change."""
        if not name:
            return Mapping(customer="", time="")
        found = presets.named(name, columns)
        if found is None:
            known_names = ", ".join(one.key for one in known.KNOWN)
            raise CommandError(f"There is no preset “{name}”; of ours there are: {known_names}.")
        return found


# Options that are named as the mapping names them.
SAME = (
    "customer",
    "time",
    "name",
    "event",
    "amount",
    "properties",
    "key",
    "distinct_by",
    "identifier_kind",
    "encoding",
    "skip_without_customer",
    "leave_out_bad",
)


def summary(event_import: EventImport) -> str:
    """What came in, in a few lines."""
    counts = [
        ("rows", event_import.rows),
        ("events loaded", event_import.events),
        ("rows that repeat an event", event_import.merged),
        ("events that were there already", event_import.known),
        ("rows without a customer, left out", event_import.skipped),
        *((f"rows left out: {why}", count) for why, count in event_import.left_out.items()),
        ("bad rows, left out", event_import.bad),
        ("events of erased customers, left out", event_import.erased),
        ("new customers", event_import.customers_new),
    ]
    lines = [f"  {count:>12,}  {words}" for words, count in counts if count or words == "rows"]
    if event_import.bad:
        lines.append(f"  The bad rows are listed in {uploads.bad_rows_of(event_import)}")
    return "\n".join(lines)
