"""The page on which one decides: then and now, who gets what, what they are made of."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import parting, planning
from campaigns.admin import page as campaign_page
from campaigns.contact import suppression
from campaigns.models import Campaign
from console import approvals, clock
from console.models import Approval
from segments import bitmaps, standing
from segments.models import Segment, Stage, StageSet
from tests.campaigns.factories import TemplateFactory, alice, bob, campaign_at, people
from tests.campaigns.journeys.steps import message, wait

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
# Queries of the whole page; the same for many customers as for few.
MOST_QUERIES = 50


def asked() -> Approval:
    return Approval.objects.get()


def page_of(approval: Approval) -> str:
    return reverse("admin:console_approval_change", args=[approval.pk])


def rows(page: str, caption: str) -> list[list[str]]:
    """The cells of the table with this caption."""
    table = page[page.index(f">{caption}</caption>") :].split("</table>")[0]
    body = table.split("<tbody>")[1]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in body.split("</tr>")]
    return [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in cells if row]


def test_then_and_now_stand_side_by_side(signed_in: SignIn) -> None:
    customers = people(6)
    campaign = campaign_at("submitted", customers)
    frozen = campaign.audience.members
    stays = bitmaps.from_ids(one.pk for one in [*customers[:4], *people(3, prefix="new")])
    Segment.objects.update(members=stays, size=len(stays), rule={"any": [{"all": []}]})
    suppression.add(customers[0].email, reason="complaint", at=clock.now())
    page = signed_in("manager").get(page_of(asked())).content.decode()
    assert rows(page, "Then and now") == [
        ["In the segment", "6", "7", "+1"],
        ["On the do-not-contact list", "0", "1", "+1"],
        ["Get it", "6", "6", "–"],
    ]
    assert "another rule by now" in page
    campaign.refresh_from_db()
    assert campaign.audience.members == frozen


def two_wordings(**values: Any) -> Campaign:
    """Two wordings, and two more behind a branch, where nobody knows how many there will be."""
    one, other = (TemplateFactory.create().pk for _ in range(2))
    said = message("hello")
    del said["template"]
    said["variants"] = [
        {"key": "a", "template": one, "weight": 1},
        {"key": "b", "template": other, "weight": 1},
    ]
    branch = {"key": "ask", "kind": "branch", "did": {"deed": "opened", "step": "hello"}}
    lasting = {**said, "key": "later"}
    plan = [said, wait(), {**branch, "yes": [lasting], "no": []}]
    return campaign_at("submitted", 200, plan=plan, control_share=0.2, **values)


def test_each_group_has_its_customers_as_the_engine_will_divide_them(signed_in: SignIn) -> None:
    campaign = two_wordings()
    members, plan = campaign.audience.members, planning.of(campaign)
    control = parting.control(campaign, members)
    words = parting.wordings(campaign, planning.message(campaign, "hello"), members - control)
    assert [(one.step, one.name, one.size) for one in parting.groups(campaign, plan, members)] == [
        ("", "", len(control)),
        ("hello", "a", len(words["a"])),
        ("hello", "b", len(words["b"])),
        ("later", "a", None),
        ("later", "b", None),
    ]
    assert len(control) + sum(map(len, words.values())) == 200
    frozen = {(one.step, one.name): one.members for one in campaign.audience.groups.all()}
    assert frozen == {("", ""): control, ("hello", "a"): words["a"], ("hello", "b"): words["b"]}
    page = signed_in("manager").get(page_of(asked())).content.decode()
    told = rows(page, "Who gets what")
    assert told[0][1:] == ["Control", "20.0%", str(len(control))]
    assert told[1][2:] == ["50.0%", str(len(words["a"]))]
    assert told[3][3] == "of those who get there"
    assert f"Approve sending to {200 - len(control)} customers" in page
    assert rows(page, "Then and now")[-1][0] == "Get it, or are the control"


def test_of_a_plan_it_shows_the_words_that_were_frozen_in_every_language() -> None:
    english = {"subject": "Good day", "body": "<p>Again</p>"}
    template = TemplateFactory.create(language="zh-hans", variants={"en": english})
    plan = [message("hello") | {"template": template.pk}]
    campaign = campaign_at("submitted", people(2), plan=plan, template=None)
    words = campaign_page.words_of(campaign, campaign.audience)
    assert words is not None
    assert set(words.words) == {"zh-hans", "en"}


def test_it_tells_at_which_stage_they_stand(
    signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = campaign_at("submitted", 5)
    chosen = StageSet.objects.filter(is_default=True).first() or StageSet.objects.create(
        key="lifecycle", is_default=True
    )
    stage = Stage.objects.create(stage_set=chosen, key="growing", position=90, color="#10b981")
    column = np.full(max(campaign.audience.members) + 1, standing.NOWHERE, np.int32)
    column[list(campaign.audience.members)[:3]] = stage.pk
    monkeypatch.setattr(standing, "now", lambda _set: column)
    page = signed_in("manager").get(page_of(asked())).content.decode()
    made_of = page[page.index("By stage") :].split("</ul>")[0]
    counts = re.findall(r'<span class="number">(\d+)</span>', made_of)
    assert counts == ["3", "2"]


def test_who_asks_for_changes_is_heard_on_the_page_and_at_home(signed_in: SignIn) -> None:
    owner = bob()
    campaign = campaign_at("submitted", by=owner)
    approvals.ask_for_changes(asked(), by=alice(), comment="Fewer words, please")
    client = signed_in(owner)
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    shown = client.get(page).content.decode()
    assert "asks for changes" in shown
    assert "Fewer words, please" in shown
    assert "Fewer words, please" in client.get(reverse("admin:index")).content.decode()


def test_it_asks_no_more_for_many_customers(signed_in: SignIn) -> None:
    two_wordings()
    client = signed_in("manager")
    client.get(page_of(asked()))  # what is kept in this process is asked for once
    with CaptureQueriesContext(connection) as asked_for:
        assert client.get(page_of(asked())).status_code == 200
    assert len(asked_for) <= MOST_QUERIES
