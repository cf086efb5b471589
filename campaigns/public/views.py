"""Opened, clicked, unsubscribed: signed tokens in, nothing of ours shown."""

import base64
from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.contact import suppression
from campaigns.models import Message
from campaigns.outcomes import tracking
from campaigns.words import links, rendering, short_links
from console import clock

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
View = Callable[[HttpRequest, str], HttpResponse]


def friendly(view: View) -> View:
    """Answer a link that is not ours, or whose message is gone, with a page that says so."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, token)
        except (links.BadLink, Http404):
            return render(request, "public/not_found.html", status=404)

    return answer


@never_cache
@require_safe
@friendly
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """One transparent dot; whoever loads it has opened the mail."""
    message = _message(links.read_open(token))
    if request.method == "GET":  # programs that only look first have not opened anything
        tracking.opened(message, at=clock.now(), headers=request.headers)
    return HttpResponse(GIF, content_type="image/gif")


@never_cache
@require_safe
@friendly
def click(request: HttpRequest, token: str) -> HttpResponse:
    """On to where the link leads; the target stands inside the signed token."""
    message_id, target = links.read_click(token)
    if request.method == "GET":
        tracking.clicked(_message(message_id), at=clock.now(), url=target, headers=request.headers)
    return HttpResponseRedirect(target)


@never_cache
@require_safe
@friendly
def short(request: HttpRequest, token: str) -> HttpResponse:
    """On to where a short message's link leads."""
    link = short_links.find(token)
    if link is None or not links.is_web(link.target):
        raise Http404
    if request.method == "GET":
        at = clock.now()
        tracking.clicked(link.message, at=at, url=link.target, headers=request.headers)
    return HttpResponseRedirect(link.target)


@never_cache
@require_safe
@friendly
def trap(request: HttpRequest, token: str) -> HttpResponse:
    """Nobody sees this link, so whoever follows it is a machine."""
    tracking.trapped(_message(links.read_trap(token)), at=clock.now())
    return HttpResponse(status=204)


@never_cache
@csrf_exempt  # mail programs unsubscribe with one POST and no cookie (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, because scanners follow links; POST unsubscribes at once."""
    message = _message(links.read_unsubscribe(token))
    if request.method == "POST":
        tracking.unsubscribed(message, at=clock.now())
    context = {
        "done": request.method == "POST" or message.unsubscribed_at is not None,
        "address": suppression.hidden(message.address),
        "sender": clock.project().name,
    }
    language = message.customer.language and rendering.language_of(message.customer)
    with translation.override(language or translation.get_language()):
        return render(request, "public/unsubscribe.html", context)


def _message(number: int) -> Message:
    message = Message.objects.select_related("customer").filter(pk=number).first()
    if message is None:
        raise Http404
    return message
