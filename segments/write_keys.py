"""Write keys: made, looked up, rotated and revoked, and how much each may send."""

import datetime as dt
import hashlib
import math
import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments import deliveries
from segments.items import Event, Item, Link
from segments.models import EventSource, WriteKey

log = structlog.get_logger(__name__)

ACTION = "sources.change"
PREFIX = "wk_"
LONGEST = 200  # characters; ours are far shorter, and nothing longer is looked up
SECONDS_REMEMBERED = 10.0  # for so long a process may not know that a key was revoked
MOST_REMEMBERED = 4096  # keys, good and bad; nobody fills our memory with invented ones
SECONDS_BETWEEN_USES = 60  # `last_used_at` is no finer
SECONDS_WITHOUT_VALKEY = 5.0  # until we ask one again that did not answer
Scope = WriteKey.Scope


@dataclass(frozen=True)
class Key:
    """What the door has to know of a key."""

    id: int
    source_id: int
    scopes: frozenset[str]
    per_second: int
    burst: int
    expires_at: dt.datetime | None


# --- whose key is it? -------------------------------------------------------

_remembered: dict[str, tuple[float, Key | None]] = {}  # by the digest of what was given


def find(given: str, *, at: dt.datetime) -> Key | None:
    """The key that works now, if it is one; asked of the database every ten seconds at most.

    Raises:
        Unavailable: the database is away.
    """
    if len(given) > LONGEST:
        return None
    name = digest(given)
    known = _remembered.get(name)
    if known is None or known[0] < time.monotonic():
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        known = (time.monotonic() + SECONDS_REMEMBERED, _look_up(name, at))
        _remembered[name] = known
    key = known[1]
    return None if key is None or (key.expires_at and key.expires_at <= at) else key


def forget() -> None:
    """Ask the database again for every key."""
    _remembered.clear()


def _look_up(name: str, at: dt.datetime) -> Key | None:
    try:
        return deliveries.twice_if_stale(lambda: _read(name, at))
    except (OperationalError, InterfaceError) as problem:
        raise deliveries.Unavailable(str(problem)) from problem


def _read(name: str, at: dt.datetime) -> Key | None:
    found = WriteKey.objects.filter(digest=name, source__archived_at=None).first()
    if found is None:
        return None
    lately = at - dt.timedelta(seconds=SECONDS_BETWEEN_USES)
    unused = WriteKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=lately))
    unused.filter(pk=found.pk).update(last_used_at=at)
    return Key(
        id=found.pk,
        source_id=found.source_id,
        scopes=frozenset(found.scopes),
        per_second=found.per_second,
        burst=found.burst,
        expires_at=found.expires_at,
    )


def digest(given: str) -> str:
    """What is kept of a key. It has 128 random bits, so that one round of hashing is enough."""
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()


def may_send(key: Key, item: Item) -> bool:
    """Whether the key's scopes cover an item."""
    if isinstance(item, Event):
        return Scope.EVENTS in key.scopes and (not item.is_history or Scope.HISTORY in key.scopes)
    if isinstance(item, Link):
        return Scope.IDENTITIES in key.scopes
    return Scope.PROFILES in key.scopes


# --- how much may it send? --------------------------------------------------

# A bucket of tokens, filled with `per_second` up to `burst`. A request is taken whole when
# there are tokens for it, or, if it is larger than the bucket, when the bucket is full; the
# debt is paid first. Valkey's own clock counts, so that all processes agree.
_TAKE = """
local rate, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if kept[1] then
    tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate / 1000)
end
local needed = math.min(count, burst)
if tokens < needed then return math.ceil((needed - tokens) * 1000 / rate) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - count), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens + count) * 1000 / rate) + 1000)
return 0
"""
_guard = threading.Lock()
_bucket: Any = None
_ask_again_at = 0.0


def seconds_to_wait(key: Key, count: int) -> int:
    """Take so many tokens and give 0, or the whole seconds until there will be enough.

    Without Valkey everybody may send: losing events would be worse than too many of them.
    """
    global _ask_again_at
    if time.monotonic() < _ask_again_at:
        return 0
    try:
        wait = _take()(keys=[f"quota:{key.id}"], args=[key.per_second, key.burst, count])
    except redis.RedisError as problem:
        _ask_again_at = time.monotonic() + SECONDS_WITHOUT_VALKEY
        log.warning("quota.unchecked", reason=type(problem).__name__)
        return 0
    return math.ceil(int(wait) / 1000)


def _take() -> Any:
    """The script, with a connection for each thread that needs one."""
    global _bucket
    if _bucket is None:
        with _guard:
            client = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
            )
            _bucket = client.register_script(_TAKE)
    return _bucket


# --- made and unmade --------------------------------------------------------


@transaction.atomic
def make(
    source: EventSource,
    *,
    by: Staff,
    scopes: Collection[str],
    per_second: int = 1000,
    burst: int = 20_000,
) -> tuple[WriteKey, str]:
    """A new key, and its text, which nobody can be told again.

    Raises:
        NotAllowed: the role may not, the source is put away, or the key could send nothing.
    """
    roles.require(by, ACTION)
    if source.archived_at:
        raise NotAllowed(_("This source is archived; take it out first."))
    if not scopes or not set(scopes) <= set(Scope.values):
        raise NotAllowed(_("Choose what this key may send."))
    if not 1 <= per_second <= 1_000_000 or not 1 <= burst <= 10_000_000:
        raise NotAllowed(_("A key may send from 1 to 1,000,000 events a second."))
    text = PREFIX + secrets.token_hex(16)
    key = WriteKey.objects.create(
        source=source,
        hint=text[:9],
        digest=digest(text),
        scopes=[scope for scope in Scope.values if scope in scopes],
        per_second=per_second,
        burst=burst,
        created_by=by,
    )
    audit.log("write_key.made", key, by=by, source=source.name, scopes=key.scopes)
    return key, text


@transaction.atomic
def rotate(key: WriteKey, *, by: Staff, until: dt.datetime) -> tuple[WriteKey, str]:
    """A new key like this one; this one goes on working until then, so that nothing is lost
    while senders change over.

    Raises:
        NotAllowed: the role may not, or the key is at its end already.
    """
    roles.require(by, ACTION)
    _end(key, until)
    new, text = make(
        key.source, by=by, scopes=key.scopes, per_second=key.per_second, burst=key.burst
    )
    audit.log("write_key.rotated", key, by=by, new=new.hint, until=until.isoformat())
    return new, text


@transaction.atomic
def revoke(key: WriteKey, *, by: Staff, at: dt.datetime) -> None:
    """The key works no more; every process knows it within `SECONDS_REMEMBERED`.

    Raises:
        NotAllowed: the role may not, or the key is at its end already.
    """
    roles.require(by, ACTION)
    _end(key, at)
    audit.log("write_key.revoked", key, by=by)


def _end(key: WriteKey, moment: dt.datetime) -> None:
    """Set when the key ends, or bring its end nearer; two people at once: the second is told."""
    open_still = WriteKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=moment), pk=key.pk)
    if not open_still.update(expires_at=moment):
        raise NotAllowed(_("This key has ended already; load the page again."))
    key.expires_at = moment
    transaction.on_commit(forget)
