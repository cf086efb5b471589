"""Reading a template before anybody gets it: what cannot be sent, and what had better not be."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.channels import sms_parts
from campaigns.models import Phrase, TemplateRevision
from campaigns.words import forms, phrases, plain, rendering, shells, short_links, uses, wording
from campaigns.words.wording import Mistake
from segments import traits

SHORT_SUBJECT = 60  # columns that phones show of a subject; a Chinese character takes two
SHORT_TITLE, SHORT_PUSH = 40, 160
LARGEST_MAIL = 100_000  # bytes; some mail programs cut off what is longer
TAG = re.compile(r"<(a|img|mj-button|mj-image)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.I | re.S)
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
# Nobody owns these (RFC 2606): they stand in examples, and lead nowhere.
NOBODYS = re.compile(r"https?://(?:[\w-]+\.)*example(?:\.(?:com|net|org))?(?=[/?#:]|$)", re.I)
WEB = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；、）】]+")
REFUSAL = re.compile(r"拒收|退订|回复?\s*(R|T|TD)\b|\bstop\b|opt.?out", re.I)


def mistakes(revision: TemplateRevision) -> list[Mistake]:
    """Everything for which these words cannot be sent."""
    found = [
        Mistake(field.name, words, code)
        for code, said in revision.words.items()
        for field in forms.FIELDS[revision.channel]
        for words in _wrong(revision, field, said.get(field.name, ""))
    ]
    return found + list(_avoided(revision, stops=True))


def advice(revision: TemplateRevision) -> list[Mistake]:
    """What would be better otherwise, of words that have no mistakes."""
    found = list(_avoided(revision, stops=False))
    for code, said in revision.words.items():
        for name, words in (
            *_better(revision, said),
            *_nobodys(revision, said),
            *_bare(revision, said),
        ):
            found.append(Mistake(name, words, code))
    for code, name in settings.LANGUAGES:
        if code not in revision.words and len(settings.LANGUAGES) > 1:
            words = _("There are no words in %(language)s: those customers get the other ones.")
            found.append(Mistake("", words % {"language": name}, code))
    return found


def parts(text: str) -> int:
    """How many short messages a text is charged as, with its links as they are tracked."""
    tracked = rendering.WEB.sub(short_links.address(short_links.EXAMPLE), text)
    return sms_parts.parts(tracked)


# --- what cannot be sent ----------------------------------------------------


def _wrong(revision: TemplateRevision, field: forms.Field, text: str) -> Iterator[str]:
    if not text.strip():
        if field.is_needed:
            yield _("Write something here.")
        return
    is_mail = field.form == forms.HTML
    found = list(wording.wrong(text, field.longest, html=is_mail))
    if field.form == forms.LINES:
        try:
            forms.lines(text)
        except ValueError as line:
            found.append(_("“%(line)s” has no name; write “name: words”.") % {"line": line})
    if is_mail and not found:
        found += shells.mistakes(text, revision.markup)
    if not found:
        found += [words for one in _addresses(field, text) if (words := _broken(one))]
    yield from found


def _addresses(field: forms.Field, text: str) -> list[str]:
    """Where the links of a field lead, with an x in the place of what Liquid would say."""
    if field.form == forms.HTML:
        hidden = shells.hide(text).text
        return [
            shells.STAND_IN.sub("x", given["href"])
            for name, given in _tags(hidden)
            if name in {"a", "mj-button"}
            and "href" in given
            and not shells.STAND_IN.match(given["href"])
        ]
    if field.name == "url" and not text.lstrip().startswith("{"):
        return [plain.MARKUP.sub("x", text).strip()]
    return []


def _broken(address: str) -> str:
    """In words, why an address leads nowhere; empty when it does not."""
    if address.startswith(("mailto:", "tel:", "sms:")):
        return ""
    said = {"address": address[:80]}
    if not address or address == "#":
        return _("A link leads nowhere: its address is empty.")
    if not address.startswith(("http://", "https://")):
        return _("“%(address)s” is no whole address: begin it with https://.") % said
    try:
        parsed = urlsplit(address)
        host, _port = parsed.hostname or "", parsed.port
    except ValueError:
        host = ""
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", host) or re.search(r"[\s<>]", address):
        return _("“%(address)s” cannot be read as an address.") % said
    return ""


def _avoided(revision: TemplateRevision, *, stops: bool) -> Iterator[Mistake]:
    kept = [one for one in phrases.everything() if one.stops == stops]
    for code, said in revision.words.items():
        for name, text in said.items():
            bare = re.sub(r"<[^>]*>", " ", text) if name == "body" else text
            for phrase in phrases.found_in(unescape(bare), kept):
                yield Mistake(name, _about(phrase), code)


def _about(phrase: Phrase) -> str:
    words = (
        _("“%(words)s” promises too much.")
        if phrase.kind == Phrase.Kind.PROMISE
        else _("“%(words)s” is among the words to avoid.")
    ) % {"words": phrase.text}
    return f"{words} {phrase.instead}".strip()


# --- what would be better ---------------------------------------------------


def _better(revision: TemplateRevision, said: dict[str, str]) -> Iterator[tuple[str, str]]:
    subject, body = said.get("subject", ""), said.get("body", "")
    match revision.channel:
        case forms.EMAIL:
            yield from _too_wide("subject", subject, SHORT_SUBJECT)
            yield from _mail(body, revision.markup)
        case forms.SMS:
            yield from _sms(body)
        case forms.PUSH | forms.IN_APP:
            yield from _too_wide("subject", subject, SHORT_TITLE)
            if revision.channel == forms.PUSH:
                yield from _too_wide("body", body, SHORT_PUSH)
            if not said.get("url"):
                yield "url", _("There is no link: add one that says what to do next.")


def _nobodys(revision: TemplateRevision, said: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The first link of a field that came with an example, and leads nobody anywhere yet."""
    for field in forms.FIELDS[revision.channel]:
        text = said.get(field.name, "")
        for address in (*_addresses(field, text), *WEB.findall(text)):
            if NOBODYS.match(address):
                words = _("“%(address)s” stands in an example: say where yours leads.")
                yield field.name, words % {"address": address[:80]}
                break


