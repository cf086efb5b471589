"""What providers report of messages that they took: arrived, came back, called spam, answered."""

import datetime as dt
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from campaigns.channels import phones
from campaigns.channels.note import BadNote
from campaigns.models import ChannelAccount, Message
from campaigns.outcomes import tracking
from campaigns.providers import accounts

DELIVERED, BOUNCED, COMPLAINED, UNSUBSCRIBED, REPLIED = (
    "delivered",
    "bounced",
    "complained",
    "unsubscribed",
    "replied",
)
MOST = 1000  # reports in one request
LOOKED_BACK = dt.timedelta(days=7)  # for the message that somebody answers


class BadReport(Exception):
    """The request is not one that this account's provider makes."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened to one message."""

    what: str
    message: int | None = None  # our number, where the provider sends it back
    provider_id: str = ""
    phone: str = ""  # who answered, where nothing else says to what
    reason: str = ""
    for_good: bool = False
    text: str = ""


def address(account: ChannelAccount) -> str:
    """Where the provider should send its reports; empty: this kind reports nothing."""
    if account.kind not in READERS:
        return ""
    path = reverse("provider-reports", args=[account.pk, account.token])
    return settings.PUBLIC_URL.rstrip("/") + path


def account_of(pk: int, token: str) -> ChannelAccount | None:
    """The account whose secret address this is."""
    account = ChannelAccount.objects.filter(pk=pk).first()
    known = account and hmac.compare_digest(account.token.encode(), token.encode())
    return account if known and account and account.kind in READERS else None


def receive(account: ChannelAccount, request: HttpRequest, *, at: dt.datetime) -> int:
    """Take one request's reports; how many were of messages of ours. Again changes nothing.

    Raises:
        BadReport: it is not a request of this provider.
    """
    return sum(_apply(account, report, at) for report in READERS[account.kind](account, request))


def _apply(account: ChannelAccount, report: Report, at: dt.datetime) -> bool:
    message = _message(account, report)
    if message is None:
        return False
    match report.what:
        case "delivered":
            tracking.delivered(message, at=at)
        case "bounced":
            tracking.bounced(message, at=at, reason=report.reason, for_good=report.for_good)
        case "complained":
            tracking.complained(message, at=at)
        case "unsubscribed":
            tracking.unsubscribed(message, at=at)
        case _:
            tracking.replied(message, at=at, text=report.text)
    return True


def _message(account: ChannelAccount, report: Report) -> Message | None:
    """Whose report it is: only messages that this account sent.

    Whose sender died before it noted the account counts as any account's of its channel.
    """
    either = Q(account=account) | Q(account=None, channel=account.channel)
    ours = Message.objects.select_related("customer").filter(either)
    if report.message is not None:
        return ours.filter(pk=report.message).first()
    if report.provider_id:
        return ours.filter(provider_id=report.provider_id).first()
    if not report.phone:
        return None
    since = dt.datetime.now(dt.UTC) - LOOKED_BACK
    said = {report.phone, *_forms(report.phone, account.given.get("home", "CN"))}
    return ours.filter(address__in=said, created_at__gte=since).order_by("-pk").first()


def _forms(number: str, home: str) -> set[str]:
    """How customers' numbers may stand in the table."""
    try:
        whole = phones.normal(number, home)
    except BadNote:
        return set()
    return {whole, whole.removeprefix("+"), phones.at_home(whole, home)}


# --- mail -------------------------------------------------------------------

VIEWS: dict[str, type[AnymailBaseWebhookView]] = {
    "mailgun": MailgunTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "brevo": BrevoTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "sparkpost": SparkPostTrackingWebhookView,
}
HARD = {"invalid", "bounced"}  # what anymail calls an address that does not exist
WHAT = {
    "delivered": DELIVERED,
    "bounced": BOUNCED,
    "rejected": BOUNCED,
    "failed": BOUNCED,
    "complained": COMPLAINED,
    "unsubscribed": UNSUBSCRIBED,
}


