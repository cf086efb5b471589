"""What senders ask to change in a set of attributes, carried out by one stated rule each."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

MOST = 500  # attributes of one customer or thing
LARGEST = 64 * 1024  # bytes of them as JSON
MOST_IN_A_LIST = 1000
LARGEST_NUMBER = 2**63 - 1

Attributes = dict[str, Any]


class Asked(Protocol):
    """What `items.Profile` and `items.Group` have in common."""

    @property
    def delete(self) -> bool: ...
    @property
    def set(self) -> dict[str, Any]: ...
    @property
    def once(self) -> dict[str, Any]: ...
    @property
    def add(self) -> dict[str, int | float]: ...
    @property
    def append(self) -> dict[str, Any]: ...
    @property
    def union(self) -> dict[str, list[Any]]: ...
    @property
    def remove(self) -> dict[str, Any]: ...
    @property
    def unset(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Problem:
    """Something that was not done, and why; everything else that was asked is."""

    key: str
    why: str


def carry_out(kept: Attributes, asked: Asked) -> list[Problem]:
    """Change the attributes as asked, in the order of the fields; tells what was not done.

    `add` wants two numbers, and takes nothing for 0. `append` and `union` make a list of a
    single value that stands there. `remove` takes a value out of a list, or the attribute
    when it is that value. What would be more than `MOST` attributes, or larger than
    `LARGEST` in all, stays as it was.
    """
    if asked.delete:
        kept.clear()
    before = dict(kept)
    problems: list[Problem] = []
    kept |= asked.set
    kept |= {key: value for key, value in asked.once.items() if key not in kept}
    problems += [one for key, more in asked.add.items() if (one := _add(kept, key, more))]
    for key, value in asked.append.items():
        kept[key] = [*_listed(kept.get(key)), *_listed(value)]
    for key, values in asked.union.items():
        there = _listed(kept.get(key))
        kept[key] = there + [one for one in _once_each(_listed(values)) if one not in there]
    for key, value in asked.remove.items():
        _remove(kept, key, _listed(value))
    for key in asked.unset:
        kept.pop(key, None)
    return problems + _within_bounds(kept, before)


def _add(kept: Attributes, key: str, more: float) -> Problem | None:
    there = kept.get(key, 0)
    if not (_is_number(there) and _is_number(more)):
        return Problem(key, "not a number")
    if abs(there + more) > LARGEST_NUMBER:
        return Problem(key, "the sum is too large")
    kept[key] = there + more
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _once_each(values: list[Any]) -> list[Any]:
    """Without doubles, in order; values may be of kinds that no set holds."""
    return [value for at, value in enumerate(values) if value not in values[:at]]


def _remove(kept: Attributes, key: str, values: list[Any]) -> None:
    there = kept.get(key)
    if isinstance(there, list):
        kept[key] = [one for one in there if one not in values]
    elif there in values:
        kept.pop(key, None)


def _within_bounds(kept: Attributes, before: Attributes) -> list[Problem]:
    """Undo what made a list too long, the attributes too many or all of it too large."""
    problems = []
    for key, value in list(kept.items()):
        if isinstance(value, list) and len(value) > MOST_IN_A_LIST and value != before.get(key):
            problems.append(_put_back(kept, before, key, "a list of more than 1000"))
    new = [key for key in kept if key not in before]
    for key in new[max(0, len(new) - (len(kept) - MOST)) :] if len(kept) > MOST else []:
        problems.append(_put_back(kept, before, key, "more than 500 attributes"))
    if size(kept) <= LARGEST:
        return problems
    for key in [key for key in kept if kept[key] != before.get(key)]:
        problems.append(_put_back(kept, before, key, "more than 64 KiB of attributes"))
    return problems


def _put_back(kept: Attributes, before: Attributes, key: str, why: str) -> Problem:
    if key in before:
        kept[key] = before[key]
    else:
        del kept[key]
    return Problem(key, why)


def size(attributes: Attributes) -> int:
    """How many bytes the attributes are as JSON."""
    return len(json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode())
