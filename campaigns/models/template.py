"""What a message says, before it knows to whom, and what it said before."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import kept_words
from console.kept_words import KeptName
from console.models import Team

Words = dict[str, dict[str, str]]  # by language, the fields of its channel


class MessageTemplate(models.Model):
    """Words in Liquid for one channel; each change of them is a new revision."""

    class Channel(models.TextChoices):
        EMAIL = "email", pgettext_lazy("a channel", "e-mail")
        SMS = "sms", _("SMS")
        PUSH = "push", pgettext_lazy("channel", "push")
        IN_APP = "in_app", _("in the app")
        ROBOT = "robot", _("work chat")
        WEBHOOK = "webhook", _("webhook")

    class Markup(models.TextChoices):
        HTML = "html", "HTML"
        MJML = "mjml", "MJML"

    name = KeptName(_("name"), max_length=120, unique=True)
    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel, default=Channel.EMAIL, db_default="email"
    )
    markup = models.CharField(
        _("written in"), max_length=4, choices=Markup, default=Markup.HTML, db_default="html"
    )
    language = models.CharField(
        _("language"),
        max_length=16,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        db_default=settings.LANGUAGE_CODE,
        help_text=_("Of the words that customers of any other language get, too."),
    )
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(
        pgettext_lazy("message", "text"),
        blank=True,
        help_text=_("HTML with Liquid, such as {{ customer.name }}."),
    )
    # What other channels have besides, and the same words in other languages.
    more = models.JSONField(default=dict, blank=True, db_default={})
    variants = models.JSONField(default=dict, blank=True, db_default={})
    revision = models.PositiveIntegerField(_("revision"), default=1)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return kept_words.said(self.name)

    def words(self) -> Words:
        """Everything that it says, by language; the main one first."""
        main = {"subject": self.subject, "body": self.body, **self.more}
        others = {code: said for code, said in self.variants.items() if code != self.language}
        return {self.language: main} | others


class TemplateRevision(models.Model):
    """The words of a template at one time. Campaigns are sent with these; they never change."""

    template = models.ForeignKey(
        MessageTemplate, models.PROTECT, related_name="revisions", verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("revision"))
    channel = models.CharField(
        _("channel"), max_length=8, choices=MessageTemplate.Channel, default="email"
    )
    markup = models.CharField(max_length=4, choices=MessageTemplate.Markup, default="html")
    language = models.CharField(_("language"), max_length=16)
    words = models.JSONField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    at = models.DateTimeField(_("changed at"), auto_now_add=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "number"], name="one_row_a_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.template} · {self.number}"
