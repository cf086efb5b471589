"""Who did a thing how often: added up from tallies it is what the lake says."""

import datetime as dt
import random

import pytest

from segments import computing, history, often
from segments.lake import questions
from segments.models import Customer, Merge
from segments.tallies import EVERYTHING
from tests.segments import factories
from tests.segments.factories import CustomerFactory, incoming

pytestmark = pytest.mark.django_db
FIRST, LAST = dt.date(2018, 1, 1), dt.date(2018, 1, 20)


def test_added_up_it_is_what_the_lake_says_also_of_who_was_merged() -> None:
    chance = random.Random(5)
    people = CustomerFactory.create_batch(9)
    days = [FIRST + dt.timedelta(number) for number in range(20)]
    factories.happened(
        *(
            incoming(chance.choice(people), day, name=chance.choice(["seen", "bought"]))
            for day in days
            for _time in range(12)
        )
    )
    Customer.objects.filter(pk=people[8].pk).update(merged_into=people[2])
    Merge.objects.create(
        kept=people[2],
        absorbed=people[8],
        status=Merge.Status.DONE,
        reason=Merge.Reason.SAID_SO,
        at=factories.moment(LAST),
    )
    assert often.who("seen", 4, since=FIRST, until=LAST) is None  # no night was yet
    computing.recompute(LAST)
    sizes = set()
    for since in (None, days[4], days[17], LAST):
        for times in (1, 4, 9, 40):
            found = often.who("seen", times, since=since, until=LAST)
            with history.opened() as lake:
                answer = questions.who_did(lake, event="seen", since=since, until=LAST, times=times)
            assert found is not None
            assert list(found) == answer["customer"].to_pylist()
            sizes.add(len(found))
    assert len(sizes) > 4
    assert not often.who("never", 1, since=FIRST, until=LAST)
    next(EVERYTHING.folder.glob("2018-01-18-*")).unlink()
    assert often.who("seen", 4, since=days[17], until=LAST) is None
