"""Segments in the browser and over the API: lists, the editor's data, saving, refusals."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from console import clock, jobs
from console.models import AuditEntry, Job, Project
from segments import library, membership, tasks, traits
from segments.models import Column, Segment, SegmentSnapshot
from tests.factories import StaffFactory, TeamFactory
from tests.segments import factories
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
RULE = {"trait": "orders", "op": ">", "value": 3}
LIST = "/admin/segments/segment/"


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The tasks that were started, instead of starting them."""
    found: list[tuple[str, int]] = []
    for name in ("recompute_segment", "run_pipeline"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda pk, name=name: found.append((name, pk)))
    return found


@pytest.fixture(autouse=True)
def pinned() -> dt.date:
    Project.objects.update(today_on=dt.date(2018, 1, 1), currency="USD")
    return clock.today()


def page(segment: Segment) -> str:
    return reverse("admin:segments_segment_change", args=[segment.pk])


def filled(rule: Any = RULE, **fields: Any) -> dict[str, Any]:
    text = rule if isinstance(rule, str) else json.dumps(rule)
    return {"name": "Frequent", "description": "", "rule": text, "seen_version": 1, **fields}


def editor_data(html: str) -> Any:
    start = html.index('id="rule-builder-data"')
    return json.loads(html[html.index(">", start) + 1 : html.index("</script>", start)])


# --- the list -----------------------------------------------------------------


def test_the_list_shows_size_share_and_freshness(signed_in: SignIn, pinned: dt.date) -> None:
    factories.CustomerFactory.create_batch(4)
    fresh = SegmentFactory(name="Fresh")
    stale = SegmentFactory(name="Stale")
    membership.recompute(fresh, day=pinned)
    membership.recompute(stale, day=pinned - dt.timedelta(days=1))
    html = signed_in("operator").get(LIST).content.decode()
    assert "100.0%" in html
    assert "as of 2018-01-01, computed just now" in html
    assert html.count('class="badge warn"') == 1


