"""Any life of a campaign: nothing leaves without a living yes to exactly what leaves."""

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from campaigns import drafts, transitions
from campaigns.channels.base import Accepted, Journal, Mail
from campaigns.contact import policies
from campaigns.delivery import outbox
from campaigns.journeys import loads, rounds
from campaigns.journeys.stepping import Stuck
from campaigns.models import Audience, Campaign, MessageTemplate
from campaigns.words import templates
from console import approvals, clock, tasks
from console.models import Approval
from console.states import NotAllowed, Stale
from segments import bitmaps
from segments.models import Segment
from tests.campaigns.factories import CampaignFactory, TemplateFactory, people, segment_of
from tests.console.spine import Undone, somebody
from tests.factories import TeamFactory

REFUSED = (NotAllowed, Stale)
STAFF = ("owner", "colleague", "stranger", "manager", "admin", "analyst")
STEPS = ("submit", "withdraw", "start", "pause", "resume", "cancel", "reopen")
WAY = ("submit", "approve", "start")
BEHIND = ("goal", "priority", "conversion_days", "control_share")  # fields that somebody changes
AROUND = ("words", "members", "policy", "audience", "status", "status")
DEEDS: list[tuple[str, ...]] = [
    *(("go_on", one) for one in (*WAY, *WAY, "resume")),
    *(("step", one) for one in STEPS),
    *(("decide", one) for one in ("approve", "reject", "ask_for_changes")),
    *(("other", one) for one in AROUND),
    *(("change_behind_their_backs", one) for one in BEHIND),
    *[("send", "by workers"), ("send", "past every verb")] * 3,
    *[("edit",), ("every_minute",)],
]


class Sink:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.got: list[Mail] = []

    def connect(self) -> None: ...

    def close(self) -> None: ...

    def send(self, messages: Iterable[Mail], journal: Journal) -> None:
        for one in messages:
            journal.begun(one.number)
            self.got.append(one)
            journal.ended(one.number, Accepted())


