"""What to copy into a program so that its official library sends its events to us."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

PLACE = "WRITE_KEY"  # where the key goes when nobody knows it any more


@dataclass(frozen=True)
class Snippet:
    label: object
    code: str


SEGMENT = """\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{key}"
analytics.host = "{url}"
analytics.track("user-1", "order_paid", {{"total": 99.5}})
analytics.flush()
"""
SEGMENT_BROWSER = """\
// npm install @segment/analytics-next
import {{ AnalyticsBrowser }} from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load(
  {{ writeKey: "{key}", cdnSettings: {{ integrations: {{ "Segment.io": {{}} }} }} }},
  {{ integrations: {{ "Segment.io": {{
    apiHost: "{host}/v1", protocol: "{scheme}" }} }} }},
);
analytics.track("order_paid", {{ total: 99.5 }});
"""
MIXPANEL = """\
# pip install mixpanel
from mixpanel import Consumer, Mixpanel

consumer = Consumer(
    events_url="{url}/track",
    people_url="{url}/engage",
    groups_url="{url}/groups",
    import_url="{url}/import",
)
mixpanel = Mixpanel("{key}", consumer=consumer)
mixpanel.track("user-1", "order_paid", {{"total": 99.5}})
"""
POSTHOG = """\
# pip install posthog
from posthog import Posthog

posthog = Posthog("{key}", host="{url}")
posthog.capture("order_paid", distinct_id="user-1", properties={{"total": 99.5}})
posthog.shutdown()
"""
SENSORS = """\
# pip install sensorsanalyticssdk
import sensorsanalytics

consumer = sensorsanalytics.BatchConsumer("{url}/sa?project=default&token={key}")
sensors = sensorsanalytics.SensorsAnalytics(consumer)
sensors.track("user-1", "order_paid", {{"total": 99.5}}, is_login_id=True)
sensors.close()
"""
OWN = """\
curl "{url}/api/v1/events" \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"items": [{{"event": "order_paid", "id": "order-1001", "user_id": "user-1",
       "properties": {{"total": 99.5}}}}]}}'
"""


def with_key(key: str = "") -> list[Snippet]:
    """The snippets, with this console's address and, while it is known, the key."""
    url = settings.PUBLIC_URL.rstrip("/")
    scheme, _colon, host = url.partition("://")
    given = {"key": key or PLACE, "url": url, "host": host, "scheme": scheme}
    labelled = (
        (_("curl (our own API)"), OWN),
        ("Segment · Python", SEGMENT),
        (_("Segment · browser"), SEGMENT_BROWSER),
        ("Mixpanel · Python", MIXPANEL),
        ("PostHog · Python", POSTHOG),
        ("神策 Sensors · Python", SENSORS),
    )
    return [Snippet(label, code.format(**given)) for label, code in labelled]
