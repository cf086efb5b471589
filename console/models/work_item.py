"""Something that a person has to do, by when, why, and what came of it."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import kept_words, work_kinds
from console.kept_words import KeptWords
from console.models.staff import Team


class WorkItem(models.Model):
    """One duty of one person or team; what it is about can be any record."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("work", "open")
        STARTED = "started", _("in progress")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.STARTED, Status.DONE, Status.DROPPED},
        Status.STARTED: {Status.OPEN, Status.DONE, Status.DROPPED},
        Status.DONE: {Status.OPEN},
        Status.DROPPED: {Status.OPEN},
    }
    UNFINISHED: ClassVar[set[str]] = {Status.OPEN, Status.STARTED}
    NOUN = "work_item"

    kind = models.SlugField(_("kind"), max_length=40)
    title = KeptWords(_("what"))
    why = KeptWords(_("why"), blank=True)
    plan = KeptWords(_("plan"), blank=True, help_text=_("What is to be done."))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="work",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="work", verbose_name=_("team")
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.PositiveBigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    # What must not be given twice says so here, whatever became of the first.
    once = models.CharField(max_length=120, blank=True, default="", editable=False)
    outcome = KeptWords(_("outcome"), blank=True)
    # The answer to the form of its kind (`console.work_kinds`), to be counted.
    result = models.SlugField(_("result"), max_length=20, blank=True, default="")
    facts = models.JSONField(default=dict, blank=True, editable=False)
    # How often it was tried without coming to an end, such as a call that nobody took.
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    # Empty: the console gave it by itself.
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("given by"),
    )
    given_on = models.DateField(_("given on"))
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("closed by"),
    )

    class Meta:
        verbose_name = pgettext_lazy("duties", "work item")
        verbose_name_plural = pgettext_lazy("duties", "work")
        ordering: ClassVar = [models.F("due_on").asc(nulls_last=True), "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["once"], condition=~models.Q(once=""), name="work_is_given_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "status"], name="work_by_owner"),
            models.Index(fields=["team", "status", "due_on"], name="work_by_team"),
            models.Index(fields=["kind", "closed_at"], name="work_by_outcome"),
            models.Index(fields=["subject_type", "subject_id"], name="work_by_subject"),
        ]

    def __str__(self) -> str:
        return kept_words.said(self.title)

    @property
    def logged_as(self) -> str:
        """How the audit log names it: a title may say whom to call, and the log forgets nothing."""
        return f"{self.kind} #{self.pk}"

    @property
    def kind_words(self) -> str:
        """What people call its kind."""
        return str(work_kinds.of(self.kind).label)

    @property
    def came_to(self) -> work_kinds.Result | None:
        """How it ended, by the form of its kind; nothing while it goes on."""
        return None if self.is_unfinished else work_kinds.of(self.kind).result(self.result)

    @property
    def is_unfinished(self) -> bool:
        return self.status in self.UNFINISHED

    def is_overdue(self, today: dt.date) -> bool:
        return self.is_unfinished and self.due_on is not None and self.due_on < today
