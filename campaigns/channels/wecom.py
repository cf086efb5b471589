"""WeCom's group robot: the key stands in the address."""

from dataclasses import dataclass

from campaigns.channels import http, robots
from campaigns.channels.base import Outcome
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note

MOST = 4096  # bytes of Markdown
FOR_GOOD = {40008, 40058, 44004}  # the message itself: its type, its parameters, empty


@dataclass(frozen=True, slots=True)
class WeCom:
    """A `Provider`. It takes 20 messages a minute."""

    url: str  # with its key
    repeatable: bool = False

    def ask(self, note: Note) -> Ask:
        text = robots.markdown(note, MOST)
        body = {"msgtype": "markdown", "markdown": {"content": text}}
        return Ask(self.url, http.as_json(body), http.JSON)

    def read(self, answer: Answer) -> Outcome:
        return robots.read(answer, "errcode", "errmsg", FOR_GOOD)
