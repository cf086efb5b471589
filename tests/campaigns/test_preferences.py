"""The page on which customers choose what to hear: by channel and purpose, with pauses."""

import pytest
from django.test import Client

from campaigns.contact import contacting, suppression
from campaigns.models import ContactHold, Message, Suppression
from campaigns.policy.nodes import Approach, Send, Skip
from campaigns.words import links
from console import clock
from segments.models import Consent, Customer
from tests.campaigns.factories import AT, CampaignFactory, people, segment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    (customer,) = people(1)
    campaign = CampaignFactory.create(segment=segment_of([customer]))
    made: Message = Message.objects.create(
        campaign=campaign, customer=customer, address=customer.email, status="sent"
    )
    return made


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")


def page(message: Message) -> str:
    path = links.unsubscribe_url(message.pk).removeprefix("http://127.0.0.1:8000")
    return path.replace("/u/", "/p/")


def granted(message: Message) -> dict[str, bool]:
    found = Consent.objects.filter(customer=message.customer_id)
    return {f"{one.channel}:{one.purpose}": one.granted for one in found}


def verdict(message: Message, channel: str = "email") -> object:
    found = contacting.look([message.customer_id], Approach(channel), at=clock.now())
    return found.verdicts[message.customer_id]


def test_the_page_shows_what_holds_and_no_whole_address(message: Message, browser: Client) -> None:
    shown = browser.get(page(message)).content.decode()
    assert 'value="email:marketing" checked' in shown
    assert 'value="email:research" ' in shown
    assert "c•••@customers.example" in shown
    assert message.customer.email not in shown
    assert granted(message) == {"email:marketing": True}


def test_it_speaks_both_languages(message: Message, browser: Client) -> None:
    chinese = browser.get(page(message) + "?language=zh-hans").content.decode()
    assert '<html lang="zh-hans">' in chinese
    assert '<html lang="en">' in browser.get(page(message)).content.decode()


def test_one_may_go_without_the_other(message: Message, browser: Client) -> None:
    Consent.objects.create(customer=message.customer, channel="sms", granted=True, at=AT)
    Customer.objects.update(phone="+8613800138000")
    shown = browser.post(page(message), {"wanted": ["sms:marketing", "email:research"]})
    assert "Your choice is saved." in shown.content.decode()
    assert granted(message) == {
        "email:marketing": False,
        "email:research": True,
        "sms:marketing": True,
    }
    assert isinstance(verdict(message), Skip)
    assert verdict(message, "sms") == Send()
    message.refresh_from_db()
    assert message.unsubscribed_at is not None


def test_whoever_comes_back_is_written_to_again(message: Message, browser: Client) -> None:
    browser.post(page(message), {"nothing": "1", "wanted": ["email:marketing"]})
    assert Suppression.objects.get().reason == "unsubscribed"
    assert isinstance(verdict(message), Skip)
    browser.post(page(message), {"wanted": ["email:marketing"]})
    assert not Suppression.objects.exists()
    assert verdict(message) == Send()


def test_an_address_that_does_not_exist_stays_on_the_list(
    message: Message, browser: Client
) -> None:
    suppression.add(message.address, reason="bounced", at=AT)
    browser.post(page(message), {"wanted": []})
    browser.post(page(message), {"wanted": ["email:marketing"]})
    assert verdict(message) == Skip("suppressed")


def test_a_pause_ends_by_itself_or_by_choice(message: Message, browser: Client) -> None:
    keep = {"wanted": ["email:marketing"]}
    browser.post(page(message), keep | {"pause": "30"})
    assert verdict(message) == Skip("pause")
    shown = browser.get(page(message)).content.decode()
    assert "You hear nothing from us until" in shown
    browser.post(page(message), keep | {"pause": ""})
    assert verdict(message) == Skip("pause")
    browser.post(page(message), keep | {"pause": "0"})
    assert verdict(message) == Send()
    browser.post(page(message), keep | {"pause": "365"})  # not offered
    assert ContactHold.objects.filter(lifted_at=None).count() == 0


def test_a_choice_that_was_not_offered_changes_nothing(message: Message, browser: Client) -> None:
    browser.post(page(message), {"wanted": ["email:marketing", "phone:marketing", "x"]})
    assert granted(message) == {"email:marketing": True}


def test_the_choice_is_that_of_who_the_customer_is_now(message: Message, browser: Client) -> None:
    (now,) = people(1, prefix="now")
    Consent.objects.filter(customer=message.customer).delete()
    Customer.objects.filter(pk=message.customer_id).update(merged_into=now, email="")
    browser.post(page(message), {"wanted": []})
    assert Consent.objects.get(customer=now).granted is False


def test_made_up_links_and_erased_customers_get_a_page_that_says_so(
    message: Message, browser: Client
) -> None:
    assert browser.get(page(message) + "x").status_code == 404
    Customer.objects.update(erased_at=AT)
    assert browser.post(page(message), {"wanted": []}).status_code == 404


def test_the_page_for_unsubscribing_leads_here(message: Message, browser: Client) -> None:
    there = page(message).replace("/p/", "/u/")
    assert page(message) in browser.get(there).content.decode()
    assert page(message) in browser.post(there).content.decode()
