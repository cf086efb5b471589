"""The words of a template as they are at one moment: what is approved, and what is sent."""

from django.conf import settings

from campaigns.models import Audience, MessageTemplate, TemplateRevision


def unsaved(template: MessageTemplate) -> TemplateRevision:
    """The words as they stand, kept or not; for previews and checks."""
    return TemplateRevision(
        template=template,
        number=template.revision,
        channel=template.channel,
        markup=template.markup,
        language=template.language,
        words=template.words(),
        by=template.updated_by,
    )


def pin(template: MessageTemplate) -> TemplateRevision:
    """The revision that the template is at, written down for good; a second time the same."""
    now = unsaved(template)
    names = ("channel", "markup", "language", "words", "by")
    kept, _is_new = TemplateRevision.objects.get_or_create(
        template=template,
        number=template.revision,
        defaults={name: getattr(now, name) for name in names},
    )
    return kept


def frozen_of(audience: Audience, template: int) -> TemplateRevision:
    """The words of one of the plan's templates that an audience was frozen with."""
    number = audience.words.get(str(template))
    if number is None:
        return frozen(audience)
    return TemplateRevision.objects.get(template=template, number=number)


def frozen(audience: Audience) -> TemplateRevision:
    """The words that an audience was frozen with."""
    number = audience.template_revision or 1
    found = TemplateRevision.objects.filter(
        template=audience.campaign.template_id, number=number
    ).first()
    return found or TemplateRevision(  # frozen before revisions were kept
        number=number,
        language=settings.LANGUAGE_CODE,
        words={settings.LANGUAGE_CODE: {"subject": audience.subject, "body": audience.body}},
    )
