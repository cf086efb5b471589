"""A template's life: each change of its words is a new revision, and none is thrown away."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import MessageTemplate, TemplateRevision
from campaigns.words import forms, proofing, revisions
from console import audit, roles
from console.models import Staff
from console.states import NotAllowed, Stale

ACTION = "templates.change"
WORDS = ("channel", "markup", "language", "subject", "body", "more", "variants")


@transaction.atomic
def add(*, name: str, by: Staff | None, **words: Any) -> MessageTemplate:
    """A new template of its maker's team; without a maker it is one that we ship.

    `words` are the fields of `WORDS`: a subject and a body, and what else differs from a mail in
    HTML and in our first language.

    Raises:
        NotAllowed: the role, or a mistake in the words.
    """
    if by is not None:
        roles.require(by, ACTION)
    said = forms.with_line_ends(words)
    template = MessageTemplate(name=name, updated_by=by, team=by.team if by else None, **said)
    _require_good(template)
    template.save()
    revisions.pin(template)
    audit.log("template.added", template, by=by)
    return template


@transaction.atomic
def edit(template: MessageTemplate, *, by: Staff, seen_revision: int, **fields: Any) -> bool:
    """Change name or words; True when there is a new revision.

    Campaigns that were submitted keep the words that they were submitted with.

    Raises:
        NotAllowed: the role, the team, or a mistake in the words.
        Stale: somebody else changed the words since `seen_revision`.
    """
    kept = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    roles.require(by, ACTION, record=kept)
    if kept.revision != seen_revision:
        raise Stale(_("Somebody else changed these words meanwhile; load the page again."))
    said = forms.with_line_ends(fields)
    changed = {name: value for name, value in said.items() if getattr(kept, name) != value}
    is_new = any(name in changed for name in WORDS)
    if is_new:
        revisions.pin(kept)
        kept.revision += 1
    for name, value in changed.items():
        setattr(kept, name, value)
    _require_good(kept)
    if changed:
        kept.updated_by = by
        kept.save()
        revisions.pin(kept)
        audit.log("template.changed", kept, by=by, fields=sorted(changed))
    template.refresh_from_db()
    return is_new


def say_again(revision: TemplateRevision, *, by: Staff) -> bool:
    """Make an earlier revision's words the newest ones; raises as `edit` does."""
    template = MessageTemplate.objects.get(pk=revision.template_id)
    said = dict(revision.words)
    main = dict(said.pop(revision.language))
    return edit(
        template,
        by=by,
        seen_revision=template.revision,
        markup=revision.markup,
        language=revision.language,
        subject=main.pop("subject", ""),
        body=main.pop("body", ""),
        more=main,
        variants=said,
    )


@transaction.atomic
def archive(template: MessageTemplate, *, by: Staff) -> None:
    """Put it away: it is no longer offered, and what was made with it keeps it."""
    roles.require(by, ACTION, record=template)
    _set_archived(template, timezone.now())
    audit.log("template.archived", template, by=by)


@transaction.atomic
def restore(template: MessageTemplate, *, by: Staff) -> None:
    """Offer it again."""
    roles.require(by, ACTION, record=template)
    _set_archived(template, None)
    audit.log("template.restored", template, by=by)


def _set_archived(template: MessageTemplate, moment: Any) -> None:
    MessageTemplate.objects.filter(pk=template.pk).update(archived_at=moment)
    template.archived_at = moment


def _require_good(template: MessageTemplate) -> None:
    for mistake in proofing.mistakes(revisions.unsaved(template)):
        raise NotAllowed(mistake.words)
