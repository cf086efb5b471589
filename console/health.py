"""What a load balancer asks: is the process alive, and can it work?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from campaigns import overdue


def alive(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database and the broker answer, else 503 naming the one that does not.

    Asked with `?work`, it is 503 as well while work that was due is not done. Who balances load
    asks without: another process would not do it sooner.
    """
    answers = checks()
    if "work" in request.GET:
        answers["work"] = _works(_ask_for_work)
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)


def checks() -> dict[str, bool]:
    """Whether each server that the console needs answers now."""
    return {"database": _works(_ask_database), "broker": _works(_ask_broker)}


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
        client.ping()


def _ask_for_work() -> None:
    """Raises RuntimeError: the workers or the timetable stand still."""
    if overdue.look() is not None:
        raise RuntimeError


def _works(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:  # whatever it is, the answer is no
        return False
    return True
