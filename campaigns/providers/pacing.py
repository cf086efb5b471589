"""How quickly an account may be used, by all workers together: slots that Valkey gives out."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import redis
import structlog
from django.conf import settings

from campaigns.models import ChannelAccount

M = TypeVar("M")
TOGETHER = 0.1  # seconds whose slots are taken in one go
AHEAD = 250  # milliseconds that may be made up for after a pause
SECONDS_WITHOUT_VALKEY = 10
log = structlog.get_logger(__name__)

# The moment of the next free slot is kept; whoever takes slots is told when theirs begin.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local from = math.max(free, now - tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.3f', from + tonumber(ARGV[1])), 'PX', 600000)
return math.ceil(math.max(0, from - now))
"""
_guard = threading.Lock()
_script: Any = None
_ask_again_at = 0.0


def paced(account: ChannelAccount, messages: Iterable[M]) -> Iterator[M]:
    """The messages, each when there is a slot for it."""
    at_once = max(1, int(account.per_minute / 60 * TOGETHER))
    free = 0
    for message in messages:
        if not free:
            time.sleep(_seconds_to_wait(account, at_once))
            free = at_once
        free -= 1
        yield message


def _seconds_to_wait(account: ChannelAccount, slots: int) -> float:
    """Take so many slots, and give the seconds until they begin.

    Without Valkey nobody waits: the provider itself says what is too quick.
    """
    global _ask_again_at
    if time.monotonic() < _ask_again_at:
        return 0
    lasts = 60_000 / account.per_minute * slots
    try:
        return int(_take()(keys=[f"pace:{account.pk}"], args=[f"{lasts:.3f}", AHEAD])) / 1000
    except redis.RedisError as problem:
        _ask_again_at = time.monotonic() + SECONDS_WITHOUT_VALKEY
        log.warning("pace.unchecked", reason=type(problem).__name__)
        return 0


def _take() -> Any:
    """The script, over connections of this process."""
    global _script
    with _guard:
        if _script is None:
            client = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
            )
            _script = client.register_script(_TAKE)
        return _script
