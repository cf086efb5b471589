"""What the words speak of and an audience does not have: “312 of 18,400 have no name”."""

import datetime as dt
from dataclasses import dataclass

from liquid import BoundTemplate
from pyroaring import BitMap

from campaigns.models import TemplateRevision
from campaigns.words import forms, uses, wording
from segments import arrays, bitmaps, columns, traits

CONTACTS = ("name", "email", "phone", "language")


@dataclass(frozen=True)
class Gap:
    """A fact that some of the audience do not have."""

    variable: str
    missing: int
    of: int
    is_covered: bool  # the words say something else then
    stops: bool  # who has none gets no message
    somebody: int  # one of them, to look at


def of(revision: TemplateRevision, members: BitMap, *, day: dt.date) -> list[Gap]:
    """Every fact that is written out and missing of somebody, the worst first.

    Raises:
        liquid.exceptions.LiquidError: for words that `proofing.mistakes` tells.
    """
    found = []
    for use in uses.of(_templates(revision)):
        without = _without(use.path, members, day)
        if without:
            found.append(
                Gap(
                    ".".join(use.path),
                    len(without),
                    len(members),
                    use.is_covered,
                    not use.is_covered and use.path[:2] == ("customer", "attributes"),
                    without[0],
                )
            )
    return sorted(found, key=lambda gap: (gap.is_covered, -gap.missing))


def needed(revision: TemplateRevision) -> set[str]:
    """What the words are lost without: “coupon”, “event”, where they say nothing else instead.

    Raises:
        liquid.exceptions.LiquidError: for words that `proofing.mistakes` tells.
    """
    return {use.path[0] for use in uses.of(_templates(revision)) if not use.is_covered}


def _templates(revision: TemplateRevision) -> list[BoundTemplate]:
    return [
        wording.parse(said.get(field.name, ""), html=field.form == forms.HTML)
        for said in revision.words.values()
        for field in forms.FIELDS[revision.channel]
    ]


def _without(path: uses.Name, members: BitMap, day: dt.date) -> BitMap:
    """Members of whom this is not known. What comes with the message is known of everybody."""
    match path:
        case ("customer", name) if name in CONTACTS:
            return members & columns.ids(f"SELECT id FROM segments_customer WHERE {name} = ''")  # noqa: S608
        case ("customer", "attributes", *inner):
            query = (
                "SELECT id FROM segments_customer"
                " WHERE coalesce(attributes #>> %s::text[], '') = ''"
            )
            return members & columns.ids(query, [inner])
        case ("traits", key):
            return _without_trait(key, members, day)
        case _else:
            return BitMap()


def _without_trait(key: str, members: BitMap, day: dt.date) -> BitMap:
    found = traits.read(key, day=day)
    if key not in found:
        return members
    return members - bitmaps.from_mask(arrays.known(found[key].values))
