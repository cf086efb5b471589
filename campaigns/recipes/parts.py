"""What that which ships is made of: words in both languages, gifts, deeds, and steps."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape

LINK = "https://shop.example/"  # where buttons lead until somebody says where theirs do
HELLO_ZH = '<p>{{ customer.name | default: "您好" }}：</p>'
HELLO_EN = '<p>Hello {{ customer.name | default: "there" }},</p>'
BUTTON = '<p><a class="button" href="{link}">{words}</a></p>'
COUPON_ZH = "<p>券码 <strong>{{ coupon.code }}</strong>，{{ coupon.expires_on }} 前有效。</p>"
COUPON_EN = "<p>Your code: <strong>{{ coupon.code }}</strong>, until {{ coupon.expires_on }}.</p>"
SOON_ZH = "<p>券码 <strong>{{ coupon.code }}</strong>，{{ coupon.minutes }} 分钟内有效。</p>"
SOON_EN = (
    "<p>Your code: <strong>{{ coupon.code }}</strong>, for {{ coupon.minutes }} minutes only.</p>"
)
LOGIN, INTERACTED = "user_logged_in", "user_interacted"  # as the library's rules name them


@dataclass(frozen=True)
class Words:
    """A mail: subject, text and button, in Chinese and in English."""

    name: str
    zh: tuple[str, str, str]
    en: tuple[str, str, str]
    with_coupon: bool = False
    is_soon: bool = False  # the coupon lasts for minutes, not for days

    def fields(self, link: str) -> dict[str, Any]:
        """As a template keeps them, with where the button leads."""
        gift, present = (SOON_ZH, SOON_EN) if self.is_soon else (COUPON_ZH, COUPON_EN)
        subject, body = self._mail(HELLO_ZH, self.zh, gift, link)
        other, english = self._mail(HELLO_EN, self.en, present, link)
        return {
            "language": "zh-hans",
            "subject": subject,
            "body": body,
            "variants": {"en": {"subject": other, "body": english}},
        }

    def _mail(
        self, hello: str, said: tuple[str, str, str], gift: str, link: str
    ) -> tuple[str, str]:
        subject, text, words = said
        button = BUTTON.format(link=escape(link), words=words)
        return subject, f"{hello}<p>{text}</p>{gift if self.with_coupon else ''}{button}"


@dataclass(frozen=True)
class Gift:
    """A coupon of so many whole units of the currency, valid for so many minutes."""

    name: str
    worth: int
    minutes: int


@dataclass(frozen=True)
class Deed:
    """What customers do on the way, of which a maker says how it is called here."""

    label: Promise
    title: Promise  # what it is in the plan of who has not said yet how it is called
    event: str  # as it is called where nobody calls it otherwise


@dataclass(frozen=True)
class Journey:
    """A plan to begin with. Steps name words and gifts by key; a maker puts numbers there."""

    key: str
    name: str | Promise
    quote: str  # what the field says
    words: dict[str, Words]
    steps: list[dict[str, Any]]
    gifts: dict[str, Gift] = field(default_factory=dict)
    entry: str = "segment"  # or "recurring", by the timetable, or "event", which a maker names
    timetable: dict[str, Any] = field(default_factory=dict)
    event: str = ""  # as it is called where nobody calls it otherwise
    again_after_days: int | None = None
    deeds: dict[str, Deed] = field(default_factory=dict)
    leaves_at: tuple[str, ...] = ("order_paid",)


@dataclass(frozen=True)
class Recipe:
    """One play of the warnings: the library's segment, and what its members get."""

    segment: str
    words: Words
    gift: Gift | None = None
    task: str = ""
    task_days: int = 3
    duty: str = ""


def say(key: str, words: str, coupon: str = "") -> dict[str, Any]:
    step = {"key": key, "kind": "message", "channel": "email", "template": words}
    return step | ({"coupon": coupon} if coupon else {})


def wait(key: str, days: int) -> dict[str, Any]:
    """Until ten in the morning of that day, where the customer is."""
    return {"key": key, "kind": "wait", "minutes": days * 1440, "at": "10:00"}


def did(deed: str, days: int) -> dict[str, Any]:
    """A deed of the journey, done within so many days, today being one."""
    return {"event": deed, "did": True, "times": 1, "days": days, "where": []}


DAY = 1440
