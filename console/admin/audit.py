"""The audit log, to be read."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console.modeladmin import ReadOnlyAdmin
from console.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    view_action = "audit.view"
    list_display: ClassVar = ["at", "who", "door", "action", "subject_label"]
    list_filter: ClassVar = ["via"]
    list_before_template = "console/real_time.html"
    list_select_related: ClassVar = ["staff"]
    search_fields: ClassVar = ["action__startswith", "subject_label__startswith"]
    search_help_text = _("Search by the beginning of an action or of a subject.")
    fields: ClassVar = [
        "at",
        "staff",
        "via",
        "ref",
        "action",
        "subject_label",
        "subject_type",
        "subject_id",
        "details",
    ]

    @display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        return str(entry.staff) if entry.staff else "–"

    @display(description=_("via"), label=True)
    def door(self, entry: AuditEntry) -> str:
        return entry.get_via_display()