def _of_mail(account: ChannelAccount, request: HttpRequest) -> Iterator[Report]:
    """By django-anymail's readers. The secret address stands in for their basic authentication."""
    kind = VIEWS[account.given["provider"]]
    quiet = type(kind.__name__, (kind,), {"warn_if_no_basic_auth": False})
    options = {}
    if account.given["provider"] == "mailgun":
        signing = accounts.secret_of(account, "second_key")
        options["webhook_signing_key"] = signing or accounts.secret_of(account, "api_key")
    view = quiet(**options)
    view.setup(request)
    try:
        view.run_validators(request)
        events = list(view.parse_events(request))[:MOST]
    except (AnymailError, AnymailWebhookValidationFailure, SuspiciousOperation) as wrong:
        raise BadReport(str(wrong)) from wrong
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as wrong:
        raise BadReport("this provider's reports look different") from wrong
    for event in events:
        if event.event_type in WHAT:
            said = str((event.metadata or {}).get("message", ""))
            yield Report(
                what=WHAT[event.event_type],
                message=int(said) if _is_number(said) else None,
                provider_id=str(event.message_id or ""),
                reason=str(event.mta_response or event.description or event.reject_reason or ""),
                for_good=event.event_type == "bounced" and event.reject_reason in HARD,
            )


# --- short messages and others ----------------------------------------------


NO_SUCH_NUMBER = {"MOBILE_NOT_EXIST", "UNKNOWN_NUMBER", "EMPTY_NUMBER"}


def _of_aliyun(account: ChannelAccount, request: HttpRequest) -> Iterator[Report]:
    """SmsReport and SmsUp: lists of what arrived, and of what people answered."""
    for one in _list(request):
        if "content" in one:
            yield Report(REPLIED, phone=_text(one, "phone_number"), text=_text(one, "content"))
            continue
        said = _text(one, "out_id").partition(".")[0]
        yield Report(
            what=DELIVERED if one.get("success") is True else BOUNCED,
            message=int(said) if _is_number(said) else None,
            provider_id=_text(one, "biz_id"),
            reason=f"{_text(one, 'err_code')} {_text(one, 'err_msg')}".strip(),
            for_good=_text(one, "err_code") in NO_SUCH_NUMBER,
        )


def _of_own_form(account: ChannelAccount, request: HttpRequest) -> Iterator[Report]:
    """Ours, for gateways: [{"id": …, "what": "delivered", "reason": …, "for_good": …}]."""
    for one in _list(request):
        if (what := _text(one, "what")) not in WHAT | {REPLIED: REPLIED}:
            raise BadReport("what: delivered, bounced, complained, unsubscribed or replied")
        said = str(one.get("id") or "")
        number = said.partition(".")[0]
        yield Report(
            what=WHAT.get(what, what),
            message=int(number) if "." in said and _is_number(number) else None,
            provider_id=said,
            phone=str(one.get("phone") or ""),
            reason=str(one.get("reason") or ""),
            for_good=one.get("for_good") is True,
            text=str(one.get("text") or ""),
        )


def _list(request: HttpRequest) -> Iterable[dict[str, Any]]:
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError) as wrong:
        raise BadReport("this is not JSON") from wrong
    said = said if isinstance(said, list) else [said]
    if not all(isinstance(one, dict) for one in said) or len(said) > MOST:
        raise BadReport(f"a list of up to {MOST} reports")
    return said


def _text(one: dict[str, Any], name: str) -> str:
    return str(one.get(name) or "")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


READERS: dict[str, Callable[[ChannelAccount, HttpRequest], Iterator[Report]]] = {
    "mail_api": _of_mail,
    "sms_aliyun": _of_aliyun,
    "sms_http": _of_own_form,
    "push_http": _of_own_form,
    "webhook": _of_own_form,
}
