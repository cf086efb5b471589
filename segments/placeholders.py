"""What senders write when they have no id."""

from functools import lru_cache

# As an id it would make one customer of thousands.
WORDS = frozenset({
    "", "null", "nil", "none", "undefined", "nan", "n/a", "na", "0", "-1", "anonymous", "anon",
    "guest", "unknown", "[object object]", "true", "false", "user", "user_id", "userid",
    "distinct_id", "anonymous_id", "test", "default", "\\n", "{}", "[]",
    "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000",
})  # fmt: skip


@lru_cache(maxsize=50_000)  # most items of a batch are of people who did something just before
def is_one(value: str) -> bool:
    """Whether an id names nobody."""
    return value.strip().lower() in WORDS
