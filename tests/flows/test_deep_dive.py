"""Scenario f, from events and what was paid to somebody's work: LTV/CAC of 1.4, 1.3, 1.4 (R142)."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from console import tasks
from console.models import Project, Staff, WorkItem

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = 2026
SPENT = "1000.00"  # a month
# What customers paid in a month; with all before it, 1.4, 1.3 and 1.4 times what was spent.
PAID = {1: "1400.00", 2: "1200.00", 3: "1600.00", 4: "1400.00"}


def on(month: int, day: int) -> None:
    Project.objects.update(today_on=dt.date(YEAR, month, day), time_zone="UTC", currency="CNY")


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def spend(client: Client, month: int) -> None:
    said = {"since": f"{YEAR}-{month:02}-15", "amount_minor": SPENT, "note": "Search"}
    assert client.post(reverse("admin:metrics_spend_enter"), said).status_code == 302


def sell(path: Path, month: int) -> None:
    row = f"o{month},anna,{YEAR}-{month:02}-10T10:00:00Z,order_paid,{PAID[month]}\n"
    path.write_text("order,user,at,what,price\n" + row, "utf-8")
    columns = {"customer": "user", "time": "at", "name": "what", "amount": "price", "key": "order"}
    call_command("importevents", str(path), **columns, identifier_kind="user", verbosity=0)


def test_three_closed_months_under_the_bound_open_the_deep_dive_once(
    tmp_path: Path, staff_of: Callable[..., Staff], signed_in: Callable[..., Client]
) -> None:
    manager, analyst = signed_in(staff_of("manager")), signed_in("analyst")
    for month in (1, 2, 3):
        on(month, 20)
        spend(analyst, month)
        sell(tmp_path / f"{month}.csv", month)
        on(month + 1, 5)
        assert not WorkItem.objects.exists()
        tasks.run_night()

    item = WorkItem.objects.get()
    assert item.owner == manager.staff  # type: ignore[attr-defined]
    assert item.due_on is not None
    assert item.due_on > dt.date(YEAR, 4, 5)
    assert item.title in page(manager, "console_workitem_changelist")
    told = page(manager, "console_workitem_change", item.pk)
    for words in ("1.4", "1.3", "which channels and layers cost more than they bring"):
        assert words in told
    rules = page(analyst, "metrics_periodrule_changelist")
    assert "LTV/CAC below 1.5 for three months" in rules

    # A fourth month like them is the same breach, and a night more changes nothing.
    on(4, 20)
    spend(analyst, 4)
    sell(tmp_path / "4.csv", 4)
    on(5, 5)
    tasks.run_night()
    tasks.run_night()
    assert WorkItem.objects.count() == 1
