"""Presets of imports: who saved which, renamed and removed by those whose they are."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import formats
from console.modeladmin import ConsoleModelAdmin
from segments.admin.naming import ONE
from segments.models import ImportPreset


@admin.register(ImportPreset)
class ImportPresetAdmin(ConsoleModelAdmin):
    """They are made on the screen where a file's columns are named."""

    view_action = "imports.view"
    empty_words: ClassVar = _(
        "No preset is saved yet; files of GA4, Mixpanel, Shopify and others need none."
    )
    change_action = delete_action = "imports.run"
    list_display: ClassVar = ["name", "meanings", "owner", "team", "used_at"]
    list_select_related: ClassVar = ["owner", "team"]
    list_before_template = "segments/import/presets_hint.html"
    search_fields: ClassVar = ["name"]
    fields: ClassVar = [
        "name",
        "team",
        "meanings",
        "file_columns",
        "owner",
        "created_at",
        "used_at",
    ]
    readonly_fields: ClassVar = ["meanings", "file_columns", "owner", "created_at", "used_at"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("columns' meanings"))
    def meanings(self, preset: ImportPreset) -> str:
        found = [
            f"{preset.mapping[meaning]} → {label}"
            for meaning, label in ONE.items()
            if preset.mapping.get(meaning)
        ]
        return "; ".join(found)

    @display(description=_("columns of the file it was made for"))
    def file_columns(self, preset: ImportPreset) -> str:
        return formats.listed(preset.columns)
