"""Who looks after a definition: of what ships, and of somebody's own."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console import keepers
from console.models import AuditEntry, Staff
from console.states import NotAllowed
from metrics import library, own
from metrics.models import Metric
from segments import own_traits, traits
from segments.models import Trait
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
SHIPPED = ("segments_trait", "metrics_metric")


@pytest.fixture(autouse=True)
def installed(db: None) -> None:
    traits.install()
    library.install()


def shipped(kind: str) -> Trait | Metric:
    if kind == "segments_trait":
        return Trait.objects.get(key="recency_days")
    return Metric.objects.get(key="revenue")


def the_same(row: Trait | Metric) -> Trait | Metric:
    return type(row).objects.get(pk=row.pk)


@pytest.mark.parametrize("kind", SHIPPED)
def test_what_ships_is_given_to_somebody_on_its_page(kind: str, signed_in: SignIn) -> None:
    row, analyst = shipped(kind), StaffFactory.create(role="analyst", username="ana")
    client = signed_in("analyst")
    page = reverse(f"admin:{kind}_change", args=[row.pk])
    assert '<option value="' in client.get(page).content.decode()
    link = reverse(f"admin:{kind}_do", args=[row.pk, "owner"])
    client.post(link, {"owner": str(analyst.pk)})
    found = the_same(row)
    assert (found.owner, found.team, found.is_shipped) == (analyst, None, True)
    assert AuditEntry.objects.get(action__endswith=".owner").details["owner"] == analyst.pk
    listed = client.get(reverse(f"admin:{kind}_change", args=[row.pk])).content.decode()
    assert "ana" in listed
    client.post(link, {"owner": ""})
    assert the_same(row).owner is None


@pytest.mark.parametrize(
    ("kind", "role"),
    [(SHIPPED[0], "support"), (SHIPPED[1], "support"), (SHIPPED[1], "product")],
)
def test_a_refusal_changes_nothing(kind: str, role: str, signed_in: SignIn) -> None:
    row, client = shipped(kind), signed_in(role)
    page = client.get(reverse(f"admin:{kind}_change", args=[row.pk])).content.decode()
    assert 'id="keeper"' not in page
    somebody = StaffFactory.create()
    link = reverse(f"admin:{kind}_do", args=[row.pk, "owner"])
    assert client.post(link, {"owner": str(somebody.pk)}, follow=True).status_code in {200, 403}
    assert the_same(row).owner is None


@pytest.mark.parametrize(
    ("kind", "address"), [(SHIPPED[0], "/api/v1/traits/"), (SHIPPED[1], "/api/v1/metrics/")]
)
def test_over_the_api_too(kind: str, address: str, signed_in: SignIn) -> None:
    row, somebody = shipped(kind), StaffFactory.create()
    client, link = signed_in("analyst"), f"{address}{row.key}/owner/"
    answer = client.post(link, {"owner": somebody.pk}, "application/json")
    assert (answer.status_code, answer.json()["owner"]) == (200, somebody.pk)
    for wrong in ({}, {"owner": 10**8}, {"owner": "ana"}):
        assert client.post(link, wrong, "application/json").status_code == 400
    assert the_same(row).owner == somebody
    assert signed_in("support").post(link, {"owner": None}, "application/json").status_code == 403


def test_ones_own_goes_to_the_others_team_and_is_never_nobodys() -> None:
    mine, theirs = TeamFactory.create(name="Mine"), TeamFactory.create(name="Theirs")
    anna = StaffFactory.create(role="operator", team=mine)
    ben = StaffFactory.create(role="operator", team=theirs)
    recipe = {"take": "recency", "events": []}
    row = Trait.objects.create(
        key="own", title="Own", recipe=recipe, kind="whole", owner=anna, team=mine
    )
    with pytest.raises(NotAllowed, match="another team"):
        keepers.name(row, ben, by=ben, action=own_traits.ACTION)
    with pytest.raises(NotAllowed, match="Choose"):
        keepers.name(row, None, by=anna, action=own_traits.ACTION)
    ben.is_active = False
    with pytest.raises(NotAllowed, match="not work here"):
        keepers.name(row, ben, by=anna, action=own_traits.ACTION)
    ben.is_active = True
    keepers.name(row, ben, by=anna, action=own_traits.ACTION)
    found = the_same(row)
    assert (found.owner, found.team) == (ben, theirs)
    assert not keepers.may_name(found, anna, own_traits.ACTION)


@pytest.mark.parametrize("number", ["x", "99999999"])
def test_a_person_who_is_not_there_is_refused(number: str) -> None:
    with pytest.raises(NotAllowed, match="no such person"):
        keepers.read(number)


def test_the_night_leaves_it_as_it_is() -> None:
    row, somebody = Metric.objects.get(key="revenue"), StaffFactory.create(role="analyst")
    keepers.name(row, somebody, by=somebody, action=own.ACTION)
    library.install()
    assert the_same(row).owner == somebody
