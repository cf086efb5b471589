"""A file of events as somebody sends it from the browser."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from segments.models import EventImport
from tests.segments.test_imports import ROWS

SignedIn = Callable[..., Client]
LIST = "admin:segments_eventimport_changelist"
PRESETS = "admin:segments_importpreset_changelist"


def send(client: Client, content: str | bytes = ROWS, name: str = "events.csv") -> Any:
    body = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, body)
    address = reverse("admin:segments_eventimport_upload")
    return client.post(address, {"file": file}, follow=True)


def the_import() -> EventImport:
    return EventImport.objects.latest("pk")


def named(client: Client, **values: Any) -> HttpResponse:
    meanings = ["customer", "time", "name", "amount", "property"]
    given: dict[str, Any] = {f"means-{n}": meaning for n, meaning in enumerate(meanings)}
    given |= {"same": ["who", "at"], "identifier_kind": "member", "encoding": "utf-8", **values}
    address = reverse("admin:segments_eventimport_load", args=[the_import().pk])
    return client.post(address, given, follow=True)  # type: ignore[return-value]
