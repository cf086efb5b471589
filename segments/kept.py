"""What a process keeps at hand: what was used last stays, up to so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

OVERHEAD = 300  # bytes of an entry besides its value


class Kept:
    """Values by key, the least recently used thrown away first. Threads may share it.

    A key says everything that the value depends on, so that nothing is ever out of date.
    """

    def __init__(self, most: int) -> None:
        self.most = most  # bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """What is kept under the key; None for nothing."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep it, unless it alone is more than a quarter of the room."""
        size += OVERHEAD
        if size > self.most // 4:
            return
        with self._lock:
            _old, freed = self._values.pop(key, (None, 0))
            self._values[key] = (value, size)
            self.bytes += size - freed
            while self.bytes > self.most:
                _key, (_value, freed) = self._values.popitem(last=False)
                self.bytes -= freed

    def drop(self, key: Hashable) -> None:
        with self._lock:
            _value, freed = self._values.pop(key, (None, 0))
            self.bytes -= freed

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self.bytes = 0
