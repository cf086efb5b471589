"""What the three robots of work chats have in common: one group, words, and a code in the body."""

from typing import Any

from campaigns.channels import http
from campaigns.channels.base import Outcome
from campaigns.channels.http import Answer
from campaigns.channels.note import TOO_LONG, BadNote, Note, need_text


def markdown(note: Note, most: int, *, heading: bool = True) -> str:
    """The note as their Markdown, of at most so many bytes. Raises BadNote."""
    need_text(note)
    parts = [f"### {note.title}"] if heading and note.title else []
    parts += [note.text] if note.text else []
    parts += [f"[{note.url}]({note.url})"] if note.url else []
    made = "\n\n".join(parts)
    if len(made.encode()) > most:
        raise BadNote(TOO_LONG)
    return made


def read(answer: Answer, code: str, words: str, for_good: set[Any]) -> Outcome:
    """Success is HTTP 200 and the code 0."""
    said = answer.json()
    said = said if isinstance(said, dict) else {}
    return http.by_code(answer, said.get(code), said.get(words), good=0, for_good=for_good)
