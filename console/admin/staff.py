"""Staff and teams. A role is all that one sets: rights follow from it."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import UserChangeForm, UserCreationForm

from console import audit, policies
from console.modeladmin import ConsoleModelAdmin
from console.models import Staff, Team

admin.site.unregister(Group)  # rights follow from the role; groups would mean nothing


class StaffCreationForm(UserCreationForm):
    class Meta:
        model = Staff
        fields: ClassVar = ["username", "role", "team"]


@admin.register(Staff)
class StaffAdmin(UserAdmin, ConsoleModelAdmin):  # type: ignore[misc]  # both are ModelAdmins
    view_action = "staff.view"
    add_action = change_action = "staff.change"
    add_form = StaffCreationForm
    form = UserChangeForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "role_label", "team", "is_active"]
    list_filter = ["role", "is_active"]
    list_select_related = ["team"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Work"), {"fields": ["role", "team", "is_active"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"fields": ["username", "role", "team", "usable_password", "password1", "password2"]},
        )
    ]

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().user_change_password(request, *args, **kwargs)
        if answer.status_code == HTTPStatus.FOUND:
            number = args[0] if args else kwargs["id"]
            audit.log("staff.password", self.get_object(request, number))
        return answer

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if version := policies.now_that_two_decide(by=request.user):
            words = _(
                "Two people may decide now, so what nobody has tried before wants two yeses from "
                "now on: see the approval policy “%(policy)s”."
            )
            messages.info(request, words % {"policy": version.policy})

    @display(description=_("name"))
    def full_name(self, staff: Staff) -> str:
        return staff.get_full_name()

    @display(description=_("role"), label=True)
    def role_label(self, staff: Staff) -> str:
        return staff.get_role_display()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Staff have a team, but it is not the team that owns the account.
        return super().has_change_permission(request)


@admin.register(Team)
class TeamAdmin(ConsoleModelAdmin):
    view_action = "staff.view"
    add_action = change_action = delete_action = "staff.change"
    list_display: ClassVar = ["name", "lead", "people"]
    list_select_related: ClassVar = ["lead"]
    fields: ClassVar = ["name", "lead"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(people_count=Count("staff"))

    @display(description=_("people"))
    def people(self, team: Any) -> int:
        return team.people_count
