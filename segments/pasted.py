"""Customers whom somebody names in a text: by their numbers, or by one kind of identifier."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pyroaring import BitMap

from console import formats
from console.states import NotAllowed
from segments import bitmaps, identity

NUMBER = "#"  # the kind of identifier that is the customer's own number
MOST = 10_000  # for more there are lists
SHOWN = 5
_APART = re.compile(r"[\s,;，；、]+")


@dataclass(frozen=True)
class Named:
    """Who is meant, and what means nobody."""

    customers: BitMap
    unknown: tuple[str, ...]


def read(text: str, *, kind: str) -> Named:
    """The customers named in a text, apart from each other by blanks, commas or lines.

    Raises:
        NotAllowed: nobody is named, or too many are.
    """
    return find([one for one in _APART.split(text.replace("\0", "")) if one], kind=kind)


def find(names: list[str], *, kind: str) -> Named:
    """The customers with these names; who was merged is found as who they are now.

    Raises:
        NotAllowed: nobody is named, or too many are.
    """
    names = list(dict.fromkeys(names))
    if not names:
        raise NotAllowed(_("Name at least one customer."))
    if len(names) > MOST:
        words = _("Name at most %(most)s customers at once; for more, upload a list.")
        raise NotAllowed(words % {"most": MOST})
    found = _by_number(names) if kind == NUMBER else identity.known(kind, names)
    unknown = tuple(one for one in names if one not in found)
    return Named(bitmaps.from_ids(set(found.values())), unknown)


def refuse_unknown(named: Named) -> None:
    """Refuse when somebody is unknown, naming the first ones.

    Raises:
        NotAllowed: in words.
    """
    if named.unknown:
        words = ngettext(
            "%(count)d of them is not known: %(names)s. Leave out who is unknown, or mend it.",
            "%(count)d of them are not known: %(names)s. Leave out who is unknown, or mend it.",
            len(named.unknown),
        )
        shown = formats.listed(one[:60] for one in named.unknown[:SHOWN])
        more = "" if len(named.unknown) <= SHOWN else " …"
        raise NotAllowed(words % {"count": len(named.unknown), "names": shown + more})


def _by_number(names: list[str]) -> dict[str, int]:
    numbers = {one: int(plain) for one in names if (plain := _plain(one))}
    now = identity.living(set(numbers.values()))
    return {one: now[number] for one, number in numbers.items() if number in now}


def _plain(name: str) -> str:
    plain = name.removeprefix("#")
    return plain if plain.isascii() and plain.isdigit() and int(plain) < 2**31 else ""
