"""What 活跃, 互动, 付费 and 有效用户 mean here: which events count, version by version."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from console import audit, formats, roles
from console.models import Staff
from console.states import NotAllowed, Stale
from segments.models import Definition, EventType
from segments.models.event import OTHERS

ACTION = "definitions.change"
ACTIVE, INTERACTION, PAID, EFFECTIVE = (key.value for key in Definition.Key)
KEYS = (ACTIVE, INTERACTION, PAID, EFFECTIVE)
MOST_TIMES = 3  # what the day sets can answer
MOST_DAYS = 90
NAMED = 8  # events in a sentence; of more it says how many
LOCK = 0xDEF1  # the advisory lock of who changes what counts, or brings new kinds of events

# What is done to customers, or is a part of something that is counted already.
NOT_BEING_ACTIVE = (
    "campaign_converted",  # the purchase itself is there already
    "campaign_received",
    "coupon_issued",
    "coupon_redeemed",
    "coupon_reversed",
    "item_bought",
    "message_bounced",
    "message_complained",
    "message_delivered",
    "message_machine_clicked",
    "message_machine_opened",
    "message_opened",  # machines open mails, too
    "message_sent",
    "message_unsubscribed",
)
SHIPPED: dict[str, dict[str, Any]] = {
    ACTIVE: {"events": [*NOT_BEING_ACTIVE], "all_but": True},
    INTERACTION: {"events": ["coupon_redeemed", "message_clicked", "message_replied"]},
    PAID: {"events": ["order_paid"]},
    EFFECTIVE: {"events": [*NOT_BEING_ACTIVE], "all_but": True, "times": 2, "within_days": 7},
}


def is_a_deed(event: str) -> bool:
    """Whether customers do it; the rest is done to them, or a part of what they did."""
    if event in SHIPPED[INTERACTION]["events"]:
        return True
    return event not in NOT_BEING_ACTIVE and not event.startswith("message_")


@dataclass(frozen=True)
class Said:
    """What somebody wants a word to mean. `events` are those that count."""

    events: frozenset[str]
    takes_new: bool = False  # kinds that are seen later count as well
    times: int = 1
    within_days: int = 1


# --- reading ------------------------------------------------------------------


def column(key: str) -> str:
    """The field of `EventType` in which a word's newest version stands."""
    return f"counts_as_{Definition.Key(key).value}"


def current(key: str) -> Definition:
    """The newest version; before anybody changed it, what the console came with."""
    found = Definition.objects.filter(key=key).order_by("-version").first()
    return found or _as_shipped()[key]


def everything() -> dict[str, Definition]:
    """The newest version of each word, in one query."""
    newest = Definition.objects.order_by("key", "-version").distinct("key").select_related("by")
    found = {one.key: one for one in newest}
    if len(found) < len(KEYS):
        found = {**_as_shipped(), **found}
    return {key: found[key] for key in KEYS}


def versions() -> dict[str, int]:
    """Which version of each word is in force."""
    return {key: one.version for key, one in everything().items()}


def history(key: str) -> list[Definition]:
    """Every version, the newest first."""
    found = list(Definition.objects.filter(key=key).select_related("by").order_by("-version"))
    return found or [_as_shipped()[key]]


def events(key: str) -> list[str]:
    """The names of the events that count, of those that were ever seen."""
    counting = EventType.objects.filter(**{column(key): True})
    return list(counting.order_by("name").values_list("name", flat=True))


def flags(name: str, words: Mapping[str, Definition]) -> dict[str, bool]:
    """What a kind of event that is seen for the first time counts as."""
    return {column(key): one.counts(name) for key, one in words.items()}


def _as_shipped() -> dict[str, Definition]:
    """The first versions. Marks that were set before there were versions are part of them."""
    found = {key: Definition(key=key, version=1, **said) for key, said in SHIPPED.items()}
    for name, *marks in EventType.objects.values_list("name", *map(column, KEYS)):
        for key, counts in zip(KEYS, marks, strict=True):
            if counts != found[key].counts(name):
                found[key].events = sorted({*found[key].events} ^ {name})
    return found


# --- in words -----------------------------------------------------------------


def sentence(definition: Definition, titles: Mapping[str, str]) -> str:
    """What the word means, with the events under the names that people know."""
    what = _what(definition, titles)
    match definition.key:
        case Definition.Key.ACTIVE:
            return _("Active on a day: who did %(what)s on it.") % {"what": what}
        case Definition.Key.INTERACTION:
            return _("Interacting on a day: who did %(what)s on it.") % {"what": what}
        case Definition.Key.PAID:
            return _("Paid: %(what)s. Each is an order, and the amounts are the revenue.") % {
                "what": what
            }
    days = definition.within_days
    return ngettext(
        "Effective: who did %(what)s, at least %(times)d times in all, "
        "on the first day of being active.",
        "Effective: who did %(what)s, at least %(times)d times in all, "
        "within %(days)d days of being active for the first time.",
        days,
    ) % {"what": what, "times": definition.times, "days": days}


