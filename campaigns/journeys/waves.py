"""Waves of customers through a plan: written where they arrive, moved on when they are due.

A wave rests at a step until it is due. Steps that are set algebra (waiting, branching, splitting)
are taken by `advance`, all of a campaign's at once, in one transaction that closes the waves and
writes those of the next steps; a wave at a message is a sender's, who calls `move_on` at its end.
Whoever changes several waves holds the campaign's row, so two at once do one after the other.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from pyroaring import BitMap

from campaigns import planning
from campaigns.journeys import loads, queued, stepping
from campaigns.journeys.loads import Load
from campaigns.journeys.stepping import Place
from campaigns.models import Campaign, Message, Wave
from campaigns.outcomes import trials
from campaigns.plans.nodes import Plan, Step, Wait
from console import states
from segments import bitmaps, live_sets
from segments.models import Customer

AT_A_TIME = 2_000  # waves that are moved on in one transaction
MESSAGE, LEFT = "message", "left"
GOAL, EXIT = "$goal", "$exit"  # the places of those who left the plan, instead of a step
OPEN_MESSAGES = (Message.Status.DEFERRED, Message.Status.RETRY)


def to_do(campaign: Campaign) -> QuerySet[Wave]:
    """Waves in which somebody still has a step to take."""
    return Wave.objects.filter(campaign=campaign).exclude(status=Wave.Status.DONE)


def due() -> Q:
    """Which waves may take their step at this moment, by the database's clock."""
    return Q(not_before=None) | Q(not_before__lte=Now())


def is_finished(campaign: Campaign) -> bool:
    """Whether nobody has a step to take any more, nor a message that was put off."""
    later = Message.objects.filter(campaign=campaign, status=Message.Status.DEFERRED)
    return not to_do(campaign).exists() and not later.exists()


@transaction.atomic
def hold(campaign: Campaign, *, wait: bool = True) -> Campaign | None:
    """Be the only one that moves this campaign's customers until the transaction ends.

    None: somebody else is at it, or it is not under way. Messages can be claimed meanwhile.
    """
    rows = Campaign.objects.select_for_update(no_key=True, skip_locked=not wait)
    return rows.filter(pk=campaign.pk, status=Campaign.Status.SENDING).first()


# --- arriving ---------------------------------------------------------------


def arrive(campaign: Campaign, places: Iterable[Place], *, goes_on: bool = True) -> int:
    """Write waves for customers who stand before a step now; how many waves.

    Where it does not go on, they took the next step already.
    """
    plan, now = planning.of(campaign), timezone.now()
    groups: dict[tuple[str, str, dt.datetime | None], list[Load]] = defaultdict(list)
    for place in places:
        step = plan.by_key[place.step]
        for kind, due_at, members in _dues(campaign, step, place.members, now):
            groups[step.key, kind, due_at].append({place.occurrence: members})
    rows = [
        made(
            load,
            campaign=campaign,
            step=key,
            kind=kind,
            due_at=None if due_at == trials.NEVER else due_at,
            not_before=due_at,
            goes_on=goes_on,
        )
        for (key, kind, due_at), those in groups.items()
        for load in (loads.packed(those) if kind == MESSAGE else loads.parted(those))
    ]
    queued.write(rows)
    return len(rows)


def made(load: Load, **fields: Any) -> Wave:
    """A wave of these members."""
    members = bitmaps.union([*load.values()])
    mixed = {str(number): list(those) for number, those in load.items()} if len(load) > 1 else {}
    first = min(load)
    return Wave(occurrence=first, mixed=mixed, members=members, size=len(members), **fields)


def _dues(
    campaign: Campaign, step: Step, members: BitMap, now: dt.datetime
) -> Iterator[tuple[str, dt.datetime | None, BitMap]]:
    """Who takes the step when; of a trial those who wait for its winner have no time yet."""
    first = trials.tried_on(campaign, step, members)
    for due_at, those in stepping.dues(step, first, now):
        yield step.KIND, due_at, those
    if rest := members - first:
        yield trials.REST, trials.NEVER, rest


# --- moving on --------------------------------------------------------------


def advance(campaign: Campaign) -> int:
    """Let everybody who is due take steps that are no messages, as far as they lead now.

    Does nothing while somebody else is at it. Returns how many waves moved.

    Raises:
        stepping.Stuck: a step cannot be taken, by nobody or by some; says why in words.
    """
    moved = 0
    while (step := _advance(campaign)).moved:
        moved += step.moved
        if step.short:
            raise stepping.Stuck(step.short)
    return moved


class _Step(NamedTuple):
    """How many waves took a step, and in kept words why some customers could not."""

    moved: int
    short: str = ""


