"""Whom an approver says yes to: then and now, what they are made of, and who gets what."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import audience, guards, parting, planning
from campaigns.admin.page import Bar
from campaigns.models import Audience, Campaign, ChannelAccount, Exclusion, MessageTemplate
from campaigns.plans.nodes import Message, Plan
from console import clock, figures
from console.models import Approval
from segments import bitmaps, scorings, standing, traits
from segments.models import Stage, StageSet

Entry = Campaign.Entry
MOST = 12  # bars of one division; the rest is one more


@dataclass(frozen=True)
class Row:
    """A count as it was frozen, and as it would be now."""

    label: str
    then: int
    now: int

    @property
    def change(self) -> str:
        more = self.now - self.then
        return f"{'+' if more > 0 else '−'}{figures.whole(abs(more))}" if more else ""


def context(
    campaign: Campaign, frozen: Audience, approval: Approval, *, then: audience.Funnel
) -> dict[str, Any]:
    """What is known of the customers themselves; nobody knows to whom an event will happen."""
    has_people = campaign.entry in {Entry.ONCE, Entry.RECURRING}
    plan, members = planning.of(campaign), frozen.members
    is_open = approval.status == Approval.Status.PENDING
    no_room = audience.without_room(campaign, members) if is_open and has_people else None
    rows = then_and_now(campaign, then) if is_open and has_people else []
    if rows and frozen.no_room is not None and no_room is not None:
        row = Row(_("of them without room today"), len(frozen.no_room), len(no_room))
        rows += [row] if row.then or row.now else []
    return {
        "then_and_now": rows,
        "rule_changed": _rule_changed(campaign, frozen),
        "no_room": len(no_room) if no_room is not None else None,
        "groups": groups(campaign, plan, members) if has_people else shares(campaign, plan),
        "made_of": made_of(members) if has_people else [],
        "ways": by_channel(campaign, plan, members) if has_people else [],
    }


def then_and_now(campaign: Campaign, then: audience.Funnel) -> list[Row]:
    """The way from the segment to those who get it, when it was frozen and if it were now."""
    if campaign.segment is None:
        return []
    try:
        now = audience.outlook(campaign, campaign.segment.members)
    except guards.Strayed:  # nobody can tell whom it would be kept from
        return []
    left_out = (dict(then.left_out), dict(now.left_out))
    reasons = [str(one.label) for one in Exclusion.Reason]
    was, is_ = ({str(label): count for label, count in one.items()} for one in left_out)
    rows = [Row(one, was.get(one, 0), is_.get(one, 0)) for one in reasons]
    return [
        Row(_("in the segment"), then.segment_size, now.segment_size),
        *(row for row in rows if row.then or row.now),
        Row(
            _("get it, or are the control") if campaign.control_share else _("get it"),
            then.size,
            now.size,
        ),
    ]


def _rule_changed(campaign: Campaign, frozen: Audience) -> bool:
    """Whether its segment has another rule than the one that was frozen."""
    segment = campaign.segment
    return segment is not None and segment.rule != frozen.segment_rule


def groups(campaign: Campaign, plan: Plan, members: BitMap) -> list[dict[str, Any]]:
    """The control, the arms and the wordings, each with its customers."""
    return _told(plan, parting.groups(campaign, plan, members))


def shares(campaign: Campaign, plan: Plan) -> list[dict[str, Any]]:
    """The same before anybody came: shares alone."""
    found = parting.groups(campaign, plan, BitMap())
    if campaign.control_share:
        found = [parting.Group(parting.CONTROL, "", campaign.control_share, None), *found]
    return [row | {"size": ""} for row in _told(plan, found)]


def _told(plan: Plan, found: list[parting.Group]) -> list[dict[str, Any]]:
    names = _names(plan)
    return [
        {
            "step": one.step,
            "name": names.get((one.step, one.name), one.name) if one.step else _("Control"),
            "share": figures.share(one.share),
            "size": "" if one.size is None else figures.whole(one.size),
        }
        for one in found
    ]


def _names(plan: Plan) -> dict[tuple[str, str], str]:
    """What the wordings of messages are called: as their templates."""
    steps = [step for step in plan.by_key.values() if isinstance(step, Message)]
    wanted = {one.template for step in steps for one in step.variants}
    templates = dict(MessageTemplate.objects.filter(pk__in=wanted).values_list("pk", "name"))
    winners = {(step.key, parting.WINNER): _("the winner") for step in steps}
    return winners | {
        (step.key, one.key): templates.get(one.template, one.key)
        for step in steps
        for one in step.variants
    }


def by_channel(campaign: Campaign, plan: Plan, members: BitMap) -> list[dict[str, Any]]:
    """Of a plan with several ways to people: how many each of them reaches now."""
    channels = sorted(plan.channels())
    if len(channels) < 2 and not plan.has_work():
        return []
    told = []
    for channel in channels:
        division = audience.divide(members, channel=channel, purpose=campaign.purpose)
        left_out = [
            (Exclusion.Reason(reason).label, figures.whole(len(those)))
            for reason, those in division.left_out.items()
            if those
        ]
        label = ChannelAccount.Channel(channel).label
        told.append(
            {"channel": label, "size": figures.whole(len(division.kept)), "left_out": left_out}
        )
    return told


# --- what they are made of --------------------------------------------------------


def made_of(members: BitMap) -> list[tuple[str, list[Bar]]]:
    """The members by where they stand now: their stage, and their tier of value."""
    if not members:
        return []
    divisions = [(_("By stage"), _by_stage(members)), (_("By value"), _by_tier(members))]
    return [(title, bars) for title, bars in divisions if bars]


def _by_stage(members: BitMap) -> list[Bar]:
    chosen = StageSet.objects.filter(is_default=True).first()
    if chosen is None:
        return []
    counts = _counted(members, standing.now(chosen.pk))
    stages = Stage.objects.filter(stage_set=chosen, pk__in=counts).order_by("position")
    return _bars([(str(one), counts[one.pk]) for one in stages], len(members))


def _by_tier(members: BitMap) -> list[Bar]:
    column = traits.read("value_tier", day=clock.today()).get("value_tier")
    if column is None:
        return []
    counts = _counted(members, column.values)
    named = scorings.labels()["value_tier"]
    words = [(named.get(word, word), counts.get(at, 0)) for at, word in enumerate(column.words)]
    return _bars([(name, count) for name, count in words if count], len(members))


def _counted(members: BitMap, column: Any) -> dict[int, int]:
    """How many of the members have each value of a column."""
    ids = bitmaps.to_array(members)
    values, counts = np.unique(column[ids[ids < len(column)]], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _bars(found: list[tuple[str, int]], of: int) -> list[Bar]:
    """The first ones, and all others together; who is in none of them stands last."""
    shown, rest = found[:MOST], of - sum(count for _name, count in found[:MOST])
    shown += [(_("others"), rest)] if rest else []
    return [Bar(name, count, count / of) for name, count in shown]
