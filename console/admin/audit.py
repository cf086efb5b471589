"""The audit log, to be read."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import kept_words
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
        "told",
    ]

    @display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        return str(entry.staff) if entry.staff else "–"

    @display(description=_("details"))
    def told(self, entry: AuditEntry) -> str:
        """What was kept in sentences is read in one's own language."""
        rows = [(name, _written(said)) for name, said in _said(entry).items()]
        return format_html_join("", '<div><span class="quiet">{}</span> {}</div>', rows) or "–"

    @display(description=_("via"), label=True)
    def door(self, entry: AuditEntry) -> str:
        return entry.get_via_display()


def _said(entry: AuditEntry) -> dict[str, Any]:
    found: dict[str, Any] = kept_words.said_all(entry.details)
    return found


def _written(value: Any) -> str:
    """A name or a number as it is; what has parts, as the log keeps it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
