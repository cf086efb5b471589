"""Any provider that takes JSON over HTTP: short messages and pushes by one's own description.

The description says which body is posted, and which part of the answer says whether it was
taken; HTTP's status alone is never success.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.channels import http
from campaigns.channels.base import Outcome
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import Note, need_text

# What a body may name in braces: "{text}".
PLACES = ("id", "recipient", "title", "text", "url", "template", "params", "data", "at")


class BadDescription(ValueError):
    """The body is not JSON with places that we know; the words say where."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A `Provider` by description. `body` is JSON; "{text}" alone stands for the value itself."""

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    code_at: str = "code"  # where the answer has its code: "result.code"
    good: str = "0"  # as text: 0 and "0" are the same success
    words_at: str = "message"
    id_at: str = ""
    for_good: frozenset[str] = frozenset()  # codes about this recipient or this text
    recipient: Callable[[str], str] = str  # checks it and brings it into form; raises BadNote
    repeatable: bool = False

    def ask(self, note: Note) -> Ask:
        need_text(note)
        values = {
            "id": note.id,
            "recipient": self.recipient(note.recipient),
            "title": note.title,
            "text": note.text,
            "url": note.url,
            "template": note.template,
            "params": dict(note.params),
            "data": dict(note.data),
            "at": int(note.at.timestamp()),
        }
        return Ask(
            self.url, http.as_json(_filled(self.body, values)), {**http.JSON, **self.headers}
        )

    def read(self, answer: Answer) -> Outcome:
        said = answer.json()
        code, words = at(said, self.code_at), at(said, self.words_at)
        if code is None:
            return http.by_status(answer, str(words or ""))
        code = _text(code)
        return http.by_code(
            answer,
            code,
            words,
            good=self.good,
            provider_id=at(said, self.id_at) if self.id_at else "",
            for_good=self.for_good,
        )


def check_body(text: str) -> dict[str, Any]:
    """The description of a body, read. Raises BadDescription."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise BadDescription(str(wrong)) from None
    if not isinstance(body, dict):
        raise BadDescription("{…}")
    _filled(body, dict.fromkeys(PLACES, ""))
    return body


def at(body: Any, path: str) -> Any:
    """What stands at "result.0.code"; None when nothing does."""
    for step in path.split("."):
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body


def _filled(body: Any, values: Mapping[str, Any]) -> Any:
    """The body with its places filled: in one walk, so that no value can name a place."""
    if isinstance(body, dict):
        return {name: _filled(value, values) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, values) for value in body]
    return _put(body, values) if isinstance(body, str) else body


def _put(text: str, values: Mapping[str, Any]) -> Any:
    pieces = text.split("{")
    made: list[str] = [pieces[0]]
    for piece in pieces[1:]:
        name, closed, rest = piece.partition("}")
        if not closed or name not in values:
            raise BadDescription("{" + name + closed)
        if text == "{" + name + "}":
            return values[name]
        made += [_text(values[name]), rest]
    return "".join(made)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
