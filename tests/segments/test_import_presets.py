"""Meanings of columns that are kept for the next file, and the first rows as they would be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from console.models import Job, Staff, Team
from segments.models import EventImport, ImportPreset
from tests.segments.sending import LIST, PRESETS, SignedIn, named, send, the_import
from tests.segments.test_imports import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("importing_worker")]

# --- presets ----------------------------------------------------------------


def context(page: Any) -> Any:
    return page.context


def meanings(page: Any) -> list[str]:
    return [column["meaning"] for column in context(page)["columns"]]


def test_meanings_that_were_saved_are_offered_for_the_next_file_of_the_kind(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    send(client)
    with django_capture_on_commit_callbacks(execute=True):
        named(client, preset_name="shop", **{"means-3": "property", "constants": "from=shop"})
    preset = ImportPreset.objects.get()
    assert (preset.name, preset.owner, preset.used_at) == ("shop", client.staff, None)  # type: ignore[attr-defined]
    assert preset.columns == ["who", "at", "what", "price", "id"]
    page = send(client, ROWS + "dora,2017-03-05,order_paid,4,k9\n")
    assert context(page)["offer"].name == "shop"
    assert meanings(page) == ["customer", "time", "name", "property", "property"]
    assert context(page)["form"]["constants"] == "from=shop"
    with django_capture_on_commit_callbacks(execute=True):
        named(client, preset=str(preset.pk))
    preset.refresh_from_db()
    assert preset.used_at is not None
    other = send(client, "a,b\n1,2\n")
    assert context(other)["offers"] == []
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    assert context(client.get(address, {"preset": "none"}))["offer"] is None


def test_a_known_kind_of_file_needs_nobody_to_name_its_columns(signed_in: SignedIn) -> None:
    line = '{"event":"Seen","properties":{"time":1602611311,"distinct_id":"anna","n":1}}\n'
    page = send(signed_in("operator"), line, "export.jsonl")
    assert "Mixpanel" in context(page)["offer"].name
    assert "Mixpanel" in page.content.decode()
    assert context(page)["form"]["time_form"] == "local_s"
    assert "2020-10-13 17:48:31" in page.content.decode()  # the first event


def test_a_preset_of_another_team_is_not_overwritten(
    signed_in: SignedIn, staff_of: Callable[..., Staff]
) -> None:
    one, other = (Team.objects.create(name=name) for name in ("one", "other"))
    ImportPreset.objects.create(name="shop", mapping={"customer": "x"}, team=one)
    staff = staff_of("operator")
    Staff.objects.filter(pk=staff.pk).update(team=other)
    staff.refresh_from_db()
    client = signed_in(staff)
    send(client)
    answer = named(client, preset_name="shop")
    assert answer.status_code == 422
    assert "another team" in answer.content.decode()
    assert ImportPreset.objects.get().mapping == {"customer": "x"}
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("role", "may_see", "may_change"),
    [("operator", True, True), ("analyst", True, True), ("manager", False, False)],
)
def test_who_may_rename_and_remove_presets(
    signed_in: SignedIn, role: str, may_see: bool, may_change: bool
) -> None:
    preset = ImportPreset.objects.create(name="shop", mapping={"customer": "x"}, columns=["x"])
    client = signed_in(role)
    assert (client.get(reverse(PRESETS)).status_code == 200) is may_see
    change = reverse("admin:segments_importpreset_change", args=[preset.pk])
    client.post(change, {"name": "stall", "team": ""})
    preset.refresh_from_db()
    assert (preset.name == "stall") is may_change
    client.post(reverse("admin:segments_importpreset_delete", args=[preset.pk]), {"post": "yes"})
    assert ImportPreset.objects.exists() is not may_change


def test_lists_of_many_cost_as_many_queries_as_of_one(
    signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in("operator")
    for number in range(30):
        EventImport.objects.create(name=f"{number}.csv", uploaded_by=client.staff)  # type: ignore[attr-defined]
        ImportPreset.objects.create(name=str(number), mapping={}, owner=client.staff)  # type: ignore[attr-defined]
    for name in (LIST, PRESETS):
        client.get(reverse(name))
        with django_assert_max_num_queries(15):
            assert client.get(reverse(name)).status_code == 200
    send(client)
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    with django_assert_max_num_queries(25):
        client.get(address)


# --- the first rows ---------------------------------------------------------


def test_a_wrong_meaning_is_seen_before_anything_is_loaded(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    given = {"means-0": "customer", "means-1": "time", "means-2": "name", "means-3": "amount"}
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    good = client.post(address, {**given, "identifier_kind": "user_id"})
    rows = context(good)["preview"]["rows"]
    assert [(row["number"], row["customer"], row["event"]) for row in rows] == [
        (2, "anna", "order_paid"),
        (3, "anna", "order_paid"),
        (4, "ben", "order_paid"),
    ]
    assert "12.50" in rows[0]["amount"]
    wrong = {**given, "means-0": "time", "means-1": "customer"}
    bad = client.post(address, {**wrong, "identifier_kind": "user_id"})
    assert context(bad)["preview"]["bad"] == 3
    assert "is not a time" in bad.content.decode()
    assert the_import().status == EventImport.Status.UPLOADED
    assert the_import().mapping == {}


def test_rows_with_amounts_are_shown_where_the_first_have_none(signed_in: SignedIn) -> None:
    looks = "".join(f"anna,2017-01-01 10:{n:02d},page_seen,,1\n" for n in range(30))
    orders = "".join(f"ben,2017-01-02 10:0{n},order_paid,7.50,1\n" for n in range(2))
    client = signed_in("operator")
    send(client, ROWS.splitlines()[0] + "\n" + looks + orders)
    given = {"means-0": "customer", "means-1": "time", "means-2": "name", "means-3": "amount"}
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    answer = client.post(address, {**given, "identifier_kind": "user_id"})
    rows = context(answer)["preview"]["rows"]
    assert [row["number"] for row in rows] == [*range(2, 10), 32, 33]
    assert [row["amount"] for row in rows if row["amount"]] == ["$7.50", "$7.50"]


def test_a_form_that_says_too_little_is_shown_with_what_is_missing(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    page = client.post(address, {"means-0": "property", "time_zone": "../etc"})
    assert "Name the column that says which customer it was." in page.content.decode()
