"""What the local mailbox and the local phone received, kept to be read in the console."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MailboxMessage(models.Model):
    """One mail for one recipient as it came over SMTP, or one message of another wire."""

    class Wire(models.TextChoices):
        EMAIL = "email", pgettext_lazy("a channel", "e-mail")
        SMS = "sms", _("short message")
        PUSH = "push", pgettext_lazy("channel", "push")
        WECOM = "wecom", _("WeCom")
        DINGTALK = "dingtalk", _("DingTalk")
        FEISHU = "feishu", _("Feishu")
        WEBHOOK = "webhook", _("webhook")

    wire = models.CharField(_("channel"), max_length=16, choices=Wire, default=Wire.EMAIL)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    sender = models.CharField(_("from"), max_length=320, blank=True)
    recipient = models.CharField(_("to"), max_length=320, db_index=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    # A mail's source; of other messages JSON: title, text, and what was said over the wire.
    raw = models.BinaryField(pgettext_lazy("of a mail", "source"))
    size = models.PositiveIntegerField(_("bytes"))

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("local mailbox")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"  # a subject may speak to somebody by name
