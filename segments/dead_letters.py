"""Dead letters: what could not be taken and why, replayed or dropped by a person."""

from collections.abc import Callable
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from console import audit, jobs, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import deliveries, masking
from segments.dialects import item, mixpanel, own, posthog, segment, sensors, texts
from segments.dialects.values import Bad
from segments.items import Item
from segments.models import DeadLetter

log = structlog.get_logger(__name__)

ACTION, VIEW = "dead_letters.settle", "dead_letters.view"
CONTACT = "customers.contact"  # `looks` is a room above
SPEECHES: dict[str, Any] = {one.NAME: one for one in (segment, mixpanel, posthog, sensors, own)}
DIALECTS: dict[str, Any] = {
    segment.NAME: "Segment",
    mixpanel.NAME: "Mixpanel",
    posthog.NAME: "PostHog",
    sensors.NAME: "神策 Sensors",
    own.NAME: gettext_lazy("our own API"),
    deliveries.ITEM: gettext_lazy("already translated"),
}

# Codes that the door and intake give, with what to do about each. The door answers programs in
# English; screens translate.
REASONS: dict[str, str] = {
    # the door
    "no_name": gettext_noop("The event has no name."),
    "no_id": gettext_noop("Nothing says whose it is: send a user id or an anonymous id."),
    "wrong_type": gettext_noop("A field has the wrong type."),
    "too_long": gettext_noop("A name, a key or an id is too long."),
    "too_large": gettext_noop("The item is larger than 64 KiB."),
    "too_deep": gettext_noop("Properties are nested more than 10 deep."),
    "too_many_properties": gettext_noop("The item has more than 500 properties."),
    "too_many_ids": gettext_noop("The item has more than 20 ids."),
    "bad_text": gettext_noop("A text holds a character that cannot be stored."),
    "bad_number": gettext_noop("A number is no number, or beyond 64 bits: send it as a text."),
    "bad_time": gettext_noop("The time is not a moment between 1980 and 2100."),
    "unknown_type": gettext_noop("The type of the message is unknown."),
    "unknown_field": gettext_noop("A field is unknown."),
    "nothing_said": gettext_noop("The update says nothing."),
    "unbind": gettext_noop("Taking ids apart is left to a person, on the customer's page."),
    "scope": gettext_noop("The write key may not send this: give a key with that right."),
    "more": gettext_noop(
        "So many items of one request were bad that these were only counted, not kept."
    ),
    # intake
    "placeholder_id": gettext_noop(
        "The id is a placeholder such as “null”, which many would share."
    ),
    "future": gettext_noop("The time is more than a day ahead: the sender's clock is wrong."),
    "large_amount": gettext_noop("The amount is larger than anything anybody sells."),
    "too_old": gettext_noop("The event is older than five years; bring it in as history."),
    "bad_value": gettext_noop(
        "A part of the update did not fit what is known; the rest was carried out."
    ),
    "broken": gettext_noop("The delivery could not be read; tell who looks after the console."),
}


def words(reason: str) -> str:
    """A reason for a program: in English, whatever language this thread speaks."""
    return REASONS.get(reason, reason)


def said(reason: str) -> str:
    """A reason for a person, in their language."""
    return _(REASONS[reason]) if reason in REASONS else reason


# What a detail says besides names of fields, and, of a missing scope, what was sent.
DETAILS: dict[str, str] = {
    "two different ids": gettext_noop("two different ids"),
    "item": gettext_noop("the whole item"),
}
SENT: dict[str, str] = {
    "event": gettext_noop("an event"),
    "profile": gettext_noop("an update of a profile"),
    "link": gettext_noop("a link between two ids"),
    "group": gettext_noop("a group"),
    "consent": gettext_noop("a consent"),
}
# Why a part of an update was not done, as `operations` and `profiles` say it.
NOT_DONE = {
    gettext_noop("not a number"),
    gettext_noop("the sum is too large"),
    gettext_noop("a list of more than 1000"),
    gettext_noop("more than 500 attributes"),
    gettext_noop("more than 64 KiB of attributes"),
    gettext_noop("can only be set"),
    gettext_noop("not a text"),
    gettext_noop("too long"),
    gettext_noop("not an e-mail address"),
    gettext_noop("not a telephone number"),
    gettext_noop("not a language"),
}


def explained(reason: str, detail: str) -> str:
    """A reason with its detail, for a person. Names of fields stay as they were sent."""
    if not detail:
        return said(reason)
    known = SENT if reason == "scope" else DETAILS
    detail = _(known[detail]) if detail in known else _not_done(detail)
    return _("%(reason)s (%(detail)s)") % {"reason": said(reason), "detail": detail}


def _not_done(detail: str) -> str:
    """“field: why; field: why”, as intake writes it; anything else stays as it is."""
    parts = [one.rpartition(": ") for one in detail.split("; ")]
    if not {why for _field, _colon, why in parts} <= NOT_DONE:
        return detail
    return _("; ").join(
        _("%(field)s: %(why)s") % {"field": field, "why": _(why)} for field, _colon, why in parts
    )


class StillBad(NotAllowed):
    """A letter that cannot be taken this time either, in words for whoever mends it."""


def waiting(*, source: int | None = None, reason: str = "", event: str = "") -> QuerySet:
    """The letters of a filter that nobody settled yet, oldest first."""
    letters = DeadLetter.objects.filter(status=DeadLetter.Status.WAITING).order_by("pk")
    letters = letters.filter(source=source) if source else letters
    letters = letters.filter(reason=reason) if reason else letters
    return letters.filter(event__startswith=event) if event else letters


