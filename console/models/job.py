"""Long work and how far it has come, so that a person can watch it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One run of something that takes longer than a request."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    # A task that is delivered again after its worker died starts the same job anew.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.RUNNING, Status.FAILED},
        Status.RUNNING: {Status.RUNNING, Status.DONE, Status.FAILED},
        Status.FAILED: {Status.RUNNING},
        Status.DONE: set(),
    }

    kind = models.CharField(_("kind"), max_length=40)
    label = models.CharField(_("what"), max_length=200)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("of"), default=0)
    note = models.CharField(_("note"), max_length=200, blank=True)
    error = models.TextField(_("error"), blank=True)
    language = models.CharField(_("language"), max_length=16, default="zh-hans")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.label

    @property
    def done_share(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        if self.status == self.Status.DONE:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def is_over(self) -> bool:
        return self.status in {self.Status.DONE, self.Status.FAILED}
