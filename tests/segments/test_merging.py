"""Merging: one person afterwards, whatever the order in which it is told."""

import pytest
from pyroaring import BitMap

from console.models import AuditEntry, Staff
from console.states import NotAllowed
from segments import (
    activity,
    history,
    ingest,
    kinship,
    membership,
    merging,
    notes,
)
from segments.models import (
    Consent,
    Customer,
    DirtyDay,
    InboxEvent,
    Merge,
)
from segments.rules import tree
from tests.segments import factories, sent
from tests.segments.meeting import DAY, met, read, sets
from tests.segments.sent import NOW, event, link, profile, user, visit

pytestmark = pytest.mark.django_db

# --- what senders say -------------------------------------------------------


def test_somebody_who_signs_in_for_the_first_time_keeps_the_number_of_their_visit() -> None:
    sent.take(event(visit("v")))
    before = sent.of(visit("v"))
    sent.take(event(user("anna"), visit("v")))
    assert sent.of(user("anna")).pk == sent.of(visit("v")).pk == before.pk
    assert not Merge.objects.exists()


def test_an_anonymous_visitor_becomes_the_known_one_who_signs_in() -> None:
    sent.take(event(visit("v")), profile(visit("v"), set={"utm": "ads", "plan": "none"}))
    sent.take(event(user("anna")), profile(user("anna"), set={"plan": "pro", "name": "Anna"}))
    ghost = sent.of(visit("v"))
    sent.take(link(user("anna"), visit("v")))
    anna = sent.of(user("anna"))
    assert sent.people() == {frozenset({user("anna"), visit("v")})}
    assert (anna.attributes, anna.name) == ({"utm": "ads", "plan": "pro"}, "Anna")
    ghost.refresh_from_db()
    assert (ghost.merged_into_id, ghost.attributes) == (anna.pk, {})
    merge = Merge.objects.get()
    assert (merge.reason, merge.status) == (Merge.Reason.SEEN_TOGETHER, Merge.Status.DONE)
    assert merge.evidence["ids"] == [["user_id", "anna"], ["anonymous_id", "v"]]
    assert merge.evidence["source"] == "Shop"
    sent.in_lake()
    assert read() == [anna.pk, anna.pk]


def test_two_known_ones_are_not_one_because_they_are_seen_together() -> None:
    anna, ben = met()
    sent.take(event(user("anna"), visit("shared")), event(user("ben"), visit("shared")))
    assert sent.of(visit("shared")) == anna
    assert {anna.pk, ben.pk} == set(InboxEvent.objects.values_list("customer_id", flat=True))
    assert not Merge.objects.exists()


def test_the_product_may_say_that_two_known_ones_are_one() -> None:
    anna, _ben = met()
    sent.take(link(user("ben"), user("anna"), said=True))
    assert Merge.objects.get().reason == Merge.Reason.SAID_SO
    assert sent.of(user("ben")) == anna  # the older one is kept
    assert read() == [anna.pk, anna.pk]
    assert AuditEntry.objects.filter(action="customers.merged").count() == 1
    assert membership.everyone() == BitMap([anna.pk])


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "three batches"])
def test_a_chain_and_a_cycle_end_in_one_person(together: bool) -> None:
    sent.take(*(event(user(name)) for name in "abc"), event(user("d")))
    said = [
        link(user("b"), user("a"), said=True),
        link(user("c"), user("b"), said=True),
        link(user("a"), user("c"), said=True),
        link(user("c"), user("d"), said=True),
    ]
    for items in [said] if together else [[one] for one in said]:
        sent.take(*items)
    assert sent.people() == {frozenset(map(user, "abcd"))}
    kept = sent.of(user("a"))
    assert set(Customer.objects.values_list("merged_into", flat=True)) == {None, kept.pk}
    assert Merge.objects.count() == 3
    sent.in_lake()
    assert read() == [kept.pk] * 4


