"""What our own app asks: only the signed-in person's messages, until they expire."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.channels.base import Accepted, Refused
from campaigns.channels.note import EMPTY
from campaigns.models import ChannelAccount, InAppMessage, Message
from campaigns.providers import accounts
from campaigns.public.in_app import signature
from segments.models import Customer, Identifier, InboxEvent
from tests.campaigns.channels.phone import Told, note
from tests.campaigns.factories import CampaignFactory, people, segment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> ChannelAccount:
    return accounts.make("in_app", name="App", given={})


def message(account: ChannelAccount, customer: Customer, **fields: Any) -> Message:
    """One that was laid down."""
    campaign = CampaignFactory.create(segment=segment_of([customer]))
    one = Message.objects.create(
        campaign=campaign, customer=customer, channel="in_app", account=account, status="sent"
    )
    told = Told()
    way = accounts.channel(account)
    given = note(one.pk, str(customer.pk), **fields)
    way.send([given, note(one.pk + 1_000_000, "x", text=" ")], told)
    assert isinstance(told.outcomes[one.pk], Accepted)
    assert told.outcomes[one.pk + 1_000_000] == Refused(EMPTY)
    return one


def known(user: str) -> Customer:
    (customer,) = people(1, prefix=user)
    Identifier.objects.create(customer=customer, kind="user_id", value=user)
    return customer


class App:
    """What the app of one person asks."""

    def __init__(self, account: ChannelAccount, user: str, secret: str = "") -> None:
        self.at = f"/t/a/{account.pk}/messages"
        secret = secret or accounts.secret_of(account)
        self.signed = {
            "HTTP_X_USER_ID": user,
            "HTTP_AUTHORIZATION": f"Bearer {signature(secret, user)}",
        }

    def waiting(self) -> Any:
        answer = Client().get(self.at, **self.signed)  # type: ignore[arg-type]
        return answer.json()["messages"] if answer.status_code == 200 else answer.status_code

    def did(self, number: int, deed: str) -> int:
        answer = Client().post(
            f"{self.at}/{number}/{deed}",
            '{"url": "https://shop.example/"}',
            content_type="application/json",
            **self.signed,  # type: ignore[arg-type]
        )
        return answer.status_code


def test_the_app_shows_what_waits_and_says_what_was_done(account: ChannelAccount) -> None:
    one = message(account, known("anna"), title="Hi", text="<b>x</b>", data={"screen": "coupons"})
    app = App(account, "anna")
    (shown,) = app.waiting()
    assert (shown["id"], shown["title"], shown["text"]) == (one.pk, "Hi", "<b>x</b>")
    assert shown["data"] == {"screen": "coupons"}
    assert not shown["seen"]
    assert [app.did(one.pk, deed) for deed in ("seen", "seen", "clicked")] == [200, 200, 200]
    assert app.waiting()[0]["clicked"]
    assert app.did(one.pk, "closed") == 200
    assert app.waiting() == []
    names = sorted(InboxEvent.objects.values_list("name", flat=True))
    assert names == ["message_clicked", "message_opened"]


def test_nobody_reads_or_touches_anothers_messages(account: ChannelAccount) -> None:
    one = message(account, known("anna"))
    known("ben")
    assert App(account, "ben").waiting() == []
    assert App(account, "ben").did(one.pk, "seen") == 404
    assert App(account, "anna", secret="whsec_guessed").waiting() == 401
    assert App(account, "anna", secret="whsec_guessed").did(one.pk, "seen") == 401
    one.refresh_from_db()
    assert one.opened_at is None


def test_an_id_is_read_as_it_was_written(account: ChannelAccount) -> None:
    """A server hands the bytes of a header on as Latin-1."""
    for user in ("张三", "andré"):
        one = message(account, known(user))
        app = App(account, user)
        app.signed["HTTP_X_USER_ID"] = user.encode().decode("latin-1")
        assert [shown["id"] for shown in app.waiting()] == [one.pk]
    app.signed["HTTP_X_USER_ID"] = "andré"  # that were the bytes of Latin-1
    assert len(app.waiting()) == 1


def test_what_expired_is_not_shown(account: ChannelAccount) -> None:
    ago = timezone.now() - dt.timedelta(minutes=1)
    message(account, known("anna"), expires_at=ago)
    assert App(account, "anna").waiting() == []


def test_an_account_that_was_put_away_answers_nobody(account: ChannelAccount) -> None:
    message(account, known("anna"))
    app = App(account, "anna")
    ChannelAccount.objects.update(is_enabled=False, is_default=False)
    assert app.waiting() == 401


def test_laid_down_twice_it_lies_there_once(account: ChannelAccount) -> None:
    one = message(account, known("anna"))
    accounts.channel(account).send([note(one.pk, text="other")], Told())
    assert InAppMessage.objects.get().text != "other"


def test_a_browser_may_ask_whether_it_may(account: ChannelAccount) -> None:
    answer = Client().options(f"/t/a/{account.pk}/messages")
    assert answer.status_code == 204
    assert "X-User-Id" in answer["Access-Control-Allow-Headers"]