class Life(Undone):
    """One campaign, those who work with it, and somebody who changes rows behind their backs."""

    @initialize(way=st.sampled_from([(), ("submit",), ("submit", "approve"), WAY]))
    def begin(self, way: tuple[str, ...]) -> None:
        self.count = itertools.count(1)
        roles = {"manager": "manager", "admin": "admin", "analyst": "analyst"}
        self.staff = {name: somebody(roles.get(name, "operator")) for name in STAFF}
        self.staff["stranger"] = somebody("operator", team=TeamFactory.create(name="Elsewhere"))
        self.people = people(6)
        self.segment = segment_of(self.people[:4])
        self.template = TemplateFactory.create(body="<p>words-0</p>")
        owner = self.staff["owner"]
        made = CampaignFactory.create(
            owner=owner, team=owner.team, segment=self.segment, template=self.template
        )
        self.pk = made.pk
        self.sink = Sink()
        # What the last yes was said to: addresses, words, and the fields as they were.
        self.yes: dict[str, Any] | None = None
        for step in way:
            self.go_on(step)

    @property
    def campaign(self) -> Campaign:
        return Campaign.objects.get(pk=self.pk)

    @rule(deed=st.sampled_from(DEEDS), who=st.sampled_from(STAFF))
    def happens(self, deed: tuple[str, ...], who: str) -> None:
        """One rule for all: with many, Hypothesis plays whole lives without most of them."""
        name, *what = deed
        getattr(self, name)(*what, *([who] if name in {"step", "decide"} else []))

    # --- what people do ----------------------------------------------------------

    def step(self, step: str, who: str) -> None:
        self.take(step, who)

    def go_on(self, step: str) -> None:
        """Whatever leads on, by who may."""
        if step == "approve":
            self.decide(step, "manager")
        else:
            self.take(step, "owner")

    def take(self, step: str, who: str) -> None:
        timed = {"at": clock.now()} if step in {"submit", "start"} else {}
        before = self.remembered()
        try:
            getattr(transitions, step)(self.campaign, by=self.staff[who], **timed)
        except REFUSED:
            assert self.remembered() == before, "a refusal changes nothing"
        else:
            assert who in {"owner", "colleague", "admin"}
            if step == "start":
                assert self.is_approved_as_it_is()

    def decide(self, decision: str, who: str) -> None:
        asked = approvals.pending_for(self.campaign)
        if asked is None:
            return
        before = self.remembered()
        try:
            getattr(approvals, decision)(asked, by=self.staff[who], comment="because")
        except REFUSED:
            assert self.remembered() == before
            return
        assert who in {"manager", "admin"}
        assert self.staff[who].pk != asked.requested_by_id
        if decision == "approve":
            self.yes = self.as_it_is()

    def edit(self) -> None:
        self.attempt(
            lambda: drafts.edit(
                self.campaign, by=self.staff["owner"], goal=f"goal {next(self.count)}"
            )
        )

    # --- what changes around it --------------------------------------------------

    def other(self, what: str) -> None:
        getattr(self, f"other_{what}")()

    def other_words(self) -> None:
        template = MessageTemplate.objects.get(pk=self.template.pk)
        words = f"<p>words-{next(self.count)}</p>"
        templates.edit(
            template, by=self.staff["colleague"], seen_revision=template.revision, body=words
        )

    def other_members(self) -> None:
        some = self.people[: next(self.count) % 6 + 1]
        members = bitmaps.from_ids(one.pk for one in some)
        Segment.objects.update(members=members, size=len(members))

    def other_policy(self) -> None:
        was = policies.newest()
        content = {"caps": [{"most": 100 + next(self.count), "window": "day", "channel": ""}]}
        version = was.version if was else 0
        policies.change(content, based_on=version, note="caps", by=None, at=clock.now())

    def other_audience(self) -> None:
        everybody = bitmaps.from_ids(one.pk for one in self.people)
        Audience.objects.update(members=everybody, size=len(everybody))

    def other_status(self) -> None:
        Campaign.objects.update(status="sending")

    def change_behind_their_backs(self, field: str) -> None:
        other = next(self.count) % 60 + 1
        values = {"goal": f"other {other}", "control_share": other / 100}
        Campaign.objects.update(**{field: values.get(field, other)})

    # --- what the console does by itself -----------------------------------------

    def every_minute(self) -> None:
        tasks.look_after_approvals()

    def send(self, how: str) -> None:
        """Workers do, or somebody in a shell who writes the work list first."""
        if how == "past every verb" and Audience.objects.exists():
            outbox.fill(self.campaign, at=clock.now())
        self.let_leave()

    def let_leave(self) -> None:
        campaign, before = self.campaign, len(self.sink.got)
        try:
            rounds.go(campaign, at=clock.now())
        except Stuck as problem:
            transitions.stop(campaign, reason=str(problem))
        tally = outbox.send_next_wave(self.campaign, self.sink, at=clock.now())
        left = self.sink.got[before:]
        if left:
            assert self.is_approved_as_it_is(), "it left without a yes to what it is"
            assert self.yes is not None
            assert {one.recipient for one in left} <= self.yes["addresses"]
            assert all(self.yes["words"] in one.html for one in left)
        if tally is None:
            transitions.finish(self.campaign, at=clock.now())
        elif tally.trouble:
            transitions.stop(self.campaign, reason=tally.trouble)

    # --- what must hold ----------------------------------------------------------

    @invariant()
    def nobody_hears_twice_for_one_yes(self) -> None:
        if hasattr(self, "sink"):
            numbers = [one.number for one in self.sink.got]
            assert len(numbers) == len({*numbers})

    def is_approved_as_it_is(self) -> bool:
        newest = Approval.objects.order_by("-pk").first()
        assert newest is not None
        deciders = {self.staff["manager"].pk, self.staff["admin"].pk}
        votes = newest.votes.filter(decision="approve", by__in=deciders)
        is_yes = newest.status == "approved" and votes.exclude(by=newest.requested_by_id).exists()
        return is_yes and self.yes is not None and self.yes["fields"] == self.as_it_is()["fields"]

    def as_it_is(self) -> dict[str, Any]:
        """The test's own account of what a yes was said to."""
        campaign = self.campaign
        frozen = campaign.audience
        addresses = {one.email for one in self.people if one.pk in frozen.members}
        names = ("goal", "priority", "conversion_days", "control_share", "name")
        fields = {name: getattr(campaign, name) for name in names}
        words = frozen.body.removeprefix("<p>").removesuffix("</p>")
        return {
            "addresses": addresses,
            "words": words,
            "fields": {**fields, "addresses": addresses, "words": words},
        }

    def remembered(self) -> list[Any]:
        rows = Campaign.objects.values_list("status", "goal", "stopped_because").get(pk=self.pk)
        asked = list(Approval.objects.order_by("pk").values_list("status", "digest", "step"))
        return [rows, asked, Audience.objects.values_list("frozen_at", flat=True).first()]

    def attempt(self, deed: Any) -> None:
        before = self.remembered()
        try:
            deed()
        except REFUSED:
            assert self.remembered() == before


@pytest.mark.django_db
def test_no_life_sends_without_a_living_yes_to_what_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loads, "MOST", 1)  # so that some are left to be sent later
    few = settings(max_examples=10, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Life, settings=few)
