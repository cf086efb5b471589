"""Feishu's group robot: the signature stands in the body."""

import base64
import hmac
from dataclasses import dataclass
from typing import Any

from campaigns.channels import http, robots
from campaigns.channels.base import Outcome
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note

MOST = 18_000  # bytes; a whole body may have 20 kB
FOR_GOOD = {9499, 230001, 11246}  # the message itself


@dataclass(frozen=True, slots=True)
class Feishu:
    """A `Provider`. It takes 100 messages a minute, 5 a second."""

    url: str  # with its token
    secret: str = ""
    repeatable: bool = False

    def ask(self, note: Note) -> Ask:
        text = robots.markdown(note, MOST, heading=False)
        card: dict[str, Any] = {"elements": [{"tag": "markdown", "content": text}]}
        if note.title:
            card["header"] = {"title": {"tag": "plain_text", "content": note.title}}
        body: dict[str, Any] = {"msg_type": "interactive", "card": card}
        if self.secret:
            seconds = int(note.at.timestamp())
            body |= {"timestamp": str(seconds), "sign": sign(self.secret, seconds)}
        return Ask(self.url, http.as_json(body), http.JSON)

    def read(self, answer: Answer) -> Outcome:
        return robots.read(answer, "code", "msg", FOR_GOOD)


def sign(secret: str, seconds: int) -> str:
    """The HMAC of nothing, under the moment and the secret: so Feishu wants it."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")).decode()
