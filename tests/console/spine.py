"""Makers of budgets, transfers and policies, and threads that begin at once."""

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine

from console import budgets, policies, transfers
from console.models import Approval, Budget, PolicyVersion, Staff, Team
from console.policy_rules import Policy, Step, When
from tests.factories import StaffFactory, TeamFactory

DAY = dt.date(2018, 1, 15)
ONE_YES = Step(who="role", roles=["manager", "admin"])


def somebody(role: str = "manager", **values: Any) -> Staff:
    return StaffFactory.create_with_role(role, **values)


def budget(filled: int = 0, *, by: Staff | None = None, **values: Any) -> Budget:
    """A budget of January with so much in it."""
    by = by or somebody("admin")
    said: dict[str, Any] = {
        "name": "New year",
        "team": TeamFactory.create(),
        "since": dt.date(2018, 1, 1),
        "until": dt.date(2018, 1, 31),
    }
    made = budgets.make(by=by, **{**said, **values})
    if filled:
        budgets.fund(made, filled, key="first", on=dt.date(2018, 1, 1), by=by)
    return fresh(made)


def fresh(one: Budget) -> Budget:
    return Budget.objects.get(pk=one.pk)


def balances(one: Budget) -> tuple[int, int, int, int]:
    """Available, reserved, committed, spent, as they are kept now."""
    kept = fresh(one)
    return kept.available_minor, kept.reserved_minor, kept.committed_minor, kept.spent_minor


def thing(name: str = "A thing") -> Team:
    """Any record that money can be for."""
    return Team.objects.get_or_create(name=name)[0]


def policy(*steps: Step, rank: int = 10, when: When | None = None, **values: Any) -> PolicyVersion:
    content = Policy(when=when or When(), steps=list(steps), **values)
    name = f"Policy {rank}"
    return policies.keep(None, content, name=name, rank=rank, because="test", by=somebody("admin"))


def asked(
    amount: int = 100, *, by: Staff | None = None, key: str = "ask", **values: Any
) -> Approval:
    """A transfer between two budgets that waits for its approval."""
    by = by or somebody("operator")
    source = values.pop("source", None) or budget(1000, name="From")
    target = values.pop("target", None) or budget(name="To")
    return transfers.ask(
        target,
        amount,
        source=source,
        because="More buyers",
        evidence={"rows": [], "found_at": "2018-01-15T09:00:00Z"},
        key=key,
        on=DAY,
        by=by,
        **values,
    )


def at_once(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """What came of each when all begin together, each on its own connection; refusals as they
    are."""
    start, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(n: int, deed: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[n] = deed()
        except Exception as refused:
            found[n] = refused  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Undone(RuleBasedStateMachine):
    """A machine whose every history begins with the database as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.history.__exit__(None, None, None)
