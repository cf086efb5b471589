"""Templates: their revisions, languages and channels, on the screen and over the API."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns.admin import preview
from campaigns.models import MessageTemplate, Phrase, TemplateRevision
from campaigns.words import phrases, templates
from console import clock
from console.models import AuditEntry
from console.states import NotAllowed, Stale
from segments import segment_words
from segments.models import Customer, Segment
from tests.campaigns.factories import TemplateFactory, alice, bob, campaign_at, people, segment_of

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
API = "/api/v1/templates/"
BUTTON = '<a class="button" href="https://shop.example/">Look</a>'


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_messagetemplate_{name}", args=args)


def add(**words: Any) -> MessageTemplate:
    said: dict[str, Any] = {"name": "T", "subject": "One", "body": BUTTON, "by": bob()}
    return templates.add(**said | words)


# --- revisions --------------------------------------------------------------


def test_every_revision_is_kept_and_can_be_said_again() -> None:
    template = add()
    by = template.updated_by
    assert by
    templates.edit(template, by=by, seen_revision=1, subject="Two")
    templates.edit(template, by=by, seen_revision=2, name="Other")
    kept = TemplateRevision.objects.filter(template=template).order_by("number")
    assert [(one.number, one.words["zh-hans"]["subject"]) for one in kept] == [
        (1, "One"),
        (2, "Two"),
    ]
    templates.say_again(kept[0], by=by)
    template.refresh_from_db()
    assert (template.revision, template.subject, template.name) == (3, "One", "Other")
    with pytest.raises(Stale):
        templates.edit(template, by=by, seen_revision=2, subject="Late")


def test_a_campaign_is_sent_with_the_words_that_were_approved() -> None:
    campaign = campaign_at("submitted", template=add())
    template = campaign.template
    assert template
    assert template.updated_by
    templates.edit(template, by=template.updated_by, seen_revision=1, subject="Changed")
    assert campaign.audience.template_revision == 1
    kept = TemplateRevision.objects.get(template=template, number=1)
    assert kept.words["zh-hans"]["subject"] == "One"


def test_words_that_cannot_be_sent_are_not_kept() -> None:
    for words in ({"body": "{{ x }}"}, {"body": "<p>永久免费</p>"}, {"body": ""}):
        with pytest.raises(NotAllowed):
            add(**words)
    assert not MessageTemplate.objects.exists()


# --- the screen -------------------------------------------------------------


def test_words_in_two_languages_are_kept_and_shown(signed_in: SignIn) -> None:
    client = signed_in("operator")
    words = {
        "name": "Both",
        "language": "zh-hans",
        "markup": "html",
        "subject": "您好",
        "body": BUTTON,
        "en-subject": "Hello",
        "en-body": BUTTON,
        "revision": "",
    }
    client.post(at("add"), words)
    template = MessageTemplate.objects.get()
    assert set(template.words()) == {"zh-hans", "en"}
    page = client.get(at("change", template.pk)).content.decode()
    assert 'value="Hello"' in page
    assert 'name="preview-language"' in page
    (customer,) = people(1)
    Customer.objects.filter(pk=customer.pk).update(language="en")
    for spoken, subject in (("", "Hello"), ("zh-hans", "您好"), ("en", "Hello"), ("xx", "Hello")):
        for shown in (
            client.get(at("mail", template.pk), {"spoken": spoken}),
            client.post(at("preview"), words | {"spoken": spoken}),
        ):
            assert shown.json()["subject"] == subject
    customer.refresh_from_db()
    assert customer.language == "en", "nothing of it is kept"
    wrong = client.post(at("add"), words | {"name": "Half", "en-body": ""}).content.decode()
    assert MessageTemplate.objects.count() == 1
    assert "errorlist" in wrong or "text-red" in wrong


def test_the_example_of_a_coupon_ends_soon_and_not_in_another_year(signed_in: SignIn) -> None:
    people(1)
    template = add(body="<p>{{ coupon.expires_on }}</p>" + BUTTON)
    until = (clock.now() + preview.A_WHILE).astimezone(clock.zone()).date()
    shown = signed_in("operator").get(at("mail", template.pk)).json()
    assert until.isoformat() in shown["html"]


def test_segments_to_check_in_are_named_in_the_reader_s_language(signed_in: SignIn) -> None:
    segment = segment_of(people(1))
    shipped, said = next(iter(segment_words.NAMES.items()))
    Segment.objects.filter(pk=segment.pk).update(name=shipped)
    with translation.override("zh-hans"):
        wanted = f">{said}</option>"
    page = signed_in("operator").get(at("add"), headers={"accept-language": "zh-hans"})
    assert wanted in page.content.decode()


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("sms", {"body": "您好 {{ customer.name }} 拒收请回复R", "template": "SMS_1"}),
        ("push", {"subject": "Hi", "body": "Look", "url": "https://a.example/", "data": "a: b"}),
        ("in_app", {"subject": "Hi", "body": "Look"}),
        ("robot", {"subject": "Hi", "body": "**Look**"}),
        ("webhook", {"data": "level: {{ traits.orders }}"}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_channel_has_its_own_form(
    signed_in: SignIn, channel: str, words: dict[str, str]
) -> None:
    people(1)
    client = signed_in("operator")
    assert client.get(at("add"), {"channel": channel}).status_code == 200
    client.post(at("add") + f"?channel={channel}", {"name": "A", "channel": channel, **words})
    template = MessageTemplate.objects.get()
    assert template.channel == channel
    main = template.words()["zh-hans"]
    assert {name: main[name] for name in words} == words
    assert client.get(at("change", template.pk)).status_code == 200
    shown = client.get(at("mail", template.pk), {"theme": "both"}).json()
    assert "problem" not in shown
    assert shown["dark"]
    assert signed_in("manager").get(at("change", template.pk)).status_code == 200


def test_a_preview_tells_what_would_be_better(signed_in: SignIn) -> None:
    people(1)
    client = signed_in("manager")
    shown = client.post(at("preview"), {"subject": "S", "body": "<p>unsaved</p>"}).json()
    assert "unsaved" in shown["html"]
    assert len(shown["advice"]) == 2  # nothing to press, and no words in English


def test_earlier_words_are_shown_and_said_again(signed_in: SignIn) -> None:
    people(1)
    template = add()
    client = signed_in(template.updated_by)
    templates.edit(template, by=client.staff, seen_revision=1, subject="Two")
    page = client.get(at("change", template.pk)).content.decode()
    assert f"{at('mail', template.pk)}?revision=1" in page
    assert client.get(at("mail", template.pk), {"revision": 1}).json()["subject"] == "One"
    assert signed_in("manager").post(at("restore", template.pk), {"revision": 1}).status_code == 403
    client.post(at("restore", template.pk), {"revision": 1})
    template.refresh_from_db()
    assert (template.subject, template.revision) == ("One", 3)


def test_what_a_segment_does_not_have_is_told_while_one_writes(signed_in: SignIn) -> None:
    customers = people(3)
    customers[0].name = ""
    customers[0].save()
    segment = segment_of(customers)
    words = {"subject": "Hi {{ customer.name }}", "body": BUTTON, "segment": segment.pk}
    (gap,) = signed_in("operator").post(at("gaps"), words).json()["gaps"]
    assert gap["customer"] == customers[0].pk
    assert "customer.name" in gap["words"]
    campaign = campaign_at("draft", customers, segment=segment)
    url = reverse("admin:campaigns_campaign_gaps", args=[campaign.pk])
    assert len(signed_in("analyst").get(url).json()["gaps"]) == 1


def test_the_list_asks_the_same_few_questions_for_many(signed_in: SignIn) -> None:
    client = signed_in("operator")
    TemplateFactory.create()
    client.get(at("changelist"))
    with CaptureQueriesContext(connection) as few:
        client.get(at("changelist"))
    TemplateFactory.create_batch(5)
    with CaptureQueriesContext(connection) as many:
        assert client.get(at("changelist")).status_code == 200
    assert len(many) == len(few)


def test_one_can_begin_in_mjml(signed_in: SignIn) -> None:
    people(1)
    client = signed_in("operator")
    begun = client.get(at("add"), {"markup": "mjml"})
    body = begun.context["adminform"].form.initial["body"]
    assert "<mj-body" in body
    words = {"name": "M", "markup": "mjml", "subject": "Hi", "body": body}
    dark = client.post(at("preview"), words | {"theme": "both"}).json()["dark"]
    assert "@media all" in dark
    client.post(at("add"), words)
    assert MessageTemplate.objects.get().markup == "mjml"


STYLED = """<mjml><mj-head><mj-style>
@media (max-width: 480px) {
  .wide { width: 100%; }
}
</mj-style></mj-head><mj-body><mj-section><mj-column>
<mj-text>Hi {{ customer.name | default: "you" }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def test_what_a_browser_sends_is_kept_with_line_ends_that_mjml_reads(signed_in: SignIn) -> None:
    people(1)
    client = signed_in("operator")
    sent = STYLED.replace("\n", "\r\n")
    words = {"name": "M", "markup": "mjml", "subject": "Hi", "body": sent}
    assert "problem" not in client.post(at("preview"), words).json()
    assert client.post(at("add"), words).status_code == 302
    assert MessageTemplate.objects.get().body == STYLED


def test_lines_of_every_channel_and_language_end_alike() -> None:
    said = {"en": {"body": "Hi\r\nyou", "params": "", "template": ""}}
    kept = add(
        channel="sms", subject="", body="a\r\nb", more={"params": "a: b\r\nc: d"}, variants=said
    )
    assert (kept.body, kept.more["params"]) == ("a\nb", "a: b\nc: d")
    assert kept.variants["en"]["body"] == "Hi\nyou"
    assert kept.updated_by
    assert not templates.edit(kept, by=kept.updated_by, seen_revision=1, body="a\r\nb")


@pytest.mark.parametrize("number", ["", "x"])
def test_who_may_not_write_templates_is_refused(signed_in: SignIn, number: str) -> None:
    address = at("change", number) if number else at("add")
    assert signed_in("manager").get(address).status_code == (302 if number else 403)


# --- words to avoid ---------------------------------------------------------


def test_words_to_avoid_are_kept_by_those_who_may(signed_in: SignIn) -> None:
    def phrase(name: str, *args: Any) -> str:
        return reverse(f"admin:campaigns_phrase_{name}", args=args)

    shipped = import_module("campaigns.migrations.0009_templates").PHRASES
    assert ("永久免费", True) in {(text, stops) for text, _kind, stops, _instead in shipped}
    given = {"text": "包你满意", "kind": "promise", "stops": "on", "instead": ""}
    assert signed_in("operator").post(phrase("add"), given).status_code == 403
    client = signed_in("manager")
    client.post(phrase("add"), given)
    added = Phrase.objects.get(text="包你满意")
    with pytest.raises(NotAllowed):
        add(body=f"<p>包你满意</p>{BUTTON}")
    client.post(phrase("change", added.pk), {"text": "包你满意", "kind": "promise"})
    add(body=f"<p>包你满意</p>{BUTTON}")
    client.post(phrase("delete", added.pk), {"post": "yes"})
    assert not Phrase.objects.filter(pk=added.pk).exists()
    log = AuditEntry.objects.filter(action__startswith="phrase.").order_by("pk")
    assert list(log.values_list("action", flat=True)) == [
        "phrase.added",
        "phrase.changed",
        "phrase.dropped",
    ]
    with pytest.raises(NotAllowed):
        phrases.add(by=bob(), text="x")
    assert signed_in("operator").get(phrase("changelist")).status_code == 200


# --- the API ----------------------------------------------------------------


def test_templates_over_the_api(signed_in: SignIn) -> None:
    (customer,) = people(1)
    customer.name = ""
    customer.save()
    segment = segment_of([customer])
    client = signed_in("operator")

    def send(method: str, url: str, **data: Any) -> Any:
        return getattr(client, method)(url, data, content_type="application/json")

    words = {
        "name": "A",
        "subject": "Hi {{ customer.name }}",
        "body": BUTTON,
        "variants": {"en": {"subject": "Hi", "body": BUTTON}},
    }
    made = send("post", API, **words)
    assert made.status_code == 201, made.content
    url = f"{API}{made.json()['id']}/"
    assert send("patch", url, subject="Two", revision=1).json()["revision"] == 2
    assert send("patch", url, subject="Late", revision=1).status_code == 409
    assert send("patch", url, body="{{ x }}").status_code == 403
    assert send("patch", url, variants={"en": {"nonsense": "x"}}).status_code == 400
    assert [one["number"] for one in client.get(f"{url}revisions/").json()] == [2, 1]
    send("patch", url, subject="Hi {{ customer.name }}", revision=2)
    proof = client.get(f"{url}proof/", {"segment": segment.pk}).json()
    assert proof["mistakes"] == []
    assert [(one["variable"], one["missing"]) for one in proof["gaps"]] == [("customer.name", 1)]
    shown = client.get(f"{url}preview/", {"customer": customer.pk})
    assert "Look" in shown.json()["html"]
    assert client.get(f"{url}preview/").status_code == 404
    assert signed_in("analyst").get(API).status_code == 403
    assert signed_in(alice()).post(API, words, content_type="application/json").status_code == 403
