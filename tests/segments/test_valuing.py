"""Ways of scoring: versions with a reason, previews, runs into columns, and explanations."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import arrays, scorings, sheet, traits, valuing
from segments.models import Scoring, ScoringRun, Stage, StageSet, Trait
from segments.rules.nodes import RuleError
from segments.scoring import rfm
from segments.scorings import CLUSTERS, RFM, VALUE
from segments.sheet import Fresh

pytestmark = pytest.mark.django_db
StaffOf = Callable[..., Staff]
DAY = dt.date(2018, 1, 1)
TODAY = (DAY - traits.EPOCH).days
HERE = 90  # customers


@pytest.fixture
def business() -> None:
    """Ninety customers: a third comes every day, a third came once, a third never bought."""
    traits.install()
    ids = np.arange(1, HERE + 1)
    third = (ids - 1) // 30
    random = np.random.default_rng(5)
    bought = third < 2
    orders = np.where(third == 0, random.integers(8, 20, HERE), (third == 1).astype(int))
    last = np.where(third == 0, TODAY - random.integers(0, 6, HERE), TODAY - 200)
    average = random.integers(1000, 9000, HERE)
    keep(
        {
            "orders": orders,
            "monetary_minor": orders * average,
            "active_days_30d": np.where(third == 0, random.integers(10, 25, HERE), third == 1),
            "interactions_30d": np.where(third == 0, ids, 0),
        },
        ids,
    )
    keep({"last_order_on": last[bought], "average_order_minor": average[bought]}, ids[bought])


def keep(values: dict[str, Any], ids: Any) -> None:
    money = {"monetary_minor", "average_order_minor"}
    sheet.write(
        {
            key: Fresh(arrays.spread(ids, one.astype(np.int64 if key in money else np.int32)))
            for key, one in values.items()
        },
        day=DAY,
    )


def changed(kind: str, **values: Any) -> dict[str, Any]:
    return {**scorings.current(kind).recipe, **values}


def change(kind: str, by: Staff, *, seen: int = 1, note: str = "Because", **values: Any) -> Scoring:
    return valuing.change(kind, changed(kind, **values), seen_version=seen, note=note, by=by)


# --- running ------------------------------------------------------------------


def test_a_night_writes_every_score_and_a_second_one_touches_nothing(business: None) -> None:
    assert valuing.run_due(valuing.BEFORE_STAGES + valuing.AFTER_STAGES, DAY) > 0
    assert valuing.run_due(valuing.BEFORE_STAGES + valuing.AFTER_STAGES, DAY) == 0
    of = traits.of([1, 31, 61])
    assert of[1]["rfm_cell"].startswith("HH")
    assert of[31]["rfm_cell"][0] == "L"
    assert "rfm_cell" not in of[61]
    assert of[1]["value_score"] > of[31]["value_score"] > of[61]["value_score"] == 0
    assert of[1]["value_tier"] == "high"
    assert len({of[one]["cluster"] for one in (1, 31, 61)}) == 3
    assert ScoringRun.objects.count() == 4
    row = Trait.objects.get(key="value_score")
    assert (row.known, row.data_as_of) == (HERE, DAY)


def test_scores_are_of_those_with_an_order_alone(business: None) -> None:
    valuing.run(RFM, DAY)
    assert arrays.known(traits.values("r_score", DAY)).sum() == 60
    run = scorings.last_run(RFM)
    assert run is not None
    assert run.customers == 60 == sum(one["customers"] for one in run.summary["cells"])
    spent = sheet.read("monetary_minor")["monetary_minor"].values
    assert sum(one["spent"] for one in run.summary["field"]) == spent[1:].sum()


def test_without_traits_nothing_is_scored_and_what_was_kept_stays(business: None) -> None:
    valuing.run(RFM, DAY)
    sheet.drop(["orders"])
    assert valuing.run(RFM, DAY + dt.timedelta(days=1)) == 0
    assert arrays.known(traits.values("r_score", DAY)).sum() == 60
    assert ScoringRun.objects.count() == 1


def test_words_keep_their_places_when_cells_change(business: None, staff_of: StaffOf) -> None:
    valuing.run(RFM, DAY)
    before = sheet.read("rfm_cell")["rfm_cell"].words
    three = [{"key": "vip", "title": "VIP", "m": [4, 5]}, {"key": "HHL"}]
    change(RFM, staff_of("operator"), cells=three)
    valuing.run(RFM, DAY)
    assert sheet.read("rfm_cell")["rfm_cell"].words == (*before, "vip")
    assert set(traits.of([1, 31])[1]["rfm_cell"].split()) <= {"vip", "HHL"}


def test_stages_are_a_factor_of_value(business: None) -> None:
    stages = StageSet.objects.create(key="lifecycle")
    new, old = (
        Stage.objects.create(stage_set=stages, key=key, position=at)
        for at, key in enumerate(("maturity", "decline"))
    )
    ids = np.arange(1, HERE + 1)
    column = arrays.spread(ids, np.where(ids % 2, new.pk, old.pk).astype(np.int32))
    sheet.write({f"stage:{stages.pk}": Fresh(column)}, day=DAY)
    valuing.run(VALUE, DAY)
    run = scorings.last_run(VALUE)
    assert run is not None
    assert run.summary["weights"]["stage"] == pytest.approx(15 / 70)
    stands = {one.factor.key: one.stands for one in valuing.explain(61, day=DAY)}
    assert stands["stage"] == 1.0
    assert {one.factor.key: one.stands for one in valuing.explain(62, day=DAY)}["stage"] == 0.2


def test_cluster_numbers_and_names_stay_over_nights(business: None) -> None:
    valuing.run(CLUSTERS, DAY)
    before, names = traits.values("cluster", DAY), scorings.labels()["cluster"]
    active = traits.values("active_days_30d", DAY)[1:]
    keep({"active_days_30d": np.where(active > 1, active + 2, active)}, np.arange(1, HERE + 1))
    valuing.run(CLUSTERS, DAY + dt.timedelta(days=1))
    assert (traits.values("cluster", DAY) == before).all()
    assert scorings.labels()["cluster"] == names
    assert {"Highly active", "Silent"} <= set(names.values())


def test_a_weekly_scoring_runs_on_its_day_and_when_it_is_new(
    business: None, staff_of: StaffOf
) -> None:
    change(VALUE, staff_of("operator"), weekday=0)  # DAY is a Monday
    days = [DAY + dt.timedelta(days=n) for n in range(1, 9)]
    assert valuing.is_due(VALUE, days[0]), "it never ran"
    valuing.run(VALUE, DAY)
    assert [valuing.is_due(VALUE, day) for day in days] == [False] * 6 + [True, True]
    valuing.change(
        VALUE, changed(VALUE, by="score", tiers=[{"key": "a", "at": 0}]),
        seen_version=2, note="Fixed", by=staff_of("operator"),
    )  # fmt: skip
    assert valuing.is_due(VALUE, days[0]), "a new version runs at once"


# --- changing -----------------------------------------------------------------


def test_a_change_is_a_version_with_a_reason(staff_of: StaffOf) -> None:
    operator = staff_of("operator")
    now = change(VALUE, operator, note="  Singles' day ", weekday=6)
    assert (now.version, now.note, now.by) == (2, "Singles' day", operator)
    assert [one.version for one in scorings.history(VALUE)] == [2, 1]
    entry = AuditEntry.objects.get(action="scoring.changed")
    assert entry.details["now"]["weekday"] == 6


def test_who_may_not_or_says_nothing_changes_nothing(staff_of: StaffOf) -> None:
    refusals: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (NotAllowed, "support", {"weekday": 1}),
        (NotAllowed, "operator", {"weekday": 1, "note": " "}),
        (NotAllowed, "operator", {}),
        (Stale, "operator", {"weekday": 1, "seen": 3}),
        (RuleError, "operator", {"weekday": 9}),
    ]
    for problem, role, values in refusals:
        with pytest.raises(problem):
            change(RFM, staff_of(role), **values)
    assert not Scoring.objects.filter(version__gt=1).exists()
    assert not AuditEntry.objects.filter(action="scoring.changed").exists()


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        pytest.param(
            RFM, {"frequency": {"trait": "gone"}}, "There is no trait “gone”", id="no trait"
        ),
        pytest.param(
            RFM, {"recency": {"trait": "last_order_on"}}, "“last order” is no number", id="a date"
        ),
        pytest.param(
            VALUE,
            {"factors": [{"key": "a", "weight": 1, "stage_set": "no", "points": {"x": 1}}]},
            "There is no stage set “no”",
            id="no stage set",
        ),
    ],
)
def test_what_a_scoring_rests_on_has_to_be_there(
    kind: str, values: dict[str, Any], words: str, staff_of: StaffOf
) -> None:
    with pytest.raises(RuleError, match=words):
        change(kind, staff_of("operator"), **values)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_at_once_one_is_told(staff_of: StaffOf) -> None:
    operator = staff_of("operator")
    answers: list[int | str] = []

    def attempt(weekday: int) -> None:
        try:
            answers.append(change(RFM, operator, weekday=weekday).version)
        except Stale:
            answers.append("stale")
        finally:
            close_old_connections()
            connection.close()

    both = [threading.Thread(target=attempt, args=[n]) for n in (1, 2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(map(str, answers)) == ["2", "stale"]


# --- trying -------------------------------------------------------------------


def test_a_preview_tells_who_would_move_and_changes_nothing(business: None) -> None:
    valuing.run(RFM, DAY)
    three = rfm.write(replace(rfm.SHIPPED, cells=rfm.THREE))
    found = valuing.preview(RFM, three, day=DAY)
    assert (found.moved, found.customers, found.step) == (60, 60, 1)
    assert sum(found.now.values()) == sum(found.was.values()) == 60
    same = valuing.preview(RFM, changed(RFM), day=DAY)
    assert (same.moved, same.now) == (0, same.was)
    assert Scoring.objects.count() == 1
    assert traits.of([1])[1]["rfm_cell"].startswith("HH")


def test_a_preview_of_many_looks_at_every_nth(
    business: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valuing, "AT_MOST", 30)
    found = valuing.preview(VALUE, changed(VALUE, weekday=2), day=DAY)
    assert (found.step, found.moved) == (4, 0)
    assert abs(found.customers - HERE) < 4


@pytest.mark.parametrize("kind", scorings.KINDS)
def test_each_kind_has_a_preview_also_where_nothing_is_known(kind: str) -> None:
    found = valuing.preview(kind, changed(kind), day=DAY)
    assert (found.moved, found.customers) == (0, 0)


# --- explaining ---------------------------------------------------------------


def test_the_parts_of_a_score_add_up_to_it(business: None) -> None:
    valuing.run(VALUE, DAY)
    for customer in (1, 17, 45, 90):
        parts = valuing.explain(customer, day=DAY)
        assert (
            round(sum(one.points for one in parts))
            == traits.of([customer])[customer]["value_score"]
        )
        assert sum(one.share for one in parts) == pytest.approx(1)
    assert valuing.explain(10_000, day=DAY) == []


def test_names_are_asked_for_in_few_questions(business: None) -> None:
    for kind in scorings.KINDS:
        valuing.run(kind, DAY)
    with CaptureQueriesContext(connection) as asked:
        found = scorings.labels()
    assert len(asked) <= 2
    assert found["rfm_cell"]["HHH"] == "Important: valuable"
    assert found["potential_signs"]["interaction+streak"] == (
        "Interacts often + Comes every day, not paid yet"
    )


def test_a_scoring_of_profile_fields_alone_is_noticed(business: None) -> None:
    Trait.objects.create(
        key="age", title="Age", kind="whole", recipe={"take": "profile", "field": "age"}
    )
    module = scorings.MODULES[VALUE]
    of_age = {"key": "age", "weight": 1, "trait": "age"}
    found = module.read({**changed(VALUE), "factors": [of_age]})
    assert valuing.rests_on_statics(found)
    bought = {"key": "orders", "weight": 1, "trait": "orders"}
    found = module.read({**changed(VALUE), "factors": [of_age, bought]})
    assert not valuing.rests_on_statics(found)
