"""Which request waits for which: circles, and the chain that takes longest. Numbers only."""

from collections.abc import Mapping, Set
from decimal import Decimal

Needs = Mapping[int, Set[int]]  # a request → those that it waits for


def circle(needs: Needs, *, waits: int, on: int) -> list[int]:
    """The circle that it would close if one waited on another, beginning and ending with who
    waits; empty if it closes none."""
    ways, seen = [[waits, on]], {on}
    while ways:
        way = ways.pop()
        if way[-1] == waits:
            return way
        for there in sorted(needs.get(way[-1], ())):
            if there not in seen:
                seen.add(there)
                ways.append([*way, there])
    return []


def critical(needs: Needs, days: Mapping[int, Decimal], to: int) -> list[int]:
    """The chain of requests before `to`, it at the end, whose days of work are the most.

    The numbers are without circles; of two chains as long, the one with smaller numbers.
    """
    best: dict[int, tuple[Decimal, tuple[int, ...]]] = {}
    for here in _in_order(needs, to):
        before = [best[one] for one in sorted(needs.get(here, ()))]
        long, chain = max(before, key=lambda found: found[0], default=(Decimal(0), ()))
        best[here] = (long + days.get(here, Decimal(0)), (*chain, here))
    return list(best[to][1])


def _in_order(needs: Needs, to: int) -> list[int]:
    """All that `to` waits for, each after what it waits for itself."""
    order: list[int] = []
    seen: set[int] = set()
    rest = [(to, False)]
    while rest:
        here, is_done = rest.pop()
        if is_done:
            order.append(here)
        elif here not in seen:
            seen.add(here)
            rest.append((here, True))
            rest += [(one, False) for one in needs.get(here, ()) if one not in seen]
    return order
