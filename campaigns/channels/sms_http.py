"""Short messages through any provider with an HTTP gateway."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from campaigns.channels import phones
from campaigns.channels.gateway import Gateway

BODY = {"to": "{recipient}", "text": "{text}", "id": "{id}"}


def provider(url: str, *, home: str = "CN", **described: Any) -> Gateway:
    """A gateway that takes numbers in E.164; it gets none that no phone has."""
    body: Mapping[str, Any] = described.pop("body", None) or BODY
    return Gateway(url=url, body=body, recipient=partial(phones.normal, home=home), **described)
