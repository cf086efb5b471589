"""A campaign's plan on its page: how customers come in, each step, and who stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import planning
from campaigns.contact import reasons
from campaigns.journeys import intakes, waves
from campaigns.models import Campaign, Intake
from campaigns.outcomes import progress
from campaigns.plans import moments, triggers, words
from campaigns.plans.nodes import PlanError
from console import clock, figures
from segments import catalogue, vocabulary
from segments.rules import words as rule_words

LATEST = 5
Entry = Campaign.Entry
WHY = {
    "late": gettext_lazy("it had happened too long before"),
    "again": gettext_lazy("they were in it too lately"),
    "segment": gettext_lazy("not in the segment"),
    "paused": gettext_lazy("the campaign was paused"),
    "closed": gettext_lazy("nobody comes in any more"),
    "missed": gettext_lazy("the hour was missed"),
}


@dataclass(frozen=True)
class Row:
    """One line of the plan, with its counts once the campaign runs."""

    depth: int
    words: str
    is_head: bool
    counts: str = ""
    key: str = ""  # of the step; a way's head has none


def context(campaign: Campaign) -> dict[str, Any]:
    """What the page shows of the plan; nothing for a campaign of one message."""
    if campaign.kind == Campaign.Kind.RECORDED:
        return {}
    counted = progress.by_step(campaign)
    return {
        "plan_rows": rows(campaign, counted) if campaign.plan else [],
        "comes_in": comes_in(campaign),
        "terms": terms(campaign),
        "limits": limits(campaign) if campaign.is_lasting else [],
        "leaves_at": [catalogue.titles().get(name, name) for name in campaign.exit_events],
        "left_plan": _left(counted),
        "latest_intakes": _latest(campaign) if campaign.is_lasting else [],
    }


def terms(campaign: Campaign) -> list[tuple[str, str]]:
    """What else is decided with a campaign, for whoever says yes to it."""
    if campaign.kind == Campaign.Kind.RECORDED:
        return []
    found = [
        (_("Purpose"), str(campaign.get_purpose_display())),
        (_("Offers"), str(campaign.get_offer_display()) if campaign.offer else ""),
        (_("Occasion"), str(campaign.get_occasion_display()) if campaign.occasion else ""),
        (_("Priority"), str(campaign.priority)),
        (_("Control"), _control(campaign)),
    ]
    if campaign.is_lasting:
        until = campaign.ends_at
        found += [
            (
                _("Lets in until"),
                f"{until.astimezone(clock.zone()):%Y-%m-%d %H:%M}" if until else "",
            ),
            (_("Comes in again"), _again(campaign.again_after_days)),
        ]
    return [(name, said) for name, said in found if said]


def _control(campaign: Campaign) -> str:
    """Of a play its playbook's, which is the same in all its plays."""
    play = getattr(campaign, "play", None)
    share = play.playbook.control_share if play else campaign.control_share
    if not share:
        return _("none: nobody will be able to tell what it brought")
    return figures.share(share, digits=0)


def _again(days: int | None) -> str:
    if days is None:
        return _("once only")
    return _("after %(days)s days") % {"days": days} if days else _("each time")


def rows(campaign: Campaign, counted: Mapping[str, progress.AtStep]) -> list[Row]:
    """The plan's steps in words, with how many customers are where."""
    is_begun = bool(campaign.started_at)
    return [
        Row(
            line.depth,
            line.words,
            is_head=not line.key,
            counts=_counts(counted.get(line.key)) if is_begun and line.key else "",
            key=line.key if is_begun else "",
        )
        for line in words.lines(planning.of(campaign), planning.known(), _)
    ]


def counts(campaign: Campaign) -> dict[str, str]:
    """How many customers are before which step, in words, for a page that somebody looks at."""
    return {step: _counts(at) for step, at in progress.by_step(campaign).items()}


def comes_in(campaign: Campaign) -> str:
    """When customers come in, in words."""
    match campaign.entry:
        case Entry.RECURRING:
            return words.every(moments.read(campaign.timetable), _)
        case Entry.EVENT:
            return _("when this happens: %(event)s") % {"event": _event(campaign)}
        case Entry.SEGMENT:
            said = [_("when one comes into the segment")]
            if campaign.trigger.get("present"):
                said.append(_("Also who is in the segment at the start"))
            return " · ".join(said)
        case Entry.PLAYBOOK:
            return str(Entry.PLAYBOOK.label)
        case _once:
            return ""


def limits(campaign: Campaign) -> list[str]:
    """How many it lets in at most, with how many came in so far once it runs."""
    today, in_all = intakes.came(campaign, clock.today()) if campaign.started_at else (0, 0)
    told = [
        (_("At most %(most)s customers a day"), campaign.most_a_day, _("today %(count)s"), today),
        (_("At most %(most)s customers in all"), campaign.most_in_all, _("%(count)s came"), in_all),
    ]
    said = []
    for sentence, most, so_far, count in told:
        if most is not None:
            words = sentence % {"most": figures.whole(most)}
            came = so_far % {"count": figures.whole(count)}
            said.append(f"{words} · {came}" if campaign.started_at else words)
    return said


def _event(campaign: Campaign) -> str:
    """The event with its conditions; its name alone when they are no longer understood."""
    known = vocabulary.current()
    try:
        return rule_words.event(triggers.read(campaign.trigger, known), known, _)
    except PlanError:
        event = campaign.trigger.get("event", "")
        return catalogue.titles().get(event, event)


def _counts(at: progress.AtStep | None) -> str:
    if at is None:
        return "–"
    said = [_("%(count)s here") % {"count": f"{at.here:,}"}] if at.here else []
    if at.sent:
        said.append(_("%(count)s sent") % {"count": f"{at.sent:,}"})
    if at.through:
        said.append(_("%(count)s went on") % {"count": f"{at.through:,}"})
    return " · ".join(said) or "–"


def _left(counted: Mapping[str, progress.AtStep]) -> list[tuple[str, int]]:
    """How many left the plan before its end, by why."""
    doors = {waves.GOAL: _("reached the goal"), waves.EXIT: _("left at an event")}
    return [(said, counted[door].through) for door, said in doors.items() if door in counted]


def _latest(campaign: Campaign) -> list[dict[str, Any]]:
    """Who came in lately, and why others did not."""
    found = Intake.objects.filter(campaign=campaign).order_by("-number")[:LATEST]
    zone = clock.zone()
    return [
        {
            "at": one.at.astimezone(zone),
            "size": len(one.members),
            "control": len(one.control),
            "left_out": [(_reason(reason), count) for reason, count in one.left_out.items()],
        }
        for one in found
    ]


def _reason(reason: str) -> str:
    return str(WHY[reason]) if reason in WHY else reasons.said(reason)
