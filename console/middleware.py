"""What happens around every request: who acts, refusals in words, and the content policy."""

import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib import messages
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from console import audit, clock, kept_words, once
from console.models import Staff
from console.states import NotAllowed, Stale

Respond = Callable[[HttpRequest], HttpResponse]


def acting(respond: Respond) -> Respond:
    """Tell the audit log and the logs who is behind this request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        ref = uuid.uuid4().hex[:16]
        staff = request.user if isinstance(request.user, Staff) else None
        via = "api" if request.path.startswith("/api/") else "browser"
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=ref, staff=staff and staff.pk)
        with audit.acting(staff=staff, via=via, ref=ref):
            response = respond(request)
        response["X-Request-Id"] = ref
        return response

    return middleware


def reading(respond: Respond) -> Respond:
    """Read once what the parts of a page ask for again and again, where nothing is changed."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return respond(request)
        with once.a_page():
            return respond(request)

    return middleware


def typed(respond: Respond) -> Respond:
    """Let nobody type into a form what would be read as words of the console."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path.startswith(("/admin/", "/api/")):
            request.POST = kept_words.typed_fields(request.POST)  # type: ignore[assignment]
        return respond(request)

    return middleware


def in_project_time(respond: Respond) -> Respond:
    """Show moments in the project's time zone, in which its days begin and end."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return respond(request)
        with timezone.override(clock.zone()):
            response = respond(request)
            # A page that is rendered late would be rendered outside of the block.
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
        return response

    return middleware


class in_words:  # noqa: N801  (a middleware with an exception hook has to be a class)
    """Turn a verb's refusal into a message on the page the person came from."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        # A zero byte, a broken pattern, a number of 5,000 digits: nothing was written.
        if isinstance(problem, DataError) or _is_endless(problem):
            words = _("Something in this request can neither be looked up nor stored.")
            return render(request, "console/refused.html", {"problem": words}, status=400)
        if not isinstance(problem, NotAllowed | Stale):
            return None
        back = request.headers.get("Referer", "")
        came_from_here = url_has_allowed_host_and_scheme(back, {request.get_host()})
        if request.method == "POST" and came_from_here:
            messages.error(request, str(problem))
            return HttpResponseRedirect(back)
        return render(request, "console/refused.html", {"problem": str(problem)}, status=403)


def _is_endless(problem: Exception) -> bool:
    """Whether somebody sent a number of more digits than Python reads."""
    return isinstance(problem, ValueError) and "integer string conversion" in str(problem)


def content_security_policy(respond: Respond) -> Respond:
    """Let the browser load nothing from anywhere else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response

    return middleware
