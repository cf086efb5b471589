"""What is said to a local provider, what it answers, and what then lies on the phone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    method: str = "POST"

    def listed(self) -> list[dict[str, Any]]:
        """The body where it is a list."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return []
        return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []

    def json(self) -> dict[str, Any]:
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to it."""

    body: Mapping[str, Any] | list[Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Got:
    """What somebody would now see on a phone or in a group."""

    wire: str
    recipient: str
    title: str
    text: str
    raw: Mapping[str, Any]
    sender: str = ""
    source: bytes = b""  # of a mail, which is kept as it would come over SMTP
