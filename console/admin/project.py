"""The project's settings: one row, so the list leads straight to it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.admin.amounts import MoneyField
from console.modeladmin import ConsoleModelAdmin
from console.models import Project


class ProjectForm(forms.ModelForm):
    """Money as people write it."""

    work_minor = MoneyField(
        label=_("cost of a work item"),
        required=True,
        help_text=_("What one work item costs in quotes, such as 10.00."),
    )

    class Meta:
        model = Project
        fields = ("name", "time_zone", "currency", "work_minor", "today_on")


@admin.register(Project)
class ProjectAdmin(ConsoleModelAdmin):
    view_action = "project.view"
    change_action = "project.change"
    form = ProjectForm
    fields: ClassVar = ["name", "time_zone", "currency", "work_minor", "today_on"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:console_project_change", args=[1]))
