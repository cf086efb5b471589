"""Any history of a budget: the balances are what a plain count of them says, and never below."""

import itertools
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from console import budgets, burn_down
from console.states import NotAllowed
from tests.console.spine import DAY, Undone, balances, budget, fresh, somebody, thing

AMOUNTS = st.integers(min_value=1, max_value=300)
THINGS = st.sampled_from(["One", "Two", "Three"])


class Ledger(Undone):
    """The budget beside four numbers a thing that are counted by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = (f"k{n}" for n in itertools.count())
        self.free, self.held = 0, {}  # type: ignore[var-annotated]

    @initialize()
    def begin(self) -> None:
        self.admin = somebody("admin")
        self.budget = budget(by=self.admin)

    def of(self, name: str) -> list[int]:
        return self.held.setdefault(name, [0, 0, 0])

    def moved(self, deed: Any, *args: Any, may: bool, **kw: Any) -> bool:
        """The deed, and the same again under its key; refused exactly when it may not."""
        said: dict[str, Any] = {"key": next(self.keys), "on": DAY} | kw
        try:
            deed(self.budget, *args, **said)
            deed(self.budget, *args, **said)
        except NotAllowed:
            assert not may
            return False
        assert may
        return True

    @rule(amount=AMOUNTS)
    def fund(self, amount: int) -> None:
        if self.moved(budgets.fund, amount, may=True, by=self.admin):
            self.free += amount

    @rule(amount=AMOUNTS)
    def reduce(self, amount: int) -> None:
        may = amount <= self.free
        if self.moved(budgets.reduce, amount, may=may, by=self.admin, because="x"):
            self.free -= amount

    @rule(name=THINGS, amount=AMOUNTS)
    def reserve(self, name: str, amount: int) -> None:
        may = amount <= self.free
        if self.moved(budgets.reserve, amount, may=may, subject=thing(name)):
            self.free -= amount
            self.of(name)[0] += amount

    @rule(name=THINGS, amount=AMOUNTS)
    def commit(self, name: str, amount: int) -> None:
        may = amount <= self.of(name)[0]
        if self.moved(budgets.commit, amount, may=may, subject=thing(name)):
            self.of(name)[0] -= amount
            self.of(name)[1] += amount

    @rule(name=THINGS, amount=AMOUNTS)
    def spend_up_to(self, name: str, amount: int) -> None:
        granted = min(amount, self.of(name)[1])
        key = next(self.keys)
        for _ in range(2 if granted else 1):
            found = budgets.spend_up_to(self.budget, amount, subject=thing(name), key=key, on=DAY)
            assert found == granted
        self.of(name)[1] -= granted
        self.of(name)[2] += granted

    @rule(name=THINGS, amount=AMOUNTS)
    def refund(self, name: str, amount: int) -> None:
        may = amount <= self.of(name)[2]
        if self.moved(budgets.refund, amount, may=may, subject=thing(name)):
            self.of(name)[2] -= amount
            self.of(name)[1] += amount

    @rule(name=THINGS)
    def release(self, name: str) -> None:
        reserved, committed, spent = self.of(name)
        self.moved(budgets.release, may=True, subject=thing(name))
        self.free += reserved + committed
        self.held[name] = [0, 0, spent]

    @invariant()
    def it_adds_up(self) -> None:
        if not hasattr(self, "budget"):
            return
        held = [sum(some) for some in zip(*self.held.values(), strict=True)] or [0, 0, 0]
        assert balances(self.budget) == (self.free, *held)
        assert burn_down.wrong(fresh(self.budget)) == []


@pytest.mark.django_db
def test_any_history_of_a_budget_adds_up() -> None:
    few = settings(max_examples=6, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Ledger, settings=few)
