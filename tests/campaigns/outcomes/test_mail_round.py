"""A mail through a provider's API, and what the provider then reports of it, to the end."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from campaigns.contact import suppression
from campaigns.providers.mail_providers import MailProvider
from tests.campaigns.channels.phone import KEYS, Local, Told, local_phone
from tests.campaigns.channels.test_mail_api import UNDER, mail
from tests.campaigns.outcomes.test_reports import MAIL, account, events, message, post

pytestmark = pytest.mark.django_db
HOOK = "http://127.0.0.1:9/t/hook"


def register(provider: str, local: Local) -> None:
    """Ask for everything that is told of a mail, as one does at the provider."""
    base, key = local.base + UNDER[provider], KEYS.of(provider)
    if provider == "postmark":
        wanted = {name: {"Enabled": True} for name in ("Delivery", "Bounce", "SpamComplaint")}
        token = {"X-Postmark-Server-Token": key}
        said: Any = {"Url": HOOK, "Triggers": wanted}
        assert requests.post(base + "webhooks", json=said, headers=token, timeout=5).ok
        return
    for name in ("delivered", "permanent_fail", "complained"):
        hook = {"id": name, "url": HOOK}
        at = base + "domains/shop.example/webhooks"
        assert requests.post(at, hook, auth=("api", key), timeout=5).ok


@pytest.mark.parametrize("provider", ["postmark", "mailgun"])
@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("0001", ["message_delivered"]),
        ("9550", ["message_bounced"]),
        ("9551", ["message_complained", "message_delivered"]),
    ],
)
def test_what_the_provider_reports_is_taken_in(provider: str, ending: str, told: list[str]) -> None:
    heard: list[Mapping[str, Any]] = []
    with local_phone(lambda url, body: heard.append(body) if url == HOOK else None) as local:
        register(provider, local)
        api = {"provider": provider, "api_key": KEYS.of(provider)}
        of = account("mail_api", {**MAIL, **api, "second_key": KEYS.of(provider)})
        one = message(of, address=f"c{ending}@customers.example", provider_id="")
        channel = MailProvider({**api, "second_key": "", "api_url": local.base + UNDER[provider]})
        journal = Told()
        channel.send([mail(one.address, one.pk)], journal)
        channel.close()
    one.provider_id = journal.outcomes[one.pk].provider_id  # type: ignore[union-attr]
    one.save()
    assert len(heard) == len(told)
    for body in (*heard, *heard):  # providers tell twice
        assert post(of, body) == 200
    assert events() == told
    assert suppression.is_listed(one.address) == (ending != "0001")
