"""Traits by recipes equal what plain Python counts, in any world and zone, also of late events."""

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from console.models import Project
from segments import computing, sheet, tallies, traits
from segments.ingest import IncomingEvent
from segments.models import Customer, Merge, Trait
from segments.recipes import reading
from segments.rules.nodes import RuleError
from tests.segments import factories
from tests.segments.factories import CustomerFactory, EventTypeFactory, incoming

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 3, 12)  # the day after New York's clocks go forward
OPENED = {"property": "from", "op": "=", "value": "mail"}

# Every way of taking, of three kinds of events: kind of value, and recipe.
RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "n": ("whole", {"take": "count", "events": ["seen"]}),
    "n_5": ("whole", {"take": "count", "events": ["seen", "bought"], "days": 5}),
    "n_mail": ("whole", {"take": "count", "events": ["seen"], "where": [OPENED]}),
    "paid": ("money", {"take": "value", "events": ["bought"], "how": "sum"}),
    "paid_9": ("money", {"take": "value", "word": "paid", "how": "sum", "days": 9}),
    "mean": ("number", {"take": "value", "events": ["bought"], "how": "average"}),
    "least": ("money", {"take": "value", "events": ["bought"], "how": "min"}),
    "most": ("money", {"take": "value", "events": ["bought"], "how": "max", "days": 20}),
    "sizes": ("number", {"take": "value", "events": ["seen"], "how": "sum", "value": "size"}),
    "largest": ("number", {"take": "value", "events": ["seen"], "how": "max", "value": "size"}),
    "first": ("date", {"take": "moment", "events": ["seen"], "which": "first"}),
    "last": ("date", {"take": "moment", "events": ["seen", "bought"], "which": "last"}),
    "next": ("date", {"take": "next", "events": ["seen", "bought"]}),
    "days": ("whole", {"take": "days", "events": ["seen", "bought"], "days": 7}),
    "streak": ("whole", {"take": "streak", "events": ["seen", "bought"]}),
    "kinds": ("whole", {"take": "different", "events": ["seen"], "value": "kind"}),
    "liked": ("choice", {"take": "favourite", "events": ["seen", "bought"], "value": "kind"}),
    "change": ("number", {"take": "change", "events": ["seen"], "days": 3, "before": 6}),
    "falling": ("whole", {"take": "falling", "events": ["seen"]}),
    "slope": ("number", {"take": "slope", "events": ["seen"], "days": 6}),
    "visits": ("whole", {"take": "visits", "events": ["seen"], "how": "count", "days": 9}),
    "minutes": ("number", {"take": "visits", "events": ["seen", "bought"], "how": "minutes"}),
    "until": ("number", {"take": "minutes", "events": ["seen"], "to": ["bought", "other"]}),
    "until_9": (
        "number",
        {"take": "minutes", "events": ["seen"], "to": ["bought"], "where": [OPENED], "days": 9},
    ),
    "ago": ("whole", {"take": "since", "date": "last"}),
    "apart": ("whole", {"take": "between", "start": "first", "end": "last"}),
    "share": ("number", {"take": "ratio", "part": "n_5", "whole": "n", "percent": True}),
}


