"""What a message of each channel is made of: its fields, how long they may be, and their form."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

EMAIL, SMS, PUSH, IN_APP, ROBOT, WEBHOOK = "email", "sms", "push", "in_app", "robot", "webhook"
HTML, MJML, TEXT, LINES = "html", "mjml", "text", "lines"
SUBJECT, BODY = "subject", "body"


@dataclass(frozen=True)
class Field:
    """One thing that a person writes for a channel. `lines` are `name: words`, one a line."""

    name: str
    label: Any
    longest: int
    is_needed: bool = True
    form: str = TEXT
    help: Any = ""


_LINK = Field(
    "url",
    pgettext_lazy("message", "link"),
    2000,
    False,
    help=_("Where it leads when one presses it."),
)
_DATA = Field(
    "data",
    _("for the app"),
    4000,
    False,
    LINES,
    _("One a line, such as “screen: coupons”; the app reads them."),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    EMAIL: (
        Field(SUBJECT, _("subject"), 200),
        Field(BODY, pgettext_lazy("message", "text"), 50_000, form=HTML),
    ),
    SMS: (
        Field(BODY, pgettext_lazy("message", "text"), 1000),
        Field(
            "template",
            _("the provider's template"),
            80,
            False,
            help=_("Its code, such as SMS_12345678, where the provider approves every text."),
        ),
        Field(
            "params",
            _("what is filled in there"),
            2000,
            False,
            LINES,
            _("One a line, such as “name: {{ customer.name }}”."),
        ),
    ),
    PUSH: (
        Field(SUBJECT, pgettext_lazy("message", "title"), 100),
        Field(BODY, pgettext_lazy("message", "text"), 500),
        _LINK,
        _DATA,
    ),
    IN_APP: (
        Field(SUBJECT, pgettext_lazy("message", "title"), 100),
        Field(BODY, pgettext_lazy("message", "text"), 2000),
        _LINK,
        _DATA,
    ),
    ROBOT: (
        Field(SUBJECT, pgettext_lazy("message", "title"), 100),
        Field(
            BODY,
            pgettext_lazy("message", "text"),
            4000,
            help=_("Markdown, as WeCom, DingTalk and Feishu read it."),
        ),
        _LINK,
    ),
    WEBHOOK: (
        Field(SUBJECT, pgettext_lazy("message", "title"), 100, False),
        Field(BODY, pgettext_lazy("message", "text"), 4000, False),
        _LINK,
        Field(
            "data",
            _("for the receiver"),
            8000,
            False,
            LINES,
            _("One a line, such as “level: {{ traits.orders }}”; it arrives as JSON."),
        ),
    ),
}


def with_line_ends(said: Any) -> Any:
    """Words, or a table of them, with each line ended as MJML can read it: a browser sends CRLF."""
    if isinstance(said, dict):
        return {name: with_line_ends(one) for name, one in said.items()}
    return said.replace("\r\n", "\n").replace("\r", "\n") if isinstance(said, str) else said


def lines(text: str) -> list[tuple[str, str]]:
    """The names and words of a field of lines.

    Raises:
        ValueError: a line has no name; its text is the argument.
    """
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, words = line.partition(":")
        if not colon or not name.strip() or "{" in name:
            raise ValueError(line.strip())
        found.append((name.strip(), words.strip()))
    return found
