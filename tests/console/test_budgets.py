"""Budgets: money moves by the ledger alone, once a key, and never a fen too much."""

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import Error, connection, transaction

from console import approvals, budget_watch, budgets, burn_down
from console.budgets import BudgetExceeded
from console.models import AuditEntry, Budget, BudgetEntry, BudgetRule, Team, WorkItem
from console.states import NotAllowed, Stale
from tests.console.spine import DAY, asked, at_once, balances, budget, fresh, somebody, thing

pytestmark = pytest.mark.django_db


def test_money_goes_from_available_to_spent_and_back() -> None:
    one, what = budget(1000), thing()
    budgets.reserve(one, 600, subject=what, key="r", on=DAY)
    assert balances(one) == (400, 600, 0, 0)
    budgets.commit(one, subject=what, key="c", on=DAY)
    assert balances(one) == (400, 0, 600, 0)
    assert budgets.spend_up_to(one, 250, subject=what, key="s1", on=DAY) == 250
    budgets.refund(one, 50, subject=what, key="f", on=DAY)
    assert balances(one) == (400, 0, 400, 200)
    budgets.reserve(one, 100, subject=what, key="r2", on=DAY)
    for _ in range(2):  # both what was reserved and what was committed, once
        assert budgets.release(one, subject=what, key="l", on=DAY) == 500
    assert balances(one) == (800, 0, 0, 200)
    assert burn_down.wrong(fresh(one)) == []
    assert fresh(one).total_minor == 1000


def test_what_is_too_much_is_refused_in_words_and_moves_nothing() -> None:
    one, what, other = budget(1000), thing(), thing("Another")
    with pytest.raises(BudgetExceeded, match="too little") as refused:
        budgets.reserve(one, 1001, subject=what, key="r", on=DAY)
    assert (refused.value.short_minor, refused.value.may_ask) == (1, False)
    budgets.reserve(one, 600, subject=what, key="r", on=DAY)
    before = balances(one), BudgetEntry.objects.count()
    for deed in (
        partial(budgets.reserve, one, 401, subject=other),
        partial(budgets.commit, one, 601, subject=what),
        partial(budgets.commit, one, subject=other),
        partial(budgets.spend, one, 1, subject=what),
        partial(budgets.refund, one, 1, subject=what),
        partial(budgets.reserve, one, 0, subject=what),
        partial(budgets.reserve, one, -5, subject=what),
        partial(budgets.reserve, one, 10**16, subject=what),
    ):
        with pytest.raises(NotAllowed):
            deed(key="x", on=DAY)
    assert budgets.spend_up_to(one, 5, subject=what, key="x", on=DAY) == 0
    assert (balances(one), BudgetEntry.objects.count()) == before


def test_spending_stops_at_what_was_committed_for_this_thing() -> None:
    one, what, other = budget(1000), thing(), thing("Another")
    for subject, amount in ((what, 100), (other, 500)):
        budgets.reserve(one, amount, subject=subject, key=f"r{subject.pk}", on=DAY)
        budgets.commit(one, subject=subject, key=f"c{subject.pk}", on=DAY)
    granted = [budgets.spend_up_to(one, 70, subject=what, key=f"s{n}", on=DAY) for n in range(3)]
    assert granted == [70, 30, 0]
    assert balances(one) == (400, 0, 500, 100)


def test_a_movement_sent_twice_moves_once() -> None:
    one, what, admin = budget(), thing(), somebody("admin")
    for _ in range(2):
        budgets.fund(one, 1000, key="f", on=DAY, by=admin)
        budgets.reserve(one, 300, subject=what, key="r", on=DAY)
        budgets.commit(one, subject=what, key="c", on=DAY)
        assert budgets.spend_up_to(one, 500, subject=what, key="s", on=DAY) == 300
    assert balances(one) == (700, 0, 0, 300)
    with pytest.raises(NotAllowed, match="another movement"):
        budgets.fund(one, 999, key="f", on=DAY, by=admin)
    with pytest.raises(NotAllowed, match="another movement"):
        budgets.reserve(one, 300, subject=thing("Other"), key="r", on=DAY)
    with pytest.raises(NotAllowed, match="needs a key"):
        budgets.reserve(one, 300, subject=what, key="", on=DAY)
    assert BudgetEntry.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_spend_what_was_committed_and_not_a_fen_more() -> None:
    one, what = budget(1003), thing()
    budgets.reserve(one, 1003, subject=what, key="r", on=DAY)
    budgets.commit(one, subject=what, key="c", on=DAY)

    def work(n: int) -> int:
        some = [
            budgets.spend_up_to(one, 17, subject=what, key=f"{n}:{m}", on=DAY) for m in range(4)
        ]
        return sum(some)

    spent = at_once([partial(work, n) for n in range(20)])  # 20 × 4 × 17 = 1360 fen are wanted
    assert sum(spent) == 1003
    assert balances(one) == (0, 0, 0, 1003)
    assert burn_down.wrong(fresh(one)) == []