def naive(events: Sequence[IncomingEvent], zone: ZoneInfo) -> dict[str, Any]:
    """The same of one customer, word by word."""
    done = [(one.time.astimezone(zone).date(), one) for one in events]
    done = [(day, one) for day, one in done if day <= DAY]

    def some(names: str, days: int = 10_000) -> list[Any]:
        since = DAY - dt.timedelta(days=days - 1)
        return [(d, one) for d, one in done if one.name in names.split() and d >= since]

    def amounts(days: int = 10_000) -> list[int]:
        return [e.amount for _d, e in some("bought", days) if e.amount is not None]

    seen, both, bought = some("seen"), some("seen bought"), amounts()
    sizes = [e.properties["size"] for _d, e in seen if "size" in e.properties]
    daily = Counter((DAY - d).days for d, _e in seen)
    found: dict[str, Any] = {
        "n": len(seen),
        "n_5": len(some("seen bought", 5)),
        "n_mail": sum(e.properties.get("from") == "mail" for _d, e in seen),
        "paid": sum(bought),
        "paid_9": sum(amounts(9)),
        "mean": sum(bought) / len(bought) if bought else None,
        "least": min(bought, default=None),
        "most": max(amounts(20), default=None),
        "sizes": sum(sizes),
        "largest": max(sizes, default=None),
        "first": min((d for d, _e in seen), default=None),
        "last": max((d for d, _e in both), default=None),
        "next": _next(sorted({d for d, _e in both})),
        "days": len({d for d, _e in some("seen bought", 7)}),
        "streak": _streak({(DAY - d).days for d, _e in both}),
        "kinds": len({e.properties["kind"] for _d, e in seen if "kind" in e.properties}),
        "liked": _liked([e for _d, e in both if "kind" in e.properties]),
        "change": _change(daily),
        "falling": _falling(daily),
        "slope": _slope(daily),
        "visits": len(_visits([e.time for _d, e in some("seen", 9)], zone)),
    }
    visits = _visits([e.time for _d, e in both], zone)
    lengths = [(visit[-1] - visit[0]).total_seconds() / 60 for visit in visits]
    found["minutes"] = sum(lengths) / len(lengths) if lengths else None
    found["until"] = _until([e for _d, e in seen], [e for _d, e in some("bought other")])
    mail = [e for _d, e in some("seen", 9) if e.properties.get("from") == "mail"]
    found["until_9"] = _until(mail, [e for _d, e in some("bought", 9)])
    found["ago"] = (DAY - found["last"]).days if found["last"] else None
    found["apart"] = (found["last"] - found["first"]).days if found["first"] else None
    found["share"] = 100 * found["n_5"] / found["n"] if found["n"] else None
    return found


def _until(begins: list[IncomingEvent], ends: list[IncomingEvent]) -> float | None:
    start = min((one.time for one in begins), default=None)
    after = [one.time - start for one in ends if start and one.time >= start]
    return min(after).total_seconds() / 60 if after else None


def _next(days: list[dt.date]) -> dt.date | None:
    if len(days) < 3:
        return None
    gaps = [(after - before).days for before, after in itertools.pairwise(days)]
    return days[-1] + dt.timedelta(days=math.floor(sum(gaps) / len(gaps) + 0.5))


def _streak(ago: set[int]) -> int:
    start = 0 if 0 in ago else 1
    return next(n for n in range(1000) if start + n not in ago)


def _liked(events: list[IncomingEvent]) -> str | None:
    times: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in events:
        times[one.properties["kind"]][0] += 1
        times[one.properties["kind"]][1] += one.amount or 0
    return min(times, key=lambda kind: (-times[kind][0], -times[kind][1], kind), default=None)


def _change(daily: Counter[int]) -> float | None:
    now, before = (sum(daily[ago] for ago in some) for some in (range(1, 4), range(4, 10)))
    return 100 * (now / 3 - before / 6) / (before / 6) if before else None


def _falling(daily: Counter[int]) -> int:
    def week(ago: int) -> int:
        return sum(daily[ago + n] for n in range(7))

    return next(n for n in range(29) if n == 28 or week(n + 1) >= week(n + 2))


def _slope(daily: Counter[int]) -> float | None:
    points = [(-ago, daily[ago]) for ago in range(6, 0, -1)]
    if not any(count for _day, count in points):
        return None
    middle = sum(day for day, _count in points) / 6
    below = sum((day - middle) ** 2 for day, _count in points)
    return sum((day - middle) * count for day, count in points) / below


def _visits(times: list[dt.datetime], zone: ZoneInfo) -> list[list[dt.datetime]]:
    visits: list[list[dt.datetime]] = []
    for time in sorted(times):
        last = visits[-1][-1] if visits else None
        same_day = last and last.astimezone(zone).date() == time.astimezone(zone).date()
        if last and same_day and time - last <= dt.timedelta(minutes=30):
            visits[-1].append(time)
        else:
            visits.append([time])
    return visits


_MOMENTS = st.builds(
    lambda ago, minute: (
        dt.datetime(2018, 3, 13, 12, tzinfo=dt.UTC) - dt.timedelta(days=ago, minutes=minute)
    ),
    st.integers(0, 11) | st.integers(0, 45),
    st.integers(0, 40) | st.integers(0, 1439),
)
_DONE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["seen", "seen", "bought", "other"]),
        "time": _MOMENTS,
        "amount": st.none() | st.integers(-50, 5000),
        "properties": st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["tea", "茶", "cup"]),
                "from": st.sampled_from(["mail", "app"]),
                "size": st.integers(-3, 9),
            },
        ),
    }
)


