"""The case library: filed by its owner, found by its words, printed for a session."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, CampaignResult, Case
from campaigns.outcomes import cases
from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from tests.campaigns.factories import CampaignFactory, bob, campaign_at, charlie
from tests.metrics.factories import SegmentFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2018, 1, 1)
NOON = dt.datetime(2018, 1, 1, 12, tzinfo=dt.UTC)
SAID = {
    "title": "Back with a coupon",
    "outcome": "worked",
    "situation": "Many had not come for weeks.",
    "deed": "A mail with a coupon.",
    "lessons": "Write in the evening.",
}


def over(by: Staff, **values: object) -> Campaign:
    """A campaign that is over and measured."""
    campaign: Campaign = CampaignFactory.create(
        owner=by, team=by.team, status="sent", segment=SegmentFactory.create(), **values
    )
    CampaignResult.objects.create(
        campaign=campaign,
        reached=10,
        sent=10,
        purchased=3,
        window_days=7,
        is_final=True,
        computed_at=NOON,
    )
    return campaign


def filed(by: Staff, **said: str) -> Case:
    return cases.file(over(by), by=by, on=TODAY, topics=["win-back", "coupon"], **SAID | said)


def test_its_owner_files_a_campaign_once() -> None:
    by = bob()
    case = filed(by)
    assert (case.team, case.filed_by, case.topics) == (by.team, by, ["win-back", "coupon"])
    with pytest.raises(NotAllowed, match="already"):
        cases.file(case.campaign, by=by, on=TODAY, **SAID)
    assert AuditEntry.objects.filter(action="case.filed").count() == 1


def test_what_is_not_over_or_not_measured_is_not_filed() -> None:
    by = bob()
    with pytest.raises(NotAllowed, match="over"):
        cases.file(campaign_at("draft", by=by), by=by, on=TODAY, **SAID)
    campaign = over(by)
    CampaignResult.objects.all().delete()
    with pytest.raises(NotAllowed, match="not measured"):
        cases.file(campaign, by=by, on=TODAY, **SAID)


@pytest.mark.parametrize(
    "wrong",
    [{"lessons": " "}, {"outcome": "great"}, {"title": "x" * 121}, {"deed": "\0"}],
    ids=["says nothing", "no outcome", "too long", "not words"],
)
def test_what_says_too_little_is_refused_in_words(wrong: dict[str, str]) -> None:
    by = bob()
    with pytest.raises(NotAllowed):
        cases.file(over(by), by=by, on=TODAY, **SAID | wrong)
    assert not Case.objects.exists()


def test_another_team_and_another_role_change_nothing() -> None:
    case = filed(bob())
    for stranger in (charlie(), Staff.objects.create(username="s", role="support")):
        with pytest.raises(NotAllowed):
            cases.edit(case, by=stranger, seen=1, **SAID | {"title": "Mine"})
        with pytest.raises(NotAllowed):
            cases.archive(case, by=stranger)
    case.refresh_from_db()
    assert (case.title, case.version, case.archived_at) == (SAID["title"], 1, None)


def test_two_who_change_it_at_once_do_not_overwrite_each_other() -> None:
    by = bob()
    case = filed(by)
    cases.edit(case, by=by, seen=1, **SAID | {"lessons": "Write at noon."})
    assert (case.version, case.topics) == (2, [])
    with pytest.raises(Stale):
        cases.edit(case, by=by, seen=1, **SAID)
    (entry,) = AuditEntry.objects.filter(action="case.changed")
    assert entry.details["was"]["lessons"] == SAID["lessons"]


def test_a_case_is_found_by_all_of_its_words() -> None:
    by = bob()
    one, _other = filed(by), filed(by, title="Welcome", deed="A text message.")
    everything = Case.objects.all()
    assert list(cases.find("coupon evening mail", everything)) == [one]
    assert cases.find("win-back", everything).count() == 2
    assert not cases.find("coupon nowhere", everything).exists()


def test_a_case_is_filed_read_changed_and_put_away_in_the_browser(client: Client) -> None:
    by = bob()
    campaign = over(by, goal="Wake the sleepers", name="Come home")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(by)
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    address = reverse("admin:campaigns_case_file", args=[campaign.pk])
    assert address in page.content.decode()
    assert "Wake the sleepers" in client.get(address).content.decode()
    client.post(address, SAID | {"topics": "win-back，coupon"})
    case = Case.objects.get()
    assert case.topics == ["win-back", "coupon"]
    edit = reverse("admin:campaigns_case_edit", args=[case.pk])
    refused = client.post(edit, SAID | {"title": "Newer", "seen": 7})
    assert "Somebody else" in refused.content.decode()
    client.post(edit, SAID | {"title": "Newer", "seen": 1})
    shown = client.get(reverse("admin:campaigns_case_change", args=[case.pk])).content.decode()
    assert "Newer" in shown
    assert "30.0%" in shown  # the campaign's own figures
    client.post(reverse("admin:campaigns_case_archive", args=[case.pk]))
    listed = client.get(reverse("admin:campaigns_case_changelist")).content.decode()
    assert "Newer" not in listed


def test_several_cases_print_for_a_session(client: Client) -> None:
    by = bob()
    first, second = filed(by, title="First"), filed(by, title="Second")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(by)
    session = reverse("admin:campaigns_case_session")
    assert client.get(session).content.decode().count("<article") == 2
    chosen = client.post(
        reverse("admin:campaigns_case_changelist"),
        {"action": "session_of", "_selected_action": [second.pk]},
        follow=True,
    ).content.decode()
    assert "Second" in chosen
    assert "First" not in chosen
    assert first.pk != second.pk


def test_the_list_asks_as_often_for_many_cases(
    client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    by = bob()
    for number in range(6):
        filed(by, title=f"Case {number}")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(by)
    with django_assert_max_num_queries(14):
        client.get(reverse("admin:campaigns_case_changelist"))


def test_everybody_reads_the_library_and_only_some_write(
    signed_in: Callable[..., Client],
) -> None:
    case = filed(bob())
    client = signed_in("support")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert client.get(reverse("admin:campaigns_case_change", args=[case.pk])).status_code == 200
    edit = reverse("admin:campaigns_case_edit", args=[case.pk])
    assert client.post(edit, SAID | {"seen": 1}).status_code == 403


def test_programs_file_find_and_change_cases(client: Client) -> None:
    by = bob()
    campaign = over(by)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(by)
    made = client.post(
        "/api/v1/cases/", {**SAID, "campaign": campaign.pk, "topics": ["a"]}, "application/json"
    )
    assert made.status_code == 201, made.content
    address = f"/api/v1/cases/{made.json()['id']}/"
    assert client.get("/api/v1/cases/?q=evening").json()["results"][0]["result"]["purchased"] == 3
    assert client.get("/api/v1/cases/?q=nowhere").json()["results"] == []
    change = {"title": "Better", "version": 1}
    assert client.patch(address, change, "application/json").json()["title"] == "Better"
    assert client.patch(address, change, "application/json").status_code == 409
    assert client.get(address).json()["topics"] == ["a"]