@pytest.mark.django_db(transaction=True)
def test_of_those_who_reserve_the_same_money_one_gets_it() -> None:
    one, things = budget(100), [thing(f"Thing {n}") for n in range(8)]
    came = at_once(
        [partial(budgets.reserve, one, 60, subject=it, key=f"r{it.pk}", on=DAY) for it in things]
    )
    assert sum(isinstance(found, BudgetEntry) for found in came) == 1
    assert sum(isinstance(found, BudgetExceeded) for found in came) == 7
    assert balances(one) == (40, 60, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_moves_once() -> None:
    one, admin = budget(), somebody("admin")
    came = at_once([partial(budgets.fund, one, 70, key="same", on=DAY, by=admin)] * 5)
    assert {found.pk for found in came} == {BudgetEntry.objects.get().pk}
    assert balances(one) == (70, 0, 0, 0)


# --- the database's own guard -------------------------------------------------

WRONG_SQL = {
    "change an entry": "UPDATE console_budgetentry SET amount_minor = 1",
    "delete an entry": "DELETE FROM console_budgetentry",
    "empty the ledger": "TRUNCATE console_budgetentry CASCADE",
    "write a balance": "UPDATE console_budget SET available_minor = available_minor + 1",
    "write a thing's balance": "UPDATE console_reservation SET committed_minor = 9",
    "change a rule": "UPDATE console_budgetrule SET over = 'ask'",
}


@pytest.mark.parametrize("sql", WRONG_SQL.values(), ids=list(WRONG_SQL))
def test_the_database_refuses_to(sql: str) -> None:
    one, what = budget(1000), thing()
    budgets.reserve(one, 100, subject=what, key="r", on=DAY)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert balances(one) == (900, 100, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "reserve", "available_minor": 5},
        {"kind": "fund", "available_minor": 11},
        {"kind": "fund", "available_minor": 10, "spent_minor": 10},
        {"kind": "reduce", "available_minor": -2000, "amount_minor": 2000, "asked_minor": 2000},
        {"kind": "reserve", "available_minor": -10, "reserved_minor": 10},
        {"kind": "other", "available_minor": 10},
    ],
    ids=["one side", "too much", "two sides", "below nothing", "for nothing", "no kind"],
)
def test_an_entry_that_is_no_movement_cannot_be_written(wrong: dict[str, Any]) -> None:
    one = budget(1000)
    zero = dict.fromkeys(("available_minor", "reserved_minor", "committed_minor", "spent_minor"), 0)
    said: dict[str, Any] = {"amount_minor": 10, "asked_minor": 10} | zero | wrong
    with pytest.raises(Error), transaction.atomic():
        BudgetEntry.objects.create(budget=one, rule=one.rule, key="x", on=DAY, **said)
    assert balances(one) == (1000, 0, 0, 0)


def test_a_stale_save_writes_no_old_balance() -> None:
    old = budget(1000)
    budgets.reserve(old, 100, subject=thing(), key="r", on=DAY)
    with pytest.raises(Error), transaction.atomic():
        old.save()
    assert balances(old) == (900, 100, 0, 0)


# --- rules, periods, people ---------------------------------------------------


def test_an_entry_names_the_rule_in_force() -> None:
    one, admin = budget(1000), somebody("admin")
    budgets.reserve(one, 10, subject=thing(), key="r1", on=DAY)
    budgets.set_rule(one, by=admin, over="ask", warn_share=0.5, because="Busy month", seen=1)
    budgets.reserve(one, 10, subject=thing(), key="r2", on=DAY)
    with pytest.raises(BudgetExceeded) as refused:  # asking is for people: money never overdraws
        budgets.reserve(one, 5000, subject=thing(), key="r3", on=DAY)
    assert refused.value.may_ask
    entries = BudgetEntry.objects.filter(kind="reserve").order_by("pk")
    assert [entry.rule.number for entry in entries] == [1, 2]
    with pytest.raises(Stale):
        budgets.set_rule(one, by=admin, over="stop", warn_share=0.5, because="Again", seen=1)
    with pytest.raises(NotAllowed, match="Say why"):
        budgets.set_rule(one, by=admin, over="stop", warn_share=0.5, because=" ", seen=2)
    assert BudgetRule.objects.filter(budget=one).count() == 2


def test_money_is_set_aside_within_the_period_only() -> None:
    one, what = budget(1000), thing()
    for day in (dt.date(2017, 12, 31), dt.date(2018, 2, 1)):
        with pytest.raises(NotAllowed, match="not for this day"):
            budgets.reserve(one, 10, subject=what, key="r", on=day)
        assert not budgets.room(fresh(one), 10, on=day).is_open
    budgets.reserve(one, 10, subject=what, key="r", on=dt.date(2018, 1, 31))
    budgets.commit(one, subject=what, key="c", on=dt.date(2018, 2, 3))  # what was approved goes on