@pytest.fixture
def own_recipes() -> None:
    for name in ("seen", "bought", "other"):
        EventTypeFactory(name=name, counts_as_paid=name == "bought")
    Trait.objects.bulk_create(
        Trait(key=key, title=key, kind=kind, recipe=recipe)
        for key, (kind, recipe) in RECIPES.items()
    )


@given(
    world=st.lists(st.lists(_DONE, max_size=14), min_size=1, max_size=5),
    zone=st.sampled_from(["America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"]),
    late=st.integers(0, 8),
)
@examples(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_recipe_equals_counting_by_hand(
    own_recipes: None,
    tmp_path_factory: pytest.TempPathFactory,
    world: list[list[dict[str, Any]]],
    zone: str,
    late: int,
) -> None:
    settings.LAKE_PATH = tmp_path_factory.mktemp("lake")
    Project.objects.update(time_zone=zone)
    people = {CustomerFactory(): done for done in world}
    events = [incoming(who, DAY, **one) for who, done in people.items() for one in done]
    factories.happened(*events[late:])
    computing.recompute(DAY)
    factories.happened(*events[:late])  # what comes late counts as if it had been there
    computing.recompute(DAY)
    by_customer: dict[int, list[IncomingEvent]] = {who.pk: [] for who in people}
    for one in events:
        by_customer[one.customer].append(one)
    for number, known in traits.of(list(by_customer), RECIPES, day=DAY).items():
        wanted = naive(by_customer[number], ZoneInfo(zone))
        for key in RECIPES:
            if isinstance(wanted[key], float):
                assert known.get(key) == pytest.approx(wanted[key]), key
            else:
                assert known.get(key) == wanted[key], key


# --- around it ----------------------------------------------------------------


def test_a_trait_whose_events_never_happened_says_so_and_is_no_nought() -> None:
    who = CustomerFactory()
    factories.happened(incoming(who, "2018-03-01"))
    computing.recompute(DAY)
    known = traits.of([who.pk])[who.pk]
    assert "shares" not in known
    assert known["orders"] == 1
    row = Trait.objects.get(key="shares")
    assert row.failure.startswith("No such events yet: share")
    assert row.known is None


def test_a_merged_customers_events_count_for_the_kept_one() -> None:
    kept, gone = CustomerFactory(), CustomerFactory()
    factories.happened(
        incoming(kept, "2018-03-11", amount=5), incoming(gone, "2018-03-11", amount=7)
    )
    Customer.objects.filter(pk=gone.pk).update(merged_into=kept)
    reason = Merge.Reason.SAID_SO
    Merge.objects.create(
        kept=kept, absorbed=gone, status="done", reason=reason, at=factories.moment(DAY)
    )
    computing.recompute(DAY)
    known = traits.of([kept.pk, gone.pk])
    assert (known[kept.pk]["orders"], known[kept.pk]["monetary_minor"]) == (2, 12)
    assert known[kept.pk]["active_days_7d"] == 1
    assert known[gone.pk] == {}


def test_an_end_before_the_beginning_is_none_also_of_who_was_merged() -> None:
    kept, gone, never = CustomerFactory.create_batch(3)
    day, hour = dt.datetime(2018, 3, 11, 4, tzinfo=dt.UTC), dt.timedelta(hours=1)
    factories.happened(
        incoming(kept, DAY, name="registered", time=day),
        incoming(kept, DAY, name="registration_started", time=day + 3 * hour),
        incoming(kept, DAY, name="registered", time=day + 30 * hour),
        incoming(gone, DAY, name="signup_started", time=day + hour),
        incoming(gone, DAY, name="registered", time=day + 2.5 * hour),
        incoming(never, DAY, name="registered", time=day),
        incoming(never, DAY, name="signup_started", time=day + hour),
    )
    computing.recompute(DAY)
    known = traits.of([kept.pk, gone.pk, never.pk], ["registration_minutes"])
    assert [known[one.pk].get("registration_minutes") for one in (kept, gone, never)] == [
        *(27 * 60, 90, None),
    ]
    Customer.objects.filter(pk=gone.pk).update(merged_into=kept)
    Merge.objects.create(
        kept=kept,
        absorbed=gone,
        status="done",
        reason=Merge.Reason.SAID_SO,
        at=factories.moment(DAY),
    )
    computing.recompute(DAY)
    assert traits.of([kept.pk], ["registration_minutes"])[kept.pk]["registration_minutes"] == 90


def test_only_days_whose_files_changed_are_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who = CustomerFactory()
    factories.happened(*(incoming(who, dt.date(2018, 3, day)) for day in range(1, 10)))
    asked: list[tuple[dt.date, dt.date]] = []
    ask = tallies._ask

    def noted(lake: Any, measure: Any, since: dt.date, until: dt.date) -> Any:
        asked.append((since, until))
        return ask(lake, measure, since, until)

    monkeypatch.setattr(tallies, "_ask", noted)
    computing.recompute(DAY)
    assert asked
    asked.clear()
    computing.recompute(DAY)
    assert asked == []
    factories.happened(incoming(who, "2018-03-04"))
    computing.recompute(DAY)
    assert set(asked) == {(dt.date(2018, 3, 4), dt.date(2018, 3, 4))}
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("recipe", "path", "words"),
    [
        ([], (), "JSON object"),
        ({"take": "guess"}, ("take",), "Choose what is taken"),
        ({"take": "count", "events": []}, ("events",), "at least one event"),
        ({"take": "count", "events": ["a"], "days": -3}, ("days",), "from 1 to 1000"),
        ({"take": "count", "word": "rich"}, ("word",), "no such word"),
        ({"take": "count", "events": ["a"], "size": 1}, ("size",), "does not belong"),
        ({"take": "favourite", "events": ["a"], "value": 'a"b'}, ("value",), "no quotes"),
        ({"take": "since", "date": "A b"}, ("date",), "Name a trait"),
        ({"take": "minutes", "events": ["a"]}, ("to",), "at least one event"),
        ({"take": "minutes", "events": ["a"], "to": ["b", "a"]}, ("to",), "another event"),
        ({"take": "streak", "events": ["a"], "days": 3}, ("days",), "does not belong"),
    ],
)
def test_nonsense_is_refused_in_words(recipe: Any, path: tuple[str, ...], words: str) -> None:
    with pytest.raises(RuleError, match=words) as found:
        reading.read(recipe)
    assert found.value.path == path


