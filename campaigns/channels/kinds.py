"""The kinds of accounts: what each serves, what it has to be told, and how it opens."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from campaigns.channels import fcm, gateway, push_http, sms_aliyun, sms_http
from campaigns.channels.base import gettext_noop
from campaigns.channels.dingtalk import DingTalk
from campaigns.channels.feishu import Feishu
from campaigns.channels.gateway import Gateway
from campaigns.channels.http import Provider
from campaigns.channels.sms_aliyun import AliyunSms
from campaigns.channels.webhook import SignedWebhook, new_secret
from campaigns.channels.wecom import WeCom

EMAIL, SMS, PUSH, IN_APP, ROBOT, WEBHOOK = "email", "sms", "push", "in_app", "robot", "webhook"
CHANNELS = (EMAIL, SMS, PUSH, IN_APP, ROBOT, WEBHOOK)
# How a field is written: one line, several, an address on the web, JSON, "Name: value" lines.
LINE, TEXT, URL, JSON, HEADERS, CHOICE, NUMBER = range(7)
TEST_MARK = "test"  # in the number of a note that only tries an account

Values = Mapping[str, str]


class BadSetting(ValueError):
    """A setting that cannot work: its name, and why in words."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name, self.why = name, why


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of an account. What is secret is sealed, and never shown again."""

    name: str
    label: str
    is_secret: bool = False
    is_needed: bool = True
    form: int = LINE
    first: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of account. Without `provider` it is opened elsewhere: mail, in-app messages."""

    name: str
    label: str
    channel: str
    fields: tuple[Field, ...]
    provider: Callable[[Values], Provider] | None = None
    per_part: bool = False  # its tariff is for each part of a text
    per_minute: int = 1200  # messages, until somebody says otherwise


# --- what they are opened with ----------------------------------------------


def _aliyun(given: Values) -> Provider:
    return AliyunSms(
        key_id=given["key_id"],
        secret=given["secret"],
        sign_name=given["sign_name"],
        url=given["url"],
        home=given["home"],
    )


def _gateway(given: Values) -> Gateway:
    described = {
        "url": given["url"],
        "body": gateway.check_body(given["body"]) if given["body"].strip() else None,
        "headers": headers(given["headers"]),
        "code_at": given["code_at"],
        "good": given["good"],
        "words_at": given["words_at"],
        "id_at": given["id_at"],
        "for_good": frozenset(given["for_good"].split()),
    }
    if "home" in given:
        return sms_http.provider(home=given["home"], **described)  # type: ignore[arg-type]
    return push_http.provider(**described)  # type: ignore[arg-type]


def _fcm(given: Values) -> Provider:
    return fcm.Fcm(fcm.ServiceAccount.read(given["service_account"]), base=given["url"])


