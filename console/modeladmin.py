"""The screen that all our screens are made from: permissions from the table of roles."""

from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from console import audit, kept_words, roles
from console.kept_words import KeptName
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


class InReadersOrder(ChangeList):
    """A list in which names that ship in both languages stand where the reader looks for them."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        return [self._spoken(one) for one in super().get_ordering(request, queryset)]

    def _spoken(self, part: Any) -> Any:
        path = part.lstrip("-") if isinstance(part, str) else ""
        if not path or not isinstance(_field_of(self.model, path), KeptName):
            return part
        name = kept_words.by_name(path)
        return name.desc() if part.startswith("-") else name.asc()


def _field_of(model: type[Model], path: str) -> Any:
    """The field at the end of a path such as `campaign__name`; None where there is none."""
    *steps, last = path.split("__")
    try:
        for step in steps:
            model = cast(type[Model], model._meta.get_field(step).related_model)
        return model._meta.get_field(last)
    except (FieldDoesNotExist, AttributeError):  # a number that was annotated, or the key
        return None


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

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What somebody saw travels with a form that they may send."""
        names = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return names
        return [name for name in names if name != "seen"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InReadersOrder

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