def _what(definition: Definition, titles: Mapping[str, str]) -> str:
    names = [titles.get(name, name) for name in definition.events if name in titles]
    if not definition.all_but:
        names = names or [titles.get(name, name) for name in definition.events]
        return (
            _("any of: %(events)s") % {"events": _listed(names)}
            if names
            else pgettext("events that count", "nothing")
        )
    if not names:
        return _("anything at all")
    return _("anything but: %(events)s") % {"events": _listed(names)}


def _listed(names: Collection[str]) -> str:
    some = formats.listed(sorted(names)[:NAMED])
    if len(names) <= NAMED:
        return some
    return _("%(some)s and %(more)d more") % {"some": some, "more": len(names) - NAMED}


def diff(newer: Definition, older: Definition, titles: Mapping[str, str]) -> list[str]:
    """What changed from one version to the next, a line each."""
    known = {*titles, *newer.events, *older.events} - {OTHERS}
    lines = []
    for name in sorted(known, key=lambda name: titles.get(name, name)):
        if newer.counts(name) != older.counts(name):
            words = (
                _("+ %(event)s counts") if newer.counts(name) else _("− %(event)s counts no more")
            )
            lines.append(words % {"event": titles.get(name, name)})
    if newer.all_but != older.all_but:
        lines.append(
            _("+ new kinds of events count by themselves")
            if newer.all_but
            else _("− new kinds of events no longer count by themselves")
        )
    for words, now, was in (
        (_("%(was)d → %(now)d times"), newer.times, older.times),
        (_("within %(was)d → %(now)d days"), newer.within_days, older.within_days),
    ):
        if now != was:
            lines.append(words % {"was": was, "now": now})
    return lines


# --- changing -----------------------------------------------------------------


@transaction.atomic
def change(key: str, said: Said, *, seen_version: int, note: str, by: Staff) -> Definition:
    """A new version, in force at once. Who keeps numbers that rest on it measures them anew.

    Raises:
        NotAllowed: the role may not, or what is said makes no sense.
        Stale: somebody else changed it since `seen_version`.
    """
    roles.require(by, ACTION)
    hold()
    was = current(key)
    if was.version != seen_version:
        raise Stale(_("Somebody else changed this definition meanwhile; load the page again."))
    known = set(EventType.objects.exclude(name=OTHERS).values_list("name", flat=True))
    _refuse_nonsense(key, said, known, note)
    if was.pk is None:
        was.save(force_insert=True)
    now = Definition(
        key=key,
        version=was.version + 1,
        events=_named(said, was, known),
        all_but=said.takes_new,
        times=said.times,
        within_days=said.within_days,
        note=note.strip(),
        by=by,
    )
    if now.says() == was.says():
        raise NotAllowed(_("This says the same as the version that is in force."))
    now.save(force_insert=True)
    _mark(now)
    audit.log("definition.changed", now, by=by, was=was.says(), now=now.says(), note=now.note)
    return now


def hold(*, shared: bool = False) -> None:
    """Until the end of the transaction nobody else changes definitions (or, shared, may)."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])


def _refuse_nonsense(key: str, said: Said, known: Iterable[str], note: str) -> None:
    unknown = said.events - set(known)
    if unknown:
        raise NotAllowed(_("There is no event “%(name)s”.") % {"name": min(unknown)})
    if not said.events and not said.takes_new:
        raise NotAllowed(_("At least one event has to count."))
    if not note.strip():
        raise NotAllowed(_("Say in a few words why it changes; others will ask."))
    most = (MOST_TIMES, MOST_DAYS) if key == EFFECTIVE else (1, 1)
    if not (1 <= said.times <= most[0] and 1 <= said.within_days <= most[1]):
        raise NotAllowed(
            _("1 to %(times)d times within 1 to %(days)d days.")
            % {"times": most[0], "days": most[1]}
        )


def _named(said: Said, was: Definition, known: Collection[str]) -> list[str]:
    """The events to write down: those that count, or those that do not.

    Names that nobody has seen yet stay on the side on which they were.
    """
    if not said.takes_new:
        return sorted(said.events)
    unseen = set(was.events if was.all_but else NOT_BEING_ACTIVE) - set(known)
    return sorted(set(known) - said.events | unseen)


def _mark(definition: Definition) -> None:
    """Write onto each kind of event whether it counts now."""
    counting = {
        name for name in EventType.objects.values_list("name", flat=True) if definition.counts(name)
    }
    field = column(definition.key)
    EventType.objects.filter(name__in=counting).exclude(**{field: True}).update(**{field: True})
    EventType.objects.exclude(name__in=counting).exclude(**{field: False}).update(**{field: False})
