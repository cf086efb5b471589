"""A campaign's money on screens and over the API: chosen, asked for, seen, and refused."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns import additions, demo, pricing, transitions
from campaigns.models import Addition, Campaign, Evidence
from campaigns.money import paying
from campaigns.providers import accounts
from campaigns.words import lengths
from console import approvals, clock
from console.admin import budget_page
from console.models import Budget, Staff
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    budget_with,
    campaign_at,
    charlie,
    give_money,
    people,
    submit,
)
from tests.campaigns.money import test_money as money

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
JSON = "application/json"


def page(campaign: Campaign, name: str = "change") -> str:
    return reverse(f"admin:campaigns_campaign_{name}", args=[campaign.pk])


def test_a_draft_says_what_it_costs_and_whether_the_budget_reaches(signed_in: SignIn) -> None:
    campaign = money.with_coupon("draft", 5)
    client = signed_in(money.owner_of(campaign))
    assert "choose the budget" in client.get(page(campaign)).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(budget=budget_with(9_000))
    assert "too little" in client.get(page(campaign)).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(limit_minor=8_000)
    assert "that are left in" in client.get(page(campaign)).content.decode()
    assert "Messages" in client.get(page(campaign, "edit")).content.decode(), "to be chosen"
    free = campaign_at("draft", by=money.owner_of(campaign))
    assert "needs no budget" in client.get(page(free)).content.decode()


def test_more_is_asked_for_on_the_page_and_decided_by_who_may(signed_in: SignIn) -> None:
    campaign = money.with_coupon("paused")
    client = signed_in(money.owner_of(campaign))
    shown = client.get(page(campaign)).content.decode()
    assert "Ask for more money" in shown
    form = client.get(page(campaign, "more"))
    assert "left to spend" in form.content.decode(), "one sees what there is"
    said = {"amount": "50", "because": "More came", "key": form.context["form"]["key"].value()}
    assert client.post(page(campaign, "more"), said).status_code == 302
    client.post(page(campaign, "more"), said)
    addition = Addition.objects.get()
    assert addition.amount_minor == 5_000
    asked = approvals.latest_for(addition)
    assert asked
    for role in ("manager", "operator"):
        answer = signed_in(role).get(reverse("admin:console_approval_change", args=[asked.pk]))
        told = answer.content.decode()
        assert all(words in told for words in ("50.00", "More came", "Left to spend"))
    boss = signed_in(alice())
    decide = reverse("admin:console_approval_decide", args=[asked.pk])
    assert boss.post(decide, {"decision": "approve"}).status_code == 302
    assert "50.00" in client.get(page(campaign)).content.decode()
    held = money.balances(campaign.budget)
    assert held[2] == 3 * 2_000 + 5_000
    budget = reverse("admin:console_budget_change", args=[campaign.budget_id])
    assert str(campaign) in boss.get(budget).content.decode()


def test_a_no_frees_what_was_reserved_and_gives_nothing_back(signed_in: SignIn) -> None:
    """What nobody had approved was never its own; and who said no did not take it back as well."""
    campaign, manager = money.with_coupon("submitted"), alice()
    asked = approvals.pending_for(campaign)
    assert asked
    approvals.ask_for_changes(asked, by=manager, comment="Fewer.")
    client, boss = signed_in(money.owner_of(campaign)), signed_in(manager)
    budget = boss.get(reverse("admin:console_budget_change", args=[campaign.budget_id]))
    (thing,) = budget.context["things"]
    assert {thing[name] for name in ("reserved", "left", "spent", "given_back")} == {"CN¥0.00"}
    shown = client.get(page(campaign))
    deeds = [(str(one["who"]), str(one["deed"])) for one in shown.context["history"]]
    assert deeds[0] == (manager.username, "asked for changes")
    assert "took it back to draft" not in shown.content.decode()


def test_who_stopped_for_want_of_money_reads_the_way_on(signed_in: SignIn) -> None:
    campaign = money.with_coupon("sending")
    owner = money.owner_of(campaign)
    transitions.stop(campaign, reason=paying.no_money(campaign, 10**6))
    client = signed_in(owner)
    told = re.search(r'role="alert">(.*?)</p>', client.get(page(campaign)).content.decode(), re.S)
    assert told
    assert "What comes next costs CN¥10,000.00; only CN¥60.00 of the approved budget" in told[1]
    assert page(campaign, "more") in told[1]
    more = additions.ask(campaign, 500, because="So", key="k", by=owner, at=clock.now())
    told = re.search(r'role="alert">(.*?)</p>', client.get(page(campaign)).content.decode(), re.S)
    assert told
    assert "can go on" not in told[1], "nobody said yes yet"
    approvals.approve(more, by=alice())
    assert "More was approved since: it can go on" in client.get(page(campaign)).content.decode()


@pytest.mark.parametrize("role", ["product", "manager", "analyst", "support"])
def test_who_may_not_run_it_asks_for_nothing(role: str, signed_in: SignIn) -> None:
    campaign = money.with_coupon("paused")
    client, said = signed_in(role), {"amount": "50", "because": "x", "key": "k"}
    assert client.post(page(campaign, "more"), said).status_code == 403
    assert "Ask for more money" not in client.get(page(campaign)).content.decode()
    assert signed_in(charlie()).post(page(campaign, "more"), said).status_code == 403
    assert not Addition.objects.exists()


def test_money_over_the_api_is_asked_for_once_and_never_moved_by_hand(signed_in: SignIn) -> None:
    campaign = money.with_coupon("paused")
    client = signed_in(money.owner_of(campaign))
    where = f"/api/v1/campaigns/{campaign.pk}/"
    body, key = {"amount_minor": 700, "because": "More came"}, {"HTTP_IDEMPOTENCY_KEY": "a"}
    first = client.post(where + "more/", body, content_type=JSON, **key)
    assert (first.status_code, first.json()["status"]) == (201, "pending")
    assert client.post(where + "more/", body, content_type=JSON, **key).json() == first.json()
    other = client.post(where + "more/", body | {"amount_minor": 9}, content_type=JSON, **key)
    assert other.status_code == 422
    told = client.get(where + "money/").json()
    assert (told["approved_minor"], told["reserved_minor"], told["left_minor"]) == (
        6_000,
        700,
        6_000,
    )
    movement = {"subject_kind": "campaigns.campaign", "subject_id": campaign.pk}
    for verb in ("reserve", "spend", "release"):
        answer = client.post(
            f"/api/v1/budgets/{campaign.budget_id}/{verb}/",
            movement | {"amount_minor": 5},
            content_type=JSON,
            HTTP_IDEMPOTENCY_KEY=verb,
        )
        assert answer.status_code == 400
    assert money.balances(campaign.budget)[1:] == (700, 6_000, 0)
    limit = client.patch(
        f"/api/v1/campaigns/{campaign_at('draft', by=campaign.owner).pk}/",
        {"limit_minor": 5},
        content_type=JSON,
    )
    assert limit.status_code == 400
    assert "budget" in limit.json()


def test_who_decides_over_the_api_reads_what_it_rests_on_and_steps_are_taken_once(
    signed_in: SignIn,
) -> None:
    campaign = money.with_coupon("draft")
    give_money(campaign)
    client = signed_in(money.owner_of(campaign))
    where, key = f"/api/v1/campaigns/{campaign.pk}/", {"HTTP_IDEMPOTENCY_KEY": "once"}
    assert client.get(where + "grounds/").json()["quote"] is None
    first = client.post(where + "submit/", **key)
    again = client.post(where + "submit/", **key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json()["status"], again["Idempotent-Replayed"]) == ("submitted", "true")
    unkeyed = client.post(where + "submit/")
    assert (unkeyed.status_code, [*unkeyed.json()]) == (400, ["Idempotency-Key"])
    assert client.post(where + "submit/", HTTP_IDEMPOTENCY_KEY="other").status_code == 403
    assert client.post(where + "submit/", {"x": 1}, content_type=JSON, **key).status_code == 422
    found = signed_in("manager").get(where + "grounds/").json()
    assert found["frozen"]["size"] == campaign.audience.size
    assert {line["what"] for line in found["quote"]["lines"]} >= {"coupon"}
    assert found["evidence"]["precedents"] == []


def test_a_long_short_message_is_priced_by_its_parts() -> None:
    accounts.make(
        "sms_http", name="SMS", given={"url": "http://127.0.0.1:9/"}, tariff=Decimal("4.5")
    )
    template = TemplateFactory.create(
        channel="sms", subject="", body="您好 {{ customer.name }}" + "券" * 60, variants={}
    )
    campaign = campaign_at("draft", people(12), template=template)
    campaign.plan = []
    assert lengths.of(campaign, [template.pk]).most == 2
    quote = pricing.made(
        campaign, 10, Evidence(campaign=campaign, found_at=clock.now()), at=clock.now()
    )
    assert quote.worst_minor == 90


def test_the_demo_has_money_so_that_a_play_can_be_asked_for_at_once() -> None:
    owner, admin = bob(), Staff.objects.create(username="admin", role=Staff.Role.ADMIN)
    for _ in range(2):
        demo.load_budgets(by=admin, on=clock.today())
    budget = Budget.objects.get(team=owner.team)
    assert budget.available_minor == 5_000_000
    with translation.override("zh-hans"):
        (line,) = budget_page.lines(budget)
        assert line["what"] == "触达、优惠券与客服回访"
    CouponBatchFactory.create()
    campaign = money.with_coupon("draft", by=owner)
    Campaign.objects.filter(pk=campaign.pk).update(budget=budget)
    campaign.refresh_from_db()
    assert additions.may_ask(campaign, owner) is False
    approvals.approve(submit(campaign, by=owner), by=alice())
    assert money.balances(budget) == (4_994_000, 0, 6_000, 0)


def test_who_approves_one_that_lasts_reads_how_many_the_limit_lets_in(signed_in: SignIn) -> None:
    call = {"key": "call", "kind": "task", "title": "Call", "days": 2, "team": bob().team_id}
    campaign = campaign_at("draft", people(7), by=bob(), entry="segment", plan=[call])
    price = clock.project().work_minor
    Campaign.objects.filter(pk=campaign.pk).update(
        budget=budget_with(100 * price, team=bob().team), limit_minor=25 * price
    )
    campaign.refresh_from_db()
    said = (
        "The limit of CN¥250.00 is enough for 25 customers at the worst.",
        "In the segment now: 7 customers who could get it. If all of them came in: about CN¥70.00, "
        "at most CN¥70.00.",
    )
    draft = signed_in(bob()).get(page(campaign)).content.decode()
    asked = submit(campaign, by=bob())
    shown = signed_in(alice()).get(reverse("admin:console_approval_change", args=[asked.pk]))
    for told in (draft, shown.content.decode()):
        assert all(words in told for words in said)


def test_the_list_of_approvals_bears_more_money_for_one_that_lasts(signed_in: SignIn) -> None:
    call = {"key": "call", "kind": "task", "title": "Call", "days": 2, "team": bob().team_id}
    campaign = campaign_at("draft", people(2), by=bob(), entry="segment", plan=[call])
    price = clock.project().work_minor
    Campaign.objects.filter(pk=campaign.pk).update(
        budget=budget_with(100 * price, team=bob().team), limit_minor=5 * price
    )
    campaign.refresh_from_db()
    approvals.approve(submit(campaign, by=bob()), by=alice())
    campaign.refresh_from_db()
    transitions.start(campaign, by=bob(), at=clock.now())
    transitions.stop(campaign, reason="enough")
    campaign.refresh_from_db()
    asked = additions.ask(campaign, price, because="So", key="k", by=bob(), at=clock.now())
    assert asked.summary["size"] is None
    shown = signed_in(alice()).get(reverse("admin:console_approval_changelist"))
    assert str(asked.title) in shown.content.decode()