@transaction.atomic
def _advance(campaign: Campaign) -> _Step:
    """One step of all that are due now."""
    held = hold(campaign, wait=False)
    if held is None:
        return _Step(0)
    waves = list(
        to_do(held)
        .filter(due())
        .exclude(kind=MESSAGE)
        .select_for_update()
        .order_by("pk")[:AT_A_TIME]
    )
    if not waves:
        return _Step(0)
    plan = planning.of(held)
    places: list[Place] = []
    short = ""
    for key, here in _together(waves).items():
        taken = stepping.take(held, plan, plan.by_key[key], _as_now(held, here))
        places += taken.places
        _without(waves, key, [one for one in taken.places if one.step == key])
        short = short or taken.short
    arrive(held, places)
    states.move_many(Wave, [one.pk for one in waves], frm=Wave.Status.WAITING, to=Wave.Status.DONE)
    return _Step(len(waves), short)


def _without(waves: Iterable[Wave], step: str, stay: Iterable[Place]) -> None:
    """Who stays before a step has not gone through it with their wave."""
    for place in stay:
        for wave in waves:
            if (wave.step, wave.occurrence) == (step, place.occurrence):
                went = wave.members - place.members
                Wave.objects.filter(pk=wave.pk).update(members=went, size=len(went))


def _together(waves: Iterable[Wave]) -> dict[str, dict[int, BitMap]]:
    """Who stands before which step, by intake."""
    found: dict[str, dict[int, list[BitMap]]] = defaultdict(lambda: defaultdict(list))
    for wave in waves:
        found[wave.step][wave.occurrence].append(wave.members)
    return {
        step: {number: bitmaps.union(sets) for number, sets in by_intake.items()}
        for step, by_intake in found.items()
    }


def _as_now(campaign: Campaign, here: dict[int, BitMap]) -> dict[int, BitMap]:
    """The same people by who they are today: without the erased, merged ones as the kept one.

    A kept one who came in with the same intake goes their own way already.
    """
    everyone = live_sets.everyone()
    if not any(members - everyone for members in here.values()):
        return here
    return {number: _alive(campaign, number, members) for number, members in here.items()}


def _alive(campaign: Campaign, number: int, members: BitMap) -> BitMap:
    gone = members - live_sets.everyone()
    if not gone:
        return members
    became = Customer.objects.filter(pk__in=list(gone), merged_into__isnull=False)
    kept = bitmaps.from_ids({one.merged_into_id or 0 for one in became})
    theirs = campaign.intakes.get(number=number).members
    return (members - gone) | (kept - theirs)


@transaction.atomic
def move_on(wave: Wave) -> None:
    """Close a message's wave: everybody whose message has an end takes the next step.

    Whose message was put off comes back by `recall`, and goes on after it.
    """
    Campaign.objects.select_for_update(no_key=True).get(pk=wave.campaign_id)
    rows = Wave.objects.select_for_update(of=("self",)).select_related("campaign")
    held = rows.get(pk=wave.pk)
    states.move_many(Wave, [held.pk], frm=Wave.Status.CLAIMED, to=Wave.Status.DONE, mixed={})
    following = planning.of(held.campaign).follows.get(held.step)
    if following is None or not held.goes_on:
        return
    went = held.by_intake
    put_off = Message.objects.filter(
        campaign=held.campaign_id,
        step=held.step,
        occurrence__in=list(went),
        status__in=OPEN_MESSAGES,
        customer__in=list(held.members),
    )
    for number, customer in put_off.values_list("occurrence", "customer"):
        went[number] = went[number] - BitMap([customer])
    here = _as_now(held.campaign, went)
    arrive(held.campaign, [Place(following, *one) for one in here.items()])


@transaction.atomic
def stand_again(campaign: Campaign, place: Place) -> None:
    """Put customers before a message once more whose message was in doubt.

    Who still stands there goes on from it; everybody else has gone on already.
    """
    waves = to_do(campaign).filter(
        Q(occurrence=place.occurrence) | Q(mixed__has_key=str(place.occurrence)), step=place.step
    )
    still = BitMap()
    for wave in waves.select_for_update().order_by("pk"):
        if here := wave.by_intake.get(place.occurrence, BitMap()) & place.members:
            still |= here
            rest = wave.members - here
            Wave.objects.filter(pk=wave.pk).update(members=rest, size=len(rest))
    arrive(campaign, [place._replace(members=still)])
    arrive(campaign, [place._replace(members=place.members - still)], goes_on=False)


@transaction.atomic
def recall(campaign: Campaign) -> int:
    """Bring messages back that were put off until now; how many."""
    if hold(campaign, wait=False) is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_RECALL, [campaign.pk])
        rows = cursor.fetchall()
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for step, occurrence, customer in rows:
        found[step, occurrence].append(customer)
    arrive(
        campaign,
        [Place(step, number, bitmaps.from_ids(who)) for (step, number), who in found.items()],
    )
    return len(rows)


