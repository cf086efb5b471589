"""What a week's meeting looks at: sections of lines, as data that can be kept.

Each line says who may see it, so that a pack that was kept whole shows everybody their part.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from console import roles
from console.models import Staff
from console.team_requests import seeing

MOST = 12  # lines of a kind; the rest is counted


@dataclass(frozen=True)
class Line:
    """One thing that the meeting should know; what is not said is not shown."""

    what: str
    link: str = ""
    badge: str = ""
    tone: str = ""  # good, warn, bad
    when: str = ""
    why: str = ""
    needs: str = ""  # the action that lets one see it
    request: int | None = None  # seen by whom the request concerns
    team: int | None = None  # seen by the team, and by who decides about its capacity
    numbers: Sequence[float] = ()  # of a team: days taken and days there are, week by week


@dataclass(frozen=True)
class Section:
    """A heading with its lines; `empty` says what it means that there are none."""

    key: str
    title: str
    lines: Sequence[Line]
    empty: str
    heads: Sequence[str] = ()  # of the numbers


@dataclass(frozen=True)
class Pack:
    """A week's pack, as it was known on a day."""

    week: str
    since: str
    until: str
    as_of: str
    sections: Sequence[Section] = field(default_factory=list)

    def section(self, key: str) -> Section | None:
        return next((one for one in self.sections if one.key == key), None)


def as_data(pack: Pack) -> dict[str, Any]:
    return asdict(pack)


def from_data(data: Mapping[str, Any]) -> Pack:
    sections = [
        Section(**{**one, "lines": [Line(**line) for line in one["lines"]]})
        for one in data["sections"]
    ]
    return Pack(**{**data, "sections": sections})


def for_reader(pack: Pack, staff: Staff) -> Pack:
    """The part that somebody may see, in one query however long it is."""
    asked = {line.request for one in pack.sections for line in one.lines if line.request}
    visible = set(
        seeing.visible_to(staff).filter(pk__in=asked).values_list("pk", flat=True) if asked else ()
    )
    return replace(
        pack,
        sections=[
            replace(one, lines=[line for line in one.lines if _may_see(line, staff, visible)])
            for one in pack.sections
        ],
    )


def _may_see(line: Line, staff: Staff, visible: Collection[int]) -> bool:
    if line.needs and not roles.allows(staff, line.needs):
        return False
    if line.request is not None and line.request not in visible:
        return False
    whose = {None, staff.team_id}
    return line.team in whose or roles.allows(staff, seeing.DECIDE)


def iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
