"""Budgets and policies on screen and over the API: who may, what is refused, and what is shown."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console import approvals, budgets, notices, policies
from console.models import Approval, ApprovalNotice, ApprovalPolicy, Budget, Deputy, Project
from console.policy_rules import Step
from tests.console.spine import DAY, asked, balances, budget, policy, somebody, thing

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def in_january() -> None:
    Project.objects.update(today_on=DAY)


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:console_{name}", args=args)


# --- screens --------------------------------------------------------------------


def test_a_manager_makes_fills_and_guards_a_budget(signed_in: SignIn) -> None:
    client = signed_in("manager")
    me = client.staff  # type: ignore[attr-defined]
    said = {"name": "Spring", "team": me.team_id, "since": "2018-01-01", "until": "2018-03-31"}
    page = client.post(at("budget_make"), said | {"over": "stop", "warn_share": "25"})
    one = Budget.objects.get()
    assert page["Location"] == at("budget_change", one.pk)
    money = {"amount": "1200.50", "because": "Plan of the year", "key": "form:1"}
    for _ in range(2):  # a double click
        assert client.post(at("budget_fund", one.pk), money).status_code == 302
    assert balances(one) == (120_050, 0, 0, 0)
    too_much = client.post(at("budget_reduce", one.pk), money | {"amount": "9999", "key": "f2"})
    assert "too little" in too_much.content.decode()
    rule = {"over": "ask", "warn_share": "50", "because": "Busy", "seen": 1}
    assert client.post(at("budget_rule", one.pk), rule).status_code == 302
    edited = {"name": "Spring <b>2018</b>", "since": "2018-01-01", "until": "2018-04-30"}
    assert client.post(at("budget_edit", one.pk), edited).status_code == 302
    text = client.get(at("budget_change", one.pk)).content.decode()
    assert "Archive this budget?" in text
    assert "Spring &lt;b&gt;2018" in text
    assert "1,200.50" in text
    assert 'data-chart-id="burn-down"' in text
    assert client.post(at("budget_archive", one.pk)).status_code == 302
    assert Budget.objects.get().archived_at
    assert "Take it out again" in client.get(at("budget_change", one.pk)).content.decode()
    assert client.post(at("budget_restore", one.pk)).status_code == 302
    assert Budget.objects.get().archived_at is None
    assert balances(one) == (120_050, 0, 0, 0)


def test_the_list_shows_bars_and_costs_the_same_for_many(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    low, admin = budget(1000, name="Nearly gone"), somebody("admin")
    budgets.reserve(low, 900, subject=thing(), key="r", on=DAY)
    for n in range(6):
        budget(100, name=f"Other {n}", by=admin)
    client = signed_in("analyst")
    with django_assert_max_num_queries(12):
        text = client.get(at("budget_changelist")).content.decode()
    assert "only 10% available" in text
    assert 'class="reserved" style="width: 90.0%"' in text
    assert "Make a budget" not in text
    file = b"".join(client.get(at("budget_export")).streaming_content).decode()  # type: ignore[attr-defined]
    assert "Nearly gone,Growth,2018-01-01,2018-01-31,CNY,1.00,9.00,0.00,0.00,10.00" in file
    ledger = client.get(at("budget_ledger", low.pk))
    lines = b"".join(ledger.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert ",reserve,A thing,9.00,-9.00,9.00,0.00,0.00,CNY,1,r," in lines[2]


def test_an_empty_list_says_what_a_budget_is(signed_in: SignIn) -> None:
    text = signed_in("manager").get(at("budget_changelist")).content.decode()
    assert "a ledger that nobody can change" in text


@pytest.mark.parametrize("role", ["operator", "product", "analyst", "support"])
def test_a_refusal_on_screen_changes_nothing(signed_in: SignIn, role: str) -> None:
    one, client = budget(1000), signed_in(role)
    money = {"amount": "1", "because": "x", "key": "form:1"}
    rule = {"over": "ask", "warn_share": "50", "because": "x", "seen": 1}
    for name, said in (
        ("fund", money),
        ("reduce", money),
        ("rule", rule),
        ("archive", {}),
        ("restore", {}),
        ("edit", {"name": "x", "since": "2018-01-01", "until": "2018-01-02"}),
    ):
        assert client.post(at(f"budget_{name}", one.pk), said).status_code in {302, 403}, name
    assert balances(one) == (1000, 0, 0, 0)
    kept = Budget.objects.get()
    assert (kept.rule.number, kept.name, kept.archived_at) == (1, "New year", None)


def test_an_operator_asks_and_a_manager_decides(signed_in: SignIn) -> None:
    source, target = budget(1000, name="From"), budget(name="To")
    operator, manager = signed_in("operator"), signed_in("manager")
    said = {"source": source.pk, "amount": "3.00", "because": "More buyers", "key": "form:9"}
    assert operator.post(at("budget_ask", target.pk), said).status_code == 302
    approval = Approval.objects.get()
    page = manager.get(at("approval_change", approval.pk)).content.decode()
    assert "More buyers" in page
    assert "3.00" in page
    assert "Ask for changes" in page
    assert (
        "You asked for this yourself"
        in operator.get(at("approval_change", approval.pk)).content.decode()
    )
    manager.post(at("approval_decide", approval.pk), {"decision": "approve"})
    assert (balances(source)[0], balances(target)[0]) == (700, 300)
    assert "approved" in operator.get(at("budget_change", target.pk)).content.decode()


def test_changes_asked_for_come_back_with_their_words(signed_in: SignIn) -> None:
    approval = asked()
    said = {"decision": "changes", "comment": "Half of it"}
    signed_in("manager").post(at("approval_decide", approval.pk), said)
    approval.refresh_from_db()
    assert (approval.status, approval.votes.get().comment) == ("changes", "Half of it")


POLICY = {
    "name": "Large",
    "rank": "5",
    "amount_from": "1000",
    "who_0": "role",
    "roles_0": ["manager"],
    "quorum_0": "2",
    "who_1": "lead",
    "quorum_1": "1",
    "quorum_2": "1",
    "expires_hours": "48",
    "business_hours": "on",
    "because": "Board decision",
}


def test_an_administrator_writes_a_policy_and_tries_it(signed_in: SignIn) -> None:
    client = signed_in("admin")
    assert client.post(at("approvalpolicy_make"), POLICY).status_code == 302
    made = ApprovalPolicy.objects.get(rank=5)
    assert "Large" in client.get(at("approvalpolicy_changelist")).content.decode()
    again = client.get(at("approvalpolicy_edit", made.pk)).content.decode()
    assert 'value="1000.00"' in again
    changed = POLICY | {"seen": "1", "quorum_0": "1", "because": "Fewer"}
    assert client.post(at("approvalpolicy_edit", made.pk), changed).status_code == 302
    stale = client.post(at("approvalpolicy_edit", made.pk), changed).content.decode()
    assert "Somebody else changed" in stale
    facts = {"kind": "console.transfer", "amount": "1000"}
    assert "Large v2" in client.get(at("approvalpolicy_try"), facts).content.decode()
    client.post(at("approvalpolicy_switch", made.pk), {"to": "off"})
    tried = client.get(at("approvalpolicy_try"), facts).content.decode()
    assert "Everything else" in tried
    page = client.get(at("approvalpolicy_change", made.pk)).content.decode()
    assert "Board decision" in page
    assert "48 working hours" in page


@pytest.mark.parametrize("role", ["operator", "manager", "analyst"])
def test_others_write_no_policies(signed_in: SignIn, role: str) -> None:
    client = signed_in(role)
    client.post(at("approvalpolicy_make"), POLICY)
    client.post(at("approvalpolicy_switch", ApprovalPolicy.objects.get().pk), {"to": "off"})
    assert ApprovalPolicy.objects.get().is_active


def test_a_deputy_is_named_and_ended_on_screen(signed_in: SignIn) -> None:
    client, other = signed_in("manager"), somebody("admin")
    said = {"to": other.pk, "since": "2018-01-10", "until": "2018-01-20", "because": "Holiday"}
    assert client.post(at("deputy_name"), said).status_code == 302
    assert f"{other} for" in client.get(at("deputy_changelist")).content.decode()
    assert client.post(at("deputy_end", Deputy.objects.get().pk)).status_code == 302
    assert Deputy.objects.get().ended_at
    assert signed_in("operator").get(at("deputy_name")).status_code == 403


# --- the API --------------------------------------------------------------------


def call(client: Client, path: str, body: dict[str, Any], key: str) -> Any:
    headers = {"Idempotency-Key": key}
    return client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def test_money_moves_over_the_api_once_a_key(signed_in: SignIn) -> None:
    one, what, client = budget(1000), thing(), signed_in("operator")
    subject = {"subject_kind": "console.team", "subject_id": what.pk}
    body = subject | {"amount_minor": 300}
    first = call(client, f"budgets/{one.pk}/reserve/", body, "a")
    again = call(client, f"budgets/{one.pk}/reserve/", body, "a")
    assert (first.status_code, again.content) == (201, first.content)
    other = call(client, f"budgets/{one.pk}/reserve/", body | {"amount_minor": 5}, "a")
    assert other.status_code == 422
    path = f"approvals/{first.json()['approval']}/vote/"
    assert call(client, path, {"decision": "approve"}, "v").status_code == 403
    assert balances(one) == (700, 300, 0, 0)
    call(signed_in("manager"), path, {"decision": "approve"}, "v")
    for verb, amount in (("spend", 150), ("refund", 50)):
        path = f"budgets/{one.pk}/{verb}/"
        assert call(client, path, subject | {"amount_minor": amount}, "a").status_code == 201, verb
    assert balances(one) == (700, 0, 200, 100)
    assert call(client, f"budgets/{one.pk}/release/", subject, "r").json()["available_minor"] == 900
    wrong = subject | {"subject_kind": "console.nothing", "amount_minor": 5}
    assert call(client, f"budgets/{one.pk}/reserve/", wrong, "w").status_code == 400
    too_much = call(client, f"budgets/{one.pk}/reserve/", body | {"amount_minor": 901}, "x")
    assert (too_much.status_code, balances(one)) == (403, (900, 0, 0, 100))
    entries = client.get(f"/api/v1/budgets/{one.pk}/entries/").json()["results"]
    assert [entry["kind"] for entry in entries][-2:] == ["reserve", "fund"]


@pytest.mark.parametrize("role", ["product", "analyst", "support"])
def test_the_api_refuses_who_may_not(signed_in: SignIn, role: str) -> None:
    one, client = budget(1000), signed_in(role)
    body = {"subject_kind": "console.team", "subject_id": thing().pk, "amount_minor": 3}
    money = {"amount_minor": 3, "because": "x"}
    for verb in ("reserve", "spend", "refund", "release"):
        assert call(client, f"budgets/{one.pk}/{verb}/", body, "a").status_code == 403
    for verb in ("fund", "reduce", "ask"):
        assert call(client, f"budgets/{one.pk}/{verb}/", money, "a").status_code == 403
    assert balances(one) == (1000, 0, 0, 0)


def test_voting_over_the_api_is_voting(signed_in: SignIn) -> None:
    asker, boss = signed_in("operator"), signed_in("manager")
    source, target = budget(1000, name="From"), budget(name="To")
    money = {"amount_minor": 300, "because": "More", "from_budget": source.pk}
    made = call(asker, f"budgets/{target.pk}/ask/", money, "ask")
    path = f"approvals/{made.json()['approval']}/vote/"
    assert call(asker, path, {"decision": "approve"}, "v").status_code == 403
    assert call(boss, path, {"decision": "reject"}, "v").status_code == 403  # no reason
    assert call(boss, path, {"decision": "approve"}, "v").json()["status"] == "approved"
    assert call(boss, path, {"decision": "approve"}, "v").json()["status"] == "approved"
    assert balances(target) == (300, 0, 0, 0)
    assert boss.get("/api/v1/approvals/").json()["results"][0]["votes"][0]["decision"] == "approve"


# --- notices --------------------------------------------------------------------


def test_who_may_decide_hears_once_and_is_reminded(mailoutbox: list[mail.EmailMessage]) -> None:
    asker, boss = somebody("operator", email="ask@x.example"), somebody(email="boss@x.example")
    somebody("analyst", email="analyst@x.example")
    policy(Step(who="role", roles=["manager"]), remind_hours=24)
    approval, now = asked(by=asker), timezone.now()
    assert notices.send_due(at=now) == 1
    assert notices.send_due(at=now + dt.timedelta(hours=23)) == 0
    assert notices.send_due(at=now + dt.timedelta(hours=25)) == 1
    assert [one.to for one in mailoutbox] == [["boss@x.example"]] * 2
    assert at("approval_change", approval.pk) in mailoutbox[0].body
    approvals.reject(approval, by=boss, comment="Too early")
    for _ in range(2):
        notices.send_due(at=timezone.now())
    assert mailoutbox[-1].to == ["ask@x.example"]
    assert "Too early" in mailoutbox[-1].body
    assert (len(mailoutbox), ApprovalNotice.objects.count()) == (3, 3)


def test_what_the_mail_server_refuses_is_sent_later(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[mail.EmailMessage]
) -> None:
    somebody(email="boss@x.example")
    asked()

    def refuse(*_args: Any, **_kw: Any) -> None:
        raise OSError("not now")

    with monkeypatch.context() as patch:
        patch.setattr(notices, "send_mail", refuse)
        assert notices.send_due(at=timezone.now()) == 0
    assert not ApprovalNotice.objects.exists()
    assert notices.send_due(at=timezone.now()) == 1
    assert len(mailoutbox) == 1


def test_a_title_with_line_ends_is_one_line_of_a_mail_and_stops_no_other(
    mailoutbox: list[mail.EmailMessage],
) -> None:
    """Over the API a name may hold them; a header ends there."""
    somebody(email="boss@x.example")
    policy(Step(who="role", roles=["manager"]))
    odd, _other = asked(key="a"), asked(key="b")
    Approval.objects.filter(pk=odd.pk).update(title="Spring\r\nBcc: thief@x.example")
    assert notices.send_due(at=timezone.now()) == 2
    assert any(one.subject.endswith("Spring Bcc: thief@x.example") for one in mailoutbox)
    assert {address for one in mailoutbox for address in one.recipients()} == {"boss@x.example"}


def test_a_page_says_when_nobody_is_left_to_decide(signed_in: SignIn) -> None:
    boss = somebody()
    policy(Step(who="staff", staff=[boss.pk]))
    approval = asked(by=boss)
    page = signed_in("admin").get(at("approval_change", approval.pk)).content.decode()
    assert "Nobody can decide this now" in page
    assert policies.voters(approval, barred={boss.pk}, day=DAY) == []


def test_who_asks_for_money_reads_what_is_left_and_who_decides(signed_in: SignIn) -> None:
    one = budget(1000)
    page = signed_in("operator").get(at("budget_ask", one.pk)).content.decode()
    assert "CN¥10.00 of CN¥10.00" in page
    assert "1 yes: manager" in page


def test_a_few_days_of_a_budget_are_told_in_words(signed_in: SignIn) -> None:
    one = budget(since=DAY)
    page = signed_in("analyst").get(at("budget_change", one.pk)).content.decode()
    assert "from the third day on" in page
    assert 'data-chart-id="burn-down"' not in page
