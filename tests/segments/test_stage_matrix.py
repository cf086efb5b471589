"""The matrix of moves between two days: told from the moves, the same as comparing the days."""

import datetime as dt
import itertools
from collections import Counter

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from segments import matrix, stages, standing
from segments.models import Stage, StageSet

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
PEOPLE = 8


def day(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number)


@pytest.fixture
def three() -> StageSet:
    """Stages that are asked in this order, of which the middle one is the highest."""
    stage_set = StageSet.objects.create(key="s", is_default=True)
    for position, (key, level) in enumerate((("new", 1), ("best", 2), ("gone", 0)), start=1):
        Stage.objects.create(stage_set=stage_set, key=key, position=position, level=level)
    return stage_set


def stand(stage_set: StageSet, on: int, places: str) -> None:
    """One letter a customer: n(ew), b(est), g(one), or nowhere."""
    keys = {one.key[0]: one.pk for one in stage_set.stages.all()}
    chosen = np.array([keys.get(one, standing.NOWHERE) for one in places], np.int32)
    stages._keep(stage_set, chosen, day(on))
    stage_set.refresh_from_db()


def told(found: matrix.Matrix) -> dict[tuple[str, str], int]:
    names = [(one, one.key if one else "-") for one in found.stages]
    return {
        (a, b): many
        for (was, a), (now, b) in itertools.product(names, names)
        if (many := found.count(was, now))
    }


def test_who_moved_forward_back_away_and_in(three: StageSet) -> None:
    stand(three, 0, "nnnbb--")
    stand(three, 5, "nbbbg-n")
    stand(three, 9, "nbn-gn-")
    found = matrix.between(matrix.Stages(three), since=day(0), until=day(9))
    assert told(found) == {
        ("new", "new"): 2, ("new", "best"): 1, ("best", "gone"): 1, ("best", "-"): 1,
        ("-", "new"): 1,
    }  # fmt: skip
    assert found.rates == matrix.Rates(of=5, up=1, down=1, aside=0, out=1, came=1)
    assert found.rates.stayed == 2
    assert [found.before(one) for one in found.stages] == [3, 2, 0, 1]
    assert [found.after(one) for one in found.stages] == [3, 1, 1, 1]


def test_into_a_stage_of_a_lower_level_is_back_whatever_its_place(three: StageSet) -> None:
    stand(three, 0, "bg")
    stand(three, 1, "gn")
    rates = matrix.between(matrix.Stages(three), since=day(0), until=day(1)).rates
    assert (rates.up, rates.down) == (1, 1)


def test_weeks_tell_their_shares(three: StageSet) -> None:
    stand(three, 0, "nnnn")
    stand(three, 3, "bnnn")
    stand(three, 7, "bbnn")
    stand(three, 14, "ggnn")
    first, second = matrix.weeks(matrix.Stages(three), until=day(14))
    assert (first.until, first.rates.of, first.rates.up, first.rates.down) == (day(7), 4, 2, 0)
    assert (second.rates.up, second.rates.down, second.rates.stayed) == (0, 2, 2)
    assert matrix.weeks(matrix.Stages(StageSet.objects.create(key="empty")), until=day(14)) == []


@examples(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    days=st.lists(st.text("nbg-", min_size=PEOPLE, max_size=PEOPLE), min_size=1, max_size=6),
    since=st.integers(-1, 6),
    span=st.integers(0, 6),
)
def test_the_matrix_equals_comparing_the_two_days(
    three: StageSet, days: list[str], since: int, span: int
) -> None:
    with transaction.atomic():
        for on, places in enumerate(days):
            stand(three, on, places)
        letters = {one.pk: one.key for one in three.stages.all()}
        before, after = (
            standing.longer(standing.on(three.pk, day(on)), PEOPLE) for on in (since, since + span)
        )
        pairs = [
            (letters.get(int(a), "-"), letters.get(int(b), "-"))
            for a, b in zip(before, after, strict=True)
        ]
        expected = Counter(pair for pair in pairs if pair != ("-", "-"))
        found = matrix.between(matrix.Stages(three), since=day(since), until=day(since + span))
        assert told(found) == expected
        transaction.set_rollback(True)
