"""The pages and the API of the scorings: what they show, to whom, and in how many questions."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console import clock
from console.models import AuditEntry, Job, Staff
from segments import arrays, scorings, sheet, tasks, traits, valuing
from segments.models import Scoring, Trait
from segments.scorings import CLUSTERS, KINDS, POTENTIAL, RFM, VALUE
from segments.sheet import Fresh

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


@pytest.fixture
def scored() -> None:
    """A hundred customers with orders and visits, scored in every way."""
    traits.install()
    day = clock.today()
    ids = np.arange(1, 101)
    random = np.random.default_rng(8)
    orders = np.where(ids <= 50, random.integers(5, 30, 100), 1)
    values: dict[str, Any] = {
        "orders": orders.astype(np.int32),
        "monetary_minor": orders * random.integers(1000, 9000, 100),
        "average_order_minor": random.integers(1000, 9000, 100),
        "active_days_30d": np.where(ids <= 50, 12, 0).astype(np.int32),
        "interactions_30d": np.where(ids <= 5, 9, 0).astype(np.int32),
        "last_order_on": ((day - traits.EPOCH).days - np.where(ids <= 50, 2, 150)).astype(np.int32),
    }
    sheet.write({key: Fresh(arrays.spread(ids, one)) for key, one in values.items()}, day=day)
    for kind in KINDS:
        valuing.run(kind, day)


def url(name: str, kind: str) -> str:
    return reverse(f"admin:segments_scoring_{name}", args=[kind])


def form(page: str) -> dict[str, Any]:
    """What a browser would send: every field of the page's form as it stands."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        inside, choosing = False, ""
        found: dict[str, list[str]]
        first: dict[str, str]

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            here = dict(attrs)
            if tag == "form":
                self.inside = "scoring-form" in (here.get("class") or "")
            if not self.inside or tag not in {"input", "select", "option"}:
                return
            name = here.get("name", "")
            if tag == "select":
                self.choosing = name
                self.found.setdefault(name, []).append("")
                self.is_first = True
            elif tag == "option":
                if self.is_first or "selected" in here:
                    self.found[self.choosing][-1] = here["value"]
                self.is_first = False
            elif name and (here.get("type") not in {"checkbox", "radio"} or "checked" in here):
                self.found.setdefault(name, []).append(here.get("value", "on"))

    reader = Fields()
    reader.found = {}
    reader.feed(page)
    return reader.found


# --- pages --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (RFM, ["Important: valuable", "Recency by frequency", "What the scores mean", "≥ 5"]),
        (VALUE, ["Purchasing power", "not known of anybody", "High value", "Highest scores"]),
        (POTENTIAL, ["Interacts often", "High potential", "#1<"]),
        (CLUSTERS, ["Highly active", "k = 8", "Silhouette"]),
    ],
)
def test_each_page_shows_its_run(
    kind: str, words: list[str], scored: None, signed_in: SignedIn
) -> None:
    client = signed_in("operator")
    client.get(url("kind", kind))
    with CaptureQueriesContext(connection) as asked:
        page = client.get(url("kind", kind)).content.decode()
    assert [word for word in words if word not in page] == []
    assert f"as of {clock.today().isoformat()}" in page
    assert len(asked) <= 40, "whatever the number of customers"
    assert "segments/segment/add/?name=" in page


