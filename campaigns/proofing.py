"""Reading a template before anybody gets it: what cannot be sent, and what had better not be."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from campaigns import forms, shells, wording
from campaigns.models import TemplateRevision
from campaigns.wording import Mistake


def mistakes(revision: TemplateRevision) -> list[Mistake]:
    """Everything that would go wrong with these words; with one of them nothing is sent."""
    return [
        Mistake(field.name, words, code)
        for code, said in revision.words.items()
        for field in forms.FIELDS[revision.channel]
        for words in _wrong(revision, field, said.get(field.name, ""), code)
    ]


def _wrong(revision: TemplateRevision, field: forms.Field, text: str, code: str) -> Iterator[str]:
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
    yield from found
