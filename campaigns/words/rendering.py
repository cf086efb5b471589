"""A message's finished form: whose facts are in it, in which language, with which links."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any, Protocol

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from liquid import BoundTemplate
from markupsafe import Markup

from campaigns.models import TemplateRevision
from campaigns.words import forms, language, plain, shells, wording
from console.models import Project
from segments import looks, traits
from segments.models import Customer

DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")
THEMES = {"dark": "all", "light": "not all"}
HIDDEN = "•••"
# What no line of text may hold: it could end a header, or hide words from who reads them.
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, 0x85, 0x2028, 0x2029])
WEB = re.compile(r"https?://[^\s<>\"'，。；、）】]+")
# What a mail holds for machines: a picture that tells of opening, a link that only they follow.
PIXEL = '<img src="{}" width="1" height="1" alt="">'
TRAP = '<a href="{}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
Link = Callable[[str], str]


class Person(Protocol):
    """What a message has to know of whom it is for."""

    pk: int
    name: str
    email: str
    phone: str
    language: str
    attributes: Any


@dataclass(frozen=True)
class Form:
    """The words of one language, parsed once for all its customers."""

    language: str
    subject: BoundTemplate
    body: BoundTemplate
    fields: Mapping[str, BoundTemplate]
    lines: Mapping[str, tuple[tuple[str, BoundTemplate], ...]]
    text: BoundTemplate | None = None  # of a mail, as text, or as HTML where that has to be read
    is_outline: bool = True
    foot: tuple[str, str] = ("", "")  # of a mail's plain text: choose, unsubscribe


@dataclass(frozen=True)
class Letter:
    """The words of one step of a campaign, ready for each of its customers."""

    channel: str
    forms: Mapping[str, Form]  # for customers of each language that we speak
    campaign_name: str
    sender: str
    currency: str
    traits: tuple[str, ...]  # that the words speak of
    needs_coupon: bool
    needs_event: bool
    because: Mapping[str, str]  # why one gets it, in each language: a mail's foot says so


@dataclass(frozen=True)
class Rendered:
    """What one customer gets. A channel has no use for some of it."""

    subject: str
    html: str
    text: str
    url: str = ""
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


def prepare(
    words: TemplateRevision,
    *,
    campaign_name: str,
    project: Project,
    is_marketing: bool = True,
    signed: str = "",
) -> Letter:
    """Make the words ready; what is the same for all customers is done here, once.

    `signed` is as what the project writes, where that was approved; empty: its name of today.

    Raises:
        liquid.exceptions.LiquidError, shells.BadMarkup: for what `proofing.mistakes` tells.
    """
    packed = json.dumps(words.words, sort_keys=True)
    sender = signed or project.name
    made, names = _forms(words.channel, words.markup, words.language, packed)
    return Letter(
        words.channel,
        made,
        campaign_name,
        sender,
        project.currency,
        tuple(sorted(name for root, name in names if root == "traits")),
        any(root == "coupon" for root, _name in names),
        any(root == "event" for root, _name in names),
        {code: _because(code, sender, is_marketing) for code in made},
    )


def _because(code: str, sender: str, is_marketing: bool) -> str:
    with translation.override(code):
        if is_marketing:
            said = _("You get this mail because you agreed to hear from %(sender)s.")
        else:
            said = _("You get this mail because of an order or account of yours at %(sender)s.")
    return said % {"sender": sender}


def render(
    letter: Letter,
    customer: Person,
    known: Mapping[str, Any],
    *,
    unsubscribe_url: str = "",
    preferences_url: str = "",
    link: Link | None = None,
    pixel_url: str = "",
    trap_url: str = "",
    coupon: Mapping[str, Any] | None = None,
    event: Mapping[str, Any] | None = None,
) -> Rendered:
    """What a customer of whom these traits are known gets.

    `link` gives every link its tracked address; the plain text of a mail keeps the links as they
    were written, because people read them. `trap_url` is a link that no person sees. `coupon`
    and `event` are the facts of the step's coupon and of what happened.

    Raises:
        CannotRender: a word is missing or a limit was reached for this customer.
    """
    code = language_of(customer)
    form = letter.forms[code]
    facts = _facts(letter, customer, known, coupon, event)
    facts |= {"unsubscribe_url": unsubscribe_url, language.LANGUAGE: code, language.LINK: link}
    subject = _line(language.render(form.subject, facts))[: wording.LONGEST_SUBJECT]
    if letter.channel == forms.EMAIL:
        hidden = [TRAP.format(escape(trap_url))] if trap_url else []
        hidden += [PIXEL.format(escape(pixel_url))] if pixel_url else []
        choose = preferences_url or unsubscribe_url
        facts["message"] = {
            "subject": subject,
            "hidden": Markup("".join(hidden)),  # noqa: S704
            "preferences_url": choose,
            "because": letter.because[code],
        }
        return _mail(form, facts, subject, (choose, unsubscribe_url))
    return _note(form, facts, subject, link, is_sms=letter.channel == forms.SMS)


def preview(
    letter: Letter,
    customer: Customer,
    *,
    hide_contact: bool,
    coupon: Mapping[str, Any] | None = None,
) -> Rendered:
    """What the customer would get, with links as written and nothing counted.

    `hide_contact` blanks name and address for people who may not see them. Where nobody knows which
    coupon it is, an example stands for it.
    """
    if hide_contact:
        customer.name, customer.email, customer.phone = HIDDEN, HIDDEN, HIDDEN
        customer.attributes = looks.attributes(customer.attributes)
    known = traits.of([customer.pk], letter.traits)[customer.pk]
    coupon = coupon or wording.EXAMPLE["coupon"]
    return render(letter, customer, known, unsubscribe_url="#", coupon=coupon, event={})


def in_theme(html: str, theme: str) -> str:
    """The HTML in the "light" or the "dark" theme, whatever the reader's screen has."""
    return DARK.sub(f"@media {THEMES[theme]}", html) if theme in THEMES else html


