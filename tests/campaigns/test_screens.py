"""The screens of campaigns: who sees what, and that pressing does what it says."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from campaigns import drafts, tasks
from campaigns.admin import template
from campaigns.models import Campaign, CouponBatch, Message, MessageTemplate, Suppression
from campaigns.offers import coupons
from campaigns.words import wording
from console import clock
from console.models import Staff
from console.states import Stale
from tests.campaigns.factories import (
    AT,
    CampaignFactory,
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    budget_with,
    campaign_at,
    charlie,
    form,
    people,
    segment_of,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
STATUSES = ["draft", "submitted", "approved", "sending", "paused", "sent", "cancelled"]


def page_of(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])


def press(client: Client, campaign: Campaign, step: str) -> Any:
    address = reverse("admin:campaigns_campaign_step", args=[campaign.pk])
    return client.post(
        address, {"step": step}, HTTP_REFERER=f"http://testserver{page_of(campaign)}"
    )


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Campaigns whose sending was handed to the workers."""
    found: list[int] = []
    monkeypatch.setattr(tasks.send_wave, "delay_on_commit", found.append)
    return found


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("role", list(Staff.Role))
def test_every_role_can_open_every_campaign(signed_in: SignIn, status: str, role: str) -> None:
    campaign = campaign_at(status)
    answer = signed_in(role).get(page_of(campaign))
    assert answer.status_code == 200
    assert campaign.name in answer.content.decode()


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        ("draft", {"submit", "cancel"}),
        ("submitted", {"withdraw"}),
        ("approved", {"start", "withdraw", "cancel"}),
        ("sending", {"pause"}),
        ("paused", {"resume", "cancel"}),
        ("sent", set()),
    ],
)
def test_the_page_offers_the_steps_that_are_open(
    signed_in: SignIn, status: str, buttons: set[str]
) -> None:
    owner = bob()
    campaign = campaign_at(status, by=owner)
    mine = signed_in(owner).get(page_of(campaign)).content.decode()
    theirs = signed_in(charlie()).get(page_of(campaign)).content.decode()
    steps = ["submit", "withdraw", "start", "pause", "resume", "cancel"]
    assert {step for step in steps if f'value="{step}"' in mine} == buttons
    assert [step for step in steps if f'value="{step}"' in theirs] == []


def test_the_whole_way_by_pressing(signed_in: SignIn, started: list[int]) -> None:
    operator, manager = signed_in(bob()), signed_in(alice())
    segment = segment_of(people(3))
    template = TemplateFactory.create()
    operator.post(
        reverse("admin:campaigns_campaign_add"),
        form(name="Spring", segment=segment.pk, template=template.pk),
    )
    campaign = Campaign.objects.get()
    assert (campaign.owner, campaign.team) == (operator.staff, operator.staff.team)

    assert press(operator, campaign, "submit").status_code == 302
    waiting = manager.get(reverse("admin:console_approval_changelist")).content.decode()
    assert "Spring" in waiting
    from console import approvals

    asked = approvals.pending_for(campaign)
    assert asked
    manager.post(reverse("admin:console_approval_decide", args=[asked.pk]), {"decision": "approve"})
    press(operator, campaign, "start")
    campaign.refresh_from_db()
    assert campaign.status == "sending"
    assert started == [campaign.pk]
    press(operator, campaign, "pause")
    press(operator, campaign, "resume")
    campaign.refresh_from_db()
    assert campaign.status == "sending"
    assert started == [campaign.pk] * 2


def test_another_draft_like_it_is_its_makers(signed_in: SignIn) -> None:
    owner = bob()
    was = campaign_at("sent", by=owner, goal="Bread", control_share=0.5, starts_at=AT)
    Campaign.objects.filter(pk=was.pk).update(budget=budget_with(10, team=was.team))
    url = reverse("admin:campaigns_campaign_again", args=[was.pk])
    assert signed_in("analyst").post(url).status_code == 403
    assert Campaign.objects.count() == 1
    other = signed_in(charlie())
    answer = other.post(url)
    made = Campaign.objects.get(status="draft")
    assert answer["Location"] == page_of(made)
    assert (made.owner, made.team) == (other.staff, other.staff.team)
    assert (made.goal, made.control_share, made.segment) == ("Bread", 0.5, was.segment)
    assert (made.starts_at, made.budget) == (None, None)
    assert "again" in str(made)
    assert url in other.get(page_of(was)).content.decode()
    Campaign.objects.filter(pk=was.pk).update(kind="recorded")
    other.post(url)
    assert url not in other.get(page_of(was)).content.decode()
    assert Campaign.objects.count() == 2


