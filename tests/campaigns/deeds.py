"""Deeds of people with campaigns and playbooks, each with what it needs and who may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaigns import additions, drafts, guards, held, playbooks, transitions
from campaigns.models import (
    Addition,
    Campaign,
    Playbook,
    Stop,
)
from campaigns.outcomes import trials
from campaigns.playbooks import Offer
from campaigns.stoploss import stops
from console import approvals, clock, roles
from console.models import Approval, Staff
from tests.campaigns.factories import (
    AT,
    TemplateFactory,
    campaign_at,
    people,
    segment_of,
)
from tests.campaigns.journeys.steps import message
from tests.campaigns.money.test_money import with_coupon
from tests.console.spine import DAY, somebody

EVIDENCE = {"rows": [], "found_at": "2018-01-15T09:00:00Z"}


@dataclass(frozen=True)
class Deed:
    """What a verb does to what `make` makes; `of_a_team`: only colleagues of its team may do it."""

    action: str
    make: Callable[[], Any]
    do: Callable[[Any, Staff], Any]
    of_a_team: bool = True
    also: str = ""  # another action that one needs

    @property
    def may(self) -> set[str]:
        return roles.TABLE[self.action] & roles.TABLE[self.also or self.action]


def anybody(action: str, make: Callable[[], Any], do: Callable[[Any, Staff], Any]) -> Deed:
    """Of what belongs to no team."""
    return Deed(action, make, do, of_a_team=False)


def at(status: str, count: int = 2, **values: Any) -> Callable[[], Campaign]:
    return lambda: campaign_at(status, count, **values)


def pending(subject: Any) -> Approval:
    found = approvals.pending_for(subject)
    assert found
    return found


# --- campaigns ------------------------------------------------------------------


def step(name: str) -> Callable[[Campaign, Staff], Any]:
    return lambda one, by: getattr(transitions, name)(one, by=by)


def timed(name: str) -> Callable[[Any, Staff], Any]:
    return lambda one, by: getattr(transitions, name)(one, by=by, at=clock.now())


def worded() -> Campaign:
    """Under way, with two wordings to choose from."""
    ways = [{"key": key, "template": TemplateFactory.create().pk, "weight": 1} for key in "ab"]
    said = message("hello") | {"variants": ways}
    del said["template"]
    return campaign_at("sending", plan=[said])


def more_asked() -> Addition:
    campaign = with_coupon("paused")
    assert campaign.owner
    additions.ask(campaign, 700, because="More", key="k", by=campaign.owner, at=clock.now())
    return campaign.additions.get()


def stopped() -> Stop:
    """By the console, of somebody's who may not decide about it."""
    return Stop.objects.create(
        campaign=campaign_at("paused"), cause="complained", stopped_on=DAY, watched_until=DAY
    )


