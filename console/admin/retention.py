"""How long each kind of data is kept: looked at first, saved then."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console import clock, retention, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import RetentionPeriod
from console.states import NotAllowed

# What a field offers; any other number of days can be written into it.
PERIODS = {
    30: _("a month"),
    90: _("three months"),
    180: _("half a year"),
    365: _("a year"),
    730: _("two years"),
    1095: _("three years"),
    1825: _("five years"),
}


@admin.register(RetentionPeriod)
class RetentionPeriodAdmin(ReadOnlyAdmin):
    view_action = retention.VIEW

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """One table: now kept, to be kept, and what would go."""
        roles.require(request.user, retention.VIEW)
        wanted: dict[str, int | None] = retention.periods()
        would_go: dict[str, int] | None = None
        if request.method == "POST":
            staff: Any = request.user
            roles.require(staff, retention.CHANGE)
            is_easy = request.POST.get("step") == "fill"
            wanted = dict(retention.SENSIBLE) if is_easy else _read(request)
            if request.POST.get("step") == "save":
                retention.save(wanted, by=staff)
                self.message_user(request, gettext("Saved. It is applied every night."))
                return HttpResponseRedirect(reverse("admin:console_retentionperiod_changelist"))
            would_go = retention.would_go(wanted, today=clock.today())
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "rows": _rows(wanted, would_go),
            "looked": would_go is not None,
            "periods": PERIODS,
            "may_change": roles.allows(request.user, retention.CHANGE),
        }
        return render(request, "console/privacy/retention.html", context)


def _read(request: HttpRequest) -> dict[str, int | None]:
    """The days that were typed.

    Raises:
        NotAllowed: something that is no number.
    """
    wanted: dict[str, int | None] = {}
    for kind in RetentionPeriod.Kind:
        typed = request.POST.get(kind.value, "").strip()
        if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
            raise NotAllowed(
                gettext("“%(typed)s” is not a number of days.") % {"typed": typed[:20]}
            )
        wanted[kind.value] = int(typed) if typed else None
    retention.check(wanted)
    return wanted


def _rows(
    wanted: dict[str, int | None], would_go: dict[str, int] | None
) -> list[dict[str, object]]:
    now = retention.periods()
    return [
        {
            "kind": kind.value,
            "label": kind.label,
            "now": now[kind.value],
            "sensible": retention.SENSIBLE[kind.value],
            "wanted": wanted[kind.value],
            "would_go": would_go[kind.value] if would_go else None,
        }
        for kind in RetentionPeriod.Kind
    ]
