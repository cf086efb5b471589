"""What requests promised to move: frozen, judged by a control or by the past, and told."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import ExtractWeek

from campaigns.models import CampaignResult
from console.models import RequestLink, RequestVerdict, TeamRequest, WorkItem
from console.states import NotAllowed
from metrics import promise_words, promises, tasks
from metrics.measurements import Figure, count, ratio
from metrics.models import Measurement, Metric
from tests.factories import StaffFactory, TeamFactory
from tests.metrics.factories import CampaignFactory, measured, today_is

ACCEPTED, DELIVERED = dt.date(2026, 3, 2), dt.date(2026, 3, 31)
BY, TODAY = dt.date(2026, 5, 12), dt.date(2026, 5, 20)
FIRST = dt.date(2025, 1, 6)
AT = dt.datetime(2026, 5, 20, 3, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def rate_of(after: float, *, until: dt.date = TODAY - DAY) -> list[Figure]:
    """A paid rate that goes around 5 %, with its weekdays, and after the delivery another."""
    found = []
    for number in range((until - FIRST).days + 1):
        day = FIRST + DAY * number
        wave = 1 + 0.01 * math.sin(number / 9) + 0.02 * (day.weekday() >= 5)
        share = (after if day > DELIVERED else 0.05) * wave
        found.append(ratio("paid_rate", day, round(share * 1_000_000), 1_000_000))
    return found


@pytest.fixture
def asked(db: None) -> TeamRequest:
    """A request that was delivered and promised ten per cent more, as its row says."""
    today_is(TODAY)
    growth, tech = TeamFactory.create(name="Growth"), TeamFactory.create(name="Tech")
    return TeamRequest.objects.create(
        kind=TeamRequest.Kind.FEATURE,
        title="A shorter way to pay",
        why="Every second one stops at the payment.",
        status=TeamRequest.Status.DELIVERED,
        from_team=growth,
        to_team=tech,
        asked_by=StaffFactory.create(team=growth),
        owner=StaffFactory.create(team=tech),
        metric="paid_rate",
        expected_change=Decimal("0.1"),
        expected_by=BY,
        accepted_on=ACCEPTED,
        promised_on=DELIVERED,
        delivered_on=DELIVERED,
    )


def frozen(request: TeamRequest) -> TeamRequest:
    request.baseline = promises.baseline(request, on=ACCEPTED)
    request.save(update_fields=["baseline"])
    return request


def test_no_share_is_promised_beyond_all(asked: TeamRequest) -> None:
    measured(*rate_of(0.05))
    assert promises.too_much("paid_rate", Decimal(18), on=ACCEPTED) == ""
    words = promises.too_much("paid_rate", Decimal(20), on=ACCEPTED)
    assert "5.0%" in words
    assert promises.too_much("orders", Decimal(20), on=ACCEPTED) == ""
    kept = {"value": 0.6}
    assert promises.too_much("paid_rate", Decimal("0.6"), frozen=kept, on=ACCEPTED) == ""
    assert promises.too_much("paid_rate", Decimal("0.7"), frozen=kept, on=ACCEPTED)
    asked.expected_change = Decimal(20)
    with pytest.raises(NotAllowed, match="no share"):
        promises.baseline(asked, on=ACCEPTED)


def test_no_percentage_of_nothing_is_promised(asked: TeamRequest) -> None:
    measured(*(ratio("paid_rate", FIRST + DAY * n, 0, 1_000) for n in range(420)))
    words = promises.too_much("paid_rate", Decimal("0.05"), on=ACCEPTED)
    assert "every percentage of it is 0" in words
    assert promises.too_much("paid_rate", Decimal("0.1"), frozen={"value": 0.0}, on=ACCEPTED) == ""
    with pytest.raises(NotAllowed, match="choose another metric"):
        promises.baseline(asked, on=ACCEPTED)


def test_the_baseline_is_the_eight_weeks_before_and_stays_as_it_was(asked: TeamRequest) -> None:
    measured(*rate_of(0.05))
    kept = frozen(asked).baseline
    assert kept is not None
    assert (kept["since"], kept["until"]) == ("2026-01-05", "2026-03-01")
    assert len(kept["weeks"]) == 8
    assert kept["value"] == pytest.approx(0.0503, abs=5e-4)
    assert kept["low"] < kept["value"] < kept["high"]
    assert promises.target(asked) == pytest.approx(kept["value"] * 1.1)
    Measurement.objects.filter(day__lt=ACCEPTED).update(numerator=90_000)
    _outcome, said = promises.judge(asked, on=TODAY)
    assert said["against"] == pytest.approx(kept["value"])


@pytest.mark.parametrize(("did", "many"), [(0, 3), (3, 3)])
def test_a_share_of_few_is_not_certain_because_its_weeks_are_alike(
    asked: TeamRequest, did: int, many: int
) -> None:
    """Nobody, or everybody, of 3 on each of 56 days: of 168 that may well be 2 % off."""
    measured(*(ratio("paid_rate", FIRST + DAY * n, did, many) for n in range(420)))
    asked.expected_change = None
    kept = frozen(asked).baseline
    assert kept is not None
    assert kept["high"] - kept["low"] == pytest.approx(0.0224, abs=5e-4)
    assert kept["low"] <= kept["value"] <= kept["high"]
    assert kept["low"] >= 0
    assert kept["high"] <= 1


def test_weeks_that_are_all_alike_have_no_bounds_and_say_so(asked: TeamRequest) -> None:
    measured(*(count("dau", FIRST + DAY * n, 10) for n in range(420)))
    asked.metric = "dau"
    kept = frozen(asked).baseline
    assert kept is not None
    assert (kept["low"], kept["high"]) == (None, None)
    promised = promise_words.promised(asked)
    assert promised is not None
    assert promised.bounds == "no bounds: the weeks are too few, or all the same"
    asked.baseline = kept | {"low": 10.0, "high": 10.0}  # as such were kept once
    promised = promise_words.promised(asked)
    assert promised is not None
    assert promised.bounds.startswith("no bounds")


@pytest.mark.parametrize(
    ("after", "outcome"),
    [(0.0565, "met"), (0.053, "partly"), (0.0501, "not"), (0.045, "not")],
)
def test_a_delivered_request_is_judged_by_its_past(
    asked: TeamRequest, after: float, outcome: str
) -> None:
    measured(*rate_of(after))
    found, said = promises.judge(frozen(asked), on=TODAY)
    assert found == outcome
    assert said["how"] == "before_after"
    assert said["relative"] == pytest.approx(after / 0.05 - 1, abs=0.02)
    assert said["low"] < said["relative"] < said["high"]
    assert said["after"] == ["2026-04-15", BY.isoformat()]
    assert said["looked"] > 20
    assert said["year_before"] is not None
    assert "Spring Festival" in str(said["holidays"]["before"]) or said["holidays"]["before"]


def test_a_number_that_swings_by_itself_proves_nothing(asked: TeamRequest) -> None:
    """Five months up and five down, by a fifth: half a wave looks like a great success."""
    measured(
        *(
            count("dau", FIRST + DAY * n, round(1000 * (1 - 0.2 * math.sin(n / 45))))
            for n in range((TODAY - FIRST).days)
        )
    )
    asked.metric = "dau"
    outcome, said = promises.judge(frozen(asked), on=TODAY)
    assert said["relative"] > 0.1
    assert said["low"] < 0 < said["high"]
    assert outcome == "unclear"


def test_what_was_delivered_too_late_is_judged_four_weeks_after(asked: TeamRequest) -> None:
    measured(*rate_of(0.06))
    asked.expected_by = DELIVERED
    asked.save()
    assert promises.due_on(frozen(asked)) == DELIVERED + DAY * 28
    outcome, said = promises.judge(asked, on=TODAY)
    assert (outcome, said["notes"]) == ("met", ["late"])


def test_another_definition_counts_both_stretches_anew(asked: TeamRequest) -> None:
    measured(*rate_of(0.06))
    frozen(asked)
    Metric.objects.filter(key="paid_rate").update(version=9)
    Measurement.objects.update(numerator=60_000 + ExtractWeek("day") % 2 * 200)
    outcome, said = promises.judge(asked, on=TODAY)
    assert said["notes"] == ["new_definition"]
    assert said["was"] == pytest.approx(0.0503, abs=5e-4)
    assert said["against"] == pytest.approx(0.06, abs=2e-4)
    assert outcome == "not"


def test_too_little_is_known(asked: TeamRequest) -> None:
    measured(*rate_of(0.06, until=DELIVERED + DAY * 9))
    outcome, said = promises.judge(frozen(asked), on=TODAY)
    assert (outcome, said["why"]) == ("unclear", "too_early")
    assert promises.find_all(at=AT, on=TODAY) == 0
    asked.metric = "of_the_moon"
    assert promises.baseline(asked, on=ACCEPTED) == {
        "metric": "of_the_moon",
        "why": "no_metric",
        "weeks": [],
    }
    asked.metric = ""
    assert promises.baseline(asked, on=ACCEPTED) is None


# --- a control ----------------------------------------------------------------------


def linked_campaign(request: TeamRequest, **result: int) -> None:
    campaign = CampaignFactory.create(control_share=0.1)
    CampaignResult.objects.create(
        campaign=campaign, window_days=7, is_final=True, computed_at=AT, **result
    )
    RequestLink.objects.create(
        request=request, subject=campaign, title=str(campaign), added_by=request.asked_by
    )


def test_a_control_that_counts_the_same_decides(
    asked: TeamRequest, paid: Callable[[], None]
) -> None:
    measured(*rate_of(0.045))  # the past alone says that it did harm
    paid()
    linked_campaign(
        asked, treated=90_000, treated_purchased=5_400, control=10_000, control_purchased=500
    )
    outcome, said = promises.judge(frozen(asked), on=TODAY)
    assert (outcome, said["how"]) == ("met", "campaign")
    assert said["relative"] == pytest.approx(0.2)
    assert 0 < said["low"] < 0.2 < said["high"]


def test_a_control_that_counts_something_else_does_not(
    asked: TeamRequest, paid: Callable[[], None]
) -> None:
    measured(*rate_of(0.0565))
    paid()
    asked.metric = "dau"
    linked_campaign(
        asked, treated=90_000, treated_purchased=5_400, control=10_000, control_purchased=500
    )
    _outcome, said = promises.judge(asked, on=TODAY)
    assert said["how"] == "before_after"


@pytest.fixture
def paid(db: None) -> Callable[[], None]:
    """Orders have been seen, so that they count as paid."""
    from segments import catalogue

    return lambda: (catalogue.register({"order_paid"}), None)[1]


# --- every night, and in words --------------------------------------------------------


def test_the_night_judges_once_and_asks_who_asked_to_look(asked: TeamRequest) -> None:
    measured(*rate_of(0.053))
    frozen(asked)
    tasks.judge_promises()
    tasks.judge_promises()
    verdict = RequestVerdict.objects.get()
    assert (verdict.outcome, verdict.by) == ("partly", None)
    asked.refresh_from_db()
    assert asked.status == TeamRequest.Status.JUDGED
    item = WorkItem.objects.get(kind="verdict")
    assert (item.owner, item.subject) == (asked.asked_by, asked)


def test_another_word_than_what_is_measured_says_why(asked: TeamRequest) -> None:
    measured(*rate_of(0.053))
    frozen(asked)
    given: dict[str, Any] = {"by": asked.asked_by, "at": AT, "on": TODAY}
    with pytest.raises(NotAllowed, match="partly"):
        promises.say(asked, outcome="met", words="  ", **given)
    asked.refresh_from_db()
    assert asked.status == TeamRequest.Status.DELIVERED
    assert not RequestVerdict.objects.exists()
    promises.say(asked, outcome="met", words="A holiday fell into it.", **given)
    promises.say(asked, outcome="partly", **given)
    assert RequestVerdict.objects.count() == 2


def test_promise_and_verdict_in_words(asked: TeamRequest) -> None:
    measured(*rate_of(0.053))
    promised = promise_words.promised(frozen(asked))
    assert promised is not None
    assert (promised.label, promised.change, promised.value) == ("Paid rate", "+10.0%", "5.0%")
    assert promised.target == "5.5%"
    assert promised.chart is not None
    assert len(promised.chart.rows) == 18
    assert promise_words.verdict(asked) is None
    promises.find_all(at=AT, on=TODAY)
    found: Any = promise_words.verdict(asked)
    assert (found.outcome, found.tone, found.by) == ("partly", "warn", "")
    facts = dict(found.facts)
    assert facts["Promised"] == "+10.0%"
    assert facts["Came to"].startswith("+")
    said = " ".join(found.caveats)
    assert "No control" in said
    assert "A year before" in said
    assert "earlier stretches" in said
