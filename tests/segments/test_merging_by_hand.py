"""Merging by hand and taking it back, whoever else does so at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import (
    erasure,
    identity,
    ingest,
    intake,
    merging,
)
from segments.models import (
    Consent,
    Customer,
    Identifier,
    Merge,
    Suspect,
)
from tests.factories import StaffFactory
from tests.segments import factories, sent
from tests.segments.meeting import DAY, met, read, sets, world
from tests.segments.sent import NOW, event, link, profile, user, visit

pytestmark = pytest.mark.django_db

# --- by hand, and back ------------------------------------------------------


def test_a_merge_that_is_taken_back_leaves_two_people_as_they_were(support: Staff) -> None:
    sent.take(
        profile(user("anna"), set={"name": "Anna", "plan": "pro", "city": "Köln"}),
        profile(user("ben"), set={"name": "Ben", "email": "ben@x.example", "plan": "free", "n": 1}),
        event(user("anna"), at=NOW - 2 * DAY),
        event(user("ben"), at=NOW - DAY),
        sent.consent(user("ben"), granted=True),
        sent.consent(user("anna"), granted=False, at=NOW - DAY),
    )
    anna, ben = sent.of(user("anna")), sent.of(user("ben"))
    was, days = world(), sets()
    merge = merging.merge(anna, ben, by=support, at=NOW, why="same phone")
    anna.refresh_from_db()
    assert (anna.name, anna.email) == ("Anna", "ben@x.example")
    assert anna.attributes == {"plan": "pro", "city": "Köln", "n": 1}
    assert sets() != days
    merging.undo(merge, by=support)
    assert world() == was
    assert sets() == days
    assert merge.status == Merge.Status.UNDONE
    actions = AuditEntry.objects.filter(action__startswith="customer.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["customer.merged", "customer.parted"]
    sent.take(link(user("anna"), user("ben"), said=True), event(user("ben"), visit("v")))
    assert sent.of(user("ben")) == sent.of(visit("v")) == ben


def test_taking_back_keeps_what_came_since(support: Staff) -> None:
    anna, ben = met()
    sent.take(profile(user("ben"), set={"n": 1, "m": 1}), sent.consent(user("ben"), granted=True))
    merge = merging.merge(anna, ben, by=support, at=NOW)
    sent.take(profile(user("ben"), set={"n": 2}), event(user("ben"), visit("new")))
    sent.take(sent.consent(user("anna"), granted=False, at=NOW + DAY), at=NOW + DAY)
    merging.undo(merge, by=support)
    anna.refresh_from_db()
    ben.refresh_from_db()
    assert (anna.attributes, ben.attributes) == ({"n": 2}, {"n": 1, "m": 1})
    assert sent.of(visit("new")) == anna
    assert dict(Consent.objects.values_list("customer", "granted")) == {
        anna.pk: False, ben.pk: True,
    }  # fmt: skip


def test_the_middle_of_a_chain_can_be_taken_back(support: Staff) -> None:
    anna, ben = met()
    sent.take(event(user("cleo")))
    cleo = sent.of(user("cleo"))
    merging.merge(ben, anna, by=support, at=NOW)
    younger = merging.merge(cleo, ben, by=support, at=NOW)
    merging.undo(younger, by=support)
    assert sent.people() == {frozenset({user("anna"), user("ben")}), frozenset({user("cleo")})}
    assert Customer.objects.get(pk=anna.pk).merged_into == ben
    older = Merge.objects.get(absorbed=anna)
    merging.merge(cleo, ben, by=support, at=NOW)
    merging.undo(older, by=support)
    assert sent.people() == {frozenset({user("anna")}), frozenset({user("cleo"), user("ben")})}


@pytest.mark.parametrize("role", ["operator", "product", "manager", "analyst"])
def test_who_may_not_merge_changes_nothing(role: str, support: Staff) -> None:
    anna, ben = met()
    staff = StaffFactory.create_with_role(role)
    with pytest.raises(NotAllowed):
        merging.merge(anna, ben, by=staff, at=NOW)
    merge = merging.merge(anna, ben, by=support, at=NOW)
    with pytest.raises(NotAllowed):
        merging.undo(merge, by=staff)
    assert sent.of(user("ben")) == anna
    held = Merge.objects.create(kept=anna, absorbed=ben, status="held", reason="said_so", at=NOW)
    with pytest.raises(NotAllowed):
        merging.refuse(held, by=staff)
    with pytest.raises(NotAllowed):
        merging.confirm(held, by=staff, at=NOW)
    held.refresh_from_db()
    assert held.status == Merge.Status.HELD


def test_nobody_merges_with_themselves_or_with_who_is_gone(support: Staff) -> None:
    anna, ben = met()
    with pytest.raises(NotAllowed, match="themselves"):
        merging.merge(anna, anna, by=support, at=NOW)
    merging.merge(anna, ben, by=support, at=NOW)
    for pair in ((anna, ben), (ben, anna)):
        with pytest.raises(NotAllowed, match="meanwhile"):
            merging.merge(*pair, by=support, at=NOW)


def test_nobody_is_merged_with_who_is_being_erased(support: Staff, project_row: None) -> None:
    anna, ben = met()
    admin = StaffFactory(role="admin")
    request = erasure.ask(ben, "erase", by=admin, asked_on=NOW.date())
    erasure.begin(request, by=admin, typed=str(ben.pk), at=NOW)
    with pytest.raises(NotAllowed, match="being erased"):
        merging.merge(anna, ben, by=support, at=NOW)
    assert not Merge.objects.exists()


def test_who_has_many_ids_is_shown_to_somebody() -> None:
    sent.take(*(link(user("all"), user(f"u{number}"), said=True) for number in range(5)))
    sent.take(event(user("anna"), visit("v")))
    assert merging.suspect(at=NOW) == 1
    found = Suspect.objects.get()
    assert (found.customer, found.user_ids) == (sent.of(user("all")), 6)


def test_searching_an_absorbed_number_finds_who_they_are(support: Staff) -> None:
    anna, ben = met()
    merging.merge(anna, ben, by=support, at=NOW)
    assert identity.search(str(ben.pk), contact=False) == {anna.pk}
    assert merging.numbers_of(anna.pk) == [anna.pk, ben.pk]
    assert [merge.absorbed_id for merge in merging.of(anna)] == [ben.pk]


# --- at the same moment -----------------------------------------------------


def _both(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of it at once, each on a connection of its own; what came of each."""
    together = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        try:
            together.wait()
            return deed()
        except (NotAllowed, Stale) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_merge_a_pair_opposite_ways_one_is_told(support: Staff) -> None:
    anna, ben = met()
    found = _both(
        lambda: merging.merge(anna, ben, by=support, at=NOW),
        lambda: merging.merge(ben, anna, by=support, at=NOW),
    )
    assert sorted(type(one).__name__ for one in found) == ["Merge", "NotAllowed"]
    assert Customer.objects.filter(identity.LIVING).count() == 1
    assert Identifier.objects.values("customer").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
