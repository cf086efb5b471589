"""What customers' mail programs ask for: opened, clicked, unsubscribed, and nothing else."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Message, Suppression
from campaigns.words import links
from console import clock
from segments.models import Consent, InboxEvent
from tests.campaigns.factories import CampaignFactory, people, segment_of

pytestmark = pytest.mark.django_db
TARGET = "https://shop.example/?a=1&b=2"


@pytest.fixture
def message() -> Message:
    (customer,) = people(1)
    campaign = CampaignFactory.create(segment=segment_of([customer]))
    return Message.objects.create(
        campaign=campaign,
        customer=customer,
        address=customer.email,
        status="sent",
        sent_at=clock.now(),
    )


@pytest.fixture
def browser() -> Client:
    agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"
    return Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en", HTTP_USER_AGENT=agent)


def path(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def events() -> list[str]:
    return sorted(InboxEvent.objects.values_list("name", flat=True))


def test_the_first_opening_counts_and_only_that(message: Message, browser: Client) -> None:
    for _ in range(3):
        answer = browser.get(path(links.open_url(message.pk)))
    assert answer["Content-Type"] == "image/gif"
    assert "no-store" in answer["Cache-Control"]
    message.refresh_from_db()
    assert message.opened_at is not None
    assert events() == ["message_opened"]


def test_a_click_leads_on_and_means_opened(message: Message, browser: Client) -> None:
    for _ in range(2):
        answer = browser.get(path(links.click_url(message.pk, TARGET)))
    assert (answer.status_code, answer["Location"]) == (302, TARGET)
    message.refresh_from_db()
    assert message.opened_at is not None
    assert message.clicked_at is not None
    assert events() == ["message_clicked", "message_opened"]
    clicked = InboxEvent.objects.get(name="message_clicked")
    assert clicked.properties == {
        "campaign": message.campaign_id,
        "channel": "email",
        "url": TARGET,
    }
    assert clicked.customer_id == message.customer_id


def test_who_only_looks_first_has_done_nothing(message: Message, browser: Client) -> None:
    assert browser.head(path(links.open_url(message.pk))).status_code == 200
    assert browser.head(path(links.click_url(message.pk, TARGET))).status_code == 302
    assert browser.head(path(links.unsubscribe_url(message.pk))).status_code == 200
    message.refresh_from_db()
    assert (message.opened_at, message.clicked_at) == (None, None)
    assert events() == []


def test_following_the_unsubscribe_link_only_asks(message: Message, browser: Client) -> None:
    answer = browser.get(path(links.unsubscribe_url(message.pk)))
    page = answer.content.decode()
    assert "<button" in page
    assert message.address not in page
    assert not Suppression.objects.exists()
    assert Consent.objects.get().granted


def test_one_post_unsubscribes_at_once_and_again_changes_nothing(
    message: Message, browser: Client
) -> None:
    address = path(links.unsubscribe_url(message.pk))
    first = browser.post(address, {"List-Unsubscribe": "One-Click"})
    at = Suppression.objects.get().at
    second = browser.post(address)

    assert (first.status_code, second.status_code) == (200, 200)
    assert "unsubscribed" in second.content.decode()
    line = Suppression.objects.get()
    assert (line.address, line.reason, line.at) == (message.address, "unsubscribed", at)
    consent = Consent.objects.get(customer=message.customer_id)
    assert not consent.granted
    assert str(message.campaign_id) in consent.source
    message.refresh_from_db()
    assert message.unsubscribed_at is not None
    assert events() == ["message_unsubscribed"]


@pytest.mark.parametrize(("language", "words"), [("zh", "退订"), ("en", "Unsubscribe")])
def test_the_page_speaks_the_customers_language(
    message: Message, browser: Client, language: str, words: str
) -> None:
    message.customer.language = language
    message.customer.save()
    page = browser.get(path(links.unsubscribe_url(message.pk)), HTTP_ACCEPT_LANGUAGE="fr")
    assert words in page.content.decode()


@pytest.mark.parametrize("name", ["tracked-open", "tracked-click", "unsubscribe"])
def test_a_link_that_is_not_ours_gets_a_friendly_page(
    message: Message, browser: Client, name: str
) -> None:
    forged = links.open_url(message.pk).rsplit("/", 1)[1].removesuffix(".gif")
    tokens = ["made-up", "a:b"] + ([forged] if name != "tracked-open" else [])
    for token in tokens:
        for answer in (
            browser.get(reverse(name, args=[token])),
            browser.post(reverse("unsubscribe", args=[token])),
        ):
            assert answer.status_code == 404
            assert "does not work" in answer.content.decode()
    assert events() == []
    assert not Suppression.objects.exists()


def test_a_message_that_is_gone_gets_a_friendly_page(browser: Client) -> None:
    assert browser.get(path(links.open_url(999))).status_code == 404
    assert browser.post(path(links.unsubscribe_url(999))).status_code == 404


def test_no_link_leads_where_we_did_not_send_it(message: Message, browser: Client) -> None:
    evil = links.click_url(message.pk, "javascript:alert(1)")
    assert browser.get(path(evil)).status_code == 404
    assert browser.get(path(links.click_url(message.pk, TARGET)) + "&u=x").status_code == 404


def test_what_machines_do_is_kept_apart(message: Message) -> None:
    scanner = Client(HTTP_USER_AGENT="BarracudaCentral")
    answer = scanner.get(path(links.click_url(message.pk, TARGET)))
    assert answer["Location"] == TARGET, "it is led on all the same"
    scanner.get(path(links.open_url(message.pk)))
    message.refresh_from_db()
    assert message.opened_at is None
    assert message.clicked_at is None
    assert message.machine_opened_at
    assert message.machine_clicked_at
    assert events() == ["message_machine_clicked", "message_machine_opened"]


def test_who_followed_the_link_that_nobody_sees_is_a_machine(
    message: Message, browser: Client
) -> None:
    assert browser.get(path(links.trap_url(message.pk))).status_code == 204
    browser.get(path(links.click_url(message.pk, TARGET)))
    message.refresh_from_db()
    assert message.clicked_at is None
    Message.objects.update(trapped_at=timezone.now() - dt.timedelta(hours=1))
    browser.get(path(links.click_url(message.pk, TARGET)))
    message.refresh_from_db()
    assert message.clicked_at, "an hour later it is the customer"


def test_nobody_reads_a_mail_in_the_moment_it_left(message: Message, browser: Client) -> None:
    Message.objects.update(left_at=timezone.now())
    browser.get(path(links.click_url(message.pk, TARGET)))
    message.refresh_from_db()
    assert message.clicked_at is None
    assert message.machine_clicked_at