def headers(text: str) -> dict[str, str]:
    """Lines of "Name: value". Raises ValueError with the line that is none."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ValueError(line[:40])
        found[name] = value.strip()
    return found


_HOME = Field(
    "home",
    gettext_noop("country"),
    first="CN",
    hint=gettext_noop("Two letters; its phone numbers may be written without their code."),
)
_GATEWAY = (
    Field("url", gettext_noop("address"), form=URL),
    Field(
        "headers",
        gettext_noop("headers"),
        is_secret=True,
        is_needed=False,
        form=HEADERS,
        hint=gettext_noop("One a line, such as “Authorization: Bearer …”."),
    ),
    Field(
        "body",
        gettext_noop("request body"),
        is_needed=False,
        form=JSON,
        hint=gettext_noop(
            "JSON with places in braces: {recipient} {title} {text} {url} {id} {template} "
            "{params} {data} {at}. Empty: the usual one."
        ),
    ),
    Field(
        "code_at",
        gettext_noop("field with the answer's code"),
        first="code",
        hint=gettext_noop("Such as “code” or “result.0.status”; success is what stands there."),
    ),
    Field("good", gettext_noop("the code of success"), first="0"),
    Field(
        "words_at", gettext_noop("field with the answer's text"), is_needed=False, first="message"
    ),
    Field("id_at", gettext_noop("field with the message id"), is_needed=False, first="id"),
    Field(
        "for_good",
        gettext_noop("codes not to retry"),
        is_needed=False,
        hint=gettext_noop("With spaces between them, such as those of a wrong number."),
    ),
)
ONCE, EACH = "once", "each"
SPEAKS = Field(
    "speaks",
    gettext_noop("says it"),
    form=CHOICE,
    first=ONCE,
    choices=(ONCE, EACH),
    hint=gettext_noop("A step of a campaign: once for all who came in together, or for each."),
)
# What choices are called on screen, where they are no names.
CHOICES = {
    ONCE: gettext_noop("once for all customers"),
    EACH: gettext_noop("for each customer"),
}
_ROBOT_URL = Field("url", gettext_noop("the robot's address"), is_secret=True, form=URL)
_ROBOT_SECRET = Field("secret", gettext_noop("signing secret"), is_secret=True, is_needed=False)
_SENDER = Field("sender", gettext_noop("sender"), hint=gettext_noop("“Name <address>”"))

# What django-anymail calls them.
MAIL_PROVIDERS = ("mailgun", "sendgrid", "postmark", "brevo", "mailjet", "sparkpost")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "smtp",
            gettext_noop("mail server (SMTP)"),
            EMAIL,
            (
                _SENDER,
                Field("host", gettext_noop("server")),
                Field("port", gettext_noop("port"), form=NUMBER, first="587"),
                Field(
                    "security",
                    gettext_noop("encryption"),
                    form=CHOICE,
                    first="starttls",
                    choices=("starttls", "tls", "none"),
                ),
                Field("user", gettext_noop("user name"), is_needed=False),
                Field("password", gettext_noop("password"), is_secret=True, is_needed=False),
            ),
            per_minute=12000,
        ),
        Kind(
            "mail_api",
            gettext_noop("mail provider (API)"),
            EMAIL,
            (
                _SENDER,
                Field("provider", gettext_noop("provider"), form=CHOICE, choices=MAIL_PROVIDERS),
                Field("api_key", gettext_noop("API key"), is_secret=True),
                Field(
                    "second_key",
                    gettext_noop("second key"),
                    is_secret=True,
                    is_needed=False,
                    hint=gettext_noop("Mailjet's secret key, or Mailgun's webhook signing key."),
                ),
                Field(
                    "api_url",
                    gettext_noop("address of the API"),
                    is_needed=False,
                    form=URL,
                    hint=gettext_noop("Empty: the provider's own."),
                ),
            ),
        ),
        Kind(
            "sms_aliyun",
            gettext_noop("Aliyun short messages"),
            SMS,
            (
                Field("key_id", gettext_noop("AccessKey ID")),
                Field("secret", gettext_noop("AccessKey secret"), is_secret=True),
                Field("sign_name", gettext_noop("signature")),
                _HOME,
                Field(
                    "url",
                    gettext_noop("address"),
                    form=URL,
                    first=sms_aliyun.URL,
                ),
            ),
            _aliyun,
            per_part=True,
            per_minute=3000,
        ),
        Kind(
            "sms_http",
            gettext_noop("short messages over HTTP"),
            SMS,
            (*_GATEWAY, _HOME),
            _gateway,
            per_part=True,
        ),
        Kind("push_http", gettext_noop("push over HTTP"), PUSH, _GATEWAY, _gateway),
        Kind(
            "fcm",
            gettext_noop("Firebase push (FCM)"),
            PUSH,
            (
                Field(
                    "service_account",
                    gettext_noop("service account (JSON)"),
                    is_secret=True,
                    form=TEXT,
                ),
                Field("url", gettext_noop("address"), form=URL, first="https://fcm.googleapis.com"),
            ),
            _fcm,
            per_minute=6000,
        ),
        Kind(
            "wecom",
            gettext_noop("WeCom robot"),
            ROBOT,
            (_ROBOT_URL, SPEAKS),
            lambda g: WeCom(g["url"]),
            per_minute=20,
        ),
        Kind(
            "dingtalk",
            gettext_noop("DingTalk robot"),
            ROBOT,
            (_ROBOT_URL, _ROBOT_SECRET, SPEAKS),
            lambda g: DingTalk(g["url"], g["secret"]),
            per_minute=20,
        ),
        Kind(
            "feishu",
            gettext_noop("Feishu robot"),
            ROBOT,
            (_ROBOT_URL, _ROBOT_SECRET, SPEAKS),
            lambda g: Feishu(g["url"], g["secret"]),
            per_minute=100,
        ),
        Kind(
            "webhook",
            gettext_noop("signed webhook"),
            WEBHOOK,
            (
                Field("url", gettext_noop("address"), form=URL),
                Field(
                    "secret",
                    gettext_noop("signing secret"),
                    is_secret=True,
                    is_needed=False,
                    hint=gettext_noop("whsec_…; empty: one is made."),
                ),
            ),
            lambda g: SignedWebhook(g["url"], g["secret"]),
        ),
        Kind(
            "in_app",
            gettext_noop("messages in one's own app"),
            IN_APP,
            (
                Field(
                    "secret",
                    gettext_noop("signing secret"),
                    is_secret=True,
                    is_needed=False,
                    hint=gettext_noop(
                        "The app's server signs user ids with it; empty: one is made."
                    ),
                ),
            ),
            per_minute=60000,
        ),
    )
}
MADE = {"webhook", "in_app"}  # kinds whose secret is ours to make


def checked(kind: Kind, given: Values) -> dict[str, str]:
    """All settings of an account, whole; those that were left out as they are at first.

    Raises:
        BadSetting: one is missing, or cannot work.
    """
    values = {field.name: (given.get(field.name) or field.first).strip() for field in kind.fields}
    if kind.name in MADE and not values["secret"]:
        values["secret"] = new_secret()
    for field in kind.fields:
        if problem := _problem(field, values[field.name]):
            raise BadSetting(field.name, problem)
    if kind.provider:
        try:
            kind.provider(values)
        except ValueError as wrong:
            blamed = "service_account" if kind.name == "fcm" else "secret"
            name = "body" if isinstance(wrong, gateway.BadDescription) else blamed
            raise BadSetting(name, f"{CANNOT_READ}: {wrong}"[:200]) from None
    return values


MISSING = gettext_noop("this is needed")
NO_URL = gettext_noop("write the whole address, such as https://api.example.com/send")
NO_NUMBER = gettext_noop("not a port number")
CANNOT_READ = gettext_noop("this cannot be read")
NOT_OFFERED = gettext_noop("not one of the choices")


def _problem(field: Field, value: str) -> str:
    if not value:
        return MISSING if field.is_needed else ""
    if field.form == URL and not is_web(value):
        return NO_URL
    if field.form == NUMBER and not (value.isascii() and value.isdecimal() and int(value) < 65536):
        return NO_NUMBER
    if field.form == CHOICE and value not in field.choices:
        return NOT_OFFERED
    if field.form == HEADERS:
        try:
            headers(value)
        except ValueError:
            return CANNOT_READ
    return ""


def is_web(url: str) -> bool:
    try:
        where = urlsplit(url)
        where.port  # noqa: B018  (raises when it is none)
    except ValueError:
        return False
    plain = url.isprintable() and " " not in url
    return plain and where.scheme in ("http", "https") and bool(where.hostname)
