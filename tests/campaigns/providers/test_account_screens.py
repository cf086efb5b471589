"""The accounts' screens: by role, without secrets, with a test that goes all the way."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.channels.kinds import KINDS
from campaigns.models import ChannelAccount
from campaigns.providers import accounts
from tests.campaigns.channels.phone import KEYS, Local, local_phone

pytestmark = pytest.mark.django_db
LIST = reverse("admin:campaigns_channelaccount_changelist")
ADD = reverse("admin:campaigns_channelaccount_add")
SignedIn = Callable[..., Client]


@pytest.fixture(scope="module")
def phone() -> Iterator[Local]:
    with local_phone() as local:
        yield local


def page_of(account: ChannelAccount) -> str:
    return reverse("admin:campaigns_channelaccount_change", args=[account.pk])


def do(account: ChannelAccount, deed: str) -> str:
    return reverse("admin:campaigns_account_do", args=[account.pk, deed])


def sms(phone: Local) -> ChannelAccount:
    given = {"url": f"{phone.base}/sms", "headers": f"Authorization: Bearer {KEYS.of('sms')}"}
    return accounts.make("sms_http", name="SMS", given=given)


def test_an_empty_list_says_what_belongs_there(signed_in: SignedIn) -> None:
    assert "EMAIL_URL" in signed_in("operator").get(LIST).content.decode()


def test_one_chooses_a_kind_and_fills_in_what_it_wants(signed_in: SignedIn, phone: Local) -> None:
    client = signed_in("admin")
    choice = client.get(ADD).content.decode()
    assert all(f"?kind={name}" in choice for name in KINDS)
    form = {
        "name": "Short messages",
        "tariff": "0.045",
        "per_minute": "30",
        "given_url": "nowhere",
        "given_headers": "Authorization: Bearer very-secret",
        "given_code_at": "code",
        "given_good": "0",
        "given_home": "CN",
    }
    refused = client.post(f"{ADD}?kind=sms_http", form)
    assert "write the whole address" in refused.content.decode()
    assert not ChannelAccount.objects.exists()
    made = client.post(f"{ADD}?kind=sms_http", form | {"given_url": "https://sms.example/"})
    account = ChannelAccount.objects.get()
    assert made["Location"] == page_of(account)
    assert (account.tariff, account.per_minute, account.is_default) == (Decimal("4.5"), 30, True)
    page = client.get(page_of(account)).content.decode()
    assert "very-secret" not in page
    assert "https://sms.example/" in page
    assert account.token in page, "where the provider sends its reports"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_form(signed_in: SignedIn, kind: str) -> None:
    page = signed_in("admin").get(f"{ADD}?kind={kind}").content.decode()
    assert all(f'name="given_{field.name}"' in page for field in KINDS[kind].fields)


def test_a_test_is_sent_and_its_end_is_told(signed_in: SignedIn, phone: Local) -> None:
    client, account = signed_in("admin"), sms(phone)
    asked = {"recipient": "13800138000", "text": "你好"}
    answer = client.post(do(account, "test"), asked, follow=True).content.decode()
    assert "The provider took the message" in answer
    assert phone.got[-1].text == "你好"
    wrong = {"recipient": "123", "text": "x"}
    answer = client.post(do(account, "test"), wrong, follow=True).content.decode()
    assert "not one that can be written to" in answer


def test_others_look_and_change_nothing(signed_in: SignedIn, phone: Local) -> None:
    client, account = signed_in("manager"), sms(phone)
    page = client.get(page_of(account)).content.decode()
    assert "SMS" in page
    assert account.token not in page
    assert phone.base not in page
    for deed in ("test", "default", "put_away", "secret"):
        answer = client.post(do(account, deed), {"recipient": "13800138000", "text": "x"})
        assert answer.status_code == 403, deed
    assert client.get(f"{ADD}?kind=wecom").status_code == 403
    assert client.get(ADD).status_code == 403
    account.refresh_from_db()
    assert account.is_enabled
    assert signed_in("support").get(LIST).status_code == 403


def test_the_secret_that_is_ours_is_shown_on_asking(signed_in: SignedIn) -> None:
    client = signed_in("admin")
    account = accounts.make("in_app", name="App", given={})
    assert "whsec_" not in client.get(page_of(account)).content.decode()
    shown = client.post(do(account, "secret")).content.decode()
    assert accounts.secret_of(account) in shown
