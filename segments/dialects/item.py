"""Our own normal form, as a letter of intake holds it, checked as strictly as any other."""

import dataclasses
from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import Consent, Event, Group, Id, Item, Link, Profile

KINDS: dict[str, type] = {
    "event": Event,
    "profile": Profile,
    "link": Link,
    "group": Group,
    "consent": Consent,
}
FIELDS = {tag: {one.name for one in dataclasses.fields(of)} for tag, of in KINDS.items()}
OPERATIONS = ("set", "once", "add", "append", "union", "remove", "unset")


def translate(found: Any, received_at: int) -> list[Item]:
    """The items of a list of [tag, fields]; at least one.

    Raises:
        Bad: why one of them cannot be taken.
    """
    if not isinstance(found, list):
        raise Bad("wrong_type", "[[type, fields]]")
    if not found:
        raise Bad("nothing_said", "[]")
    return [_item(one, Sending(received_at)) for one in found]


def _item(pair: Any, sent: Sending) -> Item:
    if not isinstance(pair, list) or len(pair) != 2:
        raise Bad("wrong_type", "[type, fields]")
    tag, raw = pair[0], values.an_object(pair[1], "fields")
    if not isinstance(tag, str) or tag not in KINDS:
        raise Bad("unknown_type", "type")
    if unknown := raw.keys() - FIELDS[tag]:
        raise Bad("unknown_field", ", ".join(sorted(unknown))[:100])
    item: Item = KINDS[tag](
        key=values.key(raw.get("key")), at=sent.moment(raw.get("at"), "at"), **_own(tag, raw)
    )
    return item


def _own(tag: str, raw: dict[str, Any]) -> dict[str, Any]:
    """What only items of this kind say."""
    match tag:
        case "event":
            return {
                "ids": _ids(raw, "ids"),
                "name": values.name(raw.get("name")),
                "properties": values.properties(raw.get("properties")),
                "is_history": _flag(raw, "is_history", False),
            }
        case "profile":
            return {"ids": _ids(raw, "ids"), **_operations(raw)}
        case "link":
            return {"ids": _pair(raw), "said": _flag(raw, "said", False)}
        case "group":
            return {**_thing(raw), **_operations(raw)}
        case _:
            return {
                "ids": _ids(raw, "ids"),
                "channel": values.word(raw.get("channel"), "channel"),
                "purpose": values.word(raw.get("purpose"), "purpose"),
                "granted": _flag(raw, "granted", None),
            }


def _ids(raw: dict[str, Any], what: str) -> tuple[Id, ...]:
    given = raw.get(what)
    if not isinstance(given, list):
        raise Bad("wrong_type", what)
    if not all(isinstance(one, list) and len(one) == 2 for one in given):
        raise Bad("wrong_type", f"{what}: [[kind, id]]")
    return values.ids(*((values.kind(kind, what), value) for kind, value in given))


def _pair(raw: dict[str, Any]) -> tuple[Id, ...]:
    found = _ids(raw, "ids")
    if len(found) < 2:
        raise Bad("no_id", "two different ids")
    return found


def _thing(raw: dict[str, Any]) -> dict[str, Any]:
    kind = values.kind(raw.get("kind"), "kind")
    return {
        "kind": kind,
        "id": values.ids((kind, raw.get("id")))[0][1],
        "members": _ids(raw, "members") if raw.get("members") else (),
    }


def _operations(raw: dict[str, Any]) -> dict[str, Any]:
    said = {name: raw.get(name) for name in OPERATIONS}
    return values.operations(**said, delete=_flag(raw, "delete", False))


def _flag(raw: dict[str, Any], what: str, default: bool | None) -> bool:
    found = raw.get(what, default)
    if not isinstance(found, bool):
        raise Bad("wrong_type", what)
    return found
