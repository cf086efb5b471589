"""A mail's HTML made ready once for everybody: frame, styles inline, links marked.

Liquid is hidden while machines for HTML work on it. What comes out is Liquid again, and of each
customer only that has to be done.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import css_inline
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError
from mjml import mjml2html

from campaigns.words import forms, language, wording

# Places in the frame; what is put in is not looked at again.
BODY, SENDER, UNSUBSCRIBE = "zlq-body-qlz", "zlq-sender-qlz", "zlq-unsubscribe-qlz"
TITLE, HIDDEN = "zlq-title-qlz", "zlq-hidden-qlz"
PREFERENCES, BECAUSE = "zlq-preferences-qlz", "zlq-because-qlz"
# What stands there when it is Liquid again; nobody else can speak of `message`.
OURS = {
    SENDER: "{{ project.name }}",
    UNSUBSCRIBE: "{{ unsubscribe_url }}",
    PREFERENCES: "{{ message.preferences_url }}",
    BECAUSE: "{{ message.because }}",
    TITLE: "{{ message.subject }}",
    HIDDEN: "{{ message.hidden }}",
}
DARK = "@media (prefers-color-scheme: dark)"

# What HTML's machines leave alone, wherever it stands: Latin letters and a number.
STAND_IN = re.compile(r"<!--zlq(\d+)qlz-->|zlq(\d+)qlz")
TOKEN = re.compile(
    r"""\{\{.*?\}\}|\{%.*?%\}|<!--|-->|</?[a-zA-Z!]|>|"|'""",
    re.DOTALL,
)
# In what a machine wrote, attributes stand in double quotes; Liquid may hold some of its own.
INSIDE = r"""(?:\{\{.*?\}\}|\{%.*?%\}|[^"])*"""
HREF = re.compile(
    rf"""(<a\s(?:[^>"]|"{INSIDE}")*?\bhref=")"""
    rf"""(?=https?://|\{{\{{(?!\s*unsubscribe_url)|\{{%)({INSIDE})(")""",
    re.DOTALL,
)
# HTML puts rows into a <tbody> of its own, which a loop around them would open again and again.
ROWS = re.compile(r"(<table\b[^>]*>)(?=(?:\s|<!--zlq\d+qlz-->)*<tr\b)", re.IGNORECASE)
TAGS = re.compile(r"</?[a-zA-Z][\w-]*")
MJML_TAGS = {
    "accordion", "accordion-element", "accordion-text", "accordion-title", "all", "attributes",
    "body", "breakpoint", "button", "carousel", "carousel-image", "class", "column", "divider",
    "font", "group", "head", "hero", "image", "navbar", "navbar-link", "preview", "raw", "section",
    "social", "social-element", "spacer", "style", "table", "text", "title", "wrapper",
}  # fmt: skip


class BadMarkup(ValueError):
    """The HTML or MJML cannot be made ready; says why."""


@dataclass(frozen=True)
class Hidden:
    """Markup in which a stand-in is in the place of each piece of Liquid."""

    text: str
    marks: tuple[str, ...]

    def restore(self, made: str) -> str:
        """The Liquid in its places again. Raises BadMarkup when some were lost or moved."""
        if "{{" in made or "{%" in made:
            raise BadMarkup(_("Write braces as they are, not as &#123;."))
        found = [int(one or other) for one, other in STAND_IN.findall(made)]
        tags = [number for number in found if self.marks[number].startswith("{%")]
        if tags != [n for n, mark in enumerate(self.marks) if mark.startswith("{%")]:
            raise BadMarkup(_tangled())
        if set(found) != set(range(len(self.marks))):
            raise BadMarkup(_tangled())
        return STAND_IN.sub(lambda one: self.marks[int(one[1] or one[2])], made)


def _tangled() -> str:
    return _("Open and close every element inside the same {% if %} or {% for %}.")


def hide(source: str) -> Hidden:
    """Put stand-ins in the place of Liquid: comments for its tags, words for its outputs.

    Raises:
        BadMarkup: Liquid stands in a tag but not within the quotes of an attribute.
    """
    if "zlq" in source:
        raise BadMarkup(_("Choose other letters than “zlq”: we need these."))
    marks: list[str] = []
    made: list[str] = []
    inside, last = "", 0  # text, or what ends the thing that we are in
    for found in TOKEN.finditer(source):
        made.append(source[last : found.start()])
        piece, last = found[0], found.end()
        if piece.startswith(("{{", "{%")):
            if inside == ">":
                words = _("put Liquid within the quotes of an attribute, or outside of the tag.")
                raise BadMarkup(language.in_line(source, found.start(), words))
            is_free = piece.startswith("{%") and not inside
            made.append(f"<!--zlq{len(marks)}qlz-->" if is_free else f"zlq{len(marks)}qlz")
            marks.append(piece)
            continue
        made.append(piece)
        inside = _after(piece, inside)
    made.append(source[last:])
    return Hidden("".join(made), tuple(marks))


def _after(piece: str, inside: str) -> str:
    """What we are in after a piece of markup: text is "", a tag ends with ">"."""
    if inside in {'"', "'"}:
        return ">" if piece == inside else inside
    if inside == "-->":
        return "" if piece == inside else inside
    if inside == ">":
        return piece if piece in {'"', "'"} else "" if piece == inside else inside
    if piece == "<!--":
        return "-->"
    return ">" if piece.startswith("<") else ""


