"""Aliyun's short messages: one POST, signed with ACS3-HMAC-SHA256."""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from campaigns.channels import http, phones
from campaigns.channels.base import Outcome, gettext_noop
from campaigns.channels.http import Answer, Ask
from campaigns.channels.note import BadNote, Note

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
URL = "https://dysmsapi.aliyuncs.com"
NO_TEMPLATE = gettext_noop("the provider's template code is missing")
# What speaks of this number or this text. Being out of money or too quick is not among it.
FOR_GOOD = {
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.INVALID_PARAMETERS",
    "isv.INVALID_JSON_PARAM",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.BLACKLIST_NUMBER",
}


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """A `Provider`: approved templates under an approved signature, filled with parameters."""

    key_id: str
    secret: str
    sign_name: str
    url: str = URL
    home: str = "CN"
    repeatable: bool = False

    def ask(self, note: Note) -> Ask:
        number = phones.at_home(phones.normal(note.recipient, self.home), self.home)
        if not note.template:
            raise BadNote(NO_TEMPLATE)
        query = {
            "PhoneNumbers": number.removeprefix("+"),
            "SignName": self.sign_name,
            "TemplateCode": note.template,
            "TemplateParam": json.dumps(dict(note.params), ensure_ascii=False),
            "OutId": note.id,  # comes back with the delivery report
        }
        return sign(
            self.url,
            query,
            action="SendSms",
            version=VERSION,
            key_id=self.key_id,
            secret=self.secret,
            at=note.at,
            nonce=uuid.uuid4().hex,
        )

    def read(self, answer: Answer) -> Outcome:
        said = answer.json()
        said = said if isinstance(said, dict) else {}
        return http.by_code(
            answer,
            said.get("Code"),
            said.get("Message"),
            good="OK",
            provider_id=said.get("BizId"),
            for_good=FOR_GOOD,
        )


def sign(
    url: str,
    query: Mapping[str, str],
    *,
    action: str,
    version: str,
    key_id: str,
    secret: str,
    at: dt.datetime,
    nonce: str,
    body: bytes = b"",
) -> Ask:
    """A request of Alibaba Cloud's third signature: canonical request, digest, HMAC."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": urlsplit(url).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    asked = "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{asked}\n{lines}\n{names}\n{digest}"
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={key_id},SignedHeaders={names},Signature={signature}"
    return Ask(
        url=f"{url.rstrip('/')}/?{asked}",
        body=body,
        headers={**headers, "Authorization": f"{ALGORITHM} {credential}"},
    )


def _quoted(text: str) -> str:
    return quote(text, safe="~")
