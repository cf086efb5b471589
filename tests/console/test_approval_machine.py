"""Any history of one asking: approved only by the votes that its policy wants, and told once."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from console import approvals, clock, policies, transfers
from console.models import Approval, BudgetEntry, Transfer, Vote
from console.policy_rules import Step
from console.states import NotAllowed, Stale
from tests.console.spine import DAY, Undone, asked, balances, policy, somebody

WHO = st.sampled_from(["asker", "boss", "chief", "away", "deputy", "admin", "operator"])
DEEDS = st.sampled_from([approvals.approve, approvals.reject, approvals.ask_for_changes])
REFUSED = (NotAllowed, Stale)


class Asking(Undone):
    """Two managers of three, then the administrators; one manager asked for it herself."""

    @initialize()
    def begin(self) -> None:
        roles = {"deputy": "admin", "admin": "admin", "operator": "operator"}
        names = ("asker", "boss", "chief", "away", "deputy", "admin", "operator")
        self.staff = {name: somebody(roles.get(name, "manager")) for name in names}
        three = [self.staff[name].pk for name in ("boss", "away", "asker")]
        policy(Step(who="staff", staff=three, quorum=2), Step(who="role", roles=["admin"]))
        today = clock.today()
        for of in ("away", "asker"):
            policies.name_deputy(
                by=self.staff[of], to=self.staff["deputy"], since=today, until=today
            )
        self.approval = asked(by=self.staff["asker"])
        self.transfer: Any = self.approval.subject

    @rule(who=WHO, deed=DEEDS)
    def vote(self, who: str, deed: Any) -> None:
        self.try_to(who, deed)

    @rule(who=st.sampled_from(["boss", "away", "deputy", "admin"]))
    def approve(self, who: str) -> None:
        self.try_to(who, approvals.approve)

    def try_to(self, who: str, deed: Any) -> None:
        before = self.remembered()
        try:
            deed(Approval.objects.get(), by=self.staff[who], comment="because")
        except REFUSED:
            assert self.remembered() == before

    @rule(who=WHO)
    def withdraw(self, who: str) -> None:
        before = self.remembered()
        try:
            transfers.withdraw(self.transfer, by=self.staff[who], on=DAY)
        except REFUSED:
            assert self.remembered() == before
        else:
            assert who == "asker"

    @rule()
    def change(self) -> None:
        Transfer.objects.update(because="Something else")

    def remembered(self) -> list[Any]:
        rows = Approval.objects.values_list("status", "step", "decided_at").get()
        money = balances(self.transfer.source), balances(self.transfer.target)
        return [rows, money, Vote.objects.count(), BudgetEntry.objects.count()]

    @invariant()
    def only_its_votes_move_the_money(self) -> None:
        if not hasattr(self, "approval"):
            return
        found = Approval.objects.get()
        votes = list(
            Vote.objects.filter(decision="approve").values_list("step", "by", "stands_for")
        )
        barred = {self.staff["asker"].pk, self.staff["operator"].pk, self.staff["chief"].pk}
        steps = sorted(step for step, *_ in votes)
        is_yes = found.status == "approved"
        assert steps == [0, 0, 1] if is_yes else steps in ([], [0], [0, 0])
        assert not barred & {pk for _, by, place in votes for pk in (by, place)}
        assert len({by for _, by, _ in votes}) == len({one for *_, one in votes}) == len(votes)
        source, target = balances(self.transfer.source), balances(self.transfer.target)
        went = 100 if is_yes else 0
        waits = 100 if found.status == "pending" else 0
        assert source == (1000 - went - waits, waits, 0, 0)
        assert target == (went, 0, 0, 0)


@pytest.mark.django_db
def test_no_history_gets_round_the_policy() -> None:
    few = settings(max_examples=8, stateful_step_count=12, deadline=None)
    run_state_machine_as_test(Asking, settings=few)