def test_the_list_asks_no_query_for_a_row(
    signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in("operator")
    for number in range(12):
        segment = SegmentFactory(owner=StaffFactory(), team=TeamFactory(name=f"Team {number}"))
        membership.recompute(segment, day=clock.today())
    client.get(LIST)
    with django_assert_max_num_queries(14):
        client.get(LIST)


def test_the_list_shows_how_sizes_went(signed_in: SignIn, pinned: dt.date) -> None:
    """By how much in a week is told from the last day that is a week old, or the first one."""
    for name, sizes in (
        ("Grown", {-31: 100, -8: 200, -6: 900, 0: 250}),
        ("New", {-1: 0, 0: 40}),
        ("Counted once", {0: 3}),
    ):
        segment = SegmentFactory(name=name)
        for ago, size in sizes.items():
            day = pinned + dt.timedelta(days=ago)
            SegmentSnapshot.objects.create(segment=segment, day=day, size=size)
    html = signed_in("operator").get(LIST).content.decode()
    assert "+25.0% <small>since 2017-12-24</small>" in html
    assert 'd="M0.0,30.0 L33.3,26.2 L66.7,0.0 L100.0,24.4"' in html
    assert "+40 <small>since 2017-12-31</small>" in html
    assert html.count('class="course"') == 2


def test_archived_segments_show_only_when_asked_for(signed_in: SignIn, pinned: dt.date) -> None:
    SegmentFactory(name="In use")
    SegmentFactory(name="Put away", archived_at=clock.now())
    client = signed_in("operator")
    assert "Put away" not in client.get(LIST).content.decode()
    assert "In use" not in client.get(f"{LIST}?archived=yes").content.decode()
    assert "In use" in client.get(f"{LIST}?archived=all").content.decode()


# --- the editor ---------------------------------------------------------------


def test_the_editor_gets_its_vocabulary_and_all_its_words(signed_in: SignIn) -> None:
    library.install_stages()
    factories.CustomerFactory.create_batch(5, attributes={"city": "Köln"})
    factories.EventTypeFactory(name="order_paid")
    other = SegmentFactory(name="</script><b>Other")
    own = SegmentFactory(name="Own")
    html = signed_in("operator").get(page(own)).content.decode()
    assert "</script><b>" not in html
    data = editor_data(html)
    known = data["known"]
    assert known["segments"] == [{"id": other.pk, "name": "</script><b>Other · stale"}]
    assert known["profile"] == [{"key": "city", "label": "city", "values": ["Köln"]}]
    assert known["events"] == [{"name": "order_paid", "label": "Order paid"}]
    assert known["stageSets"][0]["stages"][0] == {"key": "prospect", "label": "Prospect"}
    assert {one["key"] for one in known["operators"]} >= {"=", "between", "not_set"}
    assert (known["currency"], known["minorDigits"]) == ("USD", 2)
    assert data["readOnly"] is False
    assert all(data["words"].values())


def test_a_choice_with_words_is_chosen_by_them(signed_in: SignIn) -> None:
    traits.install()
    for key, words in (("value_tier", ["high", "middle"]), ("favourite_category", ["BEEF"])):
        Column.objects.create(key=key, dtype="<i4", words=words)
    html = signed_in("operator").get(page(SegmentFactory())).content.decode()
    known = {one["key"]: one for one in editor_data(html)["known"]["traits"]}
    high = {"key": "high", "label": "High value"}
    assert known["value_tier"]["choices"][0] == high
    assert known["value_tier"]["open"] is False, "nobody types a key"
    assert known["favourite_category"]["open"] is True, "there may be others"


def test_a_page_shows_history_and_where_the_segment_is_used(signed_in: SignIn) -> None:
    segment = SegmentFactory(name="Inner")
    SegmentFactory(name="Outer", rule={"segment": segment.pk})
    for day in (1, 2):
        SegmentSnapshot.objects.create(segment=segment, day=dt.date(2017, 12, day), size=day)
    html = signed_in("operator").get(page(segment)).content.decode()
    assert "2017-12-02" in html
    assert "Outer" in html


def test_scripts_come_from_here_and_none_is_inline(signed_in: SignIn) -> None:
    html = signed_in("operator").get(page(SegmentFactory())).content.decode()
    assert "console/rule-builder.js" in html
    assert "onclick=" not in html


# --- saving -------------------------------------------------------------------


def test_saving_a_new_segment_starts_its_computation(
    signed_in: SignIn,
    started: list[tuple[str, int]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = signed_in("operator")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{LIST}add/", filled())
    segment = Segment.objects.get()
    assert (segment.rule, segment.owner, segment.rule_version) == (RULE, client.staff, 1)  # type: ignore[attr-defined]
    assert started == [("recompute_segment", segment.pk)]


def test_only_a_changed_rule_starts_a_computation(
    signed_in: SignIn,
    started: list[tuple[str, int]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    segment = SegmentFactory(rule=RULE)
    client = signed_in("operator")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(segment), filled(name="Another name"))
    assert started == []
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(segment), filled({"all": []}, name="Another name"))
    segment.refresh_from_db()
    assert (segment.name, segment.rule_version) == ("Another name", 2)
    assert started == [("recompute_segment", segment.pk)]
    assert AuditEntry.objects.filter(action="segment.rule").count() == 1


@pytest.mark.parametrize(
    ("rule", "says", "path"),
    [
        ({"all": [{**RULE, "trait": "shoe_size"}]}, "shoe_size", ["all", "0", "trait"]),
        ({"event": "order_lost", "days": -3}, "order_lost", ["event"]),
        ("{not json", "JSON", None),
        ("", "required", None),
    ],
)
def test_a_bad_rule_is_refused_at_its_place_and_kept_for_correction(
    signed_in: SignIn, rule: Any, says: str, path: list[str] | None
) -> None:
    response = signed_in("operator").post(f"{LIST}add/", filled(rule))
    html = response.content.decode()
    assert response.status_code == 200
    assert says in html
    error = editor_data(html)["error"]
    assert (error and error["path"]) == path
    assert not Segment.objects.exists()


def test_a_name_that_is_taken_is_refused_in_words(signed_in: SignIn) -> None:
    SegmentFactory(name="Frequent")
    html = signed_in("operator").post(f"{LIST}add/", filled()).content.decode()
    assert "Another segment has this name already" in html


def test_an_edit_based_on_an_old_rule_is_refused(signed_in: SignIn) -> None:
    segment = SegmentFactory(rule_version=3)
    html = signed_in("operator").post(page(segment), filled(seen_version=2)).content.decode()
    assert "Somebody else changed this rule" in html
    segment.refresh_from_db()
    assert segment.rule_version == 3


# --- who may ------------------------------------------------------------------


def test_another_team_reads_but_cannot_write(signed_in: SignIn) -> None:
    segment = SegmentFactory(name="Ours", team=TeamFactory(name="Growth"))
    client = signed_in(StaffFactory(role="operator", team=TeamFactory(name="Retention")))
    data = editor_data(client.get(page(segment)).content.decode())
    assert data["readOnly"] is True
    for deed in ("archive", "recompute"):
        client.post(reverse("admin:segments_segment_do", args=[segment.pk, deed]))
    client.post(page(segment), filled(name="Theirs"))
    segment.refresh_from_db()
    assert (segment.name, segment.archived_at) == ("Ours", None)


@pytest.mark.parametrize(
    ("role", "view", "add", "run"),
    [
        ("operator", 200, 200, 1),
        ("product", 200, 200, 0),
        ("analyst", 200, 200, 1),
        ("manager", 200, 403, 0),
        ("support", 200, 403, 0),
        ("admin", 200, 200, 1),
    ],
)
def test_roles_decide(signed_in: SignIn, role: str, view: int, add: int, run: int) -> None:
    client = signed_in(role)
    assert client.get(LIST).status_code == view
    assert client.get(f"{LIST}add/").status_code == add
    client.post(reverse("admin:segments_recompute"))
    assert Job.objects.filter(kind=tasks.PIPELINE).count() == run


def test_a_recompute_is_never_started_by_a_link(signed_in: SignIn) -> None:
    segment = SegmentFactory()
    client = signed_in("operator")
    assert client.get(reverse("admin:segments_recompute")).status_code == 405
    url = reverse("admin:segments_segment_do", args=[segment.pk, "archive"])
    assert client.get(url).status_code == 405


def test_a_running_recompute_shows_its_progress_instead_of_the_button(signed_in: SignIn) -> None:
    job = jobs.create(tasks.PIPELINE, "recompute")
    html = signed_in("operator").get(LIST).content.decode()
    assert f'data-job="{job.pk}"' in html
    assert "Recompute now" not in html


# --- the API ------------------------------------------------------------------


def preview(client: Client, rule: Any, **more: Any) -> Any:
    return client.post(
        "/api/v1/segments/preview/", {"rule": rule, **more}, content_type="application/json"
    )


def test_a_preview_counts_and_says_the_rule_back(signed_in: SignIn) -> None:
    factories.traits(orders=1)
    liked = factories.traits(orders=5, customer__name="Ann")
    found = preview(signed_in("operator"), {"all": [RULE]}).json()
    assert (found["count"], found["of"]) == (1, 2)
    assert found["parts"] == [{"path": [], "count": 1}, {"path": ["all", 0], "count": 1}]
    assert found["sentence"] == "Customers for whom this holds: orders is more than 3."
    assert found["sample"] == [{"id": liked.pk, "name": f"#{liked.pk}"}]


def test_names_are_kept_from_those_who_may_not_see_them(signed_in: SignIn) -> None:
    who = factories.CustomerFactory(name="Ada")
    found = preview(signed_in("analyst"), {"all": []}).json()
    assert found["sample"] == [{"id": who.pk, "name": f"#{who.pk}"}]


def test_a_preview_of_a_bad_rule_names_the_place(signed_in: SignIn) -> None:
    found = preview(signed_in("analyst"), {"all": [{**RULE, "value": "three"}]}).json()
    assert found == {"error": {"path": ["all", "0", "value"], "message": "Write a whole number."}}


def test_a_preview_of_a_segment_inside_itself_names_the_cycle(signed_in: SignIn) -> None:
    segment = SegmentFactory(name="A")
    response = preview(signed_in("operator"), {"segment": segment.pk}, segment=segment.pk)
    assert "A → A" in response.json()["error"]["message"]


def test_nobody_previews_without_signing_in() -> None:
    assert preview(Client(), {"all": []}).status_code == 403


def test_segments_are_made_and_edited_over_the_api(signed_in: SignIn) -> None:
    client = signed_in("operator")
    made = client.post(
        "/api/v1/segments/", {"name": "By API", "rule": RULE}, content_type="application/json"
    )
    assert made.status_code == 201
    url = f"/api/v1/segments/{made.json()['id']}/"
    edited = client.patch(
        url, {"rule": {"all": []}, "rule_version": 1}, content_type="application/json"
    )
    assert (edited.status_code, edited.json()["rule_version"]) == (200, 2)
    late = client.patch(url, {"rule": RULE, "rule_version": 1}, content_type="application/json")
    assert late.status_code == 409
    bad = client.patch(url, {"rule": {"x": 1}}, content_type="application/json")
    assert (bad.status_code, bad.json()["path"]) == (400, [])
    assert client.get("/api/v1/segments/").json()["results"][0]["is_stale"] is True


def test_another_team_cannot_write_over_the_api_either(signed_in: SignIn) -> None:
    segment = SegmentFactory(name="Ours", team=TeamFactory(name="Growth"))
    client = signed_in(StaffFactory(role="operator", team=TeamFactory(name="Retention")))
    url = f"/api/v1/segments/{segment.pk}/"
    assert client.patch(url, {"name": "x"}, content_type="application/json").status_code == 403
    assert client.post(f"{url}archive/").status_code == 403
    assert client.delete(url).status_code in {403, 405}
    segment.refresh_from_db()
    assert (segment.name, segment.archived_at) == ("Ours", None)


def test_a_computed_segment_leads_to_a_campaign_for_it(signed_in: SignIn) -> None:
    segment = SegmentFactory(name="Sleepers")
    client, other = signed_in("operator"), signed_in("analyst")
    way = f"{reverse('admin:campaigns_campaign_add')}?segment={segment.pk}"
    assert way not in client.get(page(segment)).content.decode(), "it has no members yet"
    membership.recompute(segment, day=clock.today())
    assert way in client.get(page(segment)).content.decode()
    assert way not in other.get(page(segment)).content.decode()
    form = client.get(way).content.decode()
    assert f'<option value="{segment.pk}" selected>Sleepers' in form