def test_the_kind_of_an_id_is_the_one_that_somebody_has() -> None:
    sent.take(event(visit("x")), event(user("anna")))
    sent.take(link(user("anna"), user("x"), visit("x"), said=True))
    assert sent.people() == {frozenset({user("anna"), visit("x")})}


def test_the_later_consent_wins_and_a_no_wins_a_tie() -> None:
    anna, ben = met()
    rows = [
        (anna, "email", True, NOW - 2 * DAY),
        (ben, "email", False, NOW - DAY),
        (anna, "sms", True, NOW),
        (ben, "sms", False, NOW - DAY),
        (anna, "push", True, NOW),
        (ben, "push", False, NOW),
        (ben, "wecom", True, NOW),
    ]
    for customer, channel, granted, at in rows:
        factories.ConsentFactory(customer=customer, channel=channel, granted=granted, at=at)
    sent.take(link(user("anna"), user("ben"), said=True))
    kept = dict(Consent.objects.filter(customer=anna).values_list("channel", "granted"))
    assert kept == {"email": False, "sms": True, "push": False, "wecom": True}
    assert not Consent.objects.filter(customer=ben).exists()


def test_a_sender_that_says_all_are_one_is_stopped_and_a_person_asked(support: Staff) -> None:
    sent.take(event(user("all")), *(event(user(f"u{number}")) for number in range(30)))
    sent.take(*(link(user("all"), user(f"u{number}"), said=True) for number in range(30)))
    kept = sent.of(user("all"))
    assert kept.identifiers.count() == kinship.MOST_USER_IDS
    held = Merge.objects.filter(status=Merge.Status.HELD)
    assert held.count() == 31 - kinship.MOST_USER_IDS
    one = held.order_by("pk")[0]
    sent.take(link(user("all"), user("u29"), said=True))
    assert held.count() == 31 - kinship.MOST_USER_IDS  # asked once
    merging.confirm(one, by=support, at=NOW)
    one.refresh_from_db()
    assert (one.status, one.kept_id, one.by) == (Merge.Status.DONE, kept.pk, support)
    assert kept.identifiers.count() == kinship.MOST_USER_IDS + 1


def test_the_same_of_people_whom_nobody_knew_before() -> None:
    sent.take(*(link(user("all"), user(f"u{number}"), said=True) for number in range(30)))
    assert sent.of(user("all")).identifiers.count() == kinship.MOST_USER_IDS
    assert Merge.objects.filter(status=Merge.Status.HELD).count() == 31 - kinship.MOST_USER_IDS


def test_who_is_not_the_same_person_stays_so_whatever_is_said(support: Staff) -> None:
    anna, ben = met()
    held = Merge.objects.create(
        kept=anna, absorbed=ben, status="held", reason=Merge.Reason.SAID_SO, at=NOW
    )
    merging.refuse(held, by=support)
    sent.take(event(visit("v")))
    sent.take(link(user("ben"), visit("v")))
    sent.take(link(user("anna"), user("ben"), said=True), link(user("anna"), visit("v"), said=True))
    assert sent.of(user("ben")) == sent.of(visit("v")) == ben
    with pytest.raises(NotAllowed):
        merging.confirm(held, by=support, at=NOW)


# --- what follows -----------------------------------------------------------


def test_after_a_merge_the_days_are_those_of_one_person_from_the_start() -> None:
    days = [(visit("v"), 3), (visit("v"), 2), (user("anna"), 2), (user("anna"), 1), (visit("w"), 1)]
    sent.take(*(event(who, at=NOW - ago * DAY) for who, ago in days for _twice in "ab"))
    sent.in_lake()
    activity.catch_up()
    sent.take(link(user("anna"), visit("v")), link(user("anna"), visit("w")))
    anna = sent.of(user("anna")).pk
    assert not DirtyDay.objects.exists()
    day = {ago: (NOW - ago * DAY).date() for ago in (1, 2, 3)}
    assert sets() == {
        (day[3], 1): {anna}, (day[3], 2): {anna},
        **{(day[ago], level): {anna} for ago in (1, 2) for level in (1, 2, 3)},
    }  # fmt: skip
    assert merging.tell(at=NOW) == 0


