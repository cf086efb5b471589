"""What a segment's customers are like beside everybody, as figures, page, file and over the API."""

import csv
import datetime as dt
import io
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console.models import Project
from segments import composition, library, sheet, standing, traits
from segments.models import Customer, Segment, Stage, StageSet
from tests.segments.factories import CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2018, 1, 1)
NOTHING = np.iinfo(np.int32).min


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=TODAY, currency="USD")


@pytest.fixture
def people() -> list[int]:
    """Two hundred: the first forty order more often, and three quarters of them like tea."""
    numbers = [one.pk for one in CustomerFactory.create_batch(200)]
    orders = np.full(max(numbers) + 1, NOTHING, np.int32)
    liked = orders.copy()
    for at, number in enumerate(numbers):
        orders[number] = 5 if at < 40 else 1
        liked[number] = int(at >= 30) if at < 40 else int(at % 4 > 0)
    liked[numbers[-100:]] = NOTHING  # of half of them nobody knows
    fresh = {
        "orders": sheet.Fresh(orders),
        "favourite_category": sheet.Fresh(liked, ("tea", "coffee")),
    }
    sheet.write(fresh, day=TODAY)
    return numbers


def segment(members: list[int], name: str = "Loyal", **more: object) -> Segment:
    kept = {"members": BitMap(members), "size": len(members)}
    return SegmentFactory(name=name, computed_version=1, data_as_of=TODAY, **kept, **more)


def portrait(of: Segment) -> dict[str, composition.Spread]:
    found = composition.of(of, composition.shown(traits.registry()), TODAY)
    return {one.key: one for one in found.spreads}


def test_each_value_stands_beside_everybody_s_share(people: list[int]) -> None:
    found = portrait(segment(people[:40]))
    tea, coffee = sorted(found["favourite_category"].parts, key=lambda one: one.bin.word)[::-1]
    assert (tea.bin.word, tea.theirs, tea.everybodys) == ("tea", 30, 45)
    assert (tea.share, tea.usual, coffee.share) == (0.75, 0.45, 0.25)
    assert tea.times == pytest.approx(5 / 3)
    assert coffee.difference == pytest.approx(-0.3)
    assert found["favourite_category"].known_of_all == 100
    orders = found["orders"]
    assert [
        (one.bin.low, one.theirs, one.everybodys) for one in orders.parts if one.everybodys
    ] == [
        (1, 0, 160),
        (5, 40, 40),
    ]
    assert (orders.middle, orders.usual_middle) == (5, 1)


def test_only_what_chance_does_not_make_is_called_large(people: list[int]) -> None:
    large = portrait(segment(people[:40]))["favourite_category"]
    assert large.widest is not None
    few = portrait(segment([people[0], people[1], people[50]], "Few"))["favourite_category"]
    assert abs(few.parts[0].difference) > composition.LARGE
    assert few.widest is None  # three at random are as often so
    everybody = composition.of(segment(people, "All"), ["orders"], TODAY)
    assert everybody.apart == []


def test_who_is_no_customer_any_more_is_not_counted(people: list[int]) -> None:
    one = segment(people[:40])
    assert portrait(one)["orders"].known_of_all == 200
    Customer.objects.filter(pk=people[0]).update(merged_into=people[1])
    found = composition.of(one, ["orders"], TODAY)
    assert (found.size, found.everyone, found.spreads[0].known) == (39, 199, 39)


def test_stages_stand_in_their_order(people: list[int]) -> None:
    library.install_stages()
    default = StageSet.objects.get(is_default=True)
    first, second = Stage.objects.filter(stage_set=default).order_by("position")[:2]
    values = np.full(max(people) + 1, NOTHING, np.int32)
    values[people[:100]], values[people[100:]] = second.pk, first.pk
    sheet.write({standing.stage_key(default.pk): sheet.Fresh(values)}, day=TODAY)
    stages = portrait(segment(people[:40]))[composition.STAGE]
    assert [one.bin.word for one in stages.parts] == [str(first), str(second)]
    assert [one.share for one in stages.parts] == [0, 1]


def test_words_beyond_the_first_dozen_stand_together_and_rare_favourites_by_name() -> None:
    numbers = [one.pk for one in CustomerFactory.create_batch(60)]
    words = tuple(f"w{at}" for at in range(20))
    liked = np.full(max(numbers) + 1, NOTHING, np.int32)
    liked[numbers] = [at % 19 for at in range(57)] + [19] * 3
    sheet.write({"favourite_category": sheet.Fresh(liked, words)}, day=TODAY)
    found = portrait(segment(numbers[-3:]))["favourite_category"]
    assert (found.parts[0].bin.word, found.parts[0].theirs) == ("w19", 3)
    assert (found.parts[-1].bin.word, found.parts[-1].everybodys) == ("", 24)
    assert sum(one.everybodys for one in found.parts) == 60


def test_words_of_one_s_own_come_by_themselves_and_others_when_asked() -> None:
    own = traits.Trait(
        "age_group", "Age group", "", traits.SHIPPED["orders"].recipe, "choice", "", False
    )
    known = traits.SHIPPED | {"age_group": own}
    assert composition.shown(known)[-1] == "age_group"
    assert composition.shown(known, ["shares", "no_such"])[-1] == "shares"


def test_the_page_names_what_sets_them_apart_and_asks_no_query_a_trait(
    people: list[int], signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one = segment(people[:40], rule={"trait": "orders", "op": ">", "value": 3})
    client = signed_in("support")
    address = reverse("admin:segments_segment_portrait", args=[one.pk])
    html = client.get(address).content.decode()
    assert "traits as of 2018-01-01" in html
    assert "1.7 times as frequent" in html
    assert html.count("the rule asks for it") == 1
    assert 'id="portrait-orders-title"' in html
    assert (
        address
        in client.get(reverse("admin:segments_segment_change", args=[one.pk])).content.decode()
    )
    with django_assert_max_num_queries(24):
        client.get(address, {"t": ["shares", "visits_30d", "invites"]})
    zh = client.get(address, headers={"accept-language": "zh-hans"})
    assert zh.status_code == 200


def test_an_empty_segment_and_one_without_traits_have_a_page(signed_in: SignIn) -> None:
    one = segment([], name="Empty")
    html = signed_in("support").get(reverse("admin:segments_segment_portrait", args=[one.pk]))
    assert "No trait is computed yet." in html.content.decode()


def test_the_file_has_a_line_a_value(people: list[int], signed_in: SignIn) -> None:
    one = segment(people[:40])
    client = signed_in("analyst")
    address = reverse("admin:segments_segment_portrait", args=[one.pk])
    text = client.get(address, {"as": "csv"}).content.decode("utf-8-sig")
    rows = {(row[0], row[1]): row[2:] for row in csv.reader(io.StringIO(text))}
    assert rows["favourite category", "tea"] == [
        *("2018-01-01", "30", "0.75", "45", "0.45", "0.3", "large")
    ]
    assert client.get(address, {"as": "xlsx"}).content[:2] == b"PK"


def test_the_api_tells_the_same(people: list[int], signed_in: SignIn) -> None:
    one = segment(people[:40])
    found = signed_in("manager").get(f"/api/v1/segments/{one.pk}/portrait/").json()
    assert (found["day"], found["size"], found["everyone"]) == ("2018-01-01", 40, 200)
    liked = next(x for x in found["spreads"] if x["key"] == "favourite_category")
    tea = next(x for x in liked["parts"] if x["word"] == "tea")
    assert (tea["customers"], tea["of_all"], tea["is_large"]) == (30, 45, True)
