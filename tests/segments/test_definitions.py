"""Definitions: versions, words, marks, refusals, and two people who change one at once."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, close_old_connections, connection, transaction
from pyroaring import BitMap

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import activity, catalogue, definitions
from segments.definitions import ACTIVE, EFFECTIVE, INTERACTION, PAID, Said
from segments.models import Definition, EventType
from tests.segments import factories
from tests.segments.factories import incoming

StaffOf = Callable[..., Staff]
DAY = dt.date(2017, 3, 1)


@pytest.fixture
def events(db: None) -> None:
    for name in ("order_paid", "viewed", "message_sent"):
        catalogue.register([name])


def said(*names: str, **values: object) -> Said:
    return Said(frozenset(names), **values)  # type: ignore[arg-type]


def change(key: str, meant: Said, *, by: Staff, seen: int = 1, note: str = "Because") -> Definition:
    return definitions.change(key, meant, seen_version=seen, note=note, by=by)


@pytest.mark.django_db
def test_the_console_comes_with_a_first_version_of_each() -> None:
    assert definitions.versions() == {ACTIVE: 1, INTERACTION: 1, PAID: 1, EFFECTIVE: 1}
    assert not Definition.objects.exists(), "nothing is written before somebody changes it"
    assert definitions.current(PAID).counts("order_paid")
    assert not definitions.current(ACTIVE).counts("message_sent")
    assert definitions.current(ACTIVE).counts("anything_new")


def test_a_kind_that_is_new_counts_as_the_words_say(events: None, staff_of: StaffOf) -> None:
    marks = EventType.objects.get(name="viewed")
    assert (marks.counts_as_active, marks.counts_as_paid) == (True, False)
    change(ACTIVE, said("order_paid"), by=staff_of("manager"))
    catalogue.register(["brand_new"])
    assert not EventType.objects.get(name="brand_new").counts_as_active
    change(PAID, said("order_paid", takes_new=True), by=staff_of("manager"))
    catalogue.register(["newer"])
    assert EventType.objects.get(name="newer").counts_as_paid
    assert not EventType.objects.get(name="brand_new").counts_as_paid


@pytest.mark.django_db
def test_a_change_is_a_version_in_force_at_once(staff_of: StaffOf) -> None:
    factories.happened(incoming(1, DAY, name="viewed"), incoming(2, DAY))
    assert activity.active(DAY, DAY) == BitMap([1, 2])
    assert activity.who(PAID, DAY, DAY) == BitMap([2])
    analyst = staff_of("analyst")
    version = change(ACTIVE, said("order_paid"), by=analyst)
    assert activity.active(DAY, DAY) == BitMap([2])
    assert (version.version, version.by, version.note) == (2, analyst, "Because")
    assert [one.version for one in definitions.history(ACTIVE)] == [2, 1]
    line = AuditEntry.objects.get(action="definition.changed")
    assert line.staff == analyst
    assert line.details["now"]["events"] == ["order_paid"]
    assert line.details["was"]["all_but"] is True


@pytest.mark.django_db
def test_the_first_version_keeps_marks_of_before_there_were_versions(staff_of: StaffOf) -> None:
    EventType.objects.create(name="viewed", counts_as_active=False)
    EventType.objects.create(name="item_bought", counts_as_active=True)
    first = definitions.current(ACTIVE)
    assert not first.counts("viewed")
    assert first.counts("item_bought")
    change(ACTIVE, said("viewed", "item_bought", takes_new=True), by=staff_of("admin"))
    older = definitions.history(ACTIVE)[1]
    assert older.says() == first.says()


def test_names_that_nobody_saw_yet_stay_out_when_new_kinds_count(
    events: None, staff_of: StaffOf
) -> None:
    now = change(ACTIVE, said("order_paid", takes_new=True), by=staff_of("admin"))
    assert not now.counts("message_opened"), "machines open mails, too"
    assert not now.counts("viewed")
    assert now.counts("something_else")


REFUSED = {
    "an unknown event": (PAID, said("order_paid", "nobody_knows"), "Because", "nobody_knows"),
    "no event at all": (PAID, said(), "Because", "At least one event"),
    "no reason": (PAID, said("viewed"), "  ", "few words"),
    "the same again": (PAID, said("order_paid"), "Because", "says the same"),
    "more than the sets know": (EFFECTIVE, said("viewed", times=4), "Because", "times within"),
    "a window without end": (
        EFFECTIVE,
        said("viewed", within_days=91),
        "Because",
        "times within",
    ),
    "times of a word that has none": (PAID, said("viewed", times=2), "Because", "times within"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    events: None, staff_of: StaffOf, case: str
) -> None:
    key, meant, note, words = REFUSED[case]
    with pytest.raises(NotAllowed, match=words):
        change(key, meant, by=staff_of("admin"), note=note)
    assert not Definition.objects.exclude(version=1).exists()
    assert not EventType.objects.get(name="viewed").counts_as_paid


@pytest.mark.parametrize("role", ["operator", "product", "support"])
def test_other_roles_change_nothing(events: None, staff_of: StaffOf, role: str) -> None:
    with pytest.raises(NotAllowed):
        change(PAID, said("viewed"), by=staff_of(role))
    assert definitions.versions()[PAID] == 1


def test_who_looked_at_an_older_version_is_told(events: None, staff_of: StaffOf) -> None:
    change(PAID, said("viewed"), by=staff_of("admin"))
    with pytest.raises(Stale):
        change(PAID, said("order_paid"), by=staff_of("manager"))
    assert definitions.current(PAID).version == 2


def test_versions_are_never_changed_or_removed(events: None, staff_of: StaffOf) -> None:
    change(PAID, said("viewed"), by=staff_of("admin"))
    for deed in ("UPDATE segments_definition SET note = ''", "DELETE FROM segments_definition"):
        with (
            pytest.raises(DatabaseError, match="only ever added"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(deed)


# --- in words -----------------------------------------------------------------


def test_sentences_name_events_as_people_do(events: None, staff_of: StaffOf) -> None:
    EventType.objects.filter(name="viewed").update(title="看过")
    titles = catalogue.titles()
    assert definitions.sentence(definitions.current(ACTIVE), titles) == (
        "Active on a day: who did anything but: Message sent on it."
    )
    assert "any of: Order paid" in definitions.sentence(definitions.current(PAID), titles)
    effective = change(EFFECTIVE, said("viewed", times=3, within_days=7), by=staff_of("admin"))
    assert definitions.sentence(effective, titles) == (
        "Effective: who did any of: 看过, at least 3 times in all, "
        "within 7 days of being active for the first time."
    )


def test_a_diff_says_what_changed(events: None, staff_of: StaffOf) -> None:
    admin = staff_of("admin")
    change(EFFECTIVE, said("viewed", times=3, within_days=14), by=admin)
    newer, older = definitions.history(EFFECTIVE)
    assert definitions.diff(newer, older, catalogue.titles()) == [
        "− Order paid counts no more",
        "− new kinds of events no longer count by themselves",
        "2 → 3 times",
        "within 7 → 14 days",
    ]


# --- races --------------------------------------------------------------------


@pytest.fixture
def at_once() -> Callable[..., list[object]]:
    """Run functions at the same moment, each with a connection of its own."""

    def run(*deeds: Callable[[], object]) -> list[object]:
        barrier, found = threading.Barrier(len(deeds)), list[object]()

        def do(deed: Callable[[], object]) -> None:
            close_old_connections()
            try:
                barrier.wait(60)
                found.append(deed())
            except Exception as problem:
                found.append(problem)
            finally:
                connection.close()

        threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return found

    return run


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_at_once_one_wins(
    staff_of: StaffOf, at_once: Callable[..., list[object]]
) -> None:
    catalogue.register(["order_paid", "viewed", "bought"])
    one, two = staff_of("manager"), staff_of("analyst")
    found = at_once(
        lambda: change(PAID, said("viewed"), by=one),
        lambda: change(PAID, said("bought"), by=two),
    )
    assert sorted(type(one).__name__ for one in found) == ["Definition", "Stale"]
    assert definitions.current(PAID).version == 2
    assert definitions.events(PAID) == definitions.current(PAID).events


@pytest.mark.django_db(transaction=True)
def test_a_kind_that_comes_in_during_a_change_counts_by_the_new_version(
    staff_of: StaffOf, at_once: Callable[..., list[object]]
) -> None:
    catalogue.register(["order_paid"])
    admin = staff_of("admin")

    def arrive() -> object:
        with transaction.atomic():
            return catalogue.register([f"new-{n}" for n in range(50)])

    found = at_once(lambda: change(ACTIVE, said("order_paid"), by=admin), arrive)
    assert not [one for one in found if isinstance(one, Exception)]
    assert definitions.events(ACTIVE) == ["order_paid"]
