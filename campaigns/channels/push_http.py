"""Pushes through any service with an HTTP gateway."""

from collections.abc import Mapping
from typing import Any

from campaigns.channels.gateway import Gateway

BODY = {
    "token": "{recipient}",
    "title": "{title}",
    "text": "{text}",
    "url": "{url}",
    "data": "{data}",
    "id": "{id}",
}


def provider(url: str, **described: Any) -> Gateway:
    """A gateway that takes the tokens of devices."""
    body: Mapping[str, Any] = described.pop("body", None) or BODY
    return Gateway(url=url, body=body, **described)
