"""What stands behind segments, over the API: report, overlap, versions, explanation, moves."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from pyroaring import BitMap

from console.models import Project, Staff
from segments import collection, sheet
from segments.models import Customer, Segment, SegmentSnapshot
from tests.segments.factories import CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
TODAY = dt.date(2018, 1, 1)
MANY = {"trait": "orders", "op": ">", "value": 3}


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=TODAY, currency="USD")


@pytest.fixture
def three() -> list[int]:
    return [one.pk for one in CustomerFactory.create_batch(3)]


def segment(name: str, members: list[int]) -> Segment:
    kept = {"members": BitMap(members), "size": len(members)}
    made = SegmentFactory(
        name=name, rule=MANY, rule_version=1, computed_version=1, data_as_of=TODAY, **kept
    )
    SegmentSnapshot.objects.create(segment=made, day=TODAY, **kept)
    return made


def orders(known: dict[int, int]) -> None:
    values = np.full(max(known) + 1, np.iinfo(np.int32).min, np.int32)
    for customer, count in known.items():
        values[customer] = count
    fresh = sheet.Fresh(values)
    sheet.write({"orders": fresh, "orders_30d": fresh, "promotions_received": fresh}, day=TODAY)


def test_the_report_and_what_segments_share(three: list[int], signed_in: SignedIn) -> None:
    orders(dict(zip(three, (4, 5, 0), strict=True)))
    one, other = segment("one", three[:2]), segment("other", three[1:])
    client = signed_in("manager")
    found = client.get("/api/v1/segments/report/").json()
    assert (found["as_of"], found["currency"]) == ("2018-01-01", "USD")
    assert (found["everyone"]["size"], found["everyone"]["buyers"]) == (3, 2)
    lines = {line["name"]: line for line in found["segments"]}
    assert lines["one"]["conversion"] == 1
    assert lines["other"]["conversion"] == 0.5
    shared = client.get(f"/api/v1/segments/overlap/?s={one.pk}&s={other.pk}").json()
    assert {"segment": one.pk, "other": other.pk, "both": 1, "of_segment": 0.5,
            "of_either": 1 / 3} in shared  # fmt: skip
    assert client.get("/api/v1/segments/overlap/?s=no").status_code == 400


def test_versions_and_the_way_back(signed_in: SignedIn, staff_of: Callable[..., Staff]) -> None:
    by = staff_of("operator")
    made = collection.add(name="A", rule=MANY, by=by)
    collection.edit(made, by=by, seen_version=1, rule={"consent": "email"}, note="agreed")
    client = signed_in(by)
    path = f"/api/v1/segments/{made.pk}/"
    newest, first = client.get(path + "versions/").json()
    assert (newest["number"], newest["note"], first["rule"]) == (2, "agreed", MANY)
    assert "orders is more than 3" in first["sentence"]
    stale = client.post(path + "go-back/", {"number": 1, "rule_version": 1}, "application/json")
    assert (stale.status_code, Segment.objects.get().rule_version) == (409, 2)
    back = client.post(path + "go-back/", {"number": 1, "rule_version": 2}, "application/json")
    assert (back.status_code, back.json()["rule"], back.json()["rule_version"]) == (200, MANY, 3)
    none = client.post(path + "go-back/", {"number": 7, "rule_version": 3}, "application/json")
    assert none.status_code == 403


def test_why_somebody_belongs(three: list[int], signed_in: SignedIn) -> None:
    orders(dict(zip(three, (4, 3, 0), strict=True)))
    made = segment("one", three[:1])
    client = signed_in("support")
    path = f"/api/v1/segments/{made.pk}/explain/"
    found = client.get(path, {"customer": three[1]}).json()
    assert (found["holds"], found["is_member"]) == (False, False)
    assert found["parts"][0]["actual"] == "3"
    assert client.get(path, {"customer": three[0]}).json()["is_member"] is True
    assert client.get(path).status_code == 400
    assert client.get(path, {"customer": "9" * 30}).status_code == 400
    assert client.get(path, {"customer": 999_999_999}).status_code == 404
    Customer.objects.filter(pk=three[1]).update(merged_into=three[0])
    assert client.get(path, {"customer": three[1]}).status_code == 404


def test_who_came_and_who_left(three: list[int], signed_in: SignedIn) -> None:
    made = segment("one", three[:2])
    client = signed_in("analyst")
    path = f"/api/v1/segments/{made.pk}/crossings/"
    assert client.get(path).status_code == 400  # there is one day alone
    week_ago = TODAY - dt.timedelta(days=7)
    SegmentSnapshot.objects.create(segment=made, day=week_ago, members=BitMap(three[1:]), size=2)
    found = client.get(path).json()
    assert (found["entered_sample"], found["left_sample"]) == ([three[0]], [three[2]])
    assert (found["first"], found["stayed"]) == (str(week_ago), 1)
    assert client.get(path, {"since": "2018-01-05", "until": "2018-01-01"}).status_code == 400
    assert client.get(path, {"since": "yesterday"}).status_code == 400


def test_whoever_is_not_signed_in_learns_nothing(client: Client) -> None:
    made = segment("one", [])
    for path in ("report/", "overlap/", f"{made.pk}/versions/", f"{made.pk}/explain/"):
        assert client.get(f"/api/v1/segments/{path}").status_code in {401, 403}
