"""Money between budgets: small askings count together, and whose money it is has a say."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from console import approvals, budgets, kept_words, tasks, transfers
from console.models import Approval, Budget, Transfer, WorkItem
from console.policy_rules import Step, When
from console.states import NotAllowed, Stale
from tests.console.spine import asked, at_once, balances, budget, fresh, policy, somebody
from tests.factories import TeamFactory

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db


def test_a_large_transfer_in_small_steps_wants_the_same_yes() -> None:
    small = policy(Step(who="role", roles=["manager"]), rank=1, when=When(amount=(None, 500)))
    large = policy(Step(who="role", roles=["admin"]), rank=2)
    source, target, by = budget(5000, name="From"), budget(name="To"), somebody("operator")
    one = asked(300, by=by, source=source, target=target, key="a")
    two = asked(300, by=by, source=source, target=target, key="b")
    assert (one.version, two.version) == (small, large)
    assert two.facts["amount_minor"] == 600
    assert "6.00" in two.summary["together"]
    approvals.reject(two, by=somebody("admin"), comment="No")
    another = budget(name="Other", team=target.team)  # of the same team
    three = asked(150, by=somebody("operator"), source=source, target=another, key="c")
    assert three.facts["amount_minor"] == 450, "what was refused counts no more"
    Transfer.objects.update(asked_on=dt.date(2017, 12, 16))
    assert asked(300, source=source, target=target, key="d").version == small, "a month ago"


def test_budgets_of_one_name_are_told_apart_by_their_teams_in_the_readers_words() -> None:
    policy(Step(who="role", roles=["manager"]))
    name = kept_words.both("触达", "Outreach")
    source = budget(1000, name=name, team=TeamFactory.create(name="Growth"))
    target = budget(name=name, team=TeamFactory.create(name="Operations"))
    with translation.override("zh-hans"):
        by = somebody("operator", team=target.team)
        approval = asked(400, by=by, source=source, target=target)
    title = Approval.objects.get(pk=approval.pk).title
    assert title == "Outreach (Growth) → Outreach (Operations)"
    with translation.override("zh-hans"):
        assert str(Transfer.objects.get()) == "触达 (Growth) → 触达 (Operations)"
        assert Approval.objects.get(pk=approval.pk).title == "触达 (Growth) → 触达 (Operations)"


def test_what_another_team_would_give_is_told_to_it_and_comes_back_by_itself() -> None:
    policy(Step(who="role", roles=["manager"]))
    source = budget(1000, name="From", team=TeamFactory.create(name="Elsewhere"))
    approval = asked(400, source=source)
    (item,) = WorkItem.objects.all()
    assert (item.team, item.subject) == (source.team, source)
    assert approval.expires_at is not None
    assert approval.expires_at <= timezone.now() + dt.timedelta(days=7)
    Approval.objects.update(expires_at=timezone.now())
    tasks.look_after_approvals()
    item.refresh_from_db()
    assert (balances(source), item.status) == ((1000, 0, 0, 0), "done")


def test_who_looks_after_a_budget_may_keep_its_money(signed_in: SignIn) -> None:
    policy(Step(who="role", roles=["admin"]))  # a manager has no vote here
    keeper = somebody("manager")
    assert keeper.team
    source = budget(1000, name="From", team=keeper.team)
    approval = asked(400, source=source)
    transfer = Transfer.objects.get()
    for role in ("operator", "analyst"):
        path = f"/admin/console/budget/transfers/{transfer.pk}/refuse/"
        assert signed_in(role).post(path, {"because": "No"}).status_code == 403
    elsewhere = somebody("manager", team=TeamFactory.create(name="Elsewhere"))
    with pytest.raises(NotAllowed):
        transfers.refuse(transfer, because="No", by=elsewhere)
    with pytest.raises(NotAllowed, match="Say why"):
        transfers.refuse(transfer, because=" ", by=keeper)
    assert balances(source) == (600, 400, 0, 0)
    client = signed_in(keeper)
    page = client.get(f"/admin/console/budget/{source.pk}/change/").content.decode()
    assert path in page
    assert client.post(path, {"because": "We need it"}).status_code == 302
    approval.refresh_from_db()
    vote = approval.votes.get()
    assert (approval.status, vote.by, vote.comment) == ("rejected", keeper, "We need it")
    assert balances(source) == (1000, 0, 0, 0)
    with pytest.raises((NotAllowed, Stale)):
        transfers.refuse(transfer, because="Again", by=keeper)


def test_over_the_api_it_is_kept_and_taken_back_as_on_the_page(signed_in: SignIn) -> None:
    policy(Step(who="role", roles=["admin"]))
    keeper, asker = somebody("manager"), somebody("operator")
    source = budget(1000, name="From", team=keeper.team)
    for key in ("a", "b"):
        asked(400, source=source, by=asker, key=key)
    newer, older = Transfer.objects.all()
    where = "/api/v1/transfers/{}/{}/"
    said, once = {"because": "We need it"}, {"HTTP_IDEMPOTENCY_KEY": "one"}
    for who, code in ((asker, 403), (keeper, 200), (keeper, 200)):
        answer = signed_in(who).post(where.format(older.pk, "refuse"), said, **once)  # type: ignore[arg-type]
        assert answer.status_code == code
    assert (answer.json()["status"], answer["Idempotent-Replayed"]) == ("rejected", "true")
    for who, code in ((keeper, 403), (asker, 200)):
        answer = signed_in(who).post(where.format(newer.pk, "withdraw"), **once)  # type: ignore[arg-type]
        assert answer.status_code == code
    assert balances(source) == (1000, 0, 0, 0)
    client = signed_in("analyst")
    with CaptureQueriesContext(connection) as queries:
        told = client.get("/api/v1/transfers/").json()["results"]
    assert [one["status"] for one in told] == ["withdrawn", "rejected"]
    assert len(queries) <= 6


@pytest.mark.django_db(transaction=True)
def test_no_money_is_asked_for_a_budget_that_is_put_away_at_this_moment() -> None:
    policy(Step(who="role", roles=["manager"]))
    source, target, by = budget(1000, name="From"), budget(name="To"), somebody("operator")
    admin = somebody("admin")

    def ask() -> Any:
        return asked(100, by=by, source=source, target=target)

    def put_away() -> Any:
        return budgets.archive(Budget.objects.get(pk=target.pk), by=admin)

    at_once([ask, put_away])
    is_away = fresh(target).archived_at is not None
    assert is_away != Transfer.objects.exists()
