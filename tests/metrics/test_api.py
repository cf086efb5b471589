"""Metrics for other programs: definitions, measurements by day, and refusals."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from console.models import Staff
from metrics.measurements import count
from tests.metrics.factories import measured, today_is

TODAY = dt.date(2017, 12, 20)
SignIn = Callable[[Staff | str], Client]
DAU = "/api/v1/metrics/dau/measurements/"


@pytest.fixture
def client_of_analyst(db: None, signed_in: SignIn) -> Client:
    today_is(TODAY)
    days = [TODAY - dt.timedelta(days=n) for n in range(10)]
    measured(
        *(count("dau", day, 5) for day in days),
        *(count("stage_customers", days[1], n, part=f"s{n}") for n in range(3)),
    )
    return signed_in("analyst")


def days(response: dict[str, list[dict[str, str]]]) -> list[str]:
    return [row["day"] for row in response["results"]]


def test_definitions_are_listed_and_read_one_by_one(client_of_analyst: Client) -> None:
    first = client_of_analyst.get("/api/v1/metrics/").json()["results"][0]
    assert first["key"] == "dau"
    assert first["unit"] == "customers"
    assert first == client_of_analyst.get("/api/v1/metrics/dau/").json()


def test_measurements_come_by_day_and_only_closed_ones(client_of_analyst: Client) -> None:
    found = client_of_analyst.get(DAU).json()
    assert days(found) == [f"2017-12-{day}" for day in range(11, 20)]
    assert found["results"][0]["value"] == "5.000000"


def test_a_range_includes_both_its_ends(client_of_analyst: Client) -> None:
    found = client_of_analyst.get(DAU, {"since": "2017-12-15", "until": "2017-12-16"}).json()
    assert days(found) == ["2017-12-15", "2017-12-16"]


def test_pages_go_on_where_they_stopped(client_of_analyst: Client) -> None:
    address, seen = "/api/v1/metrics/stage_customers/measurements/?page_size=1", []
    while address:
        page = client_of_analyst.get(address).json()
        seen += [row["slice"] for row in page["results"]]
        address = page["next"]
    assert seen == ["s0", "s1", "s2"]


def test_a_day_that_is_none_is_refused_in_words(client_of_analyst: Client) -> None:
    response = client_of_analyst.get(DAU, {"since": "yesterday"})
    assert response.status_code == 400
    assert "since" in response.json()


def test_a_metric_that_does_not_exist_is_not_found(client_of_analyst: Client) -> None:
    assert client_of_analyst.get("/api/v1/metrics/nope/measurements/").status_code == 404


def test_strangers_read_nothing_and_nobody_writes(client_of_analyst: Client) -> None:
    assert Client().get("/api/v1/metrics/").status_code == 403
    assert client_of_analyst.post(DAU, {}).status_code in {403, 405}
