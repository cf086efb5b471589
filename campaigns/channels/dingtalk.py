"""DingTalk's group robot: the address is signed anew for each message."""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import quote

from campaigns.channels import http, robots
from campaigns.channels.base import Outcome
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note

MOST = 20_000  # bytes of Markdown
FOR_GOOD = {40035, 400101, 410100, 460101, 460103}  # the message itself


@dataclass(frozen=True, slots=True)
class DingTalk:
    """A `Provider`. It takes 20 messages a minute."""

    url: str  # with its access_token
    secret: str = ""  # SEC…; empty: the robot asks for a keyword or an address instead
    repeatable: bool = False

    def ask(self, note: Note) -> Ask:
        title = note.title or note.text.strip().partition("\n")[0][:40]
        content = {"title": title, "text": robots.markdown(note, MOST)}
        body = {"msgtype": "markdown", "markdown": content}
        milliseconds = int(note.at.timestamp() * 1000)
        return Ask(
            self.url + sign(self.secret, milliseconds) if self.secret else self.url,
            http.as_json(body),
            http.JSON,
        )

    def read(self, answer: Answer) -> Outcome:
        return robots.read(answer, "errcode", "errmsg", FOR_GOOD)


def sign(secret: str, milliseconds: int) -> str:
    """What is added to the address: the moment, and its HMAC under the secret."""
    digest = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    return f"&timestamp={milliseconds}&sign={quote(base64.b64encode(digest), safe='')}"
