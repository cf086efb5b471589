"""Event types: what was seen, how much of it, and whether it counts as being active."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from console.modeladmin import ConsoleModelAdmin
from segments.models import EventType


@admin.register(EventType)
class EventTypeAdmin(ConsoleModelAdmin):
    view_action = "events.view"
    change_action = "project.change"
    list_display: ClassVar = ["name", "volume", "first_seen_at", "last_seen_at", "counts_as_active"]
    search_fields: ClassVar = ["name__startswith"]
    fields: ClassVar = ["name", "counts_as_active", "volume", "first_seen_at", "last_seen_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field for field in self.fields if field != "counts_as_active"]
