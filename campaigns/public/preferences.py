"""The page on which a customer chooses what to hear: reached from a message, without a login."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import preferences
from campaigns.contact import suppression
from campaigns.models import Message
from campaigns.public.views import friendly
from campaigns.words import links, rendering
from console import clock
from segments import consent

NAMES = {"zh-hans": "中文", "en": "English"}


@never_cache
@csrf_exempt  # the signed token says who it is; there is no session that could be abused
@require_http_methods(["GET", "HEAD", "POST"])
@friendly
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what holds now; POST keeps what was chosen."""
    number = links.read_unsubscribe(token)
    message = Message.objects.select_related("customer__merged_into").filter(pk=number).first()
    if message is None or preferences.person(message).erased_at:
        raise Http404
    at = clock.now()
    if request.method == "POST":
        given = request.POST
        none = "nothing" in given
        preferences.choose(
            message,
            [] if none else given.getlist("wanted"),
            pause=_pause(given.get("pause", "")),
            at=at,
        )
    with translation.override(_language(request, message)):
        return render(request, "public/preferences.html", _context(request, message, at))


def _context(request: HttpRequest, message: Message, at: Any) -> dict[str, Any]:
    by_channel: dict[str, list[preferences.Choice]] = {}
    for one in preferences.choices(message):
        by_channel.setdefault(one.channel, []).append(one)
    return {
        "saved": request.method == "POST",
        "sender": clock.project().name,
        "address": suppression.hidden(message.address) if "@" in message.address else "",
        "channels": [
            {"label": consent.CHANNELS.get(channel, channel), "choices": choices}
            for channel, choices in by_channel.items()
        ],
        "pause": preferences.pause_of(message, at=at),
        "pauses": preferences.PAUSES,
        "languages": [(code, NAMES.get(code, name)) for code, name in settings.LANGUAGES],
    }


def _language(request: HttpRequest, message: Message) -> str:
    """The one that was asked for, else the customer's, else the browser's."""
    asked = request.GET.get("language", "")
    if asked in dict(settings.LANGUAGES):
        return asked
    customer = message.customer
    return rendering.language_of(customer) if customer.language else translation.get_language()


def _pause(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else preferences.KEEP
