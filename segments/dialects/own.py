"""Our own way to say things, as `docs/collecting.md` describes it."""

from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import ANONYMOUS, USER, Consent, Event, Group, Id, Item, Link, Profile

NAME = "own"
OPERATIONS = ("set", "once", "add", "append", "union", "remove", "unset", "delete")
EVERYWHERE = {"type", "id", "at", "user_id", "anonymous_id", "ids", "sent_at", "history"}
# What each type may say. Whoever mistypes a field learns it, instead of losing what it says.
FIELDS = {
    "track": {*EVERYWHERE, "event", "properties"},
    "profile": {*EVERYWHERE, *OPERATIONS},
    "alias": {*EVERYWHERE, "previous_id"},
    "group": {*EVERYWHERE, "group", "group_id", *OPERATIONS},
    "consent": {*EVERYWHERE, "channel", "purpose", "granted"},
}


def sending(raw: dict[str, Any], received_at: int) -> Sending:
    """What a body, or one item, says about all in it."""
    return values.sending(received_at, sent_at=raw.get("sent_at"), history=raw.get("history"))


def translate(raw: dict[str, Any], sent: Sending) -> list[Item]:
    """One item of a request as ours.

    Raises:
        Bad: why it cannot be taken.
    """
    what = raw.get("type", "track")
    if not isinstance(what, str) or what not in FIELDS:
        raise Bad("unknown_type", "type")
    if unknown := raw.keys() - FIELDS[what]:
        raise Bad("unknown_field", ", ".join(sorted(unknown))[:100])
    key, at = values.key(raw.get("id")), sent.moment(raw.get("at"), "at")
    match what:
        case "track":
            return [_event(raw, key, at, sent)]
        case "profile":
            said = _operations(raw)
            return [Profile(key=key, ids=_ids(raw), at=at, **said)]
        case "alias":
            return [_link(raw, key, at)]
        case "group":
            return [_group(raw, key, at)]
        case _:
            return [_consent(raw, key, at)]


def _ids(raw: dict[str, Any]) -> tuple[Id, ...]:
    if raw.get("ids") is None:
        return values.ids((USER, raw.get("user_id")), (ANONYMOUS, raw.get("anonymous_id")))
    others = values.an_object(raw["ids"], "ids")
    if len(others) > 20:
        raise Bad("too_many_ids", str(len(others)))
    named = [(values.kind(kind, "ids"), value) for kind, value in others.items()]
    return values.ids((USER, raw.get("user_id")), *named, (ANONYMOUS, raw.get("anonymous_id")))


def _event(raw: dict[str, Any], key: str, at: int, sent: Sending) -> Event:
    return Event(
        key=key,
        ids=_ids(raw),
        name=values.name(raw.get("event")),
        at=at,
        properties=values.properties(raw.get("properties")),
        is_history=sent.history or raw.get("history") is True,
    )


def _operations(raw: dict[str, Any]) -> dict[str, Any]:
    delete = raw.get("delete", False)
    if not isinstance(delete, bool):
        raise Bad("wrong_type", "delete")
    said = {name: raw.get(name) for name in OPERATIONS if name != "delete"}
    found = values.operations(**said, delete=delete)
    if not found:
        raise Bad("nothing_said")
    return found


def _link(raw: dict[str, Any], key: str, at: int) -> Link:
    if raw.get("previous_id") is None:
        ids = _ids(raw)
    else:
        ids = values.ids(*_ids(raw), *values.either(raw["previous_id"]))
    if len(ids) < 2:
        raise Bad("no_id", "previous_id")
    return Link(key=key, ids=ids, at=at, said=True)


def _group(raw: dict[str, Any], key: str, at: int) -> Group:
    kind = values.kind(raw.get("group"), "group")
    has_members = any(raw.get(name) for name in ("user_id", "anonymous_id", "ids"))
    members = _ids(raw) if has_members else ()
    found = {} if members and not any(raw.get(name) for name in OPERATIONS) else _operations(raw)
    return Group(
        key=key,
        kind=kind,
        id=values.ids((kind, raw.get("group_id")))[0][1],
        at=at,
        members=members,
        **found,
    )


def _consent(raw: dict[str, Any], key: str, at: int) -> Consent:
    granted = raw.get("granted")
    if not isinstance(granted, bool):
        raise Bad("wrong_type", "granted")
    return Consent(
        key=key,
        ids=_ids(raw),
        at=at,
        channel=values.word(raw.get("channel"), "channel"),
        purpose=values.word(raw.get("purpose"), "purpose"),
        granted=granted,
    )
