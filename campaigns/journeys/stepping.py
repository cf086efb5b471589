"""Taking a step that is no message: who goes where, and until when one waits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pyroaring import BitMap

from campaigns import audience, parting
from campaigns.models import Campaign, Message
from campaigns.money import paying
from campaigns.outcomes import trials
from campaigns.plans import moments
from campaigns.plans.nodes import Branch, Plan, Split, Step, Task, Wait
from console import approvals, clock, kept_words, work
from console.models import Staff, Team, WorkItem
from console.states import NotAllowed, Stale
from segments import bitmaps, membership
from segments.models import Customer, Segment
from segments.rules.nodes import RuleError

MOST_WORK = 500  # work items that one step gives for one intake; a team cannot do more
KIND = "campaign"  # of work items
MAY_HAVE_LEFT = (Message.Status.SENT, Message.Status.HELD)
FEW = 20_000  # customers that are asked for by number rather than all at once
Here = Mapping[int, BitMap]  # who stands before a step, by intake


class Stuck(Exception):
    """A step cannot be taken; says why in kept words, for whoever looks after the campaign."""


def not_approved(segment: Segment) -> str:
    """In kept words, that a segment is not what somebody said yes to."""
    return kept_words.each(
        lambda: (
            _("The rule of “%(segment)s” is not the one that was approved.") % {"segment": segment}
        )
    )


class Place(NamedTuple):
    """Customers of one intake who stand before a step."""

    step: str
    occurrence: int
    members: BitMap


class Taken(NamedTuple):
    """Where everybody stands after a step, and in kept words why some are still before it."""

    places: list[Place]
    short: str


def take(campaign: Campaign, plan: Plan, step: Step, here: Here) -> Taken:
    """Where everybody goes from a step.

    Raises:
        Stuck: the step cannot be taken.
    """
    short = ""
    match step:
        case Branch():
            ways = _branch(campaign, plan, step, here)
        case Split():
            ways = _split(campaign, plan, step, here)
        case Task():
            _require_yes(campaign)
            late, short = _give_work(campaign, step, here)
            went = {number: members - late[number] for number, members in here.items()}
            ways = [(plan.follows[step.key], went), (step.key, late)]
        case _wait_or_exit:
            ways = [(plan.follows[step.key], here)]
    places = [
        Place(key, number, members)
        for key, those in ways
        if key is not None
        for number, members in those.items()
        if members
    ]
    return Taken(places, short)


# --- ways -------------------------------------------------------------------

Ways = list[tuple[str | None, Here]]


def _branch(campaign: Campaign, plan: Plan, step: Branch, here: Here) -> Ways:
    if step.deed is None:
        fit = _fits(campaign, step)
        yes = {number: members & fit for number, members in here.items()}
    else:
        did = _did(campaign, step, here)
        yes = {number: members & did.get(number, BitMap()) for number, members in here.items()}
    no = {number: members - yes[number] for number, members in here.items()}
    ways: Ways = [(plan.entry_of(step.yes, step), yes)]
    if step.never is not None:
        left = _by_intake(campaign, step.of, here, status__in=MAY_HAVE_LEFT)
        never = {number: those - left.get(number, BitMap()) for number, those in no.items()}
        no = {number: those - never[number] for number, those in no.items()}
        ways.append((plan.entry_of(step.never, step), never))
    return [*ways, (plan.entry_of(step.no, step), no)]


def _fits(campaign: Campaign, step: Branch) -> BitMap:
    """Everybody for whom the branch's rule holds."""
    if other := audience.strayed(campaign, step.rule):
        raise Stuck(not_approved(other))
    try:
        return membership.evaluate(step.rule, day=clock.today())
    except RuleError as problem:
        words = gettext_noop(
            "The condition of the branch “%(step)s” cannot be understood: %(problem)s"
        )
        said = kept_words.keep(words, step=step.key, problem=kept_words.keep_problem(problem))
        raise Stuck(said) from problem