def language_of(customer: Person) -> str:
    """A language that our own sentences exist in."""
    return _spoken(customer.language)


@lru_cache(maxsize=256)
def _spoken(wanted: str) -> str:
    wanted = wanted.lower()
    for code, _name in settings.LANGUAGES:
        if wanted and (code.startswith(wanted) or wanted.startswith(code.split("-")[0])):
            return code
    return settings.LANGUAGE_CODE


# --- for everybody, once ----------------------------------------------------

Names = frozenset[tuple[str, str]]  # what the words speak of: the first two parts of each path


@lru_cache(maxsize=64)
def _forms(channel: str, markup: str, main: str, packed: str) -> tuple[dict[str, Form], Names]:
    """A form for each language that we speak, from its own words or from the main ones."""
    words: dict[str, dict[str, str]] = json.loads(packed)
    made = {}
    names: set[tuple[str, str]] = set()
    for code, _name in settings.LANGUAGES:
        said = words.get(code) or words[main]
        made[code] = form = _form(channel, markup, said, code, code if code in words else main)
        for template in _templates(form):
            names |= _names(template)
    return made, frozenset(names)


def _form(channel: str, markup: str, said: Mapping[str, str], code: str, written: str) -> Form:
    subject = language.parse(said.get("subject", ""), html=False)
    body = said.get("body", "")
    if channel == forms.EMAIL:
        made = shells.compile_mail(body, markup=markup, language_code=code)
        source = shells.text_source(body, markup)
        outline = plain.outline(source)
        text = outline or language.parse(source, html=True)
        with translation.override(code):
            foot = _("Choose what you hear"), _("Unsubscribe")
        shell = language.parse_shell(made)
        return Form(written, subject, shell, {}, {}, text, outline is not None, foot)
    more = [one for one in forms.FIELDS[channel] if one.name not in {"subject", "body"}]
    return Form(
        written,
        subject,
        language.parse(body, html=False),
        {
            one.name: language.parse(said.get(one.name, ""), html=False)
            for one in more
            if one.form != forms.LINES
        },
        {
            one.name: tuple(
                (key, language.parse(words, html=False))
                for key, words in forms.lines(said.get(one.name, ""))
            )
            for one in more
            if one.form == forms.LINES
        },
    )


