"""What the libraries of 神策 (Sensors Analytics) say: track, profile_*, item_* and bound ids."""

from hashlib import sha256
from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import ANONYMOUS, USER, Event, Group, Id, Item, Link, Profile

NAME = "sensors"
LOGIN = "$identity_login_id"
# Identities that mean what we know by another name; others keep theirs, without the prefix.
IDENTITIES = {
    LOGIN: USER,
    "$identity_anonymous_id": ANONYMOUS,
    "$identity_cookie_id": ANONYMOUS,
    "$identity_distinct_id": ANONYMOUS,
    "$identity_mobile": "phone",
}
PREFIX = "$identity_"
PROFILES = {
    "profile_set": "set",
    "profile_set_once": "once",
    "profile_increment": "add",
    "profile_append": "append",
    "profile_unset": "unset",
}


def sending(raw: dict[str, Any], received_at: int) -> Sending:
    """What one message says about its sending: the browser's tell by their own clock when."""
    return values.sending(
        received_at, sent_at=raw.get("_flush_time"), history=raw.get("time_free") is True
    )


def translate(raw: dict[str, Any], sent: Sending) -> list[Item]:
    """One message as items.

    Raises:
        Bad: why it cannot be taken.
    """
    what = raw.get("type")
    if not isinstance(what, str):
        raise Bad("unknown_type", "type")
    if what in {"track", "track_signup"}:
        return [_event(raw, sent)]
    if what in PROFILES or what == "profile_delete":
        return [_profile(raw, sent)]
    if what in {"item_set", "item_delete"}:
        return [_item(raw, sent)]
    if what == "track_id_bind":
        return [_bound(raw, sent)]
    raise Bad("unbind" if what == "track_id_unbind" else "unknown_type", "type")


def _event(raw: dict[str, Any], sent: Sending) -> Event:
    """A sign-up is an event of a login id that was somebody anonymous before."""
    return Event(
        key=_key(raw),
        ids=_ids(raw),
        name=values.name(raw.get("event") or ("$SignUp" if raw["type"] == "track_signup" else "")),
        at=sent.moment(raw.get("time"), "time"),
        properties=values.properties(_said(raw), without=("$is_login_id",)),
        is_history=sent.history,
    )


def _key(raw: dict[str, Any]) -> str:
    """Browsers and apps number their messages at random, too coarsely to tell alone."""
    if not raw.get("_track_id"):
        return values.key(None)
    told = [raw.get(name) for name in ("_track_id", "time", "type", "event", "distinct_id")]
    return sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def _said(raw: dict[str, Any]) -> dict[str, Any]:
    return values.an_object(raw.get("properties"), "properties")


def _ids(raw: dict[str, Any]) -> tuple[Id, ...]:
    """Who it is. With `identities`, those alone: `distinct_id` is made up of them then."""
    if raw.get("identities"):
        return _identities(raw["identities"])
    is_login = _said(raw).get("$is_login_id") is True or raw.get("type") == "track_signup"
    before = raw.get("original_id") if raw.get("type") == "track_signup" else None
    return values.ids(
        (USER, raw.get("login_id")),
        (USER if is_login else ANONYMOUS, raw.get("distinct_id")),
        (ANONYMOUS, raw.get("anonymous_id")),
        (ANONYMOUS, before),
    )


def _identities(given: Any) -> tuple[Id, ...]:
    found = values.an_object(given, "identities")
    if len(found) > 20:
        raise Bad("too_many_ids", str(len(found)))
    named = [
        (IDENTITIES.get(key) or values.kind(key.removeprefix(PREFIX), "identities"), value)
        for key, value in found.items()
    ]
    return values.ids(*sorted(named, key=lambda one: one[0] != USER))  # the login id first


def _bound(raw: dict[str, Any], sent: Sending) -> Link:
    ids = _identities(raw.get("identities"))
    if len(ids) < 2:
        raise Bad("no_id", "identities")
    return Link(key=_key(raw), ids=ids, at=sent.moment(raw.get("time"), "time"), said=True)


def _profile(raw: dict[str, Any], sent: Sending) -> Profile:
    said = {name: value for name, value in _said(raw).items() if name != "$is_login_id"}
    operation = PROFILES.get(raw["type"])
    if operation and not said:
        raise Bad("nothing_said")
    return Profile(
        key=_key(raw),
        ids=_ids(raw),
        at=sent.moment(raw.get("time"), "time"),
        **values.operations(**({operation: said} if operation else {"delete": True})),
    )


def _item(raw: dict[str, Any], sent: Sending) -> Group:
    kind = f"item:{values.kind(raw.get('item_type'), 'item_type')}"
    is_gone = raw["type"] == "item_delete"
    return Group(
        key=_key(raw),
        kind=values.kind(kind, "item_type"),
        id=values.ids((kind, raw.get("item_id")))[0][1],
        at=sent.moment(raw.get("time"), "time"),
        **values.operations(set=None if is_gone else _said(raw), delete=is_gone),
    )