def test_a_refusal_comes_back_as_words_and_changes_nothing(signed_in: SignIn) -> None:
    campaign = campaign_at("draft")
    answer = press(signed_in(charlie()), campaign, "submit")
    assert answer.status_code == 302
    words = signed_in(charlie()).get(page_of(campaign))
    assert words.status_code == 200
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_steps_are_never_links(signed_in: SignIn) -> None:
    campaign = campaign_at("draft")
    client = signed_in(bob())
    address = reverse("admin:campaigns_campaign_step", args=[campaign.pk])
    assert client.get(address + "?step=cancel").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(client.staff, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(address, {"step": "cancel"}).status_code == 403


def test_only_a_draft_of_the_own_team_has_a_form(signed_in: SignIn) -> None:
    owner = bob()
    draft, sent = campaign_at("draft", by=owner), campaign_at("sent", by=owner)
    form, gone = (reverse("admin:campaigns_campaign_edit", args=[one.pk]) for one in (draft, sent))
    assert signed_in(owner).get(form).status_code == 200
    assert signed_in(owner).get(gone).status_code == 302
    assert signed_in(charlie()).get(form).status_code == 403
    assert signed_in("manager").get(form).status_code == 403


def test_editing_a_draft_keeps_its_other_fields(signed_in: SignIn) -> None:
    owner = bob()
    campaign = campaign_at("draft", by=owner)
    answer = signed_in(owner).post(
        reverse("admin:campaigns_campaign_edit", args=[campaign.pk]),
        form(
            name="Renamed",
            goal="",
            segment=campaign.segment_id,
            template=campaign.template_id,
            conversion_days=14,
        ),
    )
    assert answer.headers.get("Location") == page_of(campaign), answer.content.decode()[:3000]
    campaign.refresh_from_db()
    assert (campaign.name, campaign.conversion_days, campaign.status) == ("Renamed", 14, "draft")
    assert campaign.owner == owner


def test_a_form_that_is_older_than_a_colleagues_change_says_so(signed_in: SignIn) -> None:
    owner, colleague = bob(), bob()
    Staff.objects.filter(pk=colleague.pk).update(team=owner.team)
    colleague.refresh_from_db()
    campaign = campaign_at("draft", by=owner)
    address, client = reverse("admin:campaigns_campaign_edit", args=[campaign.pk]), signed_in(owner)
    kept = {"segment": campaign.segment_id, "template": campaign.template_id}

    def seen(answer: Any) -> str:
        return str(answer.context["adminform"].form["seen"].value())

    mine = form(**kept, name="Mine", goal="", seen=seen(client.get(address)))
    drafts.edit(campaign, by=colleague, conversion_days=21, goal="Theirs")
    answer = client.post(address, mine)
    assert answer.status_code == 200
    assert f"{colleague} changed this draft since you opened it" in answer.content.decode()
    campaign.refresh_from_db()
    assert (campaign.name != "Mine", campaign.goal, campaign.conversion_days) == (
        True,
        "Theirs",
        21,
    )
    with pytest.raises(Stale):
        drafts.edit(campaign, by=owner, seen=int(mine["seen"]), name="Mine")
    assert client.post(address, mine | {"seen": seen(answer)}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, campaign.goal) == ("Mine", ""), "whoever was told may replace it"
    assert client.post(address, mine | {"seen": seen(client.get(address))}).status_code == 302


def test_the_list_asks_the_same_few_questions_for_many_campaigns(signed_in: SignIn) -> None:
    client = signed_in("operator")
    address = reverse("admin:campaigns_campaign_changelist")
    segment = segment_of(people(2))
    campaign_at("sent", segment=segment)
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    for _ in range(5):
        campaign_at("sent", segment=segment)
    with CaptureQueriesContext(connection) as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(few)


def test_progress_is_asked_for_while_it_is_sent(signed_in: SignIn) -> None:
    campaign = campaign_at("sent", 4)
    answer = signed_in("analyst").get(
        reverse("admin:campaigns_campaign_progress", args=[campaign.pk])
    )
    assert answer.json()["status"] == "sent"
    assert (answer.json()["ended"], answer.json()["done_share"]) == (4, 1.0)


def test_names_and_addresses_show_only_to_those_who_may_see_them(signed_in: SignIn) -> None:
    (customer,) = people(1)
    campaign = campaign_at("submitted", [customer])
    address = reverse("admin:campaigns_campaign_mail", args=[campaign.pk])
    query = {"customer": customer.pk, "contact": "shown"}
    assert "Customer 0" in signed_in("operator").post(address, query).json()["html"]
    hidden = signed_in("operator").get(address, query).json()
    assert "Customer 0" not in hidden["html"] + hidden["subject"]
    assert "Customer 0" not in signed_in("manager").get(page_of(campaign)).content.decode()


def test_the_preview_of_a_campaign_knows_its_coupon(signed_in: SignIn) -> None:
    customers, words = people(1), "{{ coupon.code }} {{ coupon.minutes }} {{ coupon.expires_on }}"
    template = TemplateFactory.create(body=f"<p>{words}</p>")
    batch = CouponBatchFactory.create(valid_minutes=2 * 1440)
    said = {"key": "first", "kind": "message", "channel": "email", "template": template.pk}
    campaign = campaign_at("draft", customers, plan=[said | {"coupon": batch.pk}])
    address = reverse("admin:campaigns_campaign_mail", args=[campaign.pk])
    until = coupons.expiry(batch, clock.now()).astimezone(clock.zone()).date()
    for shown in (
        signed_in("operator").get(address).json()["html"],
        signed_in("operator").get(page_of(campaign)).context["mail"]["html"],
    ):
        assert f"{2 * 1440} {until.isoformat()}" in shown
    CouponBatch.objects.update(shared_code="HELLO-ALL")
    assert "HELLO-ALL 2880" in signed_in("operator").get(address).json()["html"]


def test_the_preview_tells_of_a_customer_who_does_not_exist(signed_in: SignIn) -> None:
    campaign = campaign_at("draft")
    address = reverse("admin:campaigns_campaign_mail", args=[campaign.pk])
    for number in ("999999", "99999999999999999", "x"):
        assert "problem" in signed_in("operator").get(address, {"customer": number}).json()


# --- templates --------------------------------------------------------------


def test_a_template_is_checked_before_it_is_kept(signed_in: SignIn) -> None:
    client = signed_in("operator")
    words = {"name": "A", "subject": "Hi", "body": "{{ customer.nam }}", "revision": ""}
    answer = client.post(reverse("admin:campaigns_messagetemplate_add"), words)
    assert "customer.nam" in answer.content.decode()
    assert not MessageTemplate.objects.exists()
    client.post(
        reverse("admin:campaigns_messagetemplate_add"), words | {"body": "{{ customer.name }}"}
    )
    made = MessageTemplate.objects.get()
    assert (made.revision, made.updated_by, made.team) == (1, client.staff, client.staff.team)


@pytest.mark.parametrize(
    ("language", "hello"), [("en", "Hello {{"), ("zh-hans", "您好</h1>")], ids=["en", "zh"]
)
def test_a_new_template_begins_with_an_example_that_renders(language: str, hello: str) -> None:
    with translation.override(language):
        example = template.starts_with()
    assert hello in example
    assert wording.mistakes("A subject", example) == []


def test_changing_the_words_makes_a_new_revision(signed_in: SignIn) -> None:
    template = TemplateFactory.create()
    address = reverse("admin:campaigns_messagetemplate_change", args=[template.pk])
    client = signed_in("operator")
    client.post(address, {"name": "N", "subject": "S", "body": "<p>B</p>", "revision": 1})
    template.refresh_from_db()
    assert (template.revision, template.subject) == (2, "S")
    late = {"name": "N", "subject": "Late", "body": "<p>B</p>", "revision": 1}
    client.post(address, late)
    template.refresh_from_db()
    assert template.subject == "S", "somebody else's change would have been lost"
    client.post(address, {"name": "Other", "subject": "S", "body": "<p>B</p>", "revision": 2})
    template.refresh_from_db()
    assert (template.revision, template.name) == (2, "Other")


def test_what_a_form_leaves_empty_stays_as_it_is(signed_in: SignIn) -> None:
    """A mail that is neither HTML nor MJML could not be sent."""
    template = TemplateFactory.create(markup="html", language="en")
    address = reverse("admin:campaigns_messagetemplate_change", args=[template.pk])
    words = {"name": "N", "subject": "S", "body": "<p>B</p>", "revision": 1}
    signed_in("operator").post(address, words | {"markup": "", "language": ""})
    template.refresh_from_db()
    assert (template.subject, template.markup, template.language) == ("S", "html", "en")


def test_a_number_without_end_is_refused_in_words(signed_in: SignIn) -> None:
    client = signed_in("operator")
    gaps = reverse("admin:campaigns_messagetemplate_gaps")
    answer = client.post(gaps, {"segment": "9" * 5_000, "subject": "S", "body": "B"})
    assert answer.status_code == 400
    assert "neither be looked up nor stored" in answer.content.decode()


def test_templates_are_archived_not_deleted(signed_in: SignIn) -> None:
    template = TemplateFactory.create()
    client = signed_in("operator")
    assert (
        client.post(
            reverse("admin:campaigns_messagetemplate_delete", args=[template.pk])
        ).status_code
        == 403
    )
    archive = reverse("admin:campaigns_messagetemplate_archive", args=[template.pk])
    assert signed_in("manager").post(archive).status_code == 403
    client.post(archive)
    template.refresh_from_db()
    assert template.archived_at
    assert template.name not in str(client.get(reverse("admin:campaigns_campaign_add")).content)
    client.post(archive)
    template.refresh_from_db()
    assert template.archived_at is None


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_the_editor_shows_the_words_as_they_are_typed(signed_in: SignIn, role: str) -> None:
    people(1)
    client = signed_in(role)
    template = TemplateFactory.create()
    assert (
        client.get(
            reverse("admin:campaigns_messagetemplate_change", args=[template.pk])
        ).status_code
        == 200
    )
    preview = reverse("admin:campaigns_messagetemplate_preview")
    shown = client.post(preview, {"subject": "S", "body": "<p>unsaved</p>"}).json()
    assert "unsaved" in shown["html"]
    wrong = client.post(preview, {"subject": "S", "body": "{{ x }}"}).json()
    assert "x" in wrong["problem"]


# --- messages and the do-not-contact list -----------------------------------


def test_messages_can_be_read_by_those_who_may(signed_in: SignIn) -> None:
    campaign = campaign_at("sent", 3)
    message = campaign.messages.all()[0]
    address = reverse("admin:campaigns_message_changelist")
    for role in ("operator", "manager", "support"):
        client = signed_in(role)
        assert client.get(address).status_code == 200
        assert client.get(address + f"?customer={message.customer_id}").status_code == 200
        page = client.get(reverse("admin:campaigns_message_change", args=[message.pk]))
        assert message.address not in page.content.decode()
        assert ("Show contact" in page.content.decode()) == (role != "manager")
    assert signed_in("analyst").get(address).status_code == 403


def test_what_became_of_messages_is_said_in_words(signed_in: SignIn) -> None:
    one = campaign_at("sent", 1).messages.get()
    client, address = signed_in("manager"), reverse("admin:campaigns_message_changelist")
    for status, words in Message.Status.choices:
        Message.objects.filter(pk=one.pk).update(status=status)
        rows = client.get(address).content.decode().partition("<tbody")[2]
        assert str(words) in rows, status


def test_a_message_that_was_put_off_says_until_when_by_the_consoles_clock(
    signed_in: SignIn,
) -> None:
    one = campaign_at("sent", 1).messages.get()
    project = clock.project()
    project.today_on = dt.date(2018, 1, 1)
    project.save()
    later = timezone.now() + dt.timedelta(days=2, seconds=1)
    Message.objects.filter(pk=one.pk).update(status=Message.Status.DEFERRED, due_at=later)
    page = signed_in("manager").get(reverse("admin:campaigns_message_change", args=[one.pk]))
    shown = page.content.decode()
    assert "2018-01-03 " in shown.partition("eaves at the earliest")[2]
    assert f"{later:%Y}-" not in shown.partition("laimed at")[2][:400]


def test_an_address_is_put_on_the_list_and_taken_off(signed_in: SignIn) -> None:
    client = signed_in("support")
    add = reverse("admin:campaigns_suppression_add")
    client.post(add, {"address": " Ann@X.Example "})
    line = Suppression.objects.get()
    assert (line.address, line.reason) == ("ann@x.example", "by_hand")
    client.post(add, {"address": "ann@x.example"})
    client.post(add, {"address": "nonsense"})
    assert Suppression.objects.count() == 1
    manager = signed_in("manager")
    listed = manager.get(reverse("admin:campaigns_suppression_changelist")).content.decode()
    assert "ann@x.example" not in listed
    assert "a•••@x.example" in listed
    delete = reverse("admin:campaigns_suppression_delete", args=[line.pk])
    assert manager.post(delete, {"post": "yes"}).status_code == 403
    client.post(delete, {"post": "yes"})
    assert not Suppression.objects.exists()


def test_a_draft_says_why_it_cannot_be_submitted(signed_in: SignIn) -> None:
    segment = segment_of(people(2), rule_version=2)
    campaign = CampaignFactory.create(segment=segment)
    page = signed_in("operator").get(page_of(campaign)).content.decode()
    assert "compute its members anew" in page