def _bare(revision: TemplateRevision, said: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Amounts and times that people would read as they are kept: 2000 for $20.00."""
    for field in forms.FIELDS[revision.channel]:
        if field.form == forms.LINES:  # programs read these
            continue
        text = said.get(field.name, "")
        parsed = wording.parse(text, html=field.form == forms.HTML)
        for path in uses.bare([parsed]):
            if filter_ := _filter_for(path):
                words = _("“%(fact)s” is written as the console keeps it: say {{ %(better)s }}.")
                fact = ".".join(path)
                yield field.name, words % {"fact": fact, "better": f"{fact} | {filter_}"}


def _filter_for(path: uses.Name) -> str:
    match path:
        case ("coupon", "value" | "floor"):
            return "money"
        case ("coupon", "expires_at"):
            return "date: '%Y-%m-%d %H:%M'"
        case ("traits", key):
            trait = traits.some([key]).get(key)
            return "money" if trait is not None and trait.kind == traits.MONEY else ""
        case _else:
            return ""


def _mail(body: str, markup: str) -> Iterator[tuple[str, str]]:
    tags = _tags(body)
    if words := _calls(tags):
        yield "body", words
    if any(name in {"img", "mj-image"} and not given.get("alt") for name, given in tags):
        yield "body", _('An image has no words for people who do not see it: give it alt="…".')
    if any(given.get("href", "").startswith("http://") for _name, given in tags):
        yield "body", _("A link is not encrypted: begin it with https://.")
    if len(body.encode()) > LARGEST_MAIL // 2:
        size = len(shells.compile_mail(body, markup=markup, language_code="en").encode())
        if size > LARGEST_MAIL:
            yield (
                "body",
                _("This is %(size)s kB; some mail programs cut it off at 100.")
                % {"size": size // 1000},
            )


def _calls(tags: list[tuple[str, dict[str, str]]]) -> str:
    """About the one thing that the reader is to do; empty when it is there."""
    links = [
        (name == "mj-button" or "button" in given.get("class", "").split(), given["href"])
        for name, given in tags
        if "href" in given
        and "unsubscribe_url" not in given["href"]
        and not given["href"].startswith(("mailto:", "tel:"))
    ]
    buttons = {address for is_button, address in links if is_button}
    others = {address for is_button, address in links if not is_button}
    if not buttons and not others:
        return _("There is no link: add one that says what to do next.")
    count = len(buttons) or len(others)
    if count > 1:
        return _("%(count)s calls to action compete: one works best.") % {"count": count}
    if not buttons:
        return _('Make the link a button: <a class="button" …>.')
    return ""


def _sms(body: str) -> Iterator[tuple[str, str]]:
    count = parts(plain.MARKUP.sub("xxxx", body))
    if count > 1:
        yield (
            "body",
            ngettext(
                "About %(count)s part: each is charged.",
                "About %(count)s parts: each is charged.",
                count,
            )
            % {"count": count},
        )
    if len(WEB.findall(body)) > 1:
        yield (
            "body",
            _("%(count)s calls to action compete: one works best.")
            % {"count": len(WEB.findall(body))},
        )
    if not REFUSAL.search(body):
        yield "body", _("Say how to refuse more of it, such as “拒收请回复R”.")


def _too_wide(name: str, text: str, most: int) -> Iterator[tuple[str, str]]:
    width = sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in plain.MARKUP.sub("xxxx", text)
    )
    if width > most:
        yield (
            name,
            _("Phones show about %(most)s letters of it, or half as many characters.")
            % {"most": most},
        )


def _tags(markup: str) -> list[tuple[str, dict[str, str]]]:
    """The links and images of a text with their attributes."""
    return [
        (
            name.lower(),
            {
                key.lower(): unescape(one or two or three).strip()
                for key, one, two, three in ATTRIBUTE.findall(given)
            },
        )
        for name, given in TAG.findall(markup)
    ]
