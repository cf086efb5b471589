"""Who came back because of a playbook, and who stayed."""

import datetime as dt

import pytest
from pyroaring import BitMap

from campaigns import playbooks
from campaigns.models import PlayResult, Turn
from campaigns.playbooks import Offer
from metrics import saves
from segments import activity, ingest
from segments.models import Customer
from tests.campaigns.factories import TemplateFactory, bob, people, segment_of

FIRST = dt.date(2018, 3, 1)
DAY = dt.timedelta(days=1)


def day(number: int) -> dt.date:
    return FIRST + number * DAY


def test_each_comes_back_once_within_the_days_that_count() -> None:
    woke = {day(1): BitMap([1]), day(3): BitMap([1, 2]), day(6): BitMap([3]), day(0): BitMap([4])}
    turns = [(day(0), BitMap([1, 2, 3, 4])), (day(2), BitMap([2]))]
    back = saves.came_back(turns, woke, 5)
    assert back == {day(1): BitMap([1]), day(3): BitMap([2])}, "3 is late, and 4 was there before"


def test_who_is_active_in_the_seven_days_after_has_stayed() -> None:
    back = {day(1): BitMap([1, 2]), day(5): BitMap([3])}
    active = {day(1): BitMap([1, 2]), day(8): BitMap([1]), day(9): BitMap([2])}
    assert saves.stays(back, active, day(8)) == (2, 1)
    assert saves.stays(back, active, day(12)) == (3, 1)
    assert saves.stays(back, active, day(7)) == (0, 0)


@pytest.mark.django_db
def test_a_playbook_is_measured_against_its_control() -> None:
    owner, customers = bob(), people(6)
    playbook = playbooks.add(name="Save", wake_event="order_paid", wake_days=10, by=owner)
    offer = Offer(template=TemplateFactory.create())
    play = playbooks.add_play(playbook, segment_of(customers), None, offer, by=owner)
    at = dt.datetime(2018, 3, 1, 2, tzinfo=dt.UTC)
    treated, control = customers[:4], customers[4:]
    Turn.objects.create(play=play, day=FIRST, at=at, members=_set(treated), control=_set(control))
    _bought(treated[:3], 2)
    _bought(control[:1], 3)
    _bought(treated[:1], 4)
    activity.rebuild()
    assert saves.compute(playbook) == 1
    result, whole = PlayResult.objects.get(play=play), PlayResult.objects.get(play=None)
    assert (result.treated, result.woken) == (4, 3)
    assert (result.control, result.control_woken) == (2, 1)
    assert (result.followed, result.stayed) == (3, 1)
    assert (whole.share, whole.control_share, whole.saved) == (0.75, 0.5, 1.0)
    assert saves.compute(playbook) == 1, "and again"


def _set(customers: list[Customer]) -> BitMap:
    return BitMap([one.pk for one in customers])


def _bought(customers: list[Customer], number: int) -> None:
    at = dt.datetime(2018, 3, 1, 4, tzinfo=dt.UTC) + number * DAY
    ingest.receive(
        ingest.IncomingEvent(f"{one.pk}-{number}", one.pk, "order_paid", at, 100)
        for one in customers
    )
    ingest.flush()
