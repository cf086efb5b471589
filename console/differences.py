"""What changed between two texts, word by word, for people to read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "gone", "new", "fold"]
# A word, a Chinese character by itself, a stretch of blanks, or any other sign.
TOKEN = re.compile(r"[^\W\u3040-\u9fff]+|\s+|.", re.DOTALL)
MOST_TOKENS = 4000  # more on a side that differ are shown as gone and new, whole
AROUND = 2  # unchanged lines that stay to be seen beside what changed


@dataclass(frozen=True)
class Part:
    """A stretch of the text, and whether it went, came, or stayed; folded ones are only counted."""

    kind: Kind
    text: str
    lines: int = 0


def between(old: str, new: str) -> list[Part]:
    """Both texts as one: what stayed, what is gone, and what is new, in the order of reading."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return _whole(
        part
        for is_same, was, now in _blocks(before, after)
        for part in ([Part("same", was)] if is_same else _by_word(was, now))
    )


def folded(parts: Sequence[Part]) -> list[Part]:
    """The same, with long stretches that stayed reduced to the lines beside what changed."""
    found: list[Part] = []
    for place, part in enumerate(parts):
        lines = part.text.splitlines(keepends=True)
        before, after = _kept_lines(parts, place)
        left_out = len(lines) - before - after
        if part.kind != "same" or left_out < AROUND:
            found.append(part)
            continue
        found += [
            Part("same", "".join(lines[:before])),
            Part("fold", "", left_out),
            Part("same", "".join(lines[before + left_out :])),
        ]
    return [part for part in found if part.text or part.kind == "fold"]


def _kept_lines(parts: Sequence[Part], place: int) -> tuple[int, int]:
    """How many lines stay at both ends; the rest of a line that changed is not one of them."""
    before = after = 0
    if place:
        before = AROUND + (not parts[place - 1].text.endswith("\n"))
    if place < len(parts) - 1:
        after = AROUND + (not parts[place].text.endswith("\n"))
    return before, after


def _by_word(old: str, new: str) -> Iterator[Part]:
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    for is_same, was, now in _blocks(before, after):
        if is_same:
            yield Part("same", was)
            continue
        if was:
            yield Part("gone", was)
        if now:
            yield Part("new", now)


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """Stretches of both: whether they are the same, what stood there, and what stands there."""
    if len(before) > MOST_TOKENS or len(after) > MOST_TOKENS:  # the matching is not linear
        yield "".join(before) == "".join(after), "".join(before), "".join(after)
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        yield tag == "equal", "".join(before[a:b]), "".join(after[c:d])


def _whole(parts: Iterator[Part]) -> list[Part]:
    """Neighbours of a kind as one part; words that were replaced one by one as one stretch."""
    found: list[Part] = []
    run: list[Part] = []  # changes, and single blanks between them
    for part in parts:
        if part.kind != "same" or (run and part.text.isspace() and "\n" not in part.text):
            run.append(part)
            continue
        found += [*_replaced(run), part]
        run = []
    return _joined([*found, *_replaced(run)])


def _replaced(run: list[Part]) -> list[Part]:
    """What went and then what came, with the blanks between; as it was where only one of them."""
    rest = run[:-1] if run and run[-1].kind == "same" else run
    tail = run[len(rest) :]
    if {"gone", "new"} - {part.kind for part in rest}:
        return run
    gone = "".join(part.text for part in rest if part.kind != "new")
    new = "".join(part.text for part in rest if part.kind != "gone")
    return [Part("gone", gone), Part("new", new), *tail]


def _joined(parts: Sequence[Part]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if found and found[-1].kind == part.kind:
            found[-1] = Part(part.kind, found[-1].text + part.text)
        elif part.text:
            found.append(part)
    return found
