"""What Segment's libraries say: track, page, screen, identify, group and alias."""

from typing import Any

from segments.dialects import values
from segments.dialects.values import Bad, Sending
from segments.items import ANONYMOUS, USER, Event, Group, Id, Item, Link, Profile

NAME = "segment"
VIEWS = {"page": "page_viewed", "screen": "screen_viewed"}
GROUP = "group"  # Segment's groups have no kinds
# What `context` tells that is worth asking about later; the address of the device is not ours.
CONTEXT = {
    ("page", "url"): "$current_url",
    ("page", "referrer"): "$referrer",
    ("campaign", "source"): "utm_source",
    ("campaign", "medium"): "utm_medium",
    ("campaign", "name"): "utm_campaign",
    ("campaign", "term"): "utm_term",
    ("campaign", "content"): "utm_content",
    ("device", "type"): "$device_type",
    ("os", "name"): "$os",
    ("app", "version"): "$app_version",
    ("library", "name"): "$lib",
}


def sending(body: dict[str, Any], received_at: int) -> Sending:
    """What a body, or one call, says about all in it."""
    return values.sending(received_at, sent_at=body.get("sentAt"))


def translate(raw: dict[str, Any], sent: Sending) -> list[Item]:
    """One call as items.

    Raises:
        Bad: why it cannot be taken.
    """
    match raw.get("type"):
        case "track":
            return [_event(raw, sent, values.name(raw.get("event")))]
        case "page" | "screen" as view:
            return [_event(raw, sent, VIEWS[view])]
        case "identify":
            return [_identify(raw, sent)]
        case "group":
            return [_group(raw, sent)]
        case "alias":
            return [_alias(raw, sent)]
        case _:
            raise Bad("unknown_type", "type")


def _event(raw: dict[str, Any], sent: Sending, name: str) -> Event:
    said = values.an_object(raw.get("properties"), "properties")
    for view in ("name", "category"):
        if name in VIEWS.values() and raw.get(view):
            said = {view: raw[view], **said}
    return Event(
        key=values.key(raw.get("messageId")),
        ids=_ids(raw),
        name=name,
        at=sent.moment(raw.get("timestamp"), "timestamp"),
        properties=values.properties({**_context(raw.get("context")), **said}),
        is_history=sent.history,
    )


def _context(context: Any) -> dict[str, Any]:
    """The few facts of a context that become properties, where nobody said otherwise."""
    if not isinstance(context, dict):
        return {}
    found = {}
    for (part, field), name in CONTEXT.items():
        inner = context.get(part)
        if isinstance(inner, dict) and isinstance(inner.get(field), str) and inner[field]:
            found[name] = inner[field]
    return found


def _ids(raw: dict[str, Any]) -> tuple[Id, ...]:
    return values.ids((USER, raw.get("userId")), (ANONYMOUS, raw.get("anonymousId")))


def _identify(raw: dict[str, Any], sent: Sending) -> Profile:
    """Also without traits it says that both ids are of one person."""
    return Profile(
        key=values.key(raw.get("messageId")),
        ids=_ids(raw),
        at=sent.moment(raw.get("timestamp"), "timestamp"),
        **values.operations(set=raw.get("traits")),
    )


def _group(raw: dict[str, Any], sent: Sending) -> Group:
    return Group(
        key=values.key(raw.get("messageId")),
        kind=GROUP,
        id=values.ids((GROUP, raw.get("groupId")))[0][1],
        members=_ids(raw),
        at=sent.moment(raw.get("timestamp"), "timestamp"),
        **values.operations(set=raw.get("traits")),
    )


def _alias(raw: dict[str, Any], sent: Sending) -> Link:
    previous, now = raw.get("previousId"), raw.get("userId")
    if not previous or not now:
        raise Bad("no_id", "previousId" if now else "userId")
    return Link(
        key=values.key(raw.get("messageId")),
        ids=values.ids((USER, now), *values.either(previous)),
        at=sent.moment(raw.get("timestamp"), "timestamp"),
        said=True,
    )
