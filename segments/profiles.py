"""What senders say about customers: carried out in bulk, on fields and on attributes."""

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection

from segments import operations, sealing
from segments.items import Profile
from segments.operations import Problem

# Names that senders use for what we keep in a field of its own.
RESERVED = {
    **dict.fromkeys(("email", "$email"), "email"),
    **dict.fromkeys(("name", "$name"), "name"),
    **dict.fromkeys(("phone", "$phone"), "phone"),
    **dict.fromkeys(("language", "locale", "$language", "$locale"), "language"),
}
FIRST_NAMES = ("first_name", "firstName", "$first_name")
LAST_NAMES = ("last_name", "lastName", "$last_name")
LONGEST = {"name": 120, "email": 254, "phone": 40, "language": 16}
GROUPS = "groups"  # the attribute that says in which group of each kind somebody is
PHONE = re.compile(r"\+?[\d\s().\-/]{4,38}\d")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@dataclass
class Portrait:
    """What is said about one customer, as it changes in memory."""

    fields: dict[str, str]
    attributes: dict[str, Any]
    was: tuple[dict[str, str], str] = field(default=({}, ""))

    def __post_init__(self) -> None:
        self.was = (dict(self.fields), _text(self.attributes))

    @property
    def is_changed(self) -> bool:
        return self.was != (self.fields, _text(self.attributes))


def read(customers: Collection[int]) -> dict[int, Portrait]:
    """The portraits of these customers, whose rows are ours until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [sorted(customers)])
        return {
            number: Portrait(
                {name: sealing.open_(value) for name, value in zip(LONGEST, values, strict=True)},
                json.loads(attributes),
            )
            for number, attributes, *values in cursor.fetchall()
        }


def write(portraits: Iterable[tuple[int, Portrait]]) -> int:
    """Keep the portraits that changed; tells how many did."""
    rows = [
        (
            number,
            *(_sealed(name, one.fields[name]) for name in LONGEST),
            _text(one.attributes),
        )
        for number, one in portraits
        if one.is_changed
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
    return len(rows)


def carry_out(portrait: Portrait, asked: Profile) -> list[Problem]:
    """Change a portrait as asked; tells what was not done. All else is."""
    if asked.delete:
        portrait.fields = dict.fromkeys(portrait.fields, "")
    problems = _set_fields(portrait, asked)
    return problems + operations.carry_out(portrait.attributes, _without_reserved(asked))


def join_group(portrait: Portrait, kind: str, key: str) -> None:
    """Note in which group of a kind the customer is now."""
    groups = portrait.attributes.get(GROUPS)
    portrait.attributes[GROUPS] = {**(groups if isinstance(groups, dict) else {}), kind: key}


# --- fields -----------------------------------------------------------------


def _set_fields(portrait: Portrait, asked: Profile) -> list[Problem]:
    problems = []
    for key, value in [*asked.set.items(), *_spoken_name(asked.set)]:
        if field_name := RESERVED.get(key):
            problems += _set(portrait, field_name, key, value)
    for key, value in [*asked.once.items(), *_spoken_name(asked.once)]:
        if (field_name := RESERVED.get(key)) and not portrait.fields[field_name]:
            problems += _set(portrait, field_name, key, value)
    for changes in (asked.add, asked.append, asked.union, asked.remove):
        problems += [Problem(key, "can only be set") for key in changes if key in RESERVED]
    for key in asked.unset:
        if field_name := RESERVED.get(key):
            portrait.fields[field_name] = ""
    return problems


def _set(portrait: Portrait, field_name: str, key: str, value: Any) -> list[Problem]:
    try:
        portrait.fields[field_name] = as_field(field_name, value)
    except ValueError as problem:
        return [Problem(key, str(problem))]
    return []


def as_field(name: str, value: Any) -> str:
    """A value as the field keeps it; nothing, and the empty text, empty it.

    Raises:
        ValueError: it is none, in words.
    """
    if value is None:
        return ""
    if not isinstance(value, str) and not (name == "phone" and type(value) is int):
        raise ValueError("not a text")
    text = str(value).strip()
    if not text:
        return ""
    if len(text) > LONGEST[name]:
        raise ValueError("too long")
    return _CHECKED[name](text)


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError("not an e-mail address") from None
    return sealing.address(text)


def _phone(text: str) -> str:
    if not PHONE.fullmatch(text):
        raise ValueError("not a telephone number")
    return text


def _language(text: str) -> str:
    """`zh_CN` and `zh-cn` are one: the language small, a country in capitals."""
    text = text.partition(".")[0]  # a locale may end with a charset
    if not LANGUAGE.fullmatch(text):
        raise ValueError("not a language")
    language, *rest = re.split("[-_]", text)
    return "-".join([language.lower(), *(_region(part) for part in rest)])


def _region(part: str) -> str:
    return {2: part.upper(), 4: part.title()}.get(len(part), part.lower())


_CHECKED: dict[str, Callable[[str], str]] = {
    "name": str,
    "email": _email,
    "phone": _phone,
    "language": _language,
}


def _spoken_name(said: dict[str, Any]) -> list[tuple[str, Any]]:
    """A name made of a first and a last one, where no whole name is given."""
    if any(RESERVED.get(key) == "name" for key in said):
        return []
    parts = [_first(said, FIRST_NAMES), _first(said, LAST_NAMES)]
    spoken = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
    if not spoken:
        return []
    # Chinese, Japanese and Korean names begin with the family's, and have no space.
    is_eastern = all(ord(letter) > 0x2E7F for part in spoken for letter in part)
    return [("name", "".join(reversed(spoken)) if is_eastern else " ".join(spoken))]


def _first(said: dict[str, Any], names: Iterable[str]) -> Any:
    return next((said[name] for name in names if name in said), None)


def _without_reserved(asked: Profile) -> Profile:
    """What concerns attributes alone. The parts of a name are personal, and stay no attribute."""
    left_out = {*RESERVED, *FIRST_NAMES, *LAST_NAMES}

    def rest(said: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in said.items() if key not in left_out}

    return replace(
        asked,
        set=rest(asked.set),
        once=rest(asked.once),
        add=rest(asked.add),
        append=rest(asked.append),
        union=rest(asked.union),
        remove=rest(asked.remove),
    )


# --- rows -------------------------------------------------------------------


def _text(attributes: dict[str, Any]) -> str:
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))


def _sealed(name: str, value: str) -> str:
    return value if name == "language" else sealing.seal(value)


_READ = """
    SELECT id, attributes::text, name, email, phone, language
    FROM segments_customer WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
_WRITE = """
    UPDATE segments_customer c SET
        name = new.name, email = new.email, phone = new.phone, language = new.language,
        attributes = new.attributes
    FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
        AS new (id, name, email, phone, language, attributes)
    WHERE c.id = new.id
"""