def test_events_that_arrive_during_a_merge_are_the_kept_ones(support: Staff) -> None:
    anna, ben = met()
    for _each in range(20):
        sent.deliver(
            *(event(user("ben"), at=NOW) for _ in range(20)), profile(user("ben"), add={"n": 1})
        )

    def tell() -> None:
        for number in range(20):
            ingest.receive([factories.incoming(ben, "2026-02-28", key=f"own{number}")])

    _both(
        lambda: intake.run(at=timezone.now()),
        lambda: merging.merge(anna, ben, by=support, at=NOW),
        tell,
    )
    intake.run(at=timezone.now())
    rows = sent.in_lake()
    assert len(rows) == 2 + 400 + 20
    assert set(read()) == {anna.pk}
    anna.refresh_from_db()
    assert anna.attributes == {"n": 20}
    assert Customer.objects.get(pk=ben.pk).attributes == {}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_about_a_held_one_one_is_told(support: Staff) -> None:
    anna, ben = met()
    held = Merge.objects.create(kept=anna, absorbed=ben, status="held", reason="said_so", at=NOW)
    _both(
        lambda: merging.confirm(Merge.objects.get(pk=held.pk), by=support, at=NOW),
        lambda: merging.refuse(Merge.objects.get(pk=held.pk), by=support),
    )
    held.refresh_from_db()
    is_one = sent.of(user("ben")) == anna
    assert held.status == (Merge.Status.DONE if is_one else Merge.Status.REFUSED)
