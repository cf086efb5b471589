"""Every deed of the spine by every role: who may does it, and a refusal writes nothing.

The table is whole, or fails: an action of `console.roles` that no deed here needs is found, and so
is a verb that somebody does and that is not here.
"""

import ast
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from console import roles
from console.models import Project, Staff
from console.states import NotAllowed
from tests.campaigns.deeds import CAMPAIGNS, PLAYBOOKS, Deed
from tests.campaigns.deeds_with_parts import MONEY, PARTS
from tests.console.spine import DAY
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
WRITES = ("INSERT", "UPDATE", "DELETE", "COPY")

TABLE = CAMPAIGNS | PARTS | PLAYBOOKS | MONEY


@pytest.fixture(autouse=True)
def in_january() -> None:
    Project.objects.update(today_on=DAY)


def written(deed: Deed, record: Any, by: Staff) -> list[str]:
    """What the database was told to write until this person was refused.

    Raises:
        AssertionError: it was not.
    """
    with CaptureQueriesContext(connection) as asked_, pytest.raises(NotAllowed):
        deed.do(deepcopy(record), by)
    return [one["sql"] for one in asked_ if one["sql"].startswith(WRITES)]


@pytest.mark.parametrize("name", TABLE)
def test_who_may_does_and_nobody_else_changes_anything(name: str) -> None:
    deed = TABLE[name]
    record = deed.make()
    people_of = {role: StaffFactory.create(role=role) for role in Staff.Role.values}
    for role in sorted({*people_of} - deed.may):
        assert written(deed, record, people_of[role]) == [], role
    if deed.of_a_team:
        elsewhere = TeamFactory.create(name="Elsewhere")
        for role in sorted(deed.may - {Staff.Role.ADMIN}):
            stranger = StaffFactory.create(role=role, team=elsewhere)
            assert written(deed, record, stranger) == [], f"{role} of another team"
    for role in sorted(deed.may):
        with transaction.atomic():
            deed.do(deepcopy(record), people_of[role])
            transaction.set_rollback(True)


# Refused by who they are, not by their role, or called by verbs that asked already.
OTHERWISE = {
    "approvals.request",
    "approvals.possible",
    "approvals.refuse",
    "approvals.withdraw",
    "transfers.withdraw",
    "policies.now_that_two_decide",
    "policies.end_deputy",
    "playbooks.both",
    "purse.require",
    "purse.reserve",
    "needs.words",
}


def test_no_verb_and_no_action_of_the_spine_lacks_its_row() -> None:
    places = {
        "console": ["approvals", "budgets", "outlays", "policies", "transfers"],
        "campaigns": ["additions", "drafts", "guards", "held", "needs", "playbooks", "transitions"],
        "campaigns/money": ["purse"],
        "campaigns/offers": ["coupon_batches", "coupons"],
        "campaigns/outcomes": ["cases", "trials"],
        "campaigns/stoploss": ["stops"],
        "campaigns/words": ["phrases"],
        "metrics": ["allocation"],
    }
    found = {
        f"{module}.{verb}"
        for folder, modules in places.items()
        for module in modules
        for verb in verbs(ROOT / folder / f"{module}.py")
    }
    assert found - {*TABLE} == OTHERWISE
    rooms = {"campaigns", "coupons", "guards", "playbooks", "policy", "policies", "budgets"}
    rooms |= {"approvals", "allocation", "cases", "phrases", "templates", "accounts"}
    actions = {
        one for one in roles.TABLE if one.split(".")[0] in rooms and not one.endswith(".view")
    }
    assert actions - {deed.action for deed in TABLE.values()} == {"coupons.redeem"}


def verbs(path: Path) -> set[str]:
    """The functions of a module that somebody does, and never a worker."""
    return {
        one.name
        for one in ast.parse(path.read_text()).body
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")
        for given in one.args.kwonlyargs
        if given.arg == "by" and given.annotation and ast.unparse(given.annotation) == "Staff"
    }