def look(letter: DeadLetter, *, by: Staff) -> str:
    """What came, laid out to be read, contacts masked for roles that do not see them.

    It may tell of a customer, so that looking is noted.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, VIEW)
    audit.log("dead_letter.looked", letter, by=by)
    raw = bytes(letter.raw)
    return laid_out(raw) if roles.allows(by, CONTACT) else _masked(raw)


def seen_whole(letter: DeadLetter, *, by: Staff) -> bool:
    """Whether nothing of it is masked for this person, who could not mend what they do not see."""
    raw = bytes(letter.raw)
    return roles.allows(by, CONTACT) or _masked(raw) == laid_out(raw)


def _masked(raw: bytes) -> str:
    """What came, for roles that do not see contacts."""
    try:
        found = texts.parse(raw)
    except texts.NotJson:  # where a name or an address begins and ends, nobody can tell
        return _("This is not whole JSON. Only roles that see names and addresses read it.")
    return texts.dump(masking.masked(found), indent=2).decode()


def laid_out(raw: bytes) -> str:
    """JSON with a line for each fact; what is no whole JSON as it is."""
    try:
        found = texts.parse(raw)
    except texts.NotJson:
        return raw.decode("utf-8", "replace")
    return texts.dump(found, indent=2).decode()


# --- settled by a person ----------------------------------------------------


@transaction.atomic
def replay(letter: DeadLetter, *, by: Staff, raw: bytes | None = None) -> int:
    """Take it once more, as it is or as somebody mended it; how many items came of it.

    What was mended and is still wrong stays as it was, and the person learns why. The scopes
    of the key it came with do not count any more: a person with the right decides.

    Raises:
        NotAllowed: the role may not or does not see all of it, or it is settled already.
        StillBad: it cannot be taken this time either.
        Stale: somebody else settled it meanwhile.
    """
    _require(letter, by)
    items = _translated(letter, bytes(letter.raw) if raw is None else raw)
    _settle(letter, DeadLetter.Status.REPLAYED, by, mended=raw is not None, items=len(items))
    deliveries.accept(letter.source_id, items, received_at=letter.received_at)
    return len(items)


def changed(letter: DeadLetter, mended: str) -> bytes | None:
    """What somebody made of a letter; None when they left it as it was shown."""
    same = mended.strip() == laid_out(bytes(letter.raw)).strip()
    return None if same or not mended.strip() else mended.encode("utf-8", "replace")


def _translated(letter: DeadLetter, raw: bytes) -> list[Item]:
    """The letter as items, through the dialect that it came in.

    Raises:
        StillBad: why it cannot be taken.
    """
    try:
        if len(raw) > deliveries.LONGEST_RAW:
            raise Bad("too_large", str(len(raw)))
        found, received_at = texts.parse(raw), int(letter.received_at.timestamp() * 1_000_000)
        if letter.dialect == deliveries.ITEM:
            return item.translate(found, received_at)
        if not isinstance(found, dict):
            raise Bad("wrong_type", "item")
        speech = SPEECHES[letter.dialect]
        translated: list[Item] = speech.translate(found, speech.sending(found, received_at))
        return translated
    except Bad as bad:
        why = explained(bad.reason, bad.detail)
        raise StillBad(_("It still cannot be taken: %(why)s") % {"why": why}) from bad
    except texts.NotJson as problem:
        raise StillBad(
            _("This is not whole JSON; mend it, then replay: %(problem)s")
            % {"problem": str(problem)[:200]}
        ) from problem
    except Exception as problem:  # one letter's trouble must not end a job of many
        log.exception("dead_letter.failed", letter=letter.pk)
        why = explained("broken", type(problem).__name__)
        raise StillBad(_("It still cannot be taken: %(why)s") % {"why": why}) from problem


def replay_many(
    letters: QuerySet, *, by: Staff, progress: jobs.Progress = jobs.silent
) -> tuple[int, int]:
    """Replay each that can be taken now; how many were, and how many were not.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    return _each(letters, lambda letter: replay(letter, by=by), progress)


def drop_many(
    letters: QuerySet, *, by: Staff, progress: jobs.Progress = jobs.silent
) -> tuple[int, int]:
    """Drop each; how many were, and how many somebody else settled meanwhile.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    return _each(letters, lambda letter: drop(letter, by=by), progress)


def _each(
    letters: QuerySet, settle: Callable[[DeadLetter], Any], progress: jobs.Progress
) -> tuple[int, int]:
    total, done, left = letters.count(), 0, 0
    for letter in letters.iterator(chunk_size=500):
        try:
            settle(letter)
            done += 1
        except (NotAllowed, states.Stale):
            left += 1
        progress(done + left, total, said_of(done, left))
    return done, left


def said_of(done: int, left: int) -> str:
    """How a job of many letters says what came of them."""
    return _("%(done)d settled, %(left)d left") % {"done": done, "left": left}


@transaction.atomic
def drop(letter: DeadLetter, *, by: Staff) -> None:
    """Say that nobody needs it.

    Raises:
        NotAllowed: the role may not or does not see all of it, or it is settled already.
        Stale: somebody else settled it meanwhile.
    """
    _require(letter, by)
    _settle(letter, DeadLetter.Status.DROPPED, by)


def _require(letter: DeadLetter, by: Staff) -> None:
    roles.require(by, ACTION)
    if not seen_whole(letter, by=by):
        raise NotAllowed(
            _("It tells what your role does not see: who sees names and addresses settles it.")
        )


def _settle(letter: DeadLetter, to: str, by: Staff, **line: Any) -> None:
    states.move(letter, to=to, line={"by": by, **line}, settled_at=timezone.now(), settled_by=by)