def _templates(form: Form) -> list[BoundTemplate]:
    return [
        form.subject,
        form.body,
        *form.fields.values(),
        *(one for lines in form.lines.values() for _key, one in lines),
    ]


def _names(template: BoundTemplate) -> set[tuple[str, str]]:
    return {
        (str(variable.segments[0]), str((variable.segments[1:2] or [""])[0]))
        for variables in template.analyze().globals.values()
        for variable in variables
    }


# --- for each ---------------------------------------------------------------


def _mail(form: Form, facts: dict[str, Any], subject: str, leads: tuple[str, str]) -> Rendered:
    html = language.render(form.body, facts)
    assert form.text
    said = language.render(form.text, facts)
    text = plain.tidy(said) if form.is_outline else plain.from_html(said)
    choose, unsubscribe = form.foot
    foot = f"{choose}: {leads[0]}\n{unsubscribe}: {leads[1]}"
    return Rendered(subject, html, f"{text}\n\n--\n{foot}\n", language=form.language)


def _note(
    form: Form, facts: dict[str, Any], subject: str, link: Link | None, *, is_sms: bool
) -> Rendered:
    """Anything but a mail."""
    text = _clean(language.render(form.body, facts)).strip()
    if link and is_sms and WEB.search(text):
        text = _shortened(text, link, _addresses(facts))
    said = {name: _line(language.render(one, facts)) for name, one in form.fields.items()}
    said["url"] = language.leading(said.get("url", ""))
    if link and said["url"].startswith(("http://", "https://")):
        said["url"] = link(said["url"])
    pairs = {
        name: {key: _line(language.render(one, facts)) for key, one in lines}
        for name, lines in form.lines.items()
    }
    return Rendered(
        subject,
        "",
        text,
        url=said["url"],
        template=said.get("template", ""),
        params=pairs.get("params", {}),
        data=pairs.get("data", {}),
        language=form.language,
    )


def _shortened(text: str, link: Link, others: tuple[str, ...]) -> str:
    """The text with our addresses in the place of its links, but not of others' words."""
    return WEB.sub(
        lambda found: found[0] if found[0].lower().startswith(others) else link(found[0]), text
    )


def _addresses(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that customers said, as in a name: nobody who wrote the template wanted a link there.

    Other facts, such as where a basket is, may be a link where they are an address and no more.
    """
    customer = facts["customer"]
    theirs = set(WEB.findall(customer["name"].lower()))
    for said in (*_said(customer["attributes"]), *_said(facts.get("event"))):
        theirs |= {one for one in WEB.findall(said) if one != said}
    return tuple(theirs)


def _said(fact: Any) -> Iterator[str]:
    """All texts in a fact, as they are compared."""
    if isinstance(fact, str):
        yield fact.strip().lower()
    elif isinstance(fact, Mapping | list | tuple):
        for one in fact.values() if isinstance(fact, Mapping) else fact:
            yield from _said(one)


def _line(text: str) -> str:
    """Text on one line, without what no header may hold."""
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    return text if text.isprintable() else text.translate(CONTROL)


def _facts(
    letter: Letter,
    customer: Person,
    known: Mapping[str, Any],
    coupon: Mapping[str, Any] | None,
    event: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Plain values only: a template can never reach a model or a method."""
    facts: dict[str, Any] = {
        "customer": {
            "number": customer.pk,
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "language": customer.language,
            "attributes": customer.attributes,
        },
        "traits": {name: known.get(name) for name in letter.traits},
        "campaign": {"name": letter.campaign_name},
        "project": {"name": letter.sender, "currency": letter.currency},
    }
    if coupon is not None:
        facts["coupon"] = dict(coupon)
    if event is not None:
        facts["event"] = dict(event)
    return facts
