"""What people say of a request: comments, files, and who wants to hear of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.kept_words import KeptName, KeptWords
from console.models.team_request import TeamRequest


class RequestComment(models.Model):
    """What somebody said, with those whom they meant."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = KeptWords(_("comment"), max_length=8000)
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text[:80]


class RequestFile(models.Model):
    """A file that belongs to a request, kept in the database so that a backup has it."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "sha256", "name"], name="a_file_comes_once")
        ]

    def __str__(self) -> str:
        return self.name


class RequestWatch(models.Model):
    """Somebody who hears of what happens to a request, or who said that they do not want to."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="watches")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    is_muted = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "staff"], name="a_request_is_watched_once")
        ]

    def __str__(self) -> str:
        return f"{self.staff} ← {self.request}"


class RequestNews(models.Model):
    """Something that happened to a request and that one person is told, here and by mail."""

    request = models.ForeignKey(TeamRequest, models.CASCADE, related_name="news")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="request_news")
    what = models.CharField(max_length=40)  # an audit action, such as `team_request.accepted`
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    words = KeptName(max_length=300, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["to", "read_at"], name="news_by_reader")]

    def __str__(self) -> str:
        return f"{self.what} → {self.to}"


class SavedView(models.Model):
    """Filters of a list that somebody keeps under a name, for themselves or for their team."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)  # a URL's name
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(_("for the whole team"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "page", "name"], name="a_view_has_one_name")
        ]

    def __str__(self) -> str:
        return self.name