def test_a_run_that_ends_while_the_page_is_made_is_on_it(
    scored: None, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that shows neither the new run nor that it is under way would stay as it is."""
    recipe = json.loads(json.dumps(scorings.current(VALUE).recipe))
    recipe["factors"][0]["weight"] += 10
    client = signed_in("operator")
    valuing.change(VALUE, recipe, seen_version=1, note="More", by=Staff.objects.get())

    def over_just_now(kind: str) -> None:
        valuing.run(kind, clock.today())

    monkeypatch.setattr(tasks, "scoring_now", over_just_now)
    page = client.get(url("kind", VALUE)).content.decode()
    assert f"as of {clock.today().isoformat()} · version 2" in page


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_without_a_run_helps(kind: str, signed_in: SignedIn) -> None:
    page = signed_in("operator").get(url("kind", kind)).content.decode()
    assert "not computed yet" in page
    assert "Nobody is scored yet" in page


def test_the_menu_leads_to_the_first_page(signed_in: SignedIn) -> None:
    answer = signed_in("support").get(reverse("admin:segments_scoring_changelist"))
    assert answer["Location"] == url("kind", RFM)
    assert signed_in("support").get("/admin/segments/scoring/nonsense/").status_code == 404


def test_a_cell_becomes_a_segment_with_its_rule(scored: None, signed_in: SignedIn) -> None:
    from urllib.parse import parse_qs, urlsplit

    from segments import vocabulary
    from segments.rules import tree, words
    from segments.rules.nodes import RuleError

    client = signed_in("operator")
    for kind in KINDS:
        context = client.get(url("kind", kind)).context
        links = [row["link"] for row in context["layers"]]
        links += [one["link"] for one in context.get("signs", ()) if one["link"]]
        for link in links:
            rule = json.loads(parse_qs(urlsplit(link).query)["rule"][0])
            try:
                parsed = tree.parse(rule, vocabulary.current())
            except RuleError as problem:
                raise AssertionError((link, problem)) from problem
            assert words.sentence(parsed, vocabulary.current(), str)


# --- forms --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_sent_as_it_is_says_what_is_in_force(
    kind: str, scored: None, signed_in: SignedIn
) -> None:
    client = signed_in("operator")
    sent = form(client.get(url("kind", kind)).content.decode())
    answer = client.post(url("preview", kind), sent)
    assert answer.context["found"].moved == 0
    sent["note"] = ["No reason"]
    answer = client.post(url("change", kind), sent)
    assert (answer.status_code, "says the same" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        (RFM, {"cells": ["three"]}, lambda recipe: len(recipe["cells"]) == 3),
        (RFM, {"frequency_by": ["fixed"], "frequency_at": ["2", "4", "8", "16"]},
         lambda recipe: recipe["frequency"]["at"] == [2, 4, 8, 16]),
        (VALUE, {"weight_0": ["70"]}, lambda recipe: recipe["factors"][0]["weight"] == 70),
        (VALUE, {"weekday": ["0"]}, lambda recipe: recipe["weekday"] == 0),
        (POTENTIAL, {"needs": ["1"], "streak": []}, lambda recipe: recipe["streak"] is None),
        (CLUSTERS, {"k": ["4"]}, lambda recipe: recipe["k"] == 4),
    ],
    ids=["cells", "fixed", "weight", "weekly", "signs", "k"],
)  # fmt: skip
def test_a_change_in_the_form_is_a_new_version(
    kind: str, change: dict[str, Any], found: Any, scored: None, signed_in: SignedIn
) -> None:
    client = signed_in("operator")
    sent = form(client.get(url("kind", kind)).content.decode()) | change | {"note": ["Trying"]}
    preview = client.post(url("preview", kind), sent)
    assert (preview.status_code, "would be elsewhere" in preview.content.decode()) == (200, True)
    assert client.post(url("change", kind), sent).status_code == 302
    scoring = scorings.current(kind)
    assert (scoring.version, scoring.note, found(scoring.recipe)) == (2, "Trying", True)
    assert Job.objects.filter(kind=f"scoring:{kind}").exists()
    page = client.get(url("kind", kind)).content.decode()
    assert "of an older version" in page
    assert "Trying" in page


def test_nonsense_in_a_form_is_refused_with_its_place(scored: None, signed_in: SignedIn) -> None:
    client = signed_in("operator")
    sent = form(client.get(url("kind", RFM)).content.decode())
    sent |= {"recency_at": ["50", "40", "x", ""], "note": ["Hm"]}
    assert "A factor rests on" in client.post(url("preview", VALUE), {}).content.decode()
    assert "recency › at › 3" in client.post(url("preview", RFM), sent).content.decode()
    answer = client.post(url("change", RFM), sent)
    assert answer.status_code == 409
    assert 'value="x"' in answer.content.decode(), "what was typed is still there"
    assert scorings.current(RFM).version == 1


def test_clusters_get_names_of_their_own(scored: None, signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    sent = {"name_1": "铁粉", "note": "What we call them", "seen_version": "1"}
    assert client.post(url("rename", CLUSTERS), sent).status_code == 302
    assert scorings.labels()["cluster"]["1"] == "铁粉"
    assert client.post(url("rename", RFM), sent).status_code == 404


@pytest.mark.parametrize("deed", ["change", "rename", "run"])
def test_who_only_looks_changes_nothing(deed: str, signed_in: SignedIn) -> None:
    client = signed_in("support")
    page = client.get(url("kind", CLUSTERS))
    assert (page.status_code, b"Put the new version" in page.content) == (200, False)
    answer = client.post(url(deed, CLUSTERS), {"note": "x", "seen_version": "1"})
    assert answer.status_code == 403
    assert not Scoring.objects.exists()
    assert not Job.objects.exists()


def test_a_score_is_explained(scored: None, signed_in: SignedIn) -> None:
    client = signed_in("support")
    page = client.get(url("explain", VALUE), {"customer": "#7"}).content.decode()
    assert "Purchasing power" in page
    score = traits.of([7])[7]["value_score"]
    assert f">{score}<" in page
    for nobody in ("", "abc", "99999999999999", "4000"):
        page = client.get(url("explain", VALUE), {"customer": nobody}).content.decode()
        assert "Nothing is known" in page


def test_a_scoring_of_profile_fields_alone_gets_a_note(scored: None, signed_in: SignedIn) -> None:
    client = signed_in("operator")
    Trait.objects.create(
        key="age", title="Age", kind="whole", recipe={"take": "profile", "field": "age"}
    )
    assert b"rest only on who customers are" not in client.get(url("kind", VALUE)).content
    recipe = scorings.current(VALUE).recipe | {
        "factors": [{"key": "age", "weight": 1, "trait": "age"}]
    }
    valuing.change(VALUE, recipe, seen_version=1, note="Young ones", by=client.staff)  # type: ignore[attr-defined]
    assert b"rest only on who customers are" in client.get(url("kind", VALUE)).content


# --- API ----------------------------------------------------------------------


def test_the_api_tells_what_is_in_force_and_what_was_found(
    scored: None, signed_in: SignedIn
) -> None:
    client = signed_in("analyst")
    everything = client.get("/api/v1/scorings/").json()
    assert [one["kind"] for one in everything] == list(KINDS)
    one = client.get("/api/v1/scorings/rfm/").json()
    assert one["run"]["customers"] == 100
    assert one["run"]["as_of"] == clock.today().isoformat()
    assert client.get("/api/v1/scorings/luck/").status_code == 404


def test_the_api_tries_changes_and_keeps_history(scored: None, signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    recipe = scorings.current(VALUE).recipe | {"by": "score", "tiers": [{"key": "all", "at": 0}]}
    asked: dict[str, Any] = {"recipe": recipe}

    def post(deed: str, body: dict[str, Any]) -> Any:
        address = f"/api/v1/scorings/value/{deed}/"
        return client.post(address, body, content_type="application/json")

    found = post("preview", asked).json()
    assert (found["moved"], found["would_be"]) == (100, {"all": 100})
    answer = post("change", asked | {"note": "One for all", "seen_version": 1})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert [one["version"] for one in client.get("/api/v1/scorings/value/history/").json()] == [
        2,
        1,
    ]
    assert AuditEntry.objects.filter(action="scoring.changed").exists()
    stale = post(
        "change", {"recipe": scorings.shipped(VALUE).recipe, "note": "x", "seen_version": 1}
    )
    assert stale.status_code == 409
    refused = post("preview", {"recipe": {"factors": []}})
    assert (refused.status_code, refused.json()["path"]) == (400, ["factors"])
    assert post("run", {}).status_code == 202


def test_the_api_refuses_who_may_not(signed_in: SignedIn) -> None:
    client = signed_in("manager")
    body = {"recipe": {}, "note": "x", "seen_version": 1}
    answer = client.post("/api/v1/scorings/rfm/change/", body, content_type="application/json")
    assert answer.status_code == 403
    assert not Scoring.objects.exists()
