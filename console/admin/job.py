"""Jobs: what is running, how far it is and how the last ones ended."""

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console.modeladmin import ReadOnlyAdmin
from console.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    view_action = "jobs.view"
    empty_words: ClassVar = _(
        "Work that takes longer, such as a recompute or an import, shows its progress here."
    )
    list_display: ClassVar = ["label", "progress", "started_by", "created_at", "finished_at"]
    list_filter: ClassVar = ["status"]
    list_before_template = "console/real_time.html"
    list_select_related: ClassVar = ["started_by"]
    fields: ClassVar = [
        "label",
        "kind",
        "progress",
        "error",
        "started_by",
        "created_at",
        "started_at",
        "finished_at",
    ]
    readonly_fields = fields

    @display(description=_("progress"))
    def progress(self, job: Job) -> SafeString:
        """A bar that `console.js` keeps up to date."""
        return format_html('<div data-job="{}" data-job-status="{}"></div>', job.pk, job.status)
