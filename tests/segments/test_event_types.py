"""The screen of event types: everybody reads, an administrator says what counts as active."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import AuditEntry
from segments import activity
from segments.models import EventType
from tests.segments import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
DAY = dt.date(2017, 3, 1)


def test_an_administrator_says_that_an_event_counts(signed_in: SignedIn) -> None:
    factories.happened(factories.incoming(1, DAY, name="item_bought"))
    kind = EventType.objects.get()
    assert activity.active(DAY, DAY) == BitMap()
    address = reverse("admin:segments_eventtype_change", args=[kind.pk])
    signed_in("admin").post(address, {"counts_as_active": "on"})
    assert activity.active(DAY, DAY) == BitMap([1])
    line = AuditEntry.objects.get(action="eventtype.changed")
    assert line.subject_label == "item_bought"
    assert line.details == {"fields": ["counts_as_active"]}


def test_others_read_and_change_nothing(signed_in: SignedIn) -> None:
    factories.happened(factories.incoming(1, DAY))
    kind = EventType.objects.get()
    client = signed_in("analyst")
    assert (
        "order_paid" in client.get(reverse("admin:segments_eventtype_changelist")).content.decode()
    )
    address = reverse("admin:segments_eventtype_change", args=[kind.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 403
    kind.refresh_from_db()
    assert kind.counts_as_active


def test_what_was_counted_cannot_be_written(signed_in: SignedIn) -> None:
    factories.happened(factories.incoming(1, DAY))
    kind = EventType.objects.get()
    address = reverse("admin:segments_eventtype_change", args=[kind.pk])
    given = {"counts_as_active": "on", "name": "renamed", "volume": "5"}
    signed_in("admin").post(address, given)
    kind.refresh_from_db()
    assert (kind.name, kind.volume) == ("order_paid", 1)