def test_room_says_what_reserving_would_meet() -> None:
    one = budget(1000, warn_share=0.3)
    assert not budgets.room(one, 700, on=DAY).warns
    room = budgets.room(one, 701, on=DAY)
    assert (room.warns, room.short_minor, room.is_open) == (True, 0, True)
    assert budgets.room(one, 1200, on=DAY).short_minor == 200
    assert not budgets.is_low(one)
    budgets.reserve(one, 900, subject=thing(), key="r", on=DAY)
    assert budgets.is_low(fresh(one))


@pytest.mark.parametrize("role", ["operator", "product", "analyst", "support"])
def test_who_may_not_fund_changes_nothing(role: str) -> None:
    one, who = budget(1000), somebody(role)
    for deed in (
        lambda: budgets.fund(one, 5, key="x", on=DAY, by=who),
        lambda: budgets.reduce(one, 5, key="x", on=DAY, by=who, because="x"),
        lambda: budgets.set_rule(one, by=who, over="ask", warn_share=0.1, because="x", seen=1),
        lambda: budgets.archive(one, by=who),
        lambda: budgets.restore(one, by=who),
        lambda: budget(by=who),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert (balances(one), Budget.objects.count()) == ((1000, 0, 0, 0), 1)


def test_another_teams_manager_keeps_off() -> None:
    one, stranger = budget(1000), somebody(team=Team.objects.create(name="Elsewhere"))
    with pytest.raises(NotAllowed, match="another team"):
        budgets.fund(one, 5, key="x", on=DAY, by=stranger)


def test_what_is_open_is_settled_before_a_budget_is_put_away() -> None:
    one, what, admin = budget(1000), thing(), somebody("admin")
    budgets.reserve(one, 10, subject=what, key="r", on=DAY)
    with pytest.raises(NotAllowed, match="still reserved"):
        budgets.archive(one, by=admin)
    budgets.release(one, subject=what, key="l", on=DAY)
    budgets.archive(one, by=admin)
    with pytest.raises(NotAllowed, match="archived"):
        budgets.reserve(one, 10, subject=what, key="r2", on=DAY)
    assert AuditEntry.objects.filter(action="budget.archived").count() == 1
    budgets.restore(one, by=admin)
    budgets.reserve(one, 10, subject=what, key="r2", on=DAY)
    with pytest.raises(Stale, match="in use"):
        budgets.restore(one, by=admin)
    assert AuditEntry.objects.filter(action="budget.restored").count() == 1


def test_the_burn_down_adds_up_day_by_day() -> None:
    one, what = budget(3100), thing()
    budgets.reserve(one, 1000, subject=what, key="r", on=dt.date(2018, 1, 3))
    budgets.commit(one, subject=what, key="c", on=dt.date(2018, 1, 3))
    budgets.spend(one, 400, subject=what, key="s", on=dt.date(2018, 1, 5))
    found = burn_down.burn_down(fresh(one), today=dt.date(2018, 1, 6))
    assert found.available == [3100, 3100, 2100, 2100, 2100, 2100]
    assert found.unspent == [3100, 3100, 3100, 3100, 2700, 2700]
    assert (found.even[0], len(found.days)) == (3000, 6)
    assert found.ends_on is None  # 400 in six days: 2700 last beyond January
    budgets.spend(one, 600, subject=what, key="s2", on=dt.date(2018, 1, 6))
    assert burn_down.burn_down(fresh(one), today=dt.date(2018, 1, 6)).ends_on == dt.date(
        2018, 1, 18
    )


def test_a_budget_that_runs_low_gives_work_once(caplog: pytest.LogCaptureFixture) -> None:
    one = budget(1000)
    assert budget_watch.watch(today=DAY) == 0
    budgets.reserve(one, 900, subject=thing(), key="r", on=DAY)
    assert [budget_watch.watch(today=DAY) for _ in range(2)] == [1, 0]
    item = WorkItem.objects.get()
    assert (item.subject, item.team) == (one, one.team)
    assert "1.00" in item.why
    assert not caplog.records  # and its ledger adds up


def test_a_budget_for_which_money_is_asked_is_not_put_away_before_it_is_decided() -> None:
    target = budget(name="To")
    waiting, admin = asked(target=target), somebody("admin")
    with pytest.raises(NotAllowed, match="waits for a decision"):
        budgets.archive(target, by=admin)
    approvals.reject(waiting, by=somebody("manager"), comment="No")
    budgets.archive(target, by=admin)
    assert fresh(target).archived_at
