"""Policies: which one it is, whose yes it wants, step by step, and no way round it."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone, translation

from console import approvals, clock, policies, policy_rules, policy_words, transfers
from console.models import (
    Approval,
    ApprovalPolicy,
    AuditEntry,
    Deputy,
    PolicyVersion,
    Staff,
    Team,
    Transfer,
    Vote,
)
from console.models.approval_policy import UNTRIED
from console.policy_rules import Facts, Policy, Step, When
from console.states import NotAllowed, Stale
from tests.console.spine import DAY, ONE_YES, asked, at_once, balances, budget, policy, somebody

pytestmark = pytest.mark.django_db

# --- which (no database) --------------------------------------------------------

FACTS = Facts(
    kind="campaigns.campaign",
    amount_minor=100_000,
    audience=500,
    discount_share=0.3,
    channels=["sms", "email"],
    layers=["high"],
    role="operator",
    team=7,
    has_precedent=True,
)
HOLDS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"kinds": ["campaigns.campaign"]}, True),
    ({"kinds": ["console.transfer"]}, False),
    ({"amount": [100_000, None]}, True),
    ({"amount": [None, 100_000]}, False),
    ({"amount": [None, 100_001]}, True),
    ({"audience": [501, None]}, False),
    ({"discount": [0.3, 0.5]}, True),
    ({"channels": ["sms"]}, True),
    ({"channels": ["push"]}, False),
    ({"layers": ["high", "low"]}, True),
    ({"roles": ["manager"]}, False),
    ({"teams": [7]}, True),
    ({"precedent": "without"}, False),
    ({"precedent": "with"}, True),
]


@pytest.mark.parametrize(("when", "holds"), HOLDS, ids=range(len(HOLDS)))
def test_a_condition_holds_or_not(when: dict[str, Any], holds: bool) -> None:
    assert (not When(**when).misses(FACTS)) == holds


@pytest.mark.parametrize("when", [when for when, _ in HOLDS[1:]], ids=range(len(HOLDS) - 1))
def test_what_is_not_known_satisfies_nothing(when: dict[str, Any]) -> None:
    assert When(**when).misses(Facts()) == list(when)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": []},
        {"steps": [ONE_YES] * 6},
        {"steps": [Step(who="role")]},
        {"steps": [Step(who="staff", staff=[1], quorum=2)]},
        {"steps": [Step(who="anybody")]},
        {"steps": [ONE_YES], "expires_hours": 0},
        {"steps": [ONE_YES], "when": When(amount=[5, 5])},
    ],
    ids=["none", "many", "nobody", "quorum", "who", "hours", "range"],
)
def test_a_policy_that_makes_no_sense_is_not_kept(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        policies.keep(None, Policy(**wrong), name="P", rank=1, because="x", by=somebody("admin"))
    assert ApprovalPolicy.objects.count() == 1


def test_the_first_that_fits_is_it_and_none_means_no() -> None:
    policy(ONE_YES, rank=5, when=When(amount=[1000, None]))
    policy(ONE_YES, rank=4, when=When(amount=[2000, None]))
    small, large = (
        policies.match(Facts(amount_minor=1500)),
        policies.match(Facts(amount_minor=9999)),
    )
    assert (str(small), str(large)) == ("Policy 5 v1", "Policy 4 v1")
    assert str(policies.match(Facts())) == "Everything else v1"  # not known: asks for no amount
    admin = somebody("admin")
    for one in ApprovalPolicy.objects.all():
        policies.switch(one, on=False, by=admin)
    with pytest.raises(NotAllowed, match="nobody may give it"):
        asked()
    assert not Approval.objects.exists()
    assert not Transfer.objects.exists()


def test_what_nobody_has_tried_wants_two_yeses() -> None:
    administrator = somebody("admin")
    with pytest.raises(NotAllowed, match="Two people"):
        policies.ask_twice_for_untried(by=administrator)
    somebody("manager")
    with pytest.raises(NotAllowed, match="role"):
        policies.ask_twice_for_untried(by=somebody("manager"))
    version = policies.ask_twice_for_untried(by=administrator)
    assert policies.match(Facts(has_precedent=False)) == version
    assert policies.match(Facts(has_precedent=True)) != version
    assert policies.match(Facts()) != version, "what is not known is no missing precedent"
    with pytest.raises(NotAllowed, match="already"):
        policies.ask_twice_for_untried(by=administrator)
    policies.switch(version.policy, on=False, by=administrator)
    assert policies.ask_twice_for_untried(by=administrator).number == 2
    assert policies.match(Facts(has_precedent=False)) is not None


def test_it_does_by_itself_once_as_soon_as_two_may_decide(
    signed_in: Callable[..., Client],
) -> None:
    client = signed_in("admin")

    def make(name: str, role: str) -> None:
        given = {"username": name, "role": role, "usable_password": "false"}
        assert client.post("/admin/console/staff/add/", given).status_code == 302

    make("ann", "operator")
    assert policies.match(Facts(has_precedent=False)) == policies.match(Facts())
    make("mia", "manager")
    version = policies.match(Facts(has_precedent=False))
    assert version is not None
    assert version != policies.match(Facts())
    assert AuditEntry.objects.filter(action="policy.kept", staff=client.staff).exists()  # type: ignore[attr-defined]
    policies.switch(version.policy, on=False, by=client.staff)  # type: ignore[attr-defined]
    make("max", "manager")
    assert policies.match(Facts(has_precedent=False)) == policies.match(Facts()), "it stays off"


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_write_one_policy() -> None:
    ann, ben = somebody("admin"), somebody("admin")
    somebody("manager")
    came = at_once([partial(policies.now_that_two_decide, by=one) for one in (ann, ben)])
    assert [type(one).__name__ for one in came if one is not None] == ["PolicyVersion"], came
    assert ApprovalPolicy.objects.filter(name=UNTRIED).count() == 1


def test_what_a_policy_is_for_is_said_by_its_name() -> None:
    kinds = ["campaigns.campaign", "console.transfer", "gone.model"]
    (said,) = policy_words.when(When(kinds=kinds))
    assert said == "kind: campaign, transfer between budgets, gone.model"
    with translation.override("zh-hans"):
        (said,) = policy_words.when(When(kinds=kinds[:1]))
    assert "campaigns.campaign" not in said


def test_a_new_version_does_not_touch_what_was_asked() -> None:
    first = policy(ONE_YES)
    approval = asked()
    two = Policy(steps=[Step(who="role", roles=["admin"], quorum=2)])
    admin = somebody("admin")
    policies.keep(first.policy, two, name="P", rank=10, because="More eyes", by=admin, seen=1)
    with pytest.raises(Stale):
        policies.keep(first.policy, two, name="P", rank=10, because="Again", by=admin, seen=1)
    approvals.approve(approval, by=somebody())
    assert approval.status == "approved"
    first.refresh_from_db()
    assert (approval.version, approval.policy) == (first, first.content)
    with pytest.raises(Error), transaction.atomic():
        PolicyVersion.objects.update(content={})


@pytest.mark.parametrize("role", ["operator", "product", "manager", "analyst", "support"])
def test_only_administrators_write_policies(role: str) -> None:
    who = somebody(role)
    with pytest.raises(NotAllowed):
        policies.keep(None, Policy(steps=[ONE_YES]), name="P", rank=1, because="x", by=who)
    with pytest.raises(NotAllowed):
        policies.switch(ApprovalPolicy.objects.get(), on=False, by=who)
    assert ApprovalPolicy.objects.get().is_active


# --- voting ---------------------------------------------------------------------


def test_steps_go_one_after_the_other_and_the_money_waits_for_the_last() -> None:
    lead = somebody("manager", team=Team.objects.create(name="Elsewhere"))
    asker = somebody("operator")
    assert asker.team
    Team.objects.filter(pk=asker.team.pk).update(lead=lead)
    policy(Step(who="lead"), Step(who="role", roles=["admin"], quorum=2))
    approval, admins = asked(by=asker), [somebody("admin") for _ in range(2)]
    source = approval.subject.source  # type: ignore[union-attr]
    assert balances(source) == (900, 100, 0, 0)
    with pytest.raises(NotAllowed, match="for others"):
        approvals.approve(approval, by=admins[0])
    approvals.approve(approval, by=lead)
    for n, admin in enumerate(admins):
        assert (approval.status, approval.step) == ("pending", 1), n
        approvals.approve(approval, by=admin, comment="Fine")
    assert approval.status == "approved"
    assert balances(source) == (900, 0, 0, 0)
    assert balances(approval.subject.target) == (100, 0, 0, 0)  # type: ignore[union-attr]
    assert [vote.step for vote in approval.votes.order_by("pk")] == [0, 1, 1]


def test_one_person_does_not_make_a_quorum() -> None:
    policy(Step(who="role", roles=["manager", "admin"], quorum=2))
    approval, boss = asked(), somebody()
    approvals.approve(approval, by=boss)
    assert boss not in policies.voters(approval, barred=set(), day=DAY)
    with pytest.raises(NotAllowed, match="said yes already"):
        approvals.approve(approval, by=boss)
    assert approval.status == "pending"
    approvals.approve(approval, by=somebody("admin"))
    assert approval.status == "approved"


@pytest.mark.parametrize(("decision", "status"), [("reject", "rejected"), ("changes", "changes")])
def test_one_no_ends_it_and_gives_the_money_back(decision: str, status: str) -> None:
    policy(Step(who="role", roles=["manager"], quorum=2))
    approval = asked()
    approvals.approve(approval, by=somebody())
    verb = approvals.reject if decision == "reject" else approvals.ask_for_changes
    with pytest.raises(NotAllowed, match="Say why"):
        verb(approval, by=somebody(), comment=" ")
    verb(approval, by=somebody(), comment="Half would do")
    assert approval.status == status
    assert balances(approval.subject.source) == (1000, 0, 0, 0)  # type: ignore[union-attr]


def outsiders(asker: Staff) -> dict[str, Staff]:
    """Those who try to say yes although they may not."""
    somebody_else = somebody("manager", team=Team.objects.create(name="Elsewhere"))
    deputy = somebody("admin")
    day = clock.today()
    policies.name_deputy(by=asker, to=deputy, since=day, until=day + dt.timedelta(2))
    gone = somebody("manager")
    policies.name_deputy(by=somebody_else, to=asker, since=day, until=day + dt.timedelta(2))
    Staff.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    return {
        "requester": asker,
        "requester's deputy": deputy,
        "superuser": somebody("operator", is_superuser=True),
        "who left": gone,
        "not named": somebody("admin"),
        "analyst": somebody("analyst"),
    }


def test_there_is_no_way_round() -> None:
    asker = somebody("manager", is_superuser=True)
    policy(Step(who="role", roles=["manager"]))
    approval = asked(by=asker)
    for name, who in outsiders(asker).items():
        for verb in (approvals.approve, approvals.reject, approvals.ask_for_changes):
            with pytest.raises(NotAllowed):
                verb(approval, by=who, comment=name)
    approval.refresh_from_db()
    assert approval.status == "pending"
    assert not Vote.objects.exists()


def test_who_had_a_hand_in_it_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    approval, editor = asked(), somebody()
    monkeypatch.setattr(Transfer, "editors", lambda self: {self.asked_by_id, editor.pk})
    with pytest.raises(NotAllowed, match="had a hand"):
        approvals.approve(approval, by=editor)
    assert not Vote.objects.exists()


# --- deputies -------------------------------------------------------------------


def test_a_deputy_votes_in_the_place_of_who_is_away_once() -> None:
    chief, deputy, today = somebody("manager"), somebody("admin"), clock.today()
    policy(Step(who="staff", staff=[chief.pk]))
    approval = asked()
    with pytest.raises(NotAllowed, match="for others"):
        approvals.approve(approval, by=deputy)
    named = policies.name_deputy(by=chief, to=deputy, since=today, until=today)
    approvals.approve(approval, by=deputy)
    vote = Vote.objects.get()
    assert (vote.by, vote.stands_for, approval.status) == (deputy, chief, "approved")
    policies.end_deputy(named, by=chief)
    with pytest.raises(NotAllowed, match="for others"):
        approvals.approve(asked(key="second"), by=deputy)


def test_two_votes_for_one_person_are_no_quorum() -> None:
    chief, other = somebody("manager"), somebody("manager")
    deputy, today = somebody("admin"), clock.today()
    policy(Step(who="staff", staff=[chief.pk, other.pk], quorum=2))
    policies.name_deputy(by=chief, to=deputy, since=today, until=today)
    approval = asked()
    approvals.approve(approval, by=deputy)
    with pytest.raises(NotAllowed, match="your deputy did"):
        approvals.approve(approval, by=chief)
    approval.refresh_from_db()
    assert approval.status == "pending"
    approvals.approve(approval, by=other)
    assert approval.status == "approved"


def test_only_who_may_decide_has_and_is_a_deputy() -> None:
    today, boss = clock.today(), somebody()
    for by, to in ((boss, somebody("operator")), (somebody("operator"), boss), (boss, boss)):
        with pytest.raises(NotAllowed):
            policies.name_deputy(by=by, to=to, since=today, until=today)
    one = policies.name_deputy(by=boss, to=somebody("admin"), since=today, until=today)
    with pytest.raises(NotAllowed, match="the two of them"):
        policies.end_deputy(one, by=somebody("admin"))
    assert Deputy.objects.get().ended_at is None


# --- time and races -------------------------------------------------------------


def test_what_nobody_decided_in_time_is_given_back() -> None:
    policy(ONE_YES, expires_hours=2)
    approval = asked()
    now = timezone.now()
    assert not approvals.expire(approval, at=now)
    later = now + dt.timedelta(hours=3)
    assert approvals.overdue(at=later) == [approval]
    Approval.objects.update(expires_at=now)
    with pytest.raises(NotAllowed, match="is over"):
        approvals.approve(approval, by=somebody())
    assert approvals.expire(approval, at=later)
    assert not approvals.expire(approval, at=later)
    assert approval.status == "expired"
    assert balances(approval.subject.source) == (1000, 0, 0, 0)  # type: ignore[union-attr]


def test_a_yes_holds_for_what_it_was_said_to_alone() -> None:
    approval = asked()
    with pytest.raises(NotAllowed, match="Nobody has approved"):
        approvals.require_live(approval.subject)
    approvals.approve(approval, by=somebody())
    assert approvals.require_live(approval.subject) == approval
    Transfer.objects.update(amount_minor=999)
    changed = Transfer.objects.get()
    with pytest.raises(Stale):
        approvals.require_live(changed)
    approvals.void(changed, because="Changed")
    assert Approval.objects.get().status == "void"
    with pytest.raises(NotAllowed):
        approvals.require_live(changed)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_say_yes_at_once_the_money_goes_over_once() -> None:
    approval, bosses = asked(), [somebody() for _ in range(4)]
    came = at_once([partial(approvals.approve, Approval.objects.get(), by=boss) for boss in bosses])
    assert sum(one is None for one in came) == 1
    assert all(isinstance(one, Stale) for one in came if one is not None)
    assert Vote.objects.count() == 1
    assert balances(approval.subject.target) == (100, 0, 0, 0)  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_approve_against_withdraw_has_one_winner() -> None:
    approval, boss = asked(), somebody()
    transfer: Any = approval.subject
    yes, back = at_once(
        [
            partial(approvals.approve, Approval.objects.get(), by=boss),
            partial(transfers.withdraw, transfer, by=transfer.asked_by, on=transfer.asked_on),
        ]
    )
    assert (yes is None) != (back is None), (yes, back)
    went = 100 if yes is None else 0
    assert balances(transfer.target) == (went, 0, 0, 0)
    assert balances(transfer.source) == (1000 - went, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_transfers_both_ways_at_once_do_not_block_each_other() -> None:
    one, two, boss = budget(1000, name="One"), budget(1000, name="Two"), somebody()
    there = asked(100, source=one, target=two, key="there")
    back = asked(300, source=two, target=one, key="back")
    came = at_once([partial(approvals.approve, found, by=boss) for found in (there, back)])
    assert came == [None, None]
    assert (balances(one)[0], balances(two)[0]) == (1200, 800)


@pytest.mark.django_db(transaction=True)
def test_askings_both_ways_at_once_do_not_block_each_other() -> None:
    one, two, who = budget(1000, name="One"), budget(1000, name="Two"), somebody("operator")
    ways = [(one, two), (two, one)] * 3
    came = at_once(
        [
            partial(asked, 10, source=source, target=target, key=f"k{n}", by=who)
            for n, (source, target) in enumerate(ways)
        ]
    )
    assert all(isinstance(one, Approval) for one in came), came
    assert (balances(one), balances(two)) == ((970, 30, 0, 0), (970, 30, 0, 0))


def test_the_policy_reads_back_as_it_was_written() -> None:
    content = Policy(
        when=When(amount=[1, 2], channels=["sms"]), steps=[ONE_YES, Step(who="lead")],
        expires_hours=5, business_hours=True,
    )  # fmt: skip
    assert policy_rules.read(policy(*content.steps, when=content.when).content).when == content.when
    assert policy_rules.read(content.as_json()) == content