CAMPAIGNS = {
    "drafts.add": Deed(
        "campaigns.change",
        lambda: (segment_of(people(2)), TemplateFactory.create()),
        lambda one, by: drafts.add(name="Spring", segment=one[0], template=one[1], by=by),
        of_a_team=False,
    ),
    "drafts.edit": Deed(
        "campaigns.change", at("draft"), lambda one, by: drafts.edit(one, by=by, goal="other")
    ),
    "drafts.again": Deed(
        "campaigns.change", at("draft"), lambda one, by: drafts.again(one, by=by), of_a_team=False
    ),
    "guards.justify": Deed(
        "campaigns.change", at("draft"), lambda one, by: guards.justify(one, by=by, reason="Fits")
    ),
    "transitions.submit": Deed("campaigns.submit", at("draft"), timed("submit")),
    "transitions.withdraw": Deed("campaigns.submit", at("submitted"), step("withdraw")),
    "transitions.start": Deed("campaigns.run", at("approved"), timed("start")),
    "transitions.pause": Deed("campaigns.run", at("sending"), step("pause")),
    "transitions.resume": Deed("campaigns.run", at("paused"), step("resume")),
    "transitions.cancel": Deed("campaigns.run", at("approved"), step("cancel")),
    "transitions.reopen": Deed("campaigns.run", at("paused"), step("reopen")),
    "transitions.close": Deed("campaigns.run", at("sending", entry="segment"), timed("close")),
    "trials.choose": Deed(
        "campaigns.run",
        worded,
        lambda one, by: trials.choose(one, "hello", "a", reason="Better", by=by),
    ),
    "held.settle": Deed(
        held.ACTION, at("paused"), lambda one, by: held.settle(one, [], held.LEFT, by=by, at=AT)
    ),
    "additions.ask": Deed(
        "campaigns.submit",
        lambda: with_coupon("paused"),
        lambda one, by: additions.ask(one, 700, because="More", key="k", by=by, at=clock.now()),
    ),
    "additions.withdraw": Deed(
        "campaigns.submit",
        more_asked,
        lambda one, by: additions.withdraw(one, by=by),
    ),
    "approvals.approve": Deed(
        "approvals.decide",
        at("submitted"),
        lambda one, by: approvals.approve(pending(one), by=by),
        of_a_team=False,
    ),
    "approvals.reject": Deed(
        "approvals.decide",
        at("submitted"),
        lambda one, by: approvals.reject(pending(one), by=by, comment="No"),
        of_a_team=False,
    ),
    "approvals.ask_for_changes": Deed(
        "approvals.decide",
        at("submitted"),
        lambda one, by: approvals.ask_for_changes(pending(one), by=by, comment="Shorter"),
        of_a_team=False,
    ),
    "stops.decide": Deed(
        stops.ACTION,
        stopped,
        lambda one, by: stops.decide(one, goes_on=False, reason="It costs", by=by),
        of_a_team=False,
    ),
}


# --- playbooks --------------------------------------------------------------------


def playbook() -> Playbook:
    by = somebody("operator")
    made = playbooks.add(by=by, name="Save them", control_share=0.0, rest_days=1)
    for _n in range(2):
        playbooks.add_play(made, segment_of(people(1)), None, mail(), by=by)
    return made


def mail() -> Offer:
    return Offer(template=TemplateFactory.create())


def approved() -> Playbook:
    made = playbook()
    playbooks.submit(made, by=somebody("operator"), at=clock.now())
    for one in Approval.objects.filter(status="pending"):
        approvals.approve(one, by=somebody("manager"))
    return made


def put_in_force() -> Playbook:
    made = approved()
    playbooks.start(made, by=somebody("operator"), at=clock.now())
    return made


PLAYBOOKS = {
    "playbooks.add": anybody(
        playbooks.ACTION, list, lambda _n, by: playbooks.add(by=by, name="A", control_share=0.1)
    ),
    "playbooks.edit": Deed(
        playbooks.ACTION, playbook, lambda one, by: playbooks.edit(one, by=by, goal="fewer")
    ),
    "playbooks.add_play": Deed(
        playbooks.ACTION,
        lambda: (playbook(), segment_of(people(1)), mail()),
        lambda one, by: playbooks.add_play(one[0], one[1], None, one[2], by=by),
    ),
    "playbooks.remove_play": Deed(
        playbooks.ACTION,
        lambda: playbook().plays.order_by("place")[0],
        lambda one, by: playbooks.remove_play(one, by=by),
    ),
    "playbooks.move_play": Deed(
        playbooks.ACTION,
        lambda: playbook().plays.order_by("place")[1],
        lambda one, by: playbooks.move_play(one, up=True, by=by),
    ),
    "playbooks.submit": Deed(
        "playbooks.run",
        playbook,
        lambda one, by: playbooks.submit(one, by=by, at=clock.now()),
    ),
    "playbooks.start": Deed(
        "playbooks.run", approved, lambda one, by: playbooks.start(one, by=by, at=clock.now())
    ),
    "playbooks.pause": Deed(
        "playbooks.run", put_in_force, lambda one, by: playbooks.pause(one, by=by)
    ),
    "playbooks.end": Deed(
        "playbooks.run",
        put_in_force,
        lambda one, by: playbooks.end(one, by=by, at=clock.now()),
    ),
}
