"""Gap tables of all customers, kept up to date every night, and of any groups of them.

A night goes on where the last one stopped. What is remembered of each customer lies in files of
this host whose name is made from the digests of all day sets up to that day: where a late event,
an erasure or another definition changes a day, the names from that day on are others, and the
work starts again from the newest file that still holds. Without any file it starts at the
first day, which takes seconds.
"""

import base64
import datetime as dt
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import jobs
from console.states import NotAllowed
from metrics import answers, groups, history
from metrics.answers import Fresh, Question
from metrics.groups import By, Group
from metrics.models import KeptAnswer
from metrics.stats.gaps import Builder, Tables
from segments import activity, bitmaps, definitions
from segments.models import DaySet

KIND = "activity"
WORDS = (definitions.ACTIVE, definitions.PAID, definitions.INTERACTION)
DAY, WEEK, MONTH = "day", "week", "month"
PERIODS = (DAY, WEEK, MONTH)
WEEKS, SUNDAY = 4, 6  # of how many weeks the Sundays are kept to go back to
DAYS_AT_A_TIME = 31  # whose sets are held in memory
A_DAY = dt.timedelta(days=1)


# --- days and their periods ---------------------------------------------------


def start_of(day: dt.date, period: str) -> dt.date:
    """The first day of the day, week (Monday) or month that it is in."""
    if period == WEEK:
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if period == MONTH else day


def place_of(day: dt.date, first: dt.date, period: str) -> int:
    """Which period it is, counted from that of the first day."""
    if period == MONTH:
        return (day.year - first.year) * 12 + day.month - first.month
    between = (start_of(day, period) - start_of(first, period)).days
    return between // 7 if period == WEEK else between


