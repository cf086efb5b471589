"""The same visit, told by each official library, is the same customer and the same events."""

import datetime as dt
from collections.abc import Callable

import posthog
import pytest
import sensorsanalytics
from django.utils import timezone
from segment.analytics.client import Client as SegmentClient

from segments import history, ingest, intake
from segments.models import Customer, Identifier
from tests.segments.collect.conftest import Web
from tests.segments.collect.test_libraries import mixpanel_of

pytestmark = pytest.mark.django_db(transaction=True)
WHEN = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=2)


def segment(web: Web, key: str) -> None:
    client = SegmentClient(key, host=web.url, max_retries=0)
    client.track(anonymous_id="a1", event="seen", timestamp=WHEN)
    client.identify("u1", {"plan": "pro"}, anonymous_id="a1")
    client.track("u1", "paid", {"revenue": 12.5}, timestamp=WHEN)
    client.shutdown()


def mixpanel(web: Web, key: str) -> None:
    client = mixpanel_of(web, key)
    at = int(WHEN.timestamp())
    client.track("$device:a1", "seen", {"$device_id": "a1", "time": at})
    client.track("u1", "paid", {"$user_id": "u1", "$device_id": "a1", "revenue": 12.5, "time": at})
    client.people_set("u1", {"plan": "pro"})


def posthog_(web: Web, key: str) -> None:
    client = posthog.Posthog(key, host=web.url, max_retries=0)
    client.capture(
        "seen", distinct_id="a1", properties={"$process_person_profile": False}, timestamp=WHEN
    )
    client.alias("a1", "u1")
    client.capture(
        "paid",
        distinct_id="u1",
        properties={"revenue": 12.5, "$set": {"plan": "pro"}},
        timestamp=WHEN,
    )
    client.shutdown()


def sensors(web: Web, key: str) -> None:
    address = f"{web.url}/sa?project=default&token={key}"
    client = sensorsanalytics.SensorsAnalytics(sensorsanalytics.DefaultConsumer(address))
    local = WHEN.astimezone().replace(tzinfo=None)
    client.track("a1", "seen", {"$time": local})
    client.track_signup("u1", "a1")
    client.profile_set("u1", {"plan": "pro"}, is_login_id=True)
    client.track("u1", "paid", {"$time": local, "revenue": 12.5}, is_login_id=True)
    client.close()


@pytest.mark.parametrize("tell", [segment, mixpanel, posthog_, sensors])
def test_a_visit_arrives(web: Web, key: str, tell: Callable[[Web, str], None]) -> None:
    tell(web, key)
    intake.run(at=timezone.now())
    ingest.flush()
    with history.opened() as lake:
        rows = lake.ask(lake.events()).to_pylist()
    known = Identifier.objects.get(kind="user_id", value="u1").customer
    told = {row["event"]: row for row in rows if not row["event"].startswith("$")}
    assert {name: row["amount"] for name, row in told.items()} == {"seen": None, "paid": 1250}
    assert {row["customer"] for row in rows} == {known.pk}
    assert {row["time"] for row in told.values()} == {WHEN}
    assert known.attributes["plan"] == "pro"
    assert known.identifiers.filter(kind="anonymous_id", value="a1").exists()
    assert Customer.objects.filter(merged_into=None).count() == 1
