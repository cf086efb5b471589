"""Mail through providers' own APIs, over their real protocols: what becomes of each answer."""

import datetime as dt
import email
import email.policy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from campaigns.channels.base import Accepted, Failed, Mail, Outcome, Refused, Unsure
from campaigns.providers import mail_providers
from campaigns.providers.mail_providers import MailProvider
from tests.campaigns.channels import phone
from tests.campaigns.channels.phone import KEYS, Local, Told, local_phone, saying, wrong_server

PROVIDERS = ["postmark", "mailgun"]
UNDER = {"postmark": "/postmark/", "mailgun": "/mailgun/"}


@pytest.fixture(scope="module")
def local() -> Iterator[Local]:
    with local_phone(lambda _url, _body: None) as running:
        yield running


def mail(recipient: str = "anna@customers.example", number: int = 7, **fields: Any) -> Mail:
    given: dict[str, Any] = {
        "id": f"{number}.1@shop.example",
        "sender": "Shop <news@shop.example>",
        "subject": "您好 Anna",
        "html": "<p>您好</p>",
        "text": "您好",
        "unsubscribe_url": "https://shop.example/t/u/x",
        "at": dt.datetime.now(dt.UTC),
    }
    return Mail(number=number, recipient=recipient, **given | fields)


def send(provider: str, base: str, *mails: Mail, key: str = "") -> dict[int, Outcome]:
    given = {"provider": provider, "api_key": key or KEYS.of(provider), "second_key": ""}
    channel = MailProvider(given | {"api_url": base + UNDER[provider]})
    told = Told()
    try:
        channel.send(mails, told)
    finally:
        channel.close()
    assert told.begun_ones == [*told.outcomes] or len(mails) > 1
    return told.outcomes


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_mail_arrives_whole_with_one_click_to_leave_and_no_tracking_of_theirs(
    provider: str, local: Local
) -> None:
    local.got.clear()
    found = send(provider, local.base, mail())
    (outcome,) = found.values()
    assert isinstance(outcome, Accepted)
    assert outcome.provider_id
    (got,) = local.got
    arrived = email.message_from_bytes(got.source, policy=email.policy.default)
    assert (arrived["To"], arrived["Subject"]) == ("anna@customers.example", "您好 Anna")
    assert arrived["List-Unsubscribe"] == "<https://shop.example/t/u/x>"
    assert arrived["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {one.get_content_type() for one in arrived.iter_parts()} == {"text/plain", "text/html"}
    every: dict[str, Mapping[str, Any]] = {
        "postmark": {"TrackOpens": False, "TrackLinks": "None", "Metadata": {"message": "7"}},
        "mailgun": {"o:tracking-opens": "no", "o:tracking-clicks": "no", "v:message": "7"},
    }
    wanted = every[provider]
    assert {name: got.raw.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("ending", "kind"),
    [("9402", Failed), ("9404", Refused), ("9429", Failed), ("9500", Unsure), ("9504", Unsure)],
)
def test_what_becomes_of_each_answer(
    provider: str, ending: str, kind: type[Outcome], local: Local
) -> None:
    """Only what cannot be told is held; what is about us is tried again for everybody."""
    local.got.clear()
    found = send(provider, local.base, mail(f"c{ending}@customers.example"))
    (outcome,) = found.values()
    assert isinstance(outcome, kind), outcome
    assert len(local.got) == (1 if ending == "9504" else 0)
    if ending == "9429":
        assert outcome == Failed(outcome.reason, wait=2)  # type: ignore[union-attr]
    if ending == "9404" and provider == "postmark":
        assert isinstance(outcome, Refused)
        assert outcome.is_gone
        assert "marked as inactive" in outcome.reason


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_wrong_key_is_about_us_and_is_in_no_word(provider: str, local: Local) -> None:
    found = send(provider, local.base, mail(), key="not-the-key")
    (outcome,) = found.values()
    assert isinstance(outcome, Failed)
    assert "not-the-key" not in outcome.reason


@pytest.mark.parametrize("provider", PROVIDERS)
def test_many_are_given_side_by_side_and_each_is_told_once(provider: str, local: Local) -> None:
    local.got.clear()
    mails = [mail(f"c{number}@customers.example", number) for number in range(1, 41)]
    found = send(provider, local.base, *mails)
    assert all(isinstance(one, Accepted) for one in found.values())
    assert sorted(found) == [*range(1, 41)]
    assert len(local.got) == 40


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("talk", [phone.hang_up, phone.half])
def test_a_line_that_is_cut_leaves_the_mail_in_doubt(
    provider: str, talk: Callable[..., None]
) -> None:
    with wrong_server(talk) as base:
        found = send(provider, base, mail())
    assert [type(one) for one in found.values()] == [Unsure]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_that_does_not_come_in_time_leaves_the_mail_in_doubt(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_providers, "TIMEOUT", 0.2)
    with wrong_server(phone.silent) as base:
        found = send(provider, base, mail())
    assert [type(one) for one in found.values()] == [Unsure]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_nobody_listens_nothing_was_given(provider: str) -> None:
    found = send(provider, "http://127.0.0.1:9", mail())
    (outcome,) = found.values()
    assert isinstance(outcome, Failed)
    assert not outcome.answered


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_that_sends_us_elsewhere_is_not_followed(provider: str, local: Local) -> None:
    """Whoever is there would get our key, and a customer's address."""
    local.got.clear()
    elsewhere = f"Location: {local.base}{UNDER[provider]}email"
    with wrong_server(saying("307 Temporary Redirect", b"", elsewhere)) as base:
        found = send(provider, base, mail())
    assert [type(one) for one in found.values()] == [Failed]
    assert not local.got
