"""Customers who were merged, and under whom the lake is to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, eq=False)
class Moves:
    """Who was whom: two columns, so that a million of them cost little more than one."""

    was: Array = field(default_factory=lambda: np.empty(0, np.int32))
    now: Array = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def of(cls, moved: "Mapping[int, int] | Moves | None") -> "Moves":
        """The moves that a mapping tells, from the absorbed to the kept."""
        if isinstance(moved, Moves):
            return moved
        some = moved or {}
        return cls(
            np.fromiter(some.keys(), np.int32, len(some)),
            np.fromiter(some.values(), np.int32, len(some)),
        )

    def __len__(self) -> int:
        return len(self.was)

    def into(self, customer: int) -> list[int]:
        """Everybody whose events are this customer's, themselves first.

        Somebody who was absorbed has none of their own any more.
        """
        absorbed: list[int] = self.was[self.now == customer].tolist()
        return absorbed if (self.was == customer).any() else [customer, *absorbed]

    def table(self) -> "pa.Table":
        """was, now: to be joined to the events."""
        import pyarrow as pa  # heavy: not in the web process

        return pa.table({"was": pa.array(self.was), "now": pa.array(self.now)})

    def lookup(self) -> "np.ndarray[Any, np.dtype[np.uint32]]":
        """Under whom each customer is counted, by number, as far as the highest that moved."""
        known_as = np.arange(int(self.was.max()) + 1 if len(self) else 0, dtype=np.uint32)
        known_as[self.was] = self.now
        return known_as
