"""Money for things without an approval of their own: set aside by one, committed by others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from console import approvals, outlays
from console.models import Approval, Outlay
from console.policy_rules import Step, When
from console.states import NotAllowed
from tests.console.spine import DAY, balances, budget, policy, somebody, thing

SignIn = Callable[..., Client]
EVIDENCE: dict[str, Any] = {"rows": [], "found_at": "2018-01-15T09:00:00Z"}
pytestmark = pytest.mark.django_db


def ask(amount: int = 300, key: str = "k", **values: Any) -> Outlay:
    said: dict[str, Any] = {"subject": thing(), "because": "A fair", "evidence": EVIDENCE}
    return outlays.ask(key=key, on=DAY, amount=amount, **said | values)


def test_only_somebody_elses_yes_commits_it() -> None:
    policy(Step(who="role", roles=["manager"]))
    one, by = budget(1000), somebody("manager")
    outlay = ask(budget=one, by=by)
    assert ask(budget=one, by=by) == outlay, "sent twice"
    (approval,) = Approval.objects.all()
    with pytest.raises(NotAllowed):
        approvals.approve(approval, by=by)
    assert balances(one) == (700, 300, 0, 0)
    with pytest.raises(NotAllowed, match="pending already"):
        ask(key="other", budget=one, by=by)
    approvals.approve(approval, by=somebody("manager"))
    assert balances(one) == (700, 0, 300, 0)


def test_parts_of_the_same_thing_want_the_yes_of_the_whole() -> None:
    policy(Step(who="role", roles=["manager"]), rank=1, when=When(amount=(None, 500)))
    policy(Step(who="role", roles=["admin"]), rank=2)
    one, by = budget(2000), somebody("operator")
    approvals.approve(Approval.objects.get(subject_id=ask(budget=one, by=by).pk), by=somebody())
    second = ask(key="2", budget=one, by=by)
    approval = approvals.pending_for(second)
    assert approval
    with pytest.raises(NotAllowed):
        approvals.approve(approval, by=somebody("manager"))
    approvals.reject(approval, by=somebody("admin"), comment="Enough")
    assert balances(one) == (1700, 0, 300, 0)


def test_without_evidence_or_policy_nothing_is_set_aside() -> None:
    one, by = budget(1000), somebody("operator")
    with pytest.raises(NotAllowed, match="Attach"):
        ask(budget=one, by=by, evidence=None)
    assert balances(one) == (1000, 0, 0, 0)


def test_what_is_given_back_waits_for_nobody() -> None:
    policy(Step(who="role", roles=["manager"]))
    one, by = budget(1000), somebody("operator")
    outlay = ask(budget=one, by=by)
    outlays.release(one, subject=thing(), key="r", on=DAY, by=by)
    approval = outlays.approval_of(outlay)
    assert approval
    assert (approval.status, balances(one)) == ("withdrawn", (1000, 0, 0, 0))


def test_its_page_tells_what_for_and_what_past_campaigns_brought(signed_in: SignIn) -> None:
    policy(Step(who="role", roles=["manager"]))
    outlay = ask(budget=budget(1000), by=somebody("operator"))
    approval = outlays.approval_of(outlay)
    assert approval
    page = signed_in("manager").get(f"/admin/console/approval/{approval.pk}/change/")
    shown = page.content.decode()
    assert "A fair" in shown
    assert "A thing" in shown
