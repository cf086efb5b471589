"""A layer that asks only who customers are is noticed, on segments and on stage sets."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from segments import layering, vocabulary
from segments.models import Stage, StageSet
from tests.segments.factories import CustomerFactory, EventTypeFactory, SegmentFactory

pytestmark = pytest.mark.django_db
CITY = {"profile": "city", "op": "=", "value": "Berlin"}
BOUGHT = {"event": "order_paid"}
EVERYBODY: dict[str, Any] = {"all": []}
NOTE = b"rest only on who customers are"


@pytest.fixture(autouse=True)
def known() -> None:
    CustomerFactory(attributes={"city": "Berlin"})
    EventTypeFactory()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([CITY], True, id="a city"),
        pytest.param([{"all": [CITY, BOUGHT]}], False, id="a deed as well"),
        pytest.param([CITY, EVERYBODY], True, id="the last stage takes the others"),
        pytest.param([CITY, BOUGHT], False, id="one stage of deeds"),
        pytest.param([EVERYBODY], False, id="everybody"),
        pytest.param([{"nonsense": 1}], False, id="nonsense"),
    ],
)
def test_what_counts_as_resting_on_statics(rules: list[Any], expected: bool) -> None:
    assert layering.rests_on_statics(rules, vocabulary.current()) is expected


def test_a_segment_of_such_a_segment_is_one_too() -> None:
    inner = SegmentFactory(rule=CITY)
    rules = [{"segment": inner.pk}]
    assert layering.rests_on_statics(rules, vocabulary.current())


def test_the_pages_say_so(signed_in: Callable[..., Client]) -> None:
    client = signed_in("operator")
    for rule, expected in ((CITY, True), (BOUGHT, False)):
        segment = SegmentFactory(rule=rule)
        page = client.get(reverse("admin:segments_segment_change", args=[segment.pk]))
        assert (NOTE in page.content) is expected
        stages = StageSet.objects.create(key=f"set-{expected}".lower())
        Stage.objects.create(stage_set=stages, key="one", position=1, rule=rule)
        page = client.get(reverse("admin:segments_stageset_change", args=[stages.pk]))
        assert (NOTE in page.content) is expected