_RECALL = """
    UPDATE campaigns_message SET due_at = NULL
    WHERE campaign_id = %s AND status = 'deferred' AND due_at <= now()
    RETURNING step, occurrence, customer_id
"""

# --- leaving ----------------------------------------------------------------


class Gone(NamedTuple):
    """Who left a plan, and through which door."""

    door: str
    members: BitMap


def take_out(campaign: Campaign, gone: Gone) -> int:
    """Take customers out of everything that they still have before them; how many there were.

    The caller holds the campaign. What a sender is giving to a server at this moment leaves.
    """
    left: dict[int, BitMap] = defaultdict(BitMap)
    for wave in to_do(campaign).select_for_update().order_by("pk"):
        if here := wave.members & gone.members:
            for number, those in wave.intakes_of(here).items():
                if those:
                    left[number] |= those
            rest, also = wave.members - here, {}
            if wave.status == Wave.Status.CLAIMED:
                also["gone"] = wave.gone | here
            Wave.objects.filter(pk=wave.pk).update(members=rest, size=len(rest), **also)
            if not rest and wave.status == Wave.Status.WAITING:
                states.move_many(Wave, [wave.pk], frm=wave.status, to=Wave.Status.DONE)
    for occurrence, members in _called_off(campaign, gone.members).items():
        left[occurrence] |= members
    Wave.objects.bulk_create(
        Wave(
            campaign=campaign,
            step=gone.door,
            kind=LEFT,
            occurrence=number,
            members=members,
            size=len(members),
            status=Wave.Status.DONE,
        )
        for number, members in left.items()
    )
    return sum(map(len, left.values()))


def _called_off(campaign: Campaign, members: BitMap) -> dict[int, BitMap]:
    """Messages that were put off, or wait for another try, leave no more; whose, by intake."""
    waiting = Message.objects.filter(
        campaign=campaign, status__in=OPEN_MESSAGES, customer__in=list(members)
    ).select_for_update()
    found: dict[int, list[int]] = defaultdict(list)
    by_status: dict[str, list[int]] = defaultdict(list)
    for pk, status, occurrence, customer in waiting.values_list(
        "pk", "status", "occurrence", "customer"
    ):
        by_status[status].append(pk)
        found[occurrence].append(customer)
    for status, rows in by_status.items():
        states.move_many(
            Message, rows, frm=status, to=Message.Status.SKIPPED, reason="left", due_at=None
        )
    return {number: bitmaps.from_ids(who) for number, who in found.items()}


def call_off(campaign: Campaign) -> None:
    """Nothing more happens to anybody: the campaign was cancelled."""
    waiting = to_do(campaign).filter(status=Wave.Status.WAITING)
    states.move_many(
        Wave, list(waiting.values_list("pk", flat=True)), frm="waiting", to=Wave.Status.DONE
    )
    for status in OPEN_MESSAGES:
        messages = Message.objects.filter(campaign=campaign, status=status)
        states.move_many(
            Message,
            list(messages.values_list("pk", flat=True)),
            frm=status,
            to=Message.Status.SKIPPED,
            reason="cancelled",
            due_at=None,
        )


# --- pausing ----------------------------------------------------------------


def catch_up(campaign: Campaign, paused_at: dt.datetime | None) -> int:
    """Go on after a pause without making up for it; how many waves were put later.

    Earlier tries are forgotten: a person looked. Waits that ended during the pause end as much
    later as the pause was long, or at the next hour that they were for, so that they come in the
    order and at the distance in which they would have come.
    """
    open_ = to_do(campaign)
    open_.filter(tries__gt=0).update(tries=0, not_before=F("due_at"))
    if paused_at is None:
        return 0
    now = timezone.now()
    plan, later = planning.of(campaign), 0
    missed = open_.filter(kind="wait", due_at__gte=paused_at, due_at__lte=now)
    for key in missed.values_list("step", flat=True).order_by("step").distinct():
        later += _later(missed.filter(step=key), plan, key, now - paused_at)
    return later


def _later(waves: QuerySet[Wave], plan: Plan, key: str, by: dt.timedelta) -> int:
    """Put waits that ended meanwhile as much later; those for an hour or a day, to the next."""
    rows, step = list(waves), plan.by_key[key]
    assert isinstance(step, Wait)
    later = stepping.laters(step, bitmaps.union([one.members for one in rows]), by)
    made = []
    for wave in rows:
        ends = sorted(later.ends(wave.due_at, wave.members).items())
        for at, (end, members) in enumerate(ends):
            part = wave if at == 0 else copy(wave)
            part.due_at = part.not_before = end
            part.members, part.size = members, len(members)
            if at:
                part.pk, part._state.adding = None, True
                made.append(part)
    Wave.objects.bulk_update(rows, ["due_at", "not_before", "members", "size"], batch_size=1000)
    Wave.objects.bulk_create(made, batch_size=1000)
    return len(rows)
