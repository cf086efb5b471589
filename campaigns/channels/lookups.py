"""Asking a provider later what became of a message of which no answer came."""

import base64
import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from campaigns.channels import phones, sms_aliyun
from campaigns.channels.base import Accepted, Outcome, Refused
from campaigns.channels.http import Answer, Ask

CHINA = dt.timezone(dt.timedelta(hours=8))
MARGIN = dt.timedelta(minutes=5)  # by which their clock and ours may differ
Values = Mapping[str, str]


class CannotTell(Exception):
    """The answer says nothing about any message: a wrong key, no time, or nonsense."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A message that may have left, by what its provider knows of it."""

    number: int
    recipient: str
    sender: str
    at: dt.datetime  # when it was claimed
    now: dt.datetime


def can_tell(kind: str, given: Values) -> bool:
    """Whether this kind of provider finds a message by our number."""
    return kind == "sms_aliyun" or given.get("provider") in ("postmark", "mailgun")


def ask(kind: str, given: Values, sought: Sought) -> Ask:
    if kind == "sms_aliyun":
        return _ask_aliyun(given, sought)
    return (_ask_postmark if given["provider"] == "postmark" else _ask_mailgun)(given, sought)


def read(kind: str, given: Values, answer: Answer, sought: Sought) -> Outcome | None:
    """How the message ended; None: the provider does not know it. Raises CannotTell."""
    said = answer.json()
    if answer.status != 200 or not isinstance(said, dict):
        raise CannotTell(f"{answer.status} {answer.body[:120].decode(errors='replace')}")
    if kind == "sms_aliyun":
        return _read_aliyun(said, sought)
    return (_read_postmark if given["provider"] == "postmark" else _read_mailgun)(said, sought)


# --- each ---------------------------------------------------------------------


def _ask_aliyun(given: Values, sought: Sought) -> Ask:
    number = phones.at_home(phones.normal(sought.recipient, given["home"]), given["home"])
    query = {
        "PhoneNumber": number.removeprefix("+"),
        "SendDate": sought.at.astimezone(CHINA).strftime("%Y%m%d"),
        "PageSize": "50",
        "CurrentPage": "1",
    }
    return sms_aliyun.sign(
        given["url"],
        query,
        action="QuerySendDetails",
        version=sms_aliyun.VERSION,
        key_id=given["key_id"],
        secret=given["secret"],
        at=sought.now,
        nonce=uuid.uuid4().hex,
    )


def _read_aliyun(said: dict[str, Any], sought: Sought) -> Outcome | None:
    if said.get("Code") != "OK":
        raise CannotTell(f"{said.get('Code')} {said.get('Message')}")
    listed = said.get("SmsSendDetailDTOs") or {}
    for one in _dicts(listed.get("SmsSendDetailDTO") if isinstance(listed, dict) else None):
        if str(one.get("OutId", "")).partition(".")[0] == str(sought.number):
            failed = str(one.get("SendStatus")) == "2"  # 1: on its way, 3: arrived
            return Refused(str(one.get("ErrCode", ""))) if failed else Accepted()
    return None


def _ask_postmark(given: Values, sought: Sought) -> Ask:
    query = {
        "count": 10,
        "offset": 0,
        "recipient": sought.recipient,
        "metadata_message": sought.number,
    }
    base = given["api_url"] or "https://api.postmarkapp.com"
    headers = {"Accept": "application/json", "X-Postmark-Server-Token": given["api_key"]}
    return Ask(f"{base.rstrip('/')}/messages/outbound?{urlencode(query)}", b"", headers, "GET")


def _read_postmark(said: dict[str, Any], sought: Sought) -> Outcome | None:
    if "Messages" not in said:
        raise CannotTell(str(said)[:120])
    for one in _dicts(said["Messages"]):
        metadata = one.get("Metadata") or {}
        if str(metadata.get("message", sought.number)) == str(sought.number):
            return Accepted(str(one.get("MessageID", "")))
    return None


def _ask_mailgun(given: Values, sought: Sought) -> Ask:
    begin = int((sought.at - MARGIN).timestamp())
    query = {"recipient": sought.recipient, "begin": begin, "ascending": "yes", "limit": 300}
    base = given["api_url"] or "https://api.mailgun.net/v3"
    domain = quote(sought.sender.rpartition("@")[2].rstrip(">"))
    basic = base64.b64encode(f"api:{given['api_key']}".encode()).decode()
    url = f"{base.rstrip('/')}/{domain}/events?{urlencode(query)}"
    return Ask(url, b"", {"Authorization": f"Basic {basic}"}, "GET")


def _read_mailgun(said: dict[str, Any], sought: Sought) -> Outcome | None:
    if "items" not in said:
        raise CannotTell(str(said)[:120])
    found: Outcome | None = None
    for one in _dicts(said["items"]):
        if str((one.get("user-variables") or {}).get("message")) != str(sought.number):
            continue
        event, severity = one.get("event"), one.get("severity")
        if event == "rejected" or (event == "failed" and severity == "permanent"):
            return Refused(str(one.get("reason") or event))
        headers = (one.get("message") or {}).get("headers") or {}
        found = Accepted(str(headers.get("message-id", "")))
    return found


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