def test_in_segments_the_kept_one_takes_the_absorbed_ones_place() -> None:
    anna, ben = met()
    segment = factories.SegmentFactory(rule=tree.EVERYONE, members=BitMap([ben.pk]), size=1)
    both = factories.SegmentFactory(members=BitMap([anna.pk, ben.pk]), size=2)
    factories.traits(ben, orders=3)
    rule = {"trait": "orders", "op": "=", "value": 3}
    sent.take(link(user("anna"), user("ben"), said=True))
    merging.tell(at=NOW)
    for one in (segment, both):
        one.refresh_from_db()
        assert (one.members, one.size) == (BitMap([anna.pk]), 1)
    assert not membership.evaluate(rule, day=NOW.date())


def test_the_notes_about_both_are_notes_about_the_one(support: Staff) -> None:
    anna, ben = met()
    notes.add(ben, text="Wants paper bags", kind="need", by=support, at=NOW)
    sent.take(link(user("anna"), user("ben"), said=True))
    assert [note.text for note in notes.of(anna)] == ["Wants paper bags"]


def test_after_thirty_days_the_lake_itself_says_so_and_reads_the_same(support: Staff) -> None:
    anna, ben = met()
    merge = merging.merge(anna, ben, by=support, at=NOW)
    assert merging.settle(at=NOW + 29 * DAY) == 0
    before = (read(), sets())
    assert merging.settle(at=NOW + 30 * DAY) == 1
    assert not history.moved()
    assert (read(), sets()) == before
    assert [row["customer"] for row in sent.in_lake()] == [anna.pk, anna.pk]
    with pytest.raises(NotAllowed, match="for good"):
        merging.undo(merge, by=support)
    assert merging.settle(at=NOW + 30 * DAY) == 0


def test_an_older_merge_settles_into_a_younger_one_that_can_still_be_undone(
    support: Staff,
) -> None:
    anna, ben = met()
    sent.take(event(user("cleo")))
    sent.in_lake()
    merging.merge(ben, anna, by=support, at=NOW)
    younger = merging.merge(sent.of(user("cleo")), ben, by=support, at=NOW + 20 * DAY)
    merging.settle(at=NOW + 35 * DAY)
    cleo = sent.of(user("cleo"))
    assert read() == [cleo.pk] * 3
    merging.undo(younger, by=support)
    assert read() == sorted([ben.pk, ben.pk, cleo.pk])
    merging.merge(cleo, ben, by=support, at=NOW + 40 * DAY)
    merging.settle(at=NOW + 99 * DAY)
    assert [row["customer"] for row in sent.in_lake()] == [cleo.pk] * 3


def test_what_we_ourselves_tell_of_an_absorbed_customer_is_the_kept_ones(support: Staff) -> None:
    anna, ben = met()
    ingest.receive([factories.incoming(ben, "2026-02-27", key="on its way")])
    merging.merge(anna, ben, by=support, at=NOW)
    ingest.receive([factories.incoming(ben, "2026-02-28", key="later")])
    assert InboxEvent.objects.get(key="later").customer_id == anna.pk
    merging.settle(at=NOW + 31 * DAY)
    found = {row["key"]: row["customer"] for row in sent.in_lake()}
    assert found["on its way"] == found["later"] == anna.pk


def test_nothing_more_is_taken_of_the_erased() -> None:
    anna, _ben = met()
    ingest.receive([factories.incoming(anna, "2026-02-27", key="on its way")])
    Customer.objects.filter(pk=anna.pk).update(erased_at=NOW)
    assert ingest.receive([factories.incoming(anna, "2026-02-28", key="later")]) == 0
    assert not {"on its way", "later"} & {row["key"] for row in sent.in_lake()}
    assert anna.pk not in membership.everyone()
