"""Dead letters: what could not be taken and why, replayed or dropped by a person."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as n

from console import audit, jobs, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import deliveries
from segments.dialects import mixpanel, own, posthog, segment, sensors, texts
from segments.dialects.values import Bad
from segments.items import Item
from segments.models import DeadLetter

ACTION = "dead_letters.settle"
DAYS_KEPT = 90
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
    "no_name": n("The event has no name."),
    "no_id": n("Nothing says whose it is: send a user id or an anonymous id."),
    "wrong_type": n("A field has the wrong type."),
    "too_long": n("A name, a key or an id is too long."),
    "too_large": n("The item is larger than 64 KiB."),
    "too_deep": n("Properties are nested more than 10 deep."),
    "too_many_properties": n("The item has more than 500 properties."),
    "too_many_ids": n("The item has more than 20 ids."),
    "bad_text": n("A text holds a character that cannot be stored."),
    "bad_number": n("A number is no number, or beyond 64 bits: send it as a text."),
    "bad_time": n("The time is not a moment between 1980 and 2100."),
    "unknown_type": n("The type of the message is unknown."),
    "unknown_field": n("A field is unknown."),
    "nothing_said": n("The update says nothing."),
    "unbind": n("Taking ids apart is left to a person, on the customer's page."),
    "scope": n("The write key may not send this: give a key with that right."),
    # intake
    "placeholder_id": n("The id is a placeholder such as “null”, which many would share."),
    "future": n("The time is more than a day ahead: the sender's clock is wrong."),
    "too_old": n("The event is older than five years; bring it in as history."),
    "erased": n("The customer was erased on request; nothing of theirs is taken."),
    "too_many_properties_kept": n("The customer would have too many attributes."),
}


def words(reason: str) -> str:
    """A reason for a program: in English, whatever language this thread spoke last."""
    with translation.override(None):
        return REASONS.get(reason, reason)


def said(reason: str) -> str:
    """A reason for a person, in their language."""
    return _(REASONS[reason]) if reason in REASONS else reason


# --- settled by a person ----------------------------------------------------


@transaction.atomic
def replay(letter: DeadLetter, *, by: Staff, raw: bytes | None = None) -> int:
    """Take it once more, as it is or as somebody mended it; how many items came of it.

    What was mended and is still wrong stays as it was, and the person learns why.

    Raises:
        NotAllowed: the role may not, it is settled already, or still cannot be taken.
        Stale: somebody else settled it meanwhile.
    """
    roles.require(by, ACTION)
    items = _translated(letter, bytes(letter.raw) if raw is None else raw)
    _settle(letter, DeadLetter.Status.REPLAYED, by)
    deliveries.accept(letter.source_id, items, received_at=letter.received_at)
    audit.log("dead_letter.replayed", letter, by=by, mended=raw is not None, items=len(items))
    return len(items)


def _translated(letter: DeadLetter, raw: bytes) -> list[Item]:
    """The letter as items, through the dialect that it came in.

    Raises:
        NotAllowed: why it still cannot be taken.
    """
    try:
        if len(raw) > deliveries.LONGEST_RAW:
            raise Bad("too_large", str(len(raw)))
        if letter.dialect == deliveries.ITEM:
            return deliveries.decode(raw)
        found = texts.parse(raw)
        if not isinstance(found, dict):
            raise Bad("wrong_type", "item")
        speech = SPEECHES[letter.dialect]
        sent = speech.sending(found, int(letter.received_at.timestamp() * 1_000_000))
        translated: list[Item] = speech.translate(found, sent)
        return translated
    except Bad as bad:
        why = f"{said(bad.reason)} ({bad.detail})" if bad.detail else said(bad.reason)
        raise NotAllowed(_("It still cannot be taken: %(why)s") % {"why": why}) from bad
    except (ValueError, TypeError, KeyError) as problem:
        raise NotAllowed(
            _("This is not whole JSON; mend it, then replay: %(problem)s")
            % {"problem": str(problem)[:200]}
        ) from problem


def replay_many(
    letters: Iterable[DeadLetter], total: int, *, by: Staff, progress: jobs.Progress = jobs.silent
) -> tuple[int, int]:
    """Replay each that can be taken now; how many were, and how many were not.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    taken = left = 0
    for letter in letters:
        try:
            replay(letter, by=by)
            taken += 1
        except (NotAllowed, states.Stale):
            left += 1
        progress(taken + left, total)
    return taken, left


@transaction.atomic
def drop(letter: DeadLetter, *, by: Staff) -> None:
    """Say that nobody needs it.

    Raises:
        NotAllowed: the role may not, or it is settled already.
        Stale: somebody else settled it meanwhile.
    """
    roles.require(by, ACTION)
    _settle(letter, DeadLetter.Status.DROPPED, by)


def _settle(letter: DeadLetter, to: str, by: Staff) -> None:
    states.move(letter, to=to, settled_at=timezone.now(), settled_by=by)


def forget(*, at: dt.datetime) -> int:
    """Delete what came more than `DAYS_KEPT` days ago, settled or not; how many."""
    before = at - dt.timedelta(days=DAYS_KEPT)
    return DeadLetter.objects.filter(received_at__lt=before).delete()[0]