def _did(campaign: Campaign, step: Branch, here: Here) -> dict[int, BitMap]:
    """Who opened or clicked the message, or whose task was done, by intake."""
    if step.deed == "done":
        return _done(campaign, step.of, here)
    return _by_intake(campaign, step.of, here, **{f"{step.deed}_at__isnull": False})


def _by_intake(campaign: Campaign, step: str, here: Here, **those: Any) -> dict[int, BitMap]:
    """Whose messages of a step are like this, by intake."""
    who = Message.objects.filter(
        campaign=campaign, step=step, occurrence__in=list(here), **those
    ).values_list("occurrence", Coalesce("customer__merged_into", "customer"))
    found: dict[int, list[int]] = defaultdict(list)
    for number, customer in who:
        found[number].append(customer)
    return {number: bitmaps.from_ids(ids) for number, ids in found.items()}


def _split(campaign: Campaign, plan: Plan, step: Split, here: Here) -> Ways:
    won = trials.winner(campaign, step.key)
    parts = {
        number: {won: members} if won else parting.arms(campaign, step, members)
        for number, members in here.items()
    }
    return [
        (
            plan.entry_of(arm.steps, step),
            {number: by_arm.get(arm.key, BitMap()) for number, by_arm in parts.items()},
        )
        for arm in step.arms
    ]


# --- work for people --------------------------------------------------------


def _require_yes(campaign: Campaign) -> None:
    """Work, as messages, is given only while somebody's yes holds, whatever the status says.

    Raises:
        Stuck: nobody's does.
    """
    try:
        approvals.require_live(Campaign.objects.get(pk=campaign.pk))
    except (NotAllowed, Stale) as refused:
        raise Stuck(kept_words.of(refused)) from refused


class _Item(NamedTuple):
    """One piece of work: for a customer of an intake, or for all of it together."""

    occurrence: int
    once: str
    members: BitMap
    customer: Customer | None = None


def _give_work(campaign: Campaign, step: Task, here: Here) -> tuple[dict[int, BitMap], str]:
    """Give each piece of work once, however often this runs, as far as the money reaches.

    Who is left without, by intake, and in kept words why.
    """
    asked = list(_items(campaign, step, here))
    known = WorkItem.objects.filter(once__in=[one.once for one in asked])
    done = set(known.values_list("once", flat=True))
    new = [one for one in asked if one.once not in done]
    price = clock.project().work_minor
    reach = paying.as_many(campaign, price)  # from here on nobody else spends of it
    paid = new[:reach]
    for one in paid:
        _give(campaign, step, one)
    paying.spend(campaign, len(paid) * price, paying.WORK)
    late = {number: BitMap() for number in here}
    for one in new[len(paid) :]:
        late[one.occurrence] |= one.members
    if not any(late.values()):
        return late, ""
    rest = len(new) - len(paid)
    return late, paying.not_all(campaign, step.title, given=len(paid), rest=rest, each=price)


def _items(campaign: Campaign, step: Task, here: Here) -> Iterator[_Item]:
    """What the step asks for, in the order in which customers came.

    Raises:
        Stuck: it is more than a team can do.
    """
    for number, members in sorted(here.items()):
        mark = _mark(campaign, step.key, number)
        if not step.each:
            yield _Item(number, f"{mark}:", members)
            continue
        if len(members) > MOST_WORK:
            words = gettext_noop(
                "“%(title)s” would make %(count)s work items at once; %(most)s are allowed."
            )
            count = len(members)
            raise Stuck(kept_words.keep(words, title=step.title, count=count, most=MOST_WORK))
        for customer in Customer.objects.filter(pk__in=list(members)).order_by("pk"):
            yield _Item(number, f"{mark}:{customer.pk}", BitMap([customer.pk]), customer)


