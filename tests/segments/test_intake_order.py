"""Deliveries in any order and any split: the same people, the same events."""

import itertools
import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments import identity, ingest, intake
from segments.items import Item
from segments.models import (
    Customer,
    Identifier,
    InboxEvent,
    Merge,
    ReceivedKey,
)
from tests.segments import sent
from tests.segments.sent import event, link, profile, user, visit

pytestmark = pytest.mark.django_db

# --- any order and any split ------------------------------------------------

_USERS = st.sampled_from("abc")
_VISITS = st.sampled_from(["a1", "a2", "b1", "b2", "c1"])  # each is one person's, by its letter


@st.composite
def _items(draw: st.DrawFn) -> list[Item]:
    found: list[Item] = []
    for number in range(draw(st.integers(1, 12))):
        seen, key = draw(_VISITS), f"h{number}"
        who = draw(st.sampled_from(["visit", "user", "both", "link"]))
        if who == "link":
            found.append(link(user(seen[0]), visit(seen)))
            continue
        ids = {"visit": [visit(seen)], "user": [user(seen[0])]}.get(
            who, [user(seen[0]), visit(seen)]
        )
        found.append(event(*ids, key=key))
    return found


@given(data=st.data(), items=_items())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_and_split_gives_the_same_people_the_same_events(
    data: st.DataObject, items: list[Item]
) -> None:
    assert _world([items]) == _world(_split(data, data.draw(st.permutations(items))))


def _split(data: st.DataObject, items: list[Item]) -> list[list[Item]]:
    ends = data.draw(st.lists(st.integers(0, len(items)), max_size=4))
    cuts = [0, *sorted(ends), len(items)]
    return [items[start:end] for start, end in itertools.pairwise(cuts)]


def _world(parts: list[list[Item]]) -> Any:
    """Who there is and what each did, in a world where the items came in these parts."""
    for model in (InboxEvent, ReceivedKey, Merge, Identifier):
        model.objects.all().delete()
    Customer.objects.update(merged_into=None)
    Customer.objects.all().delete()
    for part in parts:
        sent.take(*part)
    now = identity.living(Customer.objects.values_list("pk", flat=True))
    ids: dict[int, set[Any]] = {}
    for customer, kind, value in Identifier.objects.values_list("customer", "kind", "value"):
        ids.setdefault(customer, set()).add((kind, value))
    did = InboxEvent.objects.values_list("customer_id", "key")
    events = sorted((sorted(ids[now[customer]]), key) for customer, key in did)
    return sorted(map(sorted, ids.values())), events


def test_the_number_of_statements_does_not_grow_with_the_batch(
    django_assert_max_num_queries: Any,
) -> None:
    def many(of: str) -> list[Item]:
        return [
            one
            for number in range(300)
            for one in (
                event(user(f"{of}{number}"), visit(f"{of}v{number}")),
                profile(user(f"{of}{number}"), set={"n": number}),
                sent.group("company", f"{of}{number % 50}", user(f"{of}{number}")),
            )
        ]

    sent.take(
        *(event(visit(f"xv{number}")) for number in range(300)),
        *(event(user(f"x{number}")) for number in range(300)),
    )
    sent.deliver(*many("x"))
    with django_assert_max_num_queries(50):
        fates = intake.run(at=timezone.now()).fates
    assert (fates["events"], Merge.objects.count()) == (300, 300)
    assert ingest.flush() == 900
    assert json.dumps(sent.of(user("x7")).attributes) == '{"n": 7, "groups": {"company": "x7"}}'
