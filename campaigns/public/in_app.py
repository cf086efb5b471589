"""What our own app asks: which messages wait for a person, and what the person did with them.

The app's server signs the user's id with the account's secret and gives both to the app, so that
nobody reads another person's messages.
"""

import hmac
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from campaigns.growth import standing as growth
from campaigns.models import ChannelAccount, InAppMessage
from campaigns.offers import coupons
from campaigns.outcomes import tracking
from campaigns.providers import accounts, laid_down
from console import clock
from segments import merging
from segments.models import Identifier

USER_ID = "user_id"  # the kind of identifier that the app knows people by
View = Callable[..., JsonResponse]


def for_user(method: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Find the person whom the app speaks for, if the app may."""

    def around(view: View) -> Callable[..., HttpResponse]:
        @never_cache
        @csrf_exempt  # no cookies: the signature is in a header
        @wraps(view)
        def answer(request: HttpRequest, pk: int, **also: Any) -> HttpResponse:
            if request.method == "OPTIONS":  # a browser asks whether it may
                return _open_to_all(HttpResponse(status=204))
            if request.method != method:
                return HttpResponseNotAllowed([method, "OPTIONS"])
            people = _people(request, pk)
            if people is None:
                return _open_to_all(_said("this user is not signed in here", 401))
            return _open_to_all(view(request, people, **also))

        return answer

    return around


def _people(request: HttpRequest, pk: int) -> list[int] | None:
    """Whom the request is for, by all their numbers; None: it does not show that it may."""
    account = ChannelAccount.objects.filter(pk=pk, kind="in_app", is_enabled=True).first()
    user = _user(request)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if account is None or not user or not _is_signed(account, user, given):
        return None
    found = Identifier.objects.filter(kind=USER_ID, value=user).values_list("customer", flat=True)
    number = found.first()
    return merging.numbers_of(number) if number else []


def _user(request: HttpRequest) -> str:
    """The id as the app wrote it, in UTF-8: a header's bytes come here as Latin-1 (PEP 3333)."""
    given = request.headers.get("X-User-Id", "")
    try:
        return given.encode("latin-1").decode()
    except UnicodeError:
        return given


def _is_signed(account: ChannelAccount, user: str, given: str) -> bool:
    try:
        right = signature(accounts.secret_of(account), user)
    except accounts.CannotOpen:
        return False
    return hmac.compare_digest(right.encode(), given.encode())


def signature(secret: str, user: str) -> str:
    """HMAC-SHA256 of a user's id, in hex."""
    return hmac.new(secret.encode(), user.encode(), "sha256").hexdigest()


@for_user("GET")
def waiting(request: HttpRequest, people: list[int]) -> JsonResponse:
    """Messages to show, newest first."""
    found = laid_down.waiting(people, now=timezone.now()) if people else []
    return JsonResponse({"messages": [_told(one) for one in found]})


@for_user("GET")
def standing(request: HttpRequest, people: list[int]) -> JsonResponse:
    """Where the person stands in the growth programme: level, way to the next, badges, perks."""
    if not people:
        return _said("nobody of this id is known yet", 404)
    found = growth.standing(people, at=clock.now())
    return JsonResponse(
        {
            "as_of": found.day.isoformat() if found.day else None,
            "level": found.level,
            "points": found.points,
            "next_level": found.next_level,
            "points_missing": found.missing,
            "ahead_of": found.ahead_of,
            "badges": [
                {"name": one.name, "words": one.description, "color": one.color}
                for one in found.badges
            ],
            "perks": [
                {
                    "name": str(one.batch),
                    "code": coupons.code_of(one),
                    "until": one.expires_at.isoformat(),
                }
                for one in found.perks
            ],
        }
    )


@for_user("POST")
def did(request: HttpRequest, people: list[int], number: int, deed: str) -> JsonResponse:
    """Seen, clicked or closed. Again changes nothing."""
    shown = InAppMessage.objects.select_related("message__customer").filter(
        pk=number, customer__in=people
    )
    one = shown.first()
    if one is None:
        return _said("no such message", 404)
    match deed:
        case "seen":
            tracking.opened(one.message, at=clock.now())
        case "clicked":
            tracking.clicked(one.message, at=clock.now(), url=_url(request) or one.url)
        case "closed":
            laid_down.close(one, now=timezone.now())
        case _:
            return _said("seen, clicked or closed", 404)
    return JsonResponse({"ok": True})


def _told(one: InAppMessage) -> dict[str, Any]:
    return {
        "id": one.pk,
        "title": one.title,
        "text": one.text,
        "url": one.url,
        "data": one.data,
        "at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        "seen": one.message.opened_at is not None,
        "clicked": one.message.clicked_at is not None,
    }


def _url(request: HttpRequest) -> str:
    try:
        said = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return ""
    return str(said.get("url", ""))[:1000] if isinstance(said, dict) else ""


def _said(words: str, status: int) -> JsonResponse:
    return JsonResponse({"error": words}, status=status)


def _open_to_all(response: HttpResponse) -> HttpResponse:
    """An app in a browser comes from another address; it sends no cookies."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "Authorization, X-User-Id, Content-Type"
    return response
