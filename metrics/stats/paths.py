"""Paths: what customers do right after, or right before, a thing in the same session.

A session ends where nothing happens for a while. Of each session the first time of the thing
counts; the same thing several times in a row is one. A path is kept as a number whose digits
are the kinds of events, so that counting paths is counting numbers.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from segments.lake.trails import BLOCK, Array, Rows

THREADS = 2
MOST_KINDS = 4_000  # which leaves room for five digits in 63 bits
MOST_DEPTH = 5
OTHER = "*"  # no event has this name

Report = Callable[[int, int], None]
Path = tuple[str, ...]


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def count(
    days: Sequence[Rows],
    anchor: str,
    *,
    depth: int,
    pause: int,
    after: bool = True,
    leaving_out: frozenset[str] = frozenset(),
    progress: Report = quiet,
) -> Counter[Path]:
    """How often each path was gone, with at most `depth` things in it, in the order of time.

    A shorter path is one at whose end, or before whose beginning, the session was over. `pause`
    is in milliseconds.

    Raises:
        ValueError: the depth is not 1 to 5.
    """
    if not 1 <= depth <= MOST_DEPTH:
        raise ValueError(f"A path has 1 to {MOST_DEPTH} things.")
    kinds = _Kinds(days, anchor, leaving_out)
    length = max((rows.highest for rows in days), default=-1) + 1
    firsts = range(0, length, BLOCK)
    found: Counter[int] = Counter()

    def of_block(first: int) -> tuple[Array, Array]:
        return _of_block(days, first, length, kinds, depth, pause, after)

    with ThreadPoolExecutor(THREADS) as pool:
        for done, (paths, times) in enumerate(pool.map(of_block, firsts)):
            found.update(dict(zip(paths.tolist(), times.tolist(), strict=True)))
            progress(done + 1, len(firsts))
    named: Counter[Path] = Counter()
    for number, gone in found.items():
        named[kinds.named(number)] += gone
    return named


class _Kinds:
    """The digits of the kinds of events: 0 is none, the anchor has 1."""

    def __init__(self, days: Sequence[Rows], anchor: str, leaving_out: frozenset[str]) -> None:
        volumes: Counter[str] = Counter()
        for rows in days:
            counts = np.bincount(rows.codes, minlength=len(rows.names)).tolist()
            volumes.update(dict(zip(rows.names, counts, strict=True)))
        often = [name for name, _times in volumes.most_common() if name not in leaving_out]
        kept = [name for name in often if name != anchor][: MOST_KINDS - 2]
        self.names = ["", anchor, *kept, OTHER]
        self.base = len(self.names)
        digits = {name: at for at, name in enumerate(self.names)}
        self.of = {name: digits.get(name, self.base - 1) for name in often} | {anchor: 1}

    def table(self, rows: Rows) -> Array:
        """The digit of each code; 0 for what is left out."""
        return np.array([self.of.get(name, 0) for name in rows.names] or [0], np.int64)

    def named(self, path: int) -> Path:
        found = []
        while path:
            path, digit = divmod(path, self.base)
            if digit:
                found.append(self.names[digit])
        return tuple(reversed(found))


def _of_block(
    days: Sequence[Rows],
    first: int,
    length: int,
    kinds: _Kinds,
    depth: int,
    pause: int,
    after: bool,
) -> tuple[Array, Array]:
    """The different paths of a block of customers, and how often each was gone."""
    from metrics.stats import loops  # heavy: not in the web process

    state = np.zeros((min(BLOCK, length - first), 4), np.int64)
    state[:, loops.LAST], state[:, loops.LENGTH] = loops.NOT_YET, -1
    parts = []
    for rows in days:
        own = rows.of_block(first)
        out = np.empty(len(own), np.int64)
        about = (own.customers, own.moments, own.codes, kinds.table(own), first, own.origin, pause)
        if after:
            found = loops.follow(*about, 1, depth, kinds.base, state, out)
        else:
            most = kinds.base**depth
            found = loops.precede(*about, 1, most, kinds.base, state, out)
        parts.append(out[:found])
    if after:
        out = np.empty(len(state), np.int64)
        parts.append(out[: loops.unfinished(state, depth, kinds.base, out)])
    paths, times = np.unique(np.concatenate(parts), return_counts=True)
    return paths, times


# --- what a chart shows -------------------------------------------------------


@dataclass(frozen=True)
class Streams:
    """Who goes where: nodes are (place, name), place 0 is the thing itself.

    A name of "" is the session's end (or beginning), `OTHER` everything that is rarer.
    """

    total: int
    nodes: dict[tuple[int, str], int]
    links: dict[tuple[tuple[int, str], tuple[int, str]], int]


def streams(
    paths: Mapping[Path, int], anchor: str, *, depth: int, top: int, after: bool = True
) -> Streams:
    """The paths as streams from place to place, of each place the `top` most frequent by name.

    Before the thing the places count backwards from it, and the streams still run with time.
    """
    walks = {path if after else path[::-1]: times for path, times in paths.items()}
    shown = _most_frequent(walks, depth, top)
    nodes: Counter[tuple[int, str]] = Counter()
    links: Counter[tuple[tuple[int, str], tuple[int, str]]] = Counter()
    for walk, times in walks.items():
        here = (0, anchor)
        nodes[here] += times
        for place, name in enumerate((*walk, "")[:depth], start=1):
            called = name if not name or name in shown[place - 1] else OTHER
            there = (place, called)
            nodes[there] += times
            links[(here, there) if after else (there, here)] += times
            here = there
    return Streams(sum(walks.values()), dict(nodes), dict(links))


def _most_frequent(walks: Mapping[Path, int], depth: int, top: int) -> list[set[str]]:
    volumes: list[Counter[str]] = [Counter() for _place in range(depth)]
    for walk, times in walks.items():
        for place, name in enumerate(walk):
            volumes[place][name] += times
    return [{name for name, _times in one.most_common(top)} for one in volumes]