def test_rules_find_when_somebody_first_and_last_did_each_thing() -> None:
    who, other = CustomerFactory.create_batch(2)
    factories.happened(
        *(incoming(who, day, name="seen") for day in ("2018-01-05", "2018-03-10", "2018-02-01")),
        incoming(other, "2018-03-12"),
    )
    computing.recompute(DAY)
    found = sheet.of([who.pk, other.pk], ["first:seen", "last:seen", "last:order_paid"])
    days = {key: traits.EPOCH + dt.timedelta(days=int(str(n))) for key, n in found[who.pk].items()}
    assert days == {"first:seen": dt.date(2018, 1, 5), "last:seen": dt.date(2018, 3, 10)}
    assert set(found[other.pk]) == {"last:order_paid"}


def test_fields_of_profiles_become_columns_but_none_that_tells_an_address() -> None:
    fields = ("city", "age", "mixed", "email", "reach")
    people = [
        CustomerFactory(attributes=dict(zip(fields, values, strict=True)))
        for values in (
            ("上海", 30, "7", "a@b.cn", "a@b.cn"),
            ("Köln", "31.5", "old", "c@d.cn", "c@d.cn"),
            (None, None, None, None, None),
        )
    ]
    computing.recompute(DAY)
    keys = [f"profile:{field}" for field in fields]
    found = sheet.of([one.pk for one in people], keys)
    assert [found[one.pk] for one in people] == [
        {"profile:city": "上海", "profile:age": 30, "profile:mixed": "7"},
        {"profile:city": "Köln", "profile:age": 31.5, "profile:mixed": "old"},
        {},
    ]
    assert set(sheet.read(*keys)) == {"profile:city", "profile:age", "profile:mixed"}