def nth(first: dt.date, place: int, period: str) -> dt.date:
    """The first day of the period that is so many after the one that begins with `first`."""
    if period != MONTH:
        return first + dt.timedelta(days=place * (7 if period == WEEK else 1))
    months = first.month - 1 + place
    return first.replace(year=first.year + months // 12, month=months % 12 + 1)


def is_over(day: dt.date, period: str) -> bool:
    """Whether the day is the last of its period."""
    return start_of(day + A_DAY, period) == day + A_DAY


# --- the tables of some customers ---------------------------------------------


@dataclass(frozen=True)
class Activity:
    """Tables over the periods that are over, of each group. `first` begins the first period."""

    word: str
    period: str
    first: dt.date
    as_of: dt.date
    groups: list[tuple[str, int | None, Tables]]  # label, customers, tables

    @property
    def starts(self) -> list[dt.date]:
        """The first day of each period."""
        count = self.groups[0][2].periods if self.groups else 0
        return [nth(self.first, place, self.period) for place in range(count)]


def question(word: str, period: str, by: By) -> Question:
    return Question(KIND, {"word": word, "period": period, "by": str(by)})


def read(answer: KeptAnswer) -> Activity:
    """What was kept."""
    assert answer.data is not None
    assert answer.as_of is not None
    said, about = answers.from_json(answer.data), answer.question
    return Activity(
        about["word"],
        about["period"],
        dt.date.fromisoformat(said["first"]),
        answer.as_of,
        [
            (one["label"], one["size"], Tables.load(base64.b85decode(one["tables"])))
            for one in said["groups"]
        ],
    )


def _dump(first: dt.date, found: Sequence[tuple[Group, Tables]]) -> bytes:
    parts = [
        {
            "label": group.label,
            "size": None if group.members is None else len(group.members),
            "tables": base64.b85encode(tables.dump()).decode(),
        }
        for group, tables in found
    ]
    return answers.as_json({"first": first.isoformat(), "groups": parts})


# --- every night --------------------------------------------------------------


def update(*, until: dt.date | None = None, progress: jobs.Progress = jobs.silent) -> int:
    """The tables of all words up to the last closed day; how many days had to be looked at."""
    days = 0
    for done, word in enumerate(WORDS):
        progress(done, len(WORDS))
        days += _update(word, until or history.last_closed_day())
    progress(len(WORDS), len(WORDS))
    return days


def _update(word: str, until: dt.date) -> int:
    under = definitions.versions()  # first: what is read next may be newer, never older
    chain = _chain(word, until)
    if not chain:
        KeptAnswer.objects.filter(kind=KIND, question__word=word).delete()
        return 0
    first = min(chain)
    stopped, builders = _taken_up(word, chain)
    rest = list(history.each_day(stopped + A_DAY if stopped else first, until))
    for day, members in _days(word, rest):
        for period, builder in builders.items():
            builder.add(place_of(day, first, period), bitmaps.to_array(members))
        if _is_kept(day, until):
            _put_aside(word, chain[day], builders)
    _tidy(word, chain)
    for period, builder in builders.items():
        tables = _over(builder.tables(), until, period)
        data = _dump(start_of(first, period), [(Group(""), tables)])
        fresh = Fresh(data, until, chain[until].hex(), {word: under[word]})
        answers.keep(question(word, period, By()), fresh)
    return len(rest)


def _over(tables: Tables, until: dt.date, period: str) -> Tables:
    """Without the last period while it goes on: who has not come yet may still come."""
    return tables if is_over(until, period) else tables.first(tables.periods - 1)


def _days(word: str, days: Sequence[dt.date]) -> Iterator[tuple[dt.date, BitMap]]:
    for at in range(0, len(days), DAYS_AT_A_TIME):
        some = days[at : at + DAYS_AT_A_TIME]
        yield from activity.daily(word, some[0], some[-1]).items()


def _chain(word: str, until: dt.date) -> dict[dt.date, bytes]:
    """For each day from the first one with anybody: a digest of it and of all days before."""
    column = f"event_type__{definitions.column(word)}"
    rows = DaySet.objects.filter(level=1, day__lte=until, **{column: True})
    digests: dict[dt.date, list[bytes]] = {}
    for day, digest in rows.order_by("day", "event_type").values_list("day", "digest"):
        digests.setdefault(day, []).append(bytes(digest))
    found, so_far = dict[dt.date, bytes](), b""
    for day in history.each_day(min(digests), until) if digests else ():
        own = b"".join([so_far, day.isoformat().encode(), *digests.get(day, [])])
        so_far = found[day] = blake2b(own, digest_size=20).digest()
    return found


# --- where a night stopped ----------------------------------------------------


def folder() -> Path:
    """What is remembered of each customer between nights."""
    found = Path(settings.COPIES_PATH) / "activity"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def _file(word: str, period: str, digest: bytes) -> Path:
    return folder() / f"{word}-{period}-{digest.hex()}"


def _is_kept(day: dt.date, until: dt.date) -> bool:
    """The last day, and the Sundays of the last weeks, for late events."""
    is_late = (until - day).days < 7 * WEEKS
    return day == until or (is_late and day.weekday() == SUNDAY)


def _taken_up(
    word: str, chain: Mapping[dt.date, bytes]
) -> tuple[dt.date | None, dict[str, Builder]]:
    """The newest day up to which nothing has changed since, and the builders as they were."""
    first, until = min(chain), max(chain)
    counts = {period: place_of(until, first, period) + 1 for period in PERIODS}
    for day in sorted(chain, reverse=True):
        files = {period: _file(word, period, chain[day]) for period in PERIODS}
        if all(one.exists() for one in files.values()):
            kept = {period: one.read_bytes() for period, one in files.items()}
            return day, {period: Builder.taken_up(kept[period], counts[period]) for period in kept}
    return None, {period: Builder(count) for period, count in counts.items()}


def _put_aside(word: str, digest: bytes, builders: Mapping[str, Builder]) -> None:
    for period, builder in builders.items():
        path = _file(word, period, digest)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(builder.save())
        draft.rename(path)


def _tidy(word: str, chain: Mapping[dt.date, bytes]) -> None:
    """Leave only the files from which the next night may go on."""
    until = max(chain)
    kept = [digest for day, digest in chain.items() if _is_kept(day, until)]
    wanted = {_file(word, period, digest) for period in PERIODS for digest in kept}
    for path in folder().glob(f"{word}-*"):
        if path not in wanted:
            path.unlink(missing_ok=True)


# --- of groups ----------------------------------------------------------------


def version(question: Question) -> str:
    """Of what it would be answered from now; the days are those of the last night."""
    base = _of_everybody(question.about)
    by = By.read(question.about["by"])
    if base is None or not by.kind:
        return base.version if base else ""
    assert base.as_of is not None
    said = (base.version, groups.version(by, day=base.as_of))
    return blake2b(repr(said).encode(), digest_size=20).hexdigest()


def compute(question: Question, progress: jobs.Progress = jobs.silent) -> Fresh:
    """The tables of each group, over the same days as those of everybody.

    Raises:
        NotAllowed: there are no such groups, or nobody was ever active.
    """
    now, base = version(question), _of_everybody(question.about)
    if base is None:
        raise NotAllowed(_("Nothing has been measured yet."))
    whole = read(base)
    found = groups.of(By.read(question.about["by"]), day=whole.as_of)
    days = list(history.each_day(whole.first, whole.as_of))
    count = place_of(whole.as_of, whole.first, whole.period) + 1
    builders = [Builder(count) for _one in found]
    for done, (day, members) in enumerate(_days(whole.word, days)):
        place = place_of(day, whole.first, whole.period)
        for group, builder in zip(found, builders, strict=True):
            some = members if group.members is None else members & group.members
            builder.add(place, bitmaps.to_array(some))
        progress(done, len(days))
    tables = [_over(builder.tables(), whole.as_of, whole.period) for builder in builders]
    data = _dump(whole.first, list(zip(found, tables, strict=True)))
    return Fresh(data, whole.as_of, now, base.under)


def _of_everybody(about: Mapping[str, Any]) -> KeptAnswer | None:
    asked = question(about["word"], about["period"], By())
    return KeptAnswer.objects.filter(digest=asked.digest).exclude(data=None).first()


# --- forgetting ---------------------------------------------------------------


def remembering(customers: Collection[int]) -> list[Path]:
    """The files that say when one of these customers was active."""
    return [path for path in folder().iterdir() if Builder.has(path.read_bytes(), customers)]


def forget(customers: Collection[int]) -> None:
    """Remove the files that have them: the next night begins before the days that changed."""
    for path in remembering(customers):
        path.unlink(missing_ok=True)
