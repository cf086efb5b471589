"""A mail's finished form: whose facts are in it, its frame, its plain text, its links."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from liquid import BoundTemplate

from campaigns import links, plain, wording
from console.models import Project
from segments import looks, traits
from segments.models import Customer

# Places in the frame. No mail holds these characters, and what is put in is not looked at again.
BODY, TITLE, UNSUBSCRIBE, PIXEL = "\ue000body", "\ue000title", "\ue000unsubscribe", "\ue000pixel"
DARK = "@media (prefers-color-scheme: dark)"
THEMES = {"dark": "all", "light": "not all"}
HIDDEN = "•••"


@dataclass(frozen=True)
class Letter:
    """The words of one campaign, parsed once for all its customers."""

    subject: BoundTemplate
    body: BoundTemplate
    text: BoundTemplate | None  # None: from each customer's HTML
    campaign_name: str
    sender: str
    currency: str
    traits: tuple[str, ...]  # that the words speak of


@dataclass(frozen=True)
class Rendered:
    """What one customer gets."""

    subject: str
    html: str
    text: str


def prepare(subject: str, body: str, *, campaign_name: str, project: Project) -> Letter:
    """Raises liquid.exceptions.LiquidError for words that `wording.mistakes` would refuse."""
    first, second = wording.parse(subject, html=False), wording.parse(body, html=True)
    return Letter(
        first,
        second,
        plain.outline(body),
        campaign_name,
        project.name,
        project.currency,
        wording.traits_in(first, second),
    )


def render(
    letter: Letter,
    customer: Customer,
    known: Mapping[str, Any],
    *,
    unsubscribe_url: str,
    link: Callable[[str], str] | None = None,
    pixel_url: str = "",
) -> Rendered:
    """The mail of a customer of whom these traits are known.

    `link` gives every link of the HTML its tracked address.

    The plain text keeps the links as they were written: people read them.

    Raises:
        CannotRender: a word is missing or a limit was reached for this customer.
    """
    facts = _facts(letter, customer, known) | {"unsubscribe_url": unsubscribe_url}
    language = language_of(customer)
    with translation.override(language):  # amounts are written as the customer writes them
        body = wording.render(letter.body, facts)
        subject = " ".join(wording.render(letter.subject, facts).split())
        text = plain.render(letter.text, facts) if letter.text else plain.from_html(body)
        text = f"{text}\n\n--\n{_('Unsubscribe')}: {unsubscribe_url}\n"
    pixel = f'<img src="{escape(pixel_url)}" width="1" height="1" alt="">' if pixel_url else ""
    styled = _inliner().inline_fragment(body, _css())
    html = (
        _frame(language, letter.sender)
        .replace(UNSUBSCRIBE, escape(unsubscribe_url))
        .replace(PIXEL, pixel)
        .replace(TITLE, escape(subject))
        .replace(BODY, links.rewrite(styled, link) if link else styled)
    )
    return Rendered(subject[: wording.LONGEST_SUBJECT], html, text)


def preview(letter: Letter, customer: Customer, *, hide_contact: bool, theme: str = "") -> Rendered:
    """What the customer would get, with links as written and nothing counted.

    `hide_contact` blanks name and address for people who may not see them; `theme` is
    "light" or "dark" whatever the reader's screen has.
    """
    if hide_contact:
        customer.name, customer.email = HIDDEN, HIDDEN
        customer.attributes = looks.attributes(customer.attributes)
    known = traits.of([customer.pk], letter.traits)[customer.pk]
    made = render(letter, customer, known, unsubscribe_url="#")
    if theme in THEMES:
        return Rendered(made.subject, made.html.replace(DARK, f"@media {THEMES[theme]}"), made.text)
    return made


def language_of(customer: Customer) -> str:
    """A language that our own sentences in the mail exist in."""
    known = [code for code, _name in settings.LANGUAGES]
    wanted = customer.language.lower()
    for code in known:
        if wanted and (code.startswith(wanted) or wanted.startswith(code.split("-")[0])):
            return code
    return settings.LANGUAGE_CODE


def _facts(letter: Letter, customer: Customer, known: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values only: a template can never reach a model or a method."""
    return {
        "customer": {
            "number": customer.pk,
            "name": customer.name,
            "email": customer.email,
            "language": customer.language,
            "attributes": customer.attributes,
        },
        "traits": {name: known.get(name) for name in letter.traits},
        "campaign": {"name": letter.campaign_name},
        "project": {"name": letter.sender, "currency": letter.currency},
    }


@lru_cache(maxsize=64)
def _frame(language: str, sender: str) -> str:
    """The layout around the body, with its styles already inline."""
    with translation.override(language):
        whole = render_to_string(
            "campaigns/mail.html",
            {
                "language": language,
                "sender": sender,
                "css": _css(),
                "body": BODY,
                "title": TITLE,
                "unsubscribe_url": UNSUBSCRIBE,
                "pixel": PIXEL,
            },
        )
    # Added afterwards: it cannot stand inline, so it must not be taken for what can.
    dark = f"<style>{DARK} {{{render_to_string('campaigns/mail_dark.css')}}}</style></head>"
    return _inliner().inline(whole).replace("</head>", dark)


@lru_cache(maxsize=1)
def _css() -> str:
    return render_to_string("campaigns/mail.css")


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
