"""Calls of the API that are carried out once under their `Idempotency-Key`.

The deed and its answer are written in one transaction, under a lock that the database lets go
by itself: a caller that lost the answer sends the call again and hears the same, and a process
that dies in the middle leaves nothing behind.
"""

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from console.models import AnsweredCall

HEADER = "Idempotency-Key"
# Of an operation in the schema.
KEYED = [
    OpenApiParameter(
        HEADER, str, OpenApiParameter.HEADER, required=True, description="Sent again, the same "
        "call is answered the same; another one under the same key is refused with 422."
    )
]  # fmt: skip
LONGEST = 100
KEPT = dt.timedelta(days=7)
View = Callable[..., Response]


class InFlight(APIException):
    """The same call is being carried out at this moment."""

    status_code = 409


class OtherBody(APIException):
    """The key was used before, for something else."""

    status_code = 422


def once(view: View) -> View:
    """Decorate a method of an API view: the same key does it once.

    Same body: the stored answer, marked `Idempotent-Replayed`. Other body: 422. In flight: 409.
    No key: 400. What was refused changed nothing and is not stored, so that the same key may
    try again. Answers are kept for a week; let no personal data into them.
    """

    @functools.wraps(view)
    def answered(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        call = _read(request)
        with transaction.atomic():
            _claim(call)
            if (found := _known(call)) is not None:
                return found
            response = view(self, request, *args, **kwargs)
            if response.status_code < 300:
                call.code = response.status_code
                call.answer = JSONRenderer().render(response.data).decode()
                call.save(force_insert=True)
        return response

    return answered


def tidy(*, at: dt.datetime) -> int:
    """Forget the answers of calls that nobody will send again; how many there were."""
    return AnsweredCall.objects.filter(at__lt=at - KEPT).delete()[0]


def _read(request: Request) -> AnsweredCall:
    key = request.headers.get(HEADER, "").strip()
    if not key or len(key) > LONGEST or not key.isprintable():
        words = _("Send an Idempotency-Key of at most %(most)d letters.") % {"most": LONGEST}
        raise ValidationError({HEADER: [words]})
    assert request.user.pk is not None  # a view that asks for roles lets nobody else in
    body = json.dumps(request.data, sort_keys=True, default=str)
    return AnsweredCall(
        by_id=request.user.pk,
        where=f"{request.method} {request.path}"[:200],
        key=key,
        digest=hashlib.sha256(body.encode()).hexdigest(),
    )


def _claim(call: AnsweredCall) -> None:
    """Be the only one at this call until the end of the transaction."""
    name = json.dumps([call.by_id, call.where, call.key])
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise InFlight(_("This call is being carried out; send it again in a moment."))


def _known(call: AnsweredCall) -> Response | None:
    found = AnsweredCall.objects.filter(by=call.by_id, where=call.where, key=call.key).first()
    if found is None:
        return None
    if found.digest != call.digest:
        raise OtherBody(_("This key was used for another call; take a new one."))
    replayed = {"Idempotent-Replayed": "true"}
    return Response(json.loads(found.answer), status=found.code, headers=replayed)
