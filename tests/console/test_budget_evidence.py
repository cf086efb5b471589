"""R217, scenario i: no request for money without what past campaigns brought, whichever way."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import CampaignResult
from campaigns.outcomes import evidence
from console import transfers
from console.models import Approval, Budget, Project, Transfer
from console.states import NotAllowed
from tests.campaigns.factories import people
from tests.console.spine import DAY, budget, somebody
from tests.metrics.factories import recorded

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def in_january() -> None:
    Project.objects.update(today_on=DAY)


@pytest.fixture
def two() -> tuple[Budget, Budget]:
    return budget(1000, name="From"), budget(name="To")


def in_the_browser(client: Client, source: Budget, target: Budget) -> None:
    said = {"amount": "1", "source": source.pk, "because": "More buyers", "key": "ask"}
    client.post(reverse("admin:console_budget_ask", args=[target.pk]), said)


def over_the_api(client: Client, source: Budget, target: Budget) -> None:
    said = {"amount_minor": 100, "from_budget": source.pk, "because": "More buyers"}
    url, key = f"/api/v1/budgets/{target.pk}/ask/", {"Idempotency-Key": "ask"}
    client.post(url, said, content_type="application/json", headers=key)


WAYS = {"browser": in_the_browser, "api": over_the_api}


@pytest.mark.parametrize("way", WAYS)
def test_it_carries_what_past_campaigns_brought(
    way: str, two: tuple[Budget, Budget], signed_in: SignIn
) -> None:
    campaign = recorded(people(4), since=NOON, until=NOON + dt.timedelta(days=30), ref="A")
    values = {"purchased": 2, "revenue_minor": 500, "activated": 1, "asleep": 2}
    CampaignResult.objects.create(
        campaign=campaign, reached=4, window_days=30, is_final=True, computed_at=NOON, **values
    )
    WAYS[way](signed_in("manager"), *two)
    approval = Approval.objects.get()
    (row,) = approval.summary["evidence"]["rows"]
    assert (row["campaign"], row["purchased"], row["lift"]) == (campaign.pk, 2, None)
    assert approval.facts["has_precedent"] is True
    url = reverse("admin:console_approval_change", args=[approval.pk])
    page = signed_in("admin").get(url).content.decode()
    assert "What similar campaigns brought" in page
    assert "None of them had a control group" in page, "without one no lift is claimed"


@pytest.mark.parametrize("way", WAYS)
def test_without_it_nothing_is_asked_for(
    way: str, two: tuple[Budget, Budget], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "of_team", lambda _team, at: None)
    WAYS[way](signed_in("manager"), *two)
    assert not Transfer.objects.exists()
    assert not Approval.objects.exists()


def test_nor_in_a_shell(two: tuple[Budget, Budget]) -> None:
    source, target = two
    with pytest.raises(NotAllowed, match="past campaigns"):
        transfers.ask(
            target,
            100,
            source=source,
            because="More buyers",
            evidence=None,
            key="ask",
            on=DAY,
            by=somebody("manager"),
        )
    assert not Transfer.objects.exists()


def test_that_there_is_no_precedent_is_told_too(
    two: tuple[Budget, Budget], signed_in: SignIn
) -> None:
    over_the_api(signed_in("manager"), *two)
    approval = Approval.objects.get()
    assert (approval.summary["evidence"]["rows"], approval.facts["has_precedent"]) == ([], False)
