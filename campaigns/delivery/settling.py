"""What became of messages, written down: when they were given, and when their sender died."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.channels import journal
from campaigns.channels.base import STOPPED, Accepted, Failed, Outcome, Refused, Unsure
from campaigns.channels.journal import Found
from campaigns.contact import contacting
from campaigns.delivery import claims
from campaigns.models import Campaign, Message, Wave
from campaigns.money import paying
from campaigns.outcomes import tracking
from console import states
from segments import ingest

Status = Message.Status
AGAIN = {Status.RETRY}
RETURNED = Failed("")  # claimed, and not begun: it goes with a later claim


class LostClaim(Exception):
    """Somebody else settled messages that this worker had begun: its lock was lost."""


@transaction.atomic
def write(
    wave: Wave, outcomes: Mapping[int, Outcome], *, heals: bool, at: dt.datetime
) -> Counter[str]:
    """Write down how messages ended, and tell the lake of those that left; how many, by status.

    What is merely given back is not counted.
    Outcomes are by the messages' numbers. `heals` says whether what failed for now is to be
    tried again; it is not where its customer left meanwhile, or the campaign ended.

    Raises:
        LostClaim: not all of them were still to be sent.
    """
    found = {number: _end(outcome, heals) for number, outcome in outcomes.items()}
    found |= _called_off(wave, [one for one, (status, _) in found.items() if status in AGAIN])
    ends: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, end in found.items():
        ends[end].append(number)
    counts: Counter[str] = Counter()
    stayed: list[int] = []
    for (status, reason), ids in ends.items():
        left_now = {"sent_at": at, "left_at": Now()}
        _move(ids, to=status, **(left_now if status == Status.SENT else {"reason": reason}))
        counts[status] += sum(outcomes[one] is not RETURNED for one in ids)
        if status in (Status.RETRY, Status.FAILED, Status.SKIPPED):
            contacting.give_back(ids)
            stayed += ids
    if stayed:
        paying.give_back(wave.campaign_id, stayed)
    left = {one: end.provider_id for one, end in outcomes.items() if isinstance(end, Accepted)}
    _name({one: provider_id for one, provider_id in left.items() if provider_id})
    tell(wave.campaign_id, left, at)
    _tell_gone(outcomes, at)
    return counts


def unfinished(wave: Wave, *, at: dt.datetime) -> Counter[str]:
    """Settle what the wave's dead worker had claimed; what is in doubt is held for a person.

    Raises:
        journal.InUse: the worker is not dead; it only lost its connection to the database.
    """
    path = journal_path(wave)
    found = journal.read(path)
    # Also of who left the campaign meanwhile: in the journal is all that may have left.
    begun = Q(pk__in=[*found.sent, *found.in_doubt], campaign=wave.campaign_id)
    theirs = Q(pk__in=claims.messages(wave).values("pk"))
    claimed = Message.objects.filter(begun | theirs, status=Status.SENDING)
    outcomes = {number: _fate(number, found) for number in claimed.values_list("pk", flat=True)}
    counts = write(wave, outcomes, heals=True, at=at)
    path.unlink(missing_ok=True)
    return counts


@transaction.atomic
def found_out(message: Message, outcome: Accepted, *, at: dt.datetime) -> None:
    """Note of a held message that it left after all, as its provider says."""
    sent = {"sent_at": at, "left_at": message.created_at, "reason": ""}
    if states.move_many(Message, [message.pk], frm=Status.HELD, to=Status.SENT, **sent):
        _name({message.pk: outcome.provider_id} if outcome.provider_id else {})
        tell(message.campaign_id, [message.pk], at)


def journal_path(wave: Wave) -> Path:
    """Where the worker that claimed it then writes; each claim has a file of its own."""
    assert wave.claimed_at
    moment = int(wave.claimed_at.timestamp() * 1_000_000)
    return settings.JOURNALS_PATH / f"{wave.pk}-{moment}"


def _fate(number: int, found: Found) -> Outcome:
    """What a journal says of a message that was claimed."""
    if number in found.sent:
        return Accepted(found.sent[number])
    if found.is_whole and number not in found.in_doubt:
        return RETURNED
    return Unsure(STOPPED)


def _called_off(wave: Wave, again: list[int]) -> dict[int, tuple[str, str]]:
    """Of messages that would go again, those that nobody wants any more."""
    if not again:
        return {}
    now = claims.hold(wave)
    if now.campaign.status == Campaign.Status.CANCELLED:
        return dict.fromkeys(again, (Status.SKIPPED, "cancelled"))
    theirs = Message.objects.filter(pk__in=again, customer__in=list(now.gone))
    return dict.fromkeys(theirs.values_list("pk", flat=True), (Status.SKIPPED, "left"))


def _tell_gone(outcomes: Mapping[int, Outcome], at: dt.datetime) -> None:
    """Nobody writes again to an address of which the other side says that there is none."""
    gone = {
        number: outcome.reason
        for number, outcome in outcomes.items()
        if isinstance(outcome, Refused) and outcome.is_gone
    }
    for message in Message.objects.select_related("customer").filter(pk__in=gone):
        tracking.bounced(message, at=at, reason=gone[message.pk], for_good=True)


def _end(outcome: Outcome, heals: bool) -> tuple[str, str]:
    """The status that an outcome leads to, and the reason for it."""
    match outcome:
        case Accepted():
            return Status.SENT, ""
        case Refused(reason):
            return Status.FAILED, _kept(reason, 200)
        case Failed(reason):
            again = heals or outcome is RETURNED
            return (Status.RETRY if again else Status.FAILED), _kept(reason, 200)
        case Unsure(reason):
            return Status.HELD, _kept(reason, 200)


def _kept(said: str, most: int) -> str:
    """What the other side said, as a column can hold it: a zero byte must not stop a wave."""
    return said.replace("\0", "")[:most]


def _move(ids: list[int], *, to: str, **also: object) -> None:
    moved = states.move_many(Message, ids, frm=Status.SENDING, to=to, **also)
    if moved < len(ids) and to != Status.HELD:
        # Another machine took us for dead and held them; but we know how they ended.
        ours = Message.objects.filter(pk__in=ids, status=Status.HELD, reason=STOPPED)
        doubted = list(ours.values_list("pk", flat=True))
        moved += states.move_many(Message, doubted, frm=Status.HELD, to=to, **{"reason": ""} | also)
    if moved != len(ids):
        raise LostClaim(f"{moved} of {len(ids)} messages were still ours")


def _name(provider_ids: Mapping[int, str]) -> None:
    """Keep what the other side calls them."""
    if provider_ids:
        with connection.cursor() as cursor:
            cursor.execute(
                _NAME, [[*provider_ids], [_kept(one, 120) for one in provider_ids.values()]]
            )


def tell(campaign: int, left: Collection[int], at: dt.datetime) -> None:
    """Tell the lake of the messages that left."""
    rows = Message.objects.filter(pk__in=left).values_list("pk", "customer", "channel")
    ingest.receive(
        ingest.IncomingEvent(
            key=f"msg-{number}-sent",
            customer=customer,
            name="message_sent",
            time=at,
            properties={"campaign": campaign, "channel": channel},
        )
        for number, customer, channel in rows
    )


_NAME = """
    UPDATE campaigns_message m SET provider_id = given.name
    FROM unnest(%s::bigint[], %s::text[]) AS given (id, name) WHERE m.id = given.id
"""
