"""The screen that all our screens are made from: permissions from the table of roles."""

from typing import Any, ClassVar

from django import forms
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from console import audit, roles
from console.widgets import DayWidget, HourWidget, MomentWidget


class RoleMixin:
    """Answers Django's four questions from `roles.TABLE`; an empty action means nobody."""

    view_action: ClassVar[str] = ""
    add_action: ClassVar[str] = ""
    change_action: ClassVar[str] = ""
    delete_action: ClassVar[str] = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.view_action) and roles.allows(request.user, self.view_action)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.add_action) and roles.allows(request.user, self.add_action)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.change_action) and roles.may_change(request.user, obj, self.change_action)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.delete_action) and roles.may_change(request.user, obj, self.delete_action)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class CappedPaginator(Paginator):
    """Counts no further than people page, so that a list costs the same at any size."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())


class ConsoleModelAdmin(RoleMixin, ModelAdmin):
    """A screen over one table. What is computed comes from a verb module."""

    paginator = CappedPaginator
    formfield_overrides: ClassVar = {
        models.DateField: {"widget": DayWidget},
        models.TimeField: {"widget": HourWidget},
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentWidget},
    }
    empty_words: ClassVar[Any] = ""  # what belongs into an empty list, and how it comes there
    show_full_result_count = False
    empty_value_display = "–"
    list_per_page = 50
    list_filter_submit = False
    warn_unsaved_form = True
    compressed_fields = True
    # Deletions in bulk would pass by the verbs; screens that allow them say so.
    actions: Any = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The window is called what the list holds, not what one could select in it."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Model, form: Form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        deed = "changed" if change else "added"
        audit.log(f"{obj._meta.model_name}.{deed}", obj, fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        audit.log(f"{obj._meta.model_name}.deleted", obj)
        super().delete_model(request, obj)

    # Django's own log would say the same a second time, in a table that can be edited.
    def log_addition(self, *_args: Any, **_kwargs: Any) -> None: ...
    def log_change(self, *_args: Any, **_kwargs: Any) -> None: ...
    def log_deletions(self, *_args: Any, **_kwargs: Any) -> None: ...


class ReadOnlyAdmin(ConsoleModelAdmin):
    """A screen on which nothing can be written."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
