"""What the local phone says as each provider would: same paths, same signatures, same answers."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from standardwebhooks import Webhook, WebhookVerificationError

from console.embedded import mail_doors
from console.embedded.mail_doors import Tell
from console.embedded.spoken import Got as Got
from console.embedded.spoken import Heard as Heard
from console.embedded.spoken import Said as Said

TOO_OLD = 3600  # seconds; the same at DingTalk and Feishu
JWT_KIND = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the local providers want to be shown."""

    secret: str
    private_key: str  # PEM; of the service account that may push

    def of(self, wire: str) -> str:
        """The secret of one provider."""
        return hmac.new(self.secret.encode(), wire.encode(), hashlib.sha256).hexdigest()[:32]

    @property
    def webhook(self) -> str:
        return "whsec_" + base64.b64encode(self.of("webhook").encode()).decode()

    def service_account(self, base: str) -> str:
        """The file that Google would give."""
        content = {
            "type": "service_account",
            "project_id": "local",
            "client_email": "console@local.iam.gserviceaccount.com",
            "private_key": self.private_key,
            "token_uri": f"{base}/token",
        }
        return json.dumps(content)


def new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    return pem.decode()


class Providers:
    """All of them, behind one door."""

    def __init__(
        self, keys: Keys, keep: Callable[[Got], None], tell: Tell = mail_doors.tell
    ) -> None:
        self.keys, self._keep = keys, keep
        self._mail = (
            mail_doors.Postmark(keys.of("postmark"), keep, tell),
            mail_doors.Mailgun(keys.of("mailgun"), keep, tell),
        )
        self._sent: deque[dict[str, Any]] = deque(maxlen=10_000)  # that can be asked for again

    def answer(self, heard: Heard) -> Said:
        if "x-acs-action" in heard.headers:
            return self._aliyun(heard)
        for mail in self._mail:
            if heard.path.startswith(mail.under):
                return mail.answer(heard)
        doors = {
            "/sms": self._gateway,
            "/push": self._gateway,
            "/token": self._token,
            "/v1/projects/local/messages:send": self._fcm,
            "/cgi-bin/webhook/send": self._wecom,
            "/robot/send": self._dingtalk,
            "/open-apis/bot/v2/hook/local": self._feishu,
            "/hooks": self._webhook,
        }
        door = doors.get(heard.path)
        return door(heard) if door else Said({"error": "no such address"}, 404)

    # --- short messages and pushes ------------------------------------------

    def _aliyun(self, heard: Heard) -> Said:
        if problem := self._aliyun_problem(heard):
            return Said({"Code": problem, "Message": problem, "RequestId": _number()}, 400)
        if heard.headers["x-acs-action"] == "QuerySendDetails":
            return self._aliyun_details(heard)
        number, template = heard.query.get("PhoneNumbers", ""), heard.query.get("TemplateCode", "")
        if trick := trick_of(number, lambda code: {"Code": code, "Message": "…"}, ALIYUN_CODES):
            return trick
        if not number.isdecimal():
            return Said({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "手机号码格式错误"})
        if not template.startswith("SMS_"):
            return Said({"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "短信模版不合法"})
        text = f"【{heard.query.get('SignName', '')}】{template} {heard.query.get('TemplateParam')}"
        self._keep(Got("sms", number, "", text, dict(heard.query)))
        self._sent.append({"PhoneNum": number, "OutId": heard.query.get("OutId"), "SendStatus": 3})
        return Said({"Code": "OK", "Message": "OK", "BizId": _number(), "RequestId": _number()})

    def _aliyun_details(self, heard: Heard) -> Said:
        """What was sent to a number lately."""
        theirs = [one for one in self._sent if one["PhoneNum"] == heard.query.get("PhoneNumber")]
        found = {"SmsSendDetailDTO": theirs[-50:]}
        return Said({"Code": "OK", "Message": "OK", "SmsSendDetailDTOs": found})

    def _aliyun_problem(self, heard: Heard) -> str:
        """Aliyun's own word for a signature that is wrong, or nothing."""
        how, _, rest = heard.headers.get("authorization", "").partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        names = parts.get("SignedHeaders", "")
        asked = "&".join(
            f"{quote(name, safe='~')}={quote(heard.query[name], safe='~')}"
            for name in sorted(heard.query)
        )
        lines = [f"{name}:{heard.headers.get(name, '').strip()}" for name in names.split(";")]
        digest = hashlib.sha256(heard.body).hexdigest()
        canonical = "\n".join(["POST", heard.path, asked, *lines, "", names, digest])
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(self.keys.of("aliyun").encode(), to_sign.encode(), hashlib.sha256)
        if parts.get("Credential") != "local":
            return "InvalidAccessKeyId.NotFound"
        if how != "ACS3-HMAC-SHA256" or not _same(parts.get("Signature"), right.hexdigest()):
            return "SignatureDoesNotMatch"
        return ""

    def _gateway(self, heard: Heard) -> Said:
        wire, said = heard.path[1:], heard.json()
        if not _same(heard.headers.get("authorization"), f"Bearer {self.keys.of(wire)}"):
            return Said({"code": 1001, "message": "wrong key"})
        recipient = str(said.get("to") or said.get("token") or "")
        if trick := trick_of(recipient, lambda code: {"code": code, "message": "…"}, OWN_CODES):
            return trick
        if not recipient:
            return Said({"code": OWN_CODES["9404"], "message": "no recipient"})
        title = str(said.get("title", ""))
        self._keep(Got(wire, recipient, title, str(said.get("text", "")), said))
        return Said({"code": 0, "message": "ok", "id": _number()})

    def _token(self, heard: Heard) -> Said:
        form = dict(part.partition("=")[::2] for part in heard.body.decode().split("&"))
        if form.get("grant_type") != quote(JWT_KIND, safe=""):
            return Said({"error": "unsupported_grant_type"}, 400)
        signed, _, signature = form.get("assertion", "").rpartition(".")
        key = serialization.load_pem_private_key(self.keys.private_key.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        try:
            key.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            claims = json.loads(_decoded(signed.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return Said({"error": "invalid_grant"}, 400)
        if not claims["iat"] - 60 <= time.time() < claims["exp"]:
            return Said({"error": "invalid_grant"}, 400)
        token = self.keys.of("token")
        return Said({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _fcm(self, heard: Heard) -> Said:
        if not _same(heard.headers.get("authorization"), f"Bearer {self.keys.of('token')}"):
            return _google(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")
        message = heard.json().get("message") or {}
        recipient, shown = str(message.get("token", "")), message.get("notification") or {}
        if recipient.endswith("9404"):
            return _google(404, "NOT_FOUND", "UNREGISTERED")
        if recipient.endswith("9429"):
            return _google(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", wait=2)
        if not recipient:
            return _google(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        title, text = str(shown.get("title", "")), str(shown.get("body", ""))
        self._keep(Got("push", recipient, title, text, message))
        return Said({"name": f"projects/local/messages/{_number()}"})

    # --- robots and systems -------------------------------------------------

    def _wecom(self, heard: Heard) -> Said:
        said = heard.json()
        if not _same(heard.query.get("key"), self.keys.of("wecom")):
            return Said({"errcode": 93000, "errmsg": "invalid webhook url"})
        if said.get("msgtype") not in ("markdown", "text"):
            return Said({"errcode": 40008, "errmsg": "invalid message type"})
        self._keep(Got("wecom", "", "", _inner(said, said["msgtype"], "content"), said))
        return Said({"errcode": 0, "errmsg": "ok"})

    def _dingtalk(self, heard: Heard) -> Said:
        said, moment, secret = heard.json(), heard.query.get("timestamp", ""), self._ding_secret
        right = hmac.digest(secret.encode(), f"{moment}\n{secret}".encode(), "sha256")
        if heard.query.get("access_token") != "local":
            return Said({"errcode": 300005, "errmsg": "token is not exist"})
        if not _same(heard.query.get("sign"), base64.b64encode(right).decode()):
            return Said({"errcode": 310000, "errmsg": "sign not match"})
        if not moment.isdecimal() or abs(time.time() - int(moment) / 1000) > TOO_OLD:
            return Said({"errcode": 310000, "errmsg": "invalid timestamp"})
        text = _inner(said, "markdown", "text")
        self._keep(Got("dingtalk", "", _inner(said, "markdown", "title"), text, said))
        return Said({"errcode": 0, "errmsg": "ok"})

    @property
    def _ding_secret(self) -> str:
        return "SEC" + self.keys.of("dingtalk")

    def _feishu(self, heard: Heard) -> Said:
        said = heard.json()
        key = f"{said.get('timestamp')}\n{self.keys.of('feishu')}"
        right = base64.b64encode(hmac.digest(key.encode(), b"", "sha256")).decode()
        if not _same(said.get("sign"), right):
            return Said(
                {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
            )
        card = said.get("card") or {}
        text = "\n".join(str(one.get("content", "")) for one in card.get("elements", []))
        title = str(((card.get("header") or {}).get("title") or {}).get("content", ""))
        self._keep(Got("feishu", "", title, text, said))
        return Said({"code": 0, "msg": "success", "data": {}})

    def _webhook(self, heard: Heard) -> Said:
        try:
            said = Webhook(self.keys.webhook).verify(heard.body, dict(heard.headers))
        except (WebhookVerificationError, ValueError) as wrong:
            return Said({"error": str(wrong)}, 401)
        data = said.get("data") or {}
        recipient, title = str(data.get("customer", "")), str(data.get("title", ""))
        self._keep(Got("webhook", recipient, title, str(data.get("text", "")), said))
        return Said({"ok": True})


# --- numbers at which something goes wrong ----------------------------------

# The last four digits decide, so that trouble can be tried out on purpose.
ALIYUN_CODES = {
    "9402": "isv.AMOUNT_NOT_ENOUGH",
    "9404": "isv.MOBILE_NUMBER_ILLEGAL",
    "9429": "Throttling.User",
    "9500": "isp.SYSTEM_ERROR",
}
OWN_CODES = {"9402": 1402, "9404": 1404, "9429": 1429, "9500": 1500}
STATUSES = {"9429": 429, "9500": 500}


def trick_of(
    recipient: str, body: Callable[[Any], dict[str, Any]], codes: Mapping[str, Any]
) -> Said | None:
    """What goes wrong with this recipient, as a provider would say it."""
    ending = recipient[-4:]
    if ending not in codes:
        return None
    wait = {"Retry-After": "2"} if ending == "9429" else {}
    return Said(body(codes[ending]), STATUSES.get(ending, 200), wait)


# --- small things -----------------------------------------------------------


def _google(status: int, general: str, own: str, *, wait: int = 0) -> Said:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    error = {
        "code": status,
        "message": own,
        "status": general,
        "details": [{"@type": kind, "errorCode": own}],
    }
    return Said({"error": error}, status, {"Retry-After": str(wait)} if wait else {})


def _inner(said: Mapping[str, Any], part: str, name: str) -> str:
    inner = said.get(part)
    return str(inner.get(name, "")) if isinstance(inner, dict) else ""


def _same(given: object, right: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), right.encode())


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number() -> str:
    return uuid.uuid4().hex