def _give(campaign: Campaign, step: Task, item: _Item) -> None:
    today, count = clock.today(), len(item.members)

    def why() -> str:
        said = _("The campaign “%(name)s” came to this step.") % {"name": campaign}
        more = "" if item.customer else " " + _("Customers: %(count)s.") % {"count": count}
        return said + more

    work.give(
        step.duty or KIND,
        step.title,
        on=today,
        why=kept_words.each(why),
        plan=step.plan,
        subject=item.customer or campaign,
        owner=Staff.objects.filter(pk=step.owner or 0, is_active=True).first(),
        team=Team.objects.filter(pk=step.team or 0).first() or campaign.team,
        due_on=today + dt.timedelta(days=step.days),
        once=item.once,
    )


def _mark(campaign: Campaign, step: str, occurrence: int) -> str:
    return f"campaign:{campaign.pk}:{step}:{occurrence}"


def _done(campaign: Campaign, step: str, here: Here) -> dict[int, BitMap]:
    """Whose task was done; of a task for all together, everybody."""
    found = {}
    for number in here:
        mark = _mark(campaign, step, number) + ":"
        done = WorkItem.objects.filter(once__startswith=mark, status=WorkItem.Status.DONE)
        names = [once.removeprefix(mark) for once in done.values_list("once", flat=True)]
        found[number] = here[number] if "" in names else bitmaps.from_ids(map(int, names))
    return found


# --- waiting ----------------------------------------------------------------


def dues(
    step: Step, members: BitMap, now: dt.datetime
) -> Iterator[tuple[dt.datetime | None, BitMap]]:
    """When those who arrive at a step now take it: at once (None), or when their wait ends."""
    if not isinstance(step, Wait):
        if members:
            yield None, members
        return
    by_end: dict[dt.datetime, BitMap] = defaultdict(BitMap)
    for zone, those in _by_zone(step, members).items():
        by_end[moments.end_of(step, now, zone)] |= those
    yield from ((due_at, those) for due_at, those in sorted(by_end.items()) if those)


def laters(step: Wait, members: BitMap, by: dt.timedelta) -> "Later":
    """When waits of these customers end that ended during a pause of this length."""
    return Later(step, by, _by_zone(step, members))


@dataclass(frozen=True)
class Later:
    """Who goes on when, on the clocks of their zones."""

    step: Wait
    by: dt.timedelta
    zones: Mapping[ZoneInfo, BitMap]

    def ends(self, end: dt.datetime, members: BitMap) -> dict[dt.datetime, BitMap]:
        """Of those whose wait would have ended together: who goes on when."""
        found: dict[dt.datetime, BitMap] = defaultdict(BitMap)
        for zone, those in self.zones.items():
            if here := members & those:
                found[moments.later(self.step, end, self.by, zone)] |= here
        return found


def _by_zone(step: Wait, members: BitMap) -> dict[ZoneInfo, BitMap]:
    """The members by the zone whose clock their wait goes by."""
    home = clock.zone()
    if step.zone == "project" or (step.at is None and not step.weekdays):
        return {home: members}
    found: dict[ZoneInfo, BitMap] = {home: members}
    for name, ids in _zones(members):
        if name in available_timezones():
            here = members & bitmaps.from_ids(ids)
            found[ZoneInfo(name)] = found.get(ZoneInfo(name), BitMap()) | here
            found[home] = found[home] - here if ZoneInfo(name) != home else found[home]
    return found


def _zones(members: BitMap) -> list[tuple[str, list[int]]]:
    """The zones that customers told of, each with whose it is."""
    few = len(members) <= FEW
    query, params = _ZONES, [list(members)] if few else []
    with connection.cursor() as cursor:
        cursor.execute(query.replace("THESE", "AND id = ANY(%s)" if few else ""), params)
        return cursor.fetchall()


_ZONES = """
    SELECT zone, array_agg(id) FROM (
        SELECT id, coalesce(attributes ->> 'time_zone', attributes ->> 'timezone',
            attributes ->> '$timezone', '') AS zone
        FROM segments_customer WHERE attributes <> '{}' THESE
    ) told WHERE zone <> '' GROUP BY zone ORDER BY zone
"""
