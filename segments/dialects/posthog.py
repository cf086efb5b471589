"""What PostHog's libraries say: events, and the persons and groups that are told inside them."""

from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import ANONYMOUS, USER, Event, Group, Id, Item, Link, Profile

NAME = "posthog"
SAID = ("$set", "$set_once", "$unset")  # about the person; also names of events that say only it
# Our own questions about who and how; everything else an event says is kept.
OURS = (*SAID, "token", "distinct_id", "$process_person_profile", "$anon_distinct_id")
LINKS = ("$create_alias", "$merge_dangerously")


def sending(raw: dict[str, Any], received_at: int) -> Sending:
    """What a body, or one event of its own, says about all in it."""
    return values.sending(
        received_at, sent_at=raw.get("sent_at"), history=raw.get("historical_migration")
    )


def translate(raw: dict[str, Any], sent: Sending) -> list[Item]:
    """One event as items: mostly itself, with what it says about the person beside it.

    Raises:
        Bad: why it cannot be taken.
    """
    said = values.an_object(raw.get("properties"), "properties")
    name = values.name(raw.get("event"))
    key, at = values.key(raw.get("uuid")), _at(raw, said, sent)
    if name == "$groupidentify":
        return [_group(said, key, at)]
    if name in LINKS:
        return [_link(raw, said, key, at)]
    ids = _ids(raw, said, name)
    person = _person(raw, said)
    if name in SAID or name == "$identify":
        return [Profile(key=key, ids=ids, at=at, **person)]
    event = Event(
        key=key,
        ids=ids,
        name=name,
        at=at,
        properties=values.properties(said, without=OURS),
        is_history=sent.history,
    )
    return [event, Profile(key=f"{key}:person", ids=ids, at=at, **person)] if person else [event]


def _at(raw: dict[str, Any], said: dict[str, Any], sent: Sending) -> int:
    """When it happened; the browser's single events say instead how long ago."""
    if raw.get("timestamp") not in (None, ""):  # a nought or an empty list is no missing time
        if said.get("$ignore_sent_at"):
            return values.sending(sent.received_at).moment(raw["timestamp"], "timestamp")
        return sent.moment(raw["timestamp"], "timestamp")
    ago = raw.get("offset")
    if isinstance(ago, int) and not isinstance(ago, bool) and 0 <= ago < 10**12:
        return values.sending(sent.received_at).moment(sent.received_at - ago * 1000, "offset")
    return sent.received_at


def _ids(raw: dict[str, Any], said: dict[str, Any], name: str) -> tuple[Id, ...]:
    distinct = raw.get("distinct_id") or said.get("distinct_id")
    kind = ANONYMOUS if name != "$identify" and _is_anonymous(distinct, said) else USER
    before = said.get("$anon_distinct_id") if name == "$identify" else None
    return values.ids((kind, distinct), (ANONYMOUS, before))


def _is_anonymous(distinct: Any, said: dict[str, Any]) -> bool:
    """Whether an id is one that the library made up.

    In browsers it is, until somebody signs in, the device's id, and `$is_identified` says so
    where it can differ; on servers an event without an id gets a random one and is marked as
    being of nobody.
    """
    if said.get("$user_id") and said["$user_id"] == distinct:
        return False
    if said.get("$is_identified") is True:
        return False
    return (
        said.get("$is_identified") is False
        or said.get("$process_person_profile") is False
        or (distinct is not None and said.get("$device_id") == distinct)
    )


def _person(raw: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What is said about the person, above the properties or among them."""
    one, once, unset = (raw.get(name, said.get(name)) for name in SAID)
    return values.operations(set=one, once=once, unset=unset)


def _group(said: dict[str, Any], key: str, at: int) -> Group:
    kind = values.kind(said.get("$group_type"), "$group_type")
    return Group(
        key=key,
        kind=kind,
        id=values.ids((kind, said.get("$group_key")))[0][1],
        at=at,
        **values.operations(set=said.get("$group_set")),
    )


def _link(raw: dict[str, Any], said: dict[str, Any], key: str, at: int) -> Link:
    """Libraries differ in which of the two is the new name, so the person's kind of both
    is looked for, and for the earlier one the anonymous kind as well."""
    previous = raw.get("distinct_id") or said.get("distinct_id")
    if not previous or not said.get("alias"):
        raise Bad("no_id", "alias" if previous else "distinct_id")
    return Link(
        key=key, ids=values.ids((USER, said["alias"]), *values.either(previous)), at=at, said=True
    )
