"""What that which ships is made of: words in both languages, gifts, deeds, and steps."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.html import escape

LINK = "https://shop.example/"  # where buttons lead until somebody says where theirs do
BUTTON = '<p><a class="button" href="{link}">{words}</a></p>'
EMAIL, SMS, PUSH, IN_APP = "email", "sms", "push", "in_app"
CHANNELS = (EMAIL, SMS, PUSH, IN_APP)  # through which what ships can say what it says


@dataclass(frozen=True)
class Manner:
    """How one is spoken to in a language, whatever is said."""

    hello: str
    gift: str
    soon: str  # of a coupon that lasts for minutes, not for days
    refusal: str  # which every SMS that sells has to tell
    stop: str


MANNERS = {
    "zh-hans": Manner(
        '<p>{{ customer.name | default: "您好" }}：</p>',
        "券码 {{ coupon.code }}，{{ coupon.expires_on }} 前有效。",
        "券码 {{ coupon.code }}，{{ coupon.minutes }} 分钟内有效。",
        "拒收请回复R",
        "。",
    ),
    "en": Manner(
        '<p>Hello {{ customer.name | default: "there" }},</p>',
        "Your code: {{ coupon.code }}, until {{ coupon.expires_on }}.",
        "Your code: {{ coupon.code }}, for {{ coupon.minutes }} minutes only.",
        "Reply STOP to opt out",
        ". ",
    ),
}
CODE = "{{ coupon.code }}"
LOGIN, INTERACTED = "user_logged_in", "user_interacted"  # as the library's rules name them


@dataclass(frozen=True)
class Words:
    """What is said: subject, text and button, in Chinese and in English."""

    name: str
    zh: tuple[str, str, str]
    en: tuple[str, str, str]
    with_coupon: bool = False
    is_soon: bool = False

    def fields(self, link: str, channel: str = EMAIL) -> dict[str, Any]:
        """As a template of this channel keeps them, with where the button leads."""
        ours = self._said(MANNERS["zh-hans"], self.zh, link, channel)
        theirs = self._said(MANNERS["en"], self.en, link, channel)
        main = {name: ours.pop(name) for name in ("subject", "body") if name in ours}
        about = {"channel": channel, "language": "zh-hans", "more": ours}
        return about | main | {"variants": {"en": theirs}}

    def _said(
        self, manner: Manner, said: tuple[str, str, str], link: str, channel: str
    ) -> dict[str, str]:
        subject, text, words = said
        gift = (manner.soon if self.is_soon else manner.gift) if self.with_coupon else ""
        if channel == SMS:  # in which every letter costs: what it is about, and the way there
            told = f"{subject}{manner.stop}{gift} {link} {manner.refusal}"
            return {"body": " ".join(told.split())}
        if channel != EMAIL:
            return {"subject": subject, "body": f"{text} {gift}".strip(), "url": link}
        coupon = gift.replace(CODE, f"<strong>{CODE}</strong>")
        button = BUTTON.format(link=escape(link), words=words)
        present = f"<p>{coupon}</p>" if gift else ""
        return {"subject": subject, "body": f"{manner.hello}<p>{text}</p>{present}{button}"}


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
    where_any: tuple[str, ...] = ()  # only where one of these events is known, if there are some


def say(key: str, words: str, coupon: str = "") -> dict[str, Any]:
    """Through which channel, whoever makes it says."""
    step = {"key": key, "kind": "message", "template": words}
    return step | ({"coupon": coupon} if coupon else {})


def wait(key: str, days: int) -> dict[str, Any]:
    """Until ten in the morning of that day, where the customer is."""
    return {"key": key, "kind": "wait", "minutes": days * 1440, "at": "10:00"}


def did(deed: str, days: int) -> dict[str, Any]:
    """A deed of the journey, done within so many days, today being one."""
    return {"event": deed, "did": True, "times": 1, "days": days, "where": []}


DAY = 1440
