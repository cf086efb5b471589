"""Who did what, when and through which door; the database lets nobody change it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One deed. A trigger in the database refuses UPDATE and DELETE of these rows."""

    class Via(models.TextChoices):
        BROWSER = "browser", _("browser")
        API = "api", _("API")
        TASK = "task", _("background task")
        SHELL = "shell", _("command line")

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("staff member"),
    )
    via = models.CharField(_("via"), max_length=8, choices=Via)
    ref = models.CharField(_("request or task"), max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=64)
    subject_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, related_name="+", verbose_name=_("kind of subject")
    )
    subject_id = models.CharField(_("subject's number"), max_length=64, blank=True)
    subject_label = models.CharField(_("subject"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}".strip()

    @classmethod
    def of(cls, subject: models.Model | None, *actions: str) -> "models.QuerySet[AuditEntry]":
        """What was done with a record, newest first; nothing where there is none."""
        if subject is None:
            return cls.objects.none()
        kind = ContentType.objects.get_for_model(subject)
        return cls.objects.filter(subject_type=kind, subject_id=str(subject.pk), action__in=actions)
