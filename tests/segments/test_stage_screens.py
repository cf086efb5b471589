"""Stage sets in the browser and over the API: read, edited, tried out, compared, refused."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from console import clock
from console.models import Project
from segments import library, stage_sets, stages, standing, tasks, taxonomies
from segments.models import StageSet
from tests.factories import StaffFactory, TeamFactory
from tests.segments import factories

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NEW = "/admin/segments/stageset/new/"


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sets of which a recompute was started, instead of starting it."""
    found: list[int] = []
    monkeypatch.setattr(tasks.recompute_stages, "delay", found.append)
    return found


@pytest.fixture(autouse=True)
def pinned() -> dt.date:
    Project.objects.update(today_on=dt.date(2018, 1, 1), currency="USD")
    return clock.today()


@pytest.fixture
def lifecycle() -> StageSet:
    library.install_stages()
    return StageSet.objects.get(is_default=True)


def at(name: str, stage_set: StageSet, *args: Any) -> str:
    return reverse(f"admin:segments_stageset_{name}", args=[stage_set.pk, *args])


def form(drafts: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """What the browser sends for these stages."""
    columns: dict[str, list[Any]] = {f"stage_{name}": [] for name in taxonomies.FIELDS}
    for draft in drafts:
        for name in taxonomies.FIELDS:
            value = draft[name]
            columns[f"stage_{name}"].append(json.dumps(value) if name == "rule" else value)
    return {"name": "", "description": "", "note": "", "seen_version": 1, **columns, **fields}


def moved(stage_set: StageSet, until: dt.date) -> None:
    """Three customers in decline, of whom one orders again and one is gone."""
    who = [factories.traits(orders=5, tenure_days=99, recency_days=90) for _ in range(3)]
    stages.recompute(stage_set, day=until - dt.timedelta(days=10))
    factories.traits(who[0], recency_days=2)
    factories.traits(who[1], orders=0)
    stages.recompute(stage_set, day=until)


# --- reading ----------------------------------------------------------------------


def test_the_page_shows_counts_rules_moves_and_versions(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    html = signed_in("support").get(at("change", lifecycle)).content.decode()
    assert "days since the first order is less than 30 days" in html
    assert "33.3%" in html
    assert "Moves in 30 days" in html
    assert "<strong>v1</strong>" in html
    assert "Recompute now" not in html
    assert "Edit the stages" not in html


def test_an_empty_page_says_what_will_appear(signed_in: SignIn, lifecycle: StageSet) -> None:
    html = signed_in("operator").get(at("change", lifecycle)).content.decode()
    assert "Customers stand here once the first recompute has run." in html
    assert "not computed yet" in html
    assert "Edit the stages" in html


def test_the_page_says_which_event_a_stage_waits_for(
    signed_in: SignIn, lifecycle: StageSet
) -> None:
    journey = StageSet.objects.get(key="journey")
    html = signed_in("support").get(at("change", journey)).content.decode()
    assert f"Nobody stands here before this event is recorded: {taxonomies.INVITED}." in html


def test_a_failure_is_said_with_the_day_of_what_one_sees(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    stages.recompute(lifecycle, day=pinned)
    StageSet.objects.update(failure="There is no trait “x”.")
    html = signed_in("support").get(at("change", lifecycle)).content.decode()
    assert "There is no trait “x”." in html
    assert "the last good one, of 2018-01-01" in html


@pytest.mark.parametrize("name", ["list", "page", "matrix"])
def test_screens_ask_the_database_a_fixed_number_of_times(
    name: str, signed_in: SignIn, lifecycle: StageSet, pinned: dt.date,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    moved(lifecycle, pinned)
    url = {
        "list": reverse("admin:segments_stageset_changelist"),
        "page": at("change", lifecycle),
        "matrix": at("matrix", lifecycle),
    }[name]
    client = signed_in("operator")
    client.get(url)
    with django_assert_max_num_queries({"list": 12, "page": 40, "matrix": 12}[name]):
        assert client.get(url).status_code == 200


# --- the matrix -------------------------------------------------------------------


def test_the_matrix_tells_moves_back_and_forward(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    client = signed_in("support")
    span = {"since": "2017-12-22", "until": "2018-01-01"}
    html = client.get(at("matrix", lifecycle), span).content.decode()
    assert '"type": "sankey"' in html
    assert 'class="number forward"' in html
    sheet = client.get(at("matrix", lifecycle), {**span, "as": "csv"}).content.decode()
    rows = list(csv.reader(io.StringIO(sheet.removeprefix("\ufeff"))))
    assert rows[0] == ["from 2017-12-22 to 2018-01-01", "Prospect", "Activation", "Growth",
                       "Maturity", "Decline"]  # fmt: skip
    assert rows[-1] == ["Decline", "1", "0", "1", "0", "1"]


def test_a_name_that_a_spreadsheet_would_calculate_is_escaped(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    lifecycle.stages.filter(key="decline").update(name="=1+1")
    sheet = signed_in("support").get(at("matrix", lifecycle), {"as": "csv"}).content.decode()
    assert "'=1+1" in sheet


@pytest.mark.parametrize(
    "span",
    [
        {"since": "2018-01-01", "until": "2017-12-01"}, {"until": "2030-01-01"},
        {"since": "2017-02-31"}, {"since": "x", "until": "y"},
    ],
    ids=["backwards", "future", "no such day", "nonsense"],
)  # fmt: skip
def test_days_that_make_no_sense_are_answered_in_words(
    span: dict[str, str], signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    answer = signed_in("support").get(at("matrix", lifecycle), span)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


# --- editing ----------------------------------------------------------------------


def test_stages_are_saved_in_the_order_of_the_page_and_computed(
    signed_in: SignIn, lifecycle: StageSet, started: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    client = signed_in("analyst")
    assert client.get(at("edit", lifecycle)).status_code == 200
    drafts = taxonomies.written(lifecycle)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            at("edit", lifecycle), form([drafts[1], drafts[0], *drafts[2:]], save=1)
        )
    assert (answer.status_code, answer["Location"]) == (302, at("change", lifecycle))
    first = lifecycle.stages.order_by("position").first()
    assert first
    assert first.key == "activation"
    assert started == [lifecycle.pk]


def test_a_draft_is_tried_out_and_not_saved(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    drafts = taxonomies.written(lifecycle)
    drafts[4]["rule"] = {"trait": "orders", "op": ">", "value": 100}
    html = signed_in("analyst").post(at("edit", lifecycle), form(drafts, **{"try": 1})).content
    assert "1 customers would stand elsewhere" in html.decode()
    assert "1 would stand in no stage" in html.decode()
    assert "the rule was “everybody else”" in html.decode()
    lifecycle.refresh_from_db()
    assert lifecycle.version == 1


def test_a_mistake_stands_beside_its_stage_and_nothing_typed_is_lost(
    signed_in: SignIn, lifecycle: StageSet
) -> None:
    drafts = taxonomies.written(lifecycle)
    sent = form(drafts, note="because", save=1)
    sent["stage_rule"][1] = "{not json"
    answer = signed_in("analyst").post(at("edit", lifecycle), sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "A condition belongs here." in html
    assert "{not json" in html
    assert 'value="because"' in html
    assert lifecycle.versions.count() == 1


def test_a_lost_race_is_said_and_nothing_typed_is_lost(
    signed_in: SignIn, lifecycle: StageSet
) -> None:
    drafts = taxonomies.written(lifecycle)
    stage_sets.edit(
        lifecycle, by=StaffFactory(role="admin"), seen_version=1, name="", drafts=drafts[1:]
    )
    drafts[0]["name"] = "My name"
    answer = signed_in("analyst").post(at("edit", lifecycle), form(drafts, save=1))
    assert answer.status_code == 409
    assert "load the page again" in answer.content.decode()
    assert "My name" in answer.content.decode()


def test_so_is_one_about_the_words_alone(signed_in: SignIn, lifecycle: StageSet) -> None:
    drafts, client = taxonomies.written(lifecycle), signed_in("analyst")
    shown = client.get(at("edit", lifecycle)).context["form"]["seen"]
    first = form(drafts, save=1, description="a colleague's", seen=shown)
    assert client.post(at("edit", lifecycle), first).status_code == 302
    late = client.post(at("edit", lifecycle), form(drafts, save=1, description="", seen=shown))
    assert late.status_code == 409
    lifecycle.refresh_from_db()
    assert lifecycle.description == "a colleague's"


def test_a_set_of_ones_own_starts_as_a_copy(
    signed_in: SignIn, lifecycle: StageSet, started: list[int]
) -> None:
    client = signed_in("operator")
    html = client.get(NEW, {"from": lifecycle.pk}).content.decode()
    assert 'value="Prospect"' in html
    drafts = [
        {**one, "key": "", "name": str(at)} for at, one in enumerate(taxonomies.written(lifecycle))
    ]
    assert client.post(NEW, form(drafts, name="Ours", seen_version=0, save=1)).status_code == 302
    made = StageSet.objects.get(name="Ours")
    assert [one.name for one in made.stages.order_by("position")] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("role", ["support", "product", "manager"])
def test_who_may_only_read_is_refused_and_nothing_changes(
    role: str, signed_in: SignIn, lifecycle: StageSet
) -> None:
    client = signed_in(role)
    before = list(StageSet.objects.values())
    drafts = taxonomies.written(lifecycle)[1:]
    other = StageSet.objects.get(key="three_states")
    for url, sent in (
        (at("edit", lifecycle), form(drafts, save=1)),
        (NEW, form([{**drafts[0], "key": "", "name": "A"}], name="Ours", save=1)),
        *((at("do", other, deed), {}) for deed in ("archive", "restore", "default", "recompute")),
    ):
        assert client.post(url, sent).status_code in {302, 403}
    assert list(StageSet.objects.values()) == before
    assert client.get(at("edit", lifecycle)).status_code in {302, 403}


def test_another_teams_set_has_no_buttons(signed_in: SignIn, lifecycle: StageSet) -> None:
    StageSet.objects.update(team=TeamFactory(name="Growth"))
    client = signed_in(StaffFactory(role="operator", team=TeamFactory(name="Retention")))
    assert "Edit the stages" not in client.get(at("change", lifecycle)).content.decode()
    assert client.post(at("do", lifecycle, "archive")).status_code in {302, 403}


def test_buttons_make_the_default_archive_and_restore(
    signed_in: SignIn, lifecycle: StageSet
) -> None:
    client = signed_in("admin")
    other = StageSet.objects.get(key="three_states")
    client.post(at("do", other, "default"))
    client.post(at("do", lifecycle, "archive"))
    lifecycle.refresh_from_db()
    other.refresh_from_db()
    assert (other.is_default, bool(lifecycle.archived_at)) == (True, True)
    assert client.post(at("do", other, "nonsense")).status_code == 404


# --- on a customer's page, and in the list --------------------------------------------


def test_a_customers_page_leads_to_their_moves(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    (who,) = standing.members(lifecycle.pk, [lifecycle.stages.get(key="prospect").pk])
    client = signed_in("support")
    assert (
        "since 2018-01-01" in client.get(f"/admin/segments/customer/{who}/change/").content.decode()
    )
    html = client.get(reverse("admin:segments_customer_moves", args=[who])).content.decode()
    assert "Decline → Prospect" in html


def test_the_list_of_customers_is_filtered_by_stage(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    decline = lifecycle.stages.get(key="decline")
    client = signed_in("support")
    url = reverse("admin:segments_customer_changelist")
    for more in ("", "&o=-4", "&q=1"):
        found = client.get(f"{url}?stage={decline.pk}{more}").context["cl"].result_list
        theirs = {one.pk for one in found}
        assert theirs <= set(standing.members(lifecycle.pk, [decline.pk]))
        assert more.startswith("&q") or len(theirs) == 1


# --- over the API -------------------------------------------------------------------


def test_stage_sets_are_read_over_the_api(
    signed_in: SignIn, lifecycle: StageSet, pinned: dt.date
) -> None:
    moved(lifecycle, pinned)
    client = signed_in("support")
    rows = client.get("/api/v1/stage-sets/").json()["results"]
    assert {one["key"] for one in rows} == set(taxonomies.SETS)
    found = client.get(f"/api/v1/stage-sets/{lifecycle.pk}/").json()
    assert [(one["key"], one["customers"]) for one in found["stages"]] == [
        ("prospect", 1), ("activation", 0), ("growth", 1), ("maturity", 0), ("decline", 1),
    ]  # fmt: skip
    url = f"/api/v1/stage-sets/{lifecycle.pk}/matrix/"
    found = client.get(url, {"since": "2017-12-22"}).json()
    assert {"was": "decline", "now": "growth", "customers": 1} in found["cells"]
    assert (found["forward"], found["back"], found["stayed"]) == (1, 0, 1)
    wrong = client.get(url, {"since": "2018-01-02", "until": "2018-01-01"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["since"])
    assert client.post("/api/v1/stage-sets/", {}).status_code in {403, 405}
