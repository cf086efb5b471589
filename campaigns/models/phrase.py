"""Words that messages had better not hold."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Phrase(models.Model):
    """Something that messages do not say, and what to say instead."""

    class Kind(models.TextChoices):
        PROMISE = "promise", _("promises too much")
        FORBIDDEN = "forbidden", _("forbidden")

    text = models.CharField(
        pgettext_lazy("a phrase", "words"),
        max_length=80,
        unique=True,
        help_text=_(
            "Found whatever the case, the width and the spaces between Chinese characters."
        ),
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.FORBIDDEN)
    stops = models.BooleanField(
        _("cannot be sent"),
        default=False,
        help_text=_("Otherwise whoever writes it is warned."),
    )
    instead = models.CharField(_("instead"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("word to avoid")
        verbose_name_plural = _("words to avoid")
        ordering: ClassVar = ["kind", "text"]

    def __str__(self) -> str:
        return self.text