# --- making ready -----------------------------------------------------------


def compile_mail(body: str, *, markup: str, language_code: str) -> str:
    """The whole mail as Liquid of our own, for `language.parse_shell`.

    Raises:
        BadMarkup: in words for the person who wrote it.
    """
    hidden = hide(body)
    if markup == forms.MJML:
        whole = _from_mjml(hidden.text, language_code)
    else:
        whole = _frame(language_code).replace(BODY, ROWS.sub(r"\1<tbody>", hidden.text))
    keeps = markup == forms.MJML or bool(re.search(r'class="[^"]*zlq', hidden.text))
    made = hidden.restore(_inline(whole, keeps=keeps))
    made = _mark_links(made)
    for place, liquid in OURS.items():
        made = made.replace(place, liquid)
    if markup == forms.HTML:
        _check_nesting(body, made, language_code)
        # Added afterwards: it cannot stand inline, so it must not be taken for what can.
        made = made.replace("</head>", f"<style>{DARK} {{{_dark_css()}}}</style></head>", 1)
    return made


def mistakes(body: str, markup: str) -> list[str]:
    """What is wrong with the markup, in words; of its Liquid only what cannot even be tried."""
    if markup == forms.MJML and (unknown := _unknown_mjml(body)):
        return unknown
    try:
        compile_mail(body, markup=markup, language_code="en")
    except (BadMarkup, language.CannotRender) as problem:
        return [str(problem)]
    except LiquidError:  # told by `wording`
        return []
    return []


def text_source(body: str, markup: str) -> str:
    """The part of a mail that its plain text is made from: HTML with its Liquid."""
    if markup == forms.HTML:
        return body
    hidden = hide(body)
    return hidden.restore(_to_html(hidden.text).partition("<body")[2].partition(">")[2])


def _mark_links(made: str) -> str:
    """Put every address of a link that can lead to the web into our own tag."""
    return HREF.sub(r"\1{% link %}\2{% endlink %}\3", made)


def _check_nesting(body: str, made: str, language_code: str) -> None:
    """Whether it comes to the same as making each customer's HTML ready by itself."""
    theirs = language.example(body, wording.EXAMPLE)
    once = _inline(_frame(language_code).replace(BODY, theirs), keeps=False)
    ours = _inline(language.example(made, wording.EXAMPLE), keeps=False)
    if TAGS.findall(once) != TAGS.findall(ours):
        raise BadMarkup(_tangled())


@lru_cache(maxsize=64)
def _frame(language_code: str) -> str:
    """The layout around the body."""
    with translation.override(language_code):
        return render_to_string(
            "campaigns/mail.html",
            {
                "language": language_code,
                "sender": SENDER,
                "css": _css(),
                "body": BODY,
                "title": TITLE,
                "unsubscribe_url": UNSUBSCRIBE,
                "preferences_url": PREFERENCES,
                "because": BECAUSE,
                "hidden": HIDDEN,
            },
        )


# --- MJML -------------------------------------------------------------------


def _from_mjml(source: str, language_code: str) -> str:
    """The HTML of MJML, with the foot that every mail has."""
    with translation.override(language_code):
        foot = render_to_string(
            "campaigns/mail_foot.mjml",
            {
                "because": BECAUSE,
                "unsubscribe_url": UNSUBSCRIBE,
                "preferences_url": PREFERENCES,
            },
        )
    with_foot = re.sub(r"</mj-body\s*>", lambda end: foot + end[0], source, count=1)
    made = _to_html(with_foot, language_code)
    meta = '<meta name="color-scheme" content="light dark">' if DARK in made else ""
    made = re.sub(r"<title>.*?</title>", f"<title>{TITLE}</title>{meta}", made, count=1)
    return made.replace("</body>", f"{HIDDEN}</body>", 1)


def _to_html(source: str, language_code: str = "") -> str:
    source = forms.with_line_ends(source)  # words that were kept before may end otherwise
    named = re.sub(r"<mjml\b(?![^>]*\blang=)", f'<mjml lang="{language_code}"', source, count=1)
    try:
        return mjml2html(named, fonts={}, include_loader=_nothing)
    except ValueError as problem:
        raise BadMarkup(_("This is no MJML: %(words)s.") % {"words": problem}) from problem


def _nothing(path: str) -> str:
    raise ValueError(path)


def _unknown_mjml(body: str) -> list[str]:
    """Elements that MJML does not have: its maker lets them pass and drops what is in them."""
    if "<mjml" not in body or "<mj-body" not in body:
        return [_("MJML begins with <mjml> and has its text in <mj-body>.")]
    found = set(re.findall(r"<mj-([a-z-]+)", body)) - MJML_TAGS
    return [_("There is no element <mj-%(name)s> here.") % {"name": name} for name in sorted(found)]


# --- styles -----------------------------------------------------------------


def _inline(whole: str, *, keeps: bool) -> str:
    return _inliner(keeps).inline(whole)


@lru_cache(maxsize=2)
def _inliner(keeps: bool) -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_at_rules=True, keep_style_tags=keeps, load_remote_stylesheets=False
    )


@lru_cache(maxsize=1)
def _css() -> str:
    return render_to_string("campaigns/mail.css")


@lru_cache(maxsize=1)
def _dark_css() -> str:
    return render_to_string("campaigns/mail_dark.css")
