"""By which channel and device customers came: the first touch, by a definition that people change.

It is kept as traits, so that rules, segments and slices of metrics can ask for it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import audit, kept_words, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from metrics import library
from metrics.history import History
from metrics.models import Attribution, Channel
from metrics.stats import cohorts
from segments import arrays, bitmaps, sheet, traits
from segments.acquired import CHANNEL, DEVICE, ON, SOURCE
from segments.arrays import Array
from segments.sheet import Fresh

if TYPE_CHECKING:
    import pyarrow as pa

ACTION = "spend.change"
MOST_SOURCES, LONGEST, MOST_PROPERTIES = 500, 60, 10
SHIPPED = {
    "channel_properties": ["utm_source", "$utm_source", "channel", "source"],
    "device_properties": ["platform", "$os", "os", "device_type"],
    "app_words": ["app", "android", "ios", "ipados", "harmonyos"],
}
NOTHING = arrays.nothing("<i4")


# --- the definition -------------------------------------------------------------


def current() -> Attribution:
    """The definition that is in force; before anybody changed it, what the console came with."""
    return Attribution.objects.first() or Attribution(version=1, **SHIPPED)


@transaction.atomic
def change(*, seen_version: int, note: str, by: Staff, **says: Any) -> Attribution:
    """A new version; everybody's first touch is looked up anew.

    Raises:
        NotAllowed: the role may not, or it makes no sense.
        Stale: somebody else changed it since `seen_version`.
    """
    roles.require(by, ACTION)
    library.alone()
    was = current()
    if was.version != seen_version:
        raise Stale(_("Somebody else changed this definition meanwhile; load the page again."))
    if not note.strip():
        raise NotAllowed(_("Say in a few words why it changes; others will ask."))
    if was.pk is None:
        was.save(force_insert=True)
    for name in ("channel_properties", "device_properties", "app_words"):
        says[name] = _tidy(says.get(name, []))
    if not says["channel_properties"] and not says.get("trait"):
        raise NotAllowed(_("Name at least one property, or a trait, that tells the channel."))
    if says.get("trait") and says["trait"] not in choices():
        raise NotAllowed(_("There is no trait of words “%(name)s”.") % {"name": says["trait"]})
    now = Attribution.objects.create(
        version=was.version + 1, note=note.strip()[:300], by=by, **says
    )
    audit.log("attribution.changed", now, by=by, note=now.note)
    return now


def _tidy(words: Sequence[str]) -> list[str]:
    found = [word.strip() for word in words if word.strip()]
    bad = [word for word in found if '"' in word or "\\" in word or len(word) > 80]
    if bad or len(found) > MOST_PROPERTIES:
        raise NotAllowed(
            _("At most %(most)d names, without quotes or backslashes.") % {"most": MOST_PROPERTIES}
        )
    return list(dict.fromkeys(found))


def choices() -> dict[str, str]:
    """The traits of words that can tell the channel."""
    ours = {SOURCE, CHANNEL, DEVICE}
    return {
        key: str(one.label)
        for key, one in traits.registry().items()
        if one.kind == traits.CHOICE and key not in ours
    }


# --- looking it up ----------------------------------------------------------------


def refresh(past: History, since: dt.date) -> None:
    """Look up the first touch of those who were new on `since` or later, and keep it.

    What was found of the others stays; their channel follows the channels' words as they are.
    """
    if not past.days:
        return
    rule = current()
    on = _first_days(past)
    number = (max(since, past.days[0]) - traits.EPOCH).days
    fresh = arrays.known(on) & (on >= number)
    source, device = _known(SOURCE, len(on)), _known(DEVICE, len(on))
    if fresh.any():
        found = _ask(rule, on, fresh, past)
        source = source.with_(fresh, found.get("channel"))
        device = device.with_(fresh, found.get("device"))
    if rule.trait:
        source = _of_trait(rule.trait, len(on))
    columns = {
        ON: Fresh(on),
        SOURCE: Fresh(source.codes, tuple(source.words)),
        DEVICE: Fresh(device.codes, tuple(device.words)),
        CHANNEL: _channels(source),
    }
    # What was never told of anybody is no trait yet.
    traits.keep(
        {key: one for key, one in columns.items() if one.words is None or one.words},
        day=past.days[-1],
    )


def _first_days(past: History) -> Array:
    """The first active day of every customer, as days since 1970."""
    news = cohorts.first_seen(past.active)
    length = max((one.max() + 1 for one in news if one), default=0)
    on = np.full(length, NOTHING, np.int32)
    for day, new in zip(past.days, news, strict=True):
        on[bitmaps.to_array(new)] = (day - traits.EPOCH).days
    return on


class _Words:
    """A column of words as it is being made; words only grow."""

    def __init__(self, codes: Array, words: Sequence[str]) -> None:
        self.codes, self.words = codes, list(words)

    def with_(self, fresh: Array, found: tuple[Array, list[str]] | None) -> "_Words":
        """With what was found of those who are fresh; of whom nothing was, nothing is known."""
        self.codes[fresh] = NOTHING
        if found is not None:
            customers, words = found
            places = {word: place for place, word in enumerate(self.words)}
            for word, _count in Counter(words).most_common():
                if word not in places and len(places) < MOST_SOURCES:
                    places[word] = len(places)
            self.codes[customers] = [places.get(word, NOTHING) for word in words]
            self.words = list(places)
        return self


def _known(key: str, length: int) -> _Words:
    column = sheet.read(key).get(key)
    codes = np.full(length, NOTHING, np.int32)
    if column is None:
        return _Words(codes, ())
    have = min(length, len(column.values))
    codes[:have] = column.values[:have]
    return _Words(codes, column.words)


def _ask(
    rule: Attribution, on: Array, fresh: Array, past: History
) -> dict[str, tuple[Array, list[str]]]:
    from metrics.queries import first_touch  # heavy: not in the web process

    who = np.flatnonzero(fresh)
    first = traits.EPOCH + dt.timedelta(days=int(on[who].min()))
    table = first_touch.of(
        who,
        on[who],
        channels=[] if rule.trait else rule.channel_properties,
        devices=rule.device_properties,
        since=first,
        until=past.days[-1],
    )
    return {name: _told(table.select(["customer", name]).drop_null()) for name in _TOLD}


_TOLD = ("channel", "device")


def _told(table: "pa.Table") -> tuple[Array, list[str]]:
    customers, words = table.columns
    return (
        customers.to_numpy().astype(np.int64),
        [word.strip()[:LONGEST] for word in words.to_pylist()],
    )


def _of_trait(key: str, length: int) -> _Words:
    found = traits.read(key, day=traits.EPOCH).get(key)
    codes = np.full(length, NOTHING, np.int32)
    if found is None:
        return _Words(codes, ())
    have = min(length, len(found.values))
    codes[:have] = found.values[:have]
    return _Words(codes, found.words)


def _channels(source: _Words) -> Fresh:
    """The channel of everybody, by the words that stand for it; others stand for themselves."""
    meant = meanings()
    before = sheet.read(CHANNEL).get(CHANNEL)
    places = {word: place for place, word in enumerate(before.words if before else ())}
    of = [places.setdefault(meant.get(word.lower(), word), len(places)) for word in source.words]
    known = source.codes != NOTHING
    codes = np.full(len(source.codes), NOTHING, np.int32)
    if of:
        codes[known] = np.array(of, np.int32)[source.codes[known]]
    return Fresh(codes, tuple(places))


def meanings() -> Mapping[str, str]:
    """The channel's key by each word that stands for it, in lower case."""
    found: dict[str, str] = {}
    for one in Channel.objects.filter(archived_at=None):
        for word in (one.key, *kept_words.halves(one.name), *one.words):
            found.setdefault(str(word).lower(), one.key)
    return found


def by_app() -> BitMap | None:
    """Who came by an app; None while no first event tells a device."""
    column = sheet.read(DEVICE).get(DEVICE)
    if column is None or not column.words:
        return None
    words = {word.lower() for word in current().app_words}
    codes = [place for place, word in enumerate(column.words) if word.lower() in words]
    return arrays.members(np.isin(column.values, codes))
