"""What Mixpanel's libraries say: events, and updates of people and of groups."""

from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import ANONYMOUS, USER, Event, Group, Id, Item, Link, Profile

NAME = "mixpanel"
DEVICE = "$device:"  # how an id begins that Mixpanel made up for somebody unknown
OURS = ("token", "time", "$insert_id", "distinct_id", "$user_id", "$device_id")
ALIASES = ("$identify", "$create_alias", "$merge")


def sending(raw: dict[str, Any], received_at: int) -> Sending:
    """Mixpanel's libraries do not say when they sent something; `/import` brings history."""
    return values.sending(received_at, history=raw.get("historical") is True)


def translate(raw: dict[str, Any], sent: Sending) -> list[Item]:
    """One message as items; its fields tell what it is.

    Raises:
        Bad: why it cannot be taken.
    """
    if "event" in raw:
        said = values.an_object(raw.get("properties"), "properties")
        return [_link(raw["event"], said, sent) if raw["event"] in ALIASES else _event(raw, sent)]
    if "$group_key" in raw:
        return [_group(raw, sent)]
    if any(name in raw for name in ("$distinct_id", "$user_id", "$device_id")):
        return [_profile(raw, sent)]
    raise Bad("no_name")


def _event(raw: dict[str, Any], sent: Sending) -> Event:
    said: dict[str, Any] = raw.get("properties") or {}
    return Event(
        key=values.key(said.get("$insert_id")),
        ids=_ids(said, "distinct_id"),
        name=values.name(raw["event"]),
        at=sent.moment(said.get("time"), "time"),
        properties=values.properties(said, without=OURS),
        is_history=sent.history,
    )


def _ids(said: dict[str, Any], distinct: str) -> tuple[Id, ...]:
    """Who it is: a user, and the device that they were before we knew them.

    An id that nothing calls a device's is a person's: so it is with libraries on servers.
    """
    device = _without_prefix(said.get("$device_id"))
    found = [(USER, said.get("$user_id")), _named(said.get(distinct), device)]
    return values.ids(*found, (ANONYMOUS, device))


def _named(value: Any, device: Any = None) -> tuple[str, Any]:
    plain = _without_prefix(value)
    is_device = plain != value or (value is not None and value == device)
    return (ANONYMOUS if is_device else USER), plain


def _without_prefix(value: Any) -> Any:
    return value.removeprefix(DEVICE) if isinstance(value, str) else value


def _link(event: str, said: dict[str, Any], sent: Sending) -> Link:
    """Two ids are one person's; `$identify` is a sign-in, the others say it outright."""
    if event == "$identify":
        user = said.get("$identified_id") or said.get("$user_id") or said.get("distinct_id")
        anonymous = said.get("$anon_id") or said.get("$anon_distinct_id") or said.get("$device_id")
        pair = [(USER, user), (ANONYMOUS, _without_prefix(anonymous))]
    elif event == "$create_alias":
        pair = [_named(said.get("alias")), _named(said.get("distinct_id"))]
    else:
        both = said.get("$distinct_ids")
        if not isinstance(both, list) or len(both) != 2:
            raise Bad("wrong_type", "$distinct_ids")
        pair = [_named(one) for one in both]
    ids = values.ids(*pair)
    if len(ids) < 2:
        raise Bad("no_id", "two different ids")
    return Link(
        key=values.key(said.get("$insert_id")),
        ids=ids,
        at=sent.moment(said.get("time"), "time"),
        said=event != "$identify",
    )


def _profile(raw: dict[str, Any], sent: Sending) -> Profile:
    return Profile(
        key=values.key(raw.get("$insert_id")),
        ids=_ids(raw, "$distinct_id"),
        at=sent.moment(raw.get("$time"), "$time"),
        **_said(raw),
    )


def _group(raw: dict[str, Any], sent: Sending) -> Group:
    kind = values.kind(raw.get("$group_key"), "$group_key")
    return Group(
        key=values.key(raw.get("$insert_id")),
        kind=kind,
        id=values.ids((kind, raw.get("$group_id")))[0][1],
        at=sent.moment(raw.get("$time"), "$time"),
        **_said(raw),
    )


def _said(raw: dict[str, Any]) -> dict[str, Any]:
    said = values.operations(
        set=raw.get("$set"),
        once=raw.get("$set_once"),
        add=raw.get("$add"),
        append=raw.get("$append"),
        union=raw.get("$union"),
        remove=raw.get("$remove"),
        unset=raw.get("$unset"),
        delete="$delete" in raw,
    )
    if not said:
        raise Bad("nothing_said")
    return said
