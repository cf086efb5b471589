"""Every address of the metrics and of work: who may not, changes nothing; odd ones get words."""

import datetime as dt
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern

from console import roles, work
from console.models import Staff, Team
from metrics import comparisons, goals, health, library, reviews, saved_reports
from metrics.models import (
    Alert,
    Channel,
    Comparison,
    Goal,
    LifetimeModel,
    LifetimeRecipe,
    Metric,
    PeriodRule,
    ReviewNote,
    SavedReport,
    Spend,
    SpendImport,
    Watch,
)
from tests.factories import StaffFactory
from tests.metrics.factories import today_is

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
DAY = dt.date(2017, 12, 1)
METRIC = 9_999_999  # the number of one that nobody shipped
# What changes something in each room, by the action that it needs; all else only looks.
CHANGES = {
    "metric": "metrics.change",
    "goal": goals.ACTION,
    "spend": "spend.change",
    "channel": "spend.change",
    "indicator": health.ACTION,
    "reviewnote": reviews.ACTION,
    "comparison": comparisons.ACTION,
    "periodrule": "rules.change",
    "alert": "alerts.change",
    "watch": "alerts.change",
    "lifetimemodel": "lifetime.change",
    "savedreport": "lists.change",
    "definition": "definitions.change",
    "workitem": work.GIVE,
}
# Open to everybody who may look: what is worked out, or saved as a link, changes no number.
OPEN = ("/ask/", "/save/", "/payback/", "/preview/")
PLACES = {
    "<path:object_id>": "1",
    "<int:pk>": "1",
    "<int:number>": "1",
    "<str:deed>": "archive",
    "<slug:place>": "0",
}


def addresses() -> Iterator[tuple[str, str]]:
    """Each address with something that there is in its place, and whose room it is."""
    for model, model_admin in admin.site._registry.items():
        room = str(model._meta.model_name)
        if room not in CHANGES or (room == "indicator" and model._meta.app_label != "metrics"):
            continue
        for one in model_admin.get_urls():
            assert isinstance(one, URLPattern)
            route = str(one.pattern)
            if route == "<path:object_id>/":
                continue
            kind = "active" if room == "definition" else "growth"
            for place, value in PLACES.items():
                is_metric = room == "metric" and value == "1"
                route = route.replace(place, str(METRIC) if is_metric else value)
            route = route.replace("<slug:kind>", kind).replace(
                "<slug:key>", "active" if room == "definition" else "growth-0"
            )
            yield room, f"/admin/{model._meta.app_label}/{room}/{route}"


@pytest.fixture
def world() -> None:
    """One of everything, all of another team's person."""
    today_is("2018-01-01")
    library.install()
    team = Team.objects.create(name="Others")
    owner = StaffFactory.create_with_role("admin", team=team)
    metric = Metric.objects.get(key="dau")
    mine = Metric.objects.create(
        pk=METRIC, key="mine", name="mine", group="activity", unit="count", over="sum", owner=owner,
        recipe={"kind": "derived", "formula": "dau + wau"},
    )  # fmt: skip
    library.note_version(mine)
    health.install()
    Goal.objects.create(pk=1, metric=metric, since=DAY, until=DAY, target=5, owner=owner)
    Channel.objects.create(pk=1, key="douyin", name="Douyin")
    SpendImport.objects.create(pk=1, name="a.csv", entries=0, amount_minor=0, by=owner)
    Spend.objects.create(pk=1, day=DAY, amount_minor=5)
    ReviewNote.objects.create(pk=1, since=DAY, until=DAY, kind="planned", text="x", by=owner)
    Comparison.objects.create(
        pk=1, name="c", goal_event="buy", since=DAY, until=DAY, owner=owner
    )  # fmt: skip
    PeriodRule.objects.create(
        pk=1, name="r", metric=metric, comparator="below", threshold=1, owner=owner
    )
    watch = Watch.objects.create(pk=1, metric=metric)
    Alert.objects.create(pk=1, watch=watch, began_on=DAY, last_on=DAY, value=1)
    recipe = LifetimeRecipe.objects.create(version=1)
    LifetimeModel.objects.create(
        pk=1, recipe=recipe, day=DAY, currency="USD", refusal="nothing", paid_version=1, seconds=1
    )
    saved_reports.save("a", kind="growth", query="", by=owner)
    SavedReport.objects.update(id=1)
    item = work.give("x", "Look", on=DAY, owner=owner)
    assert item
    type(item).objects.filter(pk=item.pk).update(id=1)


TABLES = (
    *("metrics_metric", "metrics_metricversion", "metrics_goal", "metrics_spend"),
    *("metrics_spendimport", "metrics_channel", "metrics_attribution", "metrics_indicator"),
    *("metrics_benchmark", "metrics_reviewnote", "metrics_comparison", "metrics_periodrule"),
    *("metrics_closing", "metrics_alert", "metrics_watch", "metrics_lifetimerecipe"),
    *("metrics_savedreport", "segments_definition", "segments_customerlist", "console_workitem"),
    *("console_job", "console_auditentry"),
)


def fingerprint() -> list[tuple[str, str]]:
    """Every row of these tables."""
    whole = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f" FROM {table} t"
        for table in TABLES
    )
    with connection.cursor() as cursor:
        cursor.execute(whole)
        return cursor.fetchall()


def test_who_is_not_signed_in_is_sent_to_the_door(world: None, client: Client) -> None:
    for _room, address in addresses():
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code in {302, 405}, address
            assert answer.status_code == 405 or "/login/" in answer.headers["Location"]


def test_a_refusal_changes_nothing(world: None, signed_in: SignedIn) -> None:
    typed = {
        "name": "x", "note": "x", "save": "1", "deed": "finish", "words": "x", "text": "x",
        "kind": "planned", "days": "9", "metric": "1", "target": "5", "until": "2018-01-05",
        "seen_version": "1", "months": "3", "discount": "1", "token": "x", "event": "buy",
    }  # fmt: skip
    client, refused, before = signed_in("support"), 0, fingerprint()
    for room, some in itertools.groupby(addresses(), operator.itemgetter(0)):
        if "support" in roles.TABLE[CHANGES[room]]:
            continue
        for _room, address in some:
            if not address.endswith(OPEN):
                refused += client.post(address, typed).status_code in {302, 403, 409}
        now = fingerprint()
        assert now == before, room
    assert refused > 40


API = (
    ("post", "metrics/"), ("patch", "metrics/mine/"), ("post", "metrics/mine/archive/"),
    ("post", "metrics/mine/restore/"), ("post", "goals/"), ("patch", "goals/1/"),
    ("post", "goals/1/archive/"), ("post", "goals/1/restore/"),
    ("post", "spend/"), ("delete", "spend/1/"),
)  # fmt: skip


def test_other_programs_are_refused_as_their_people_are(world: None, signed_in: SignedIn) -> None:
    client, before = signed_in("support"), fingerprint()
    for way, address in API:
        answer = getattr(client, way)(f"/api/v1/{address}", {}, content_type="application/json")
        assert answer.status_code == 403, address
    assert fingerprint() == before


ODD = [
    {"since": "0001-01-01", "until": "0001-01-02", "period": "2199", "by": "trait:\0"},
    {"until": "9999-12-31", "since": "9999-12-31", "days": "9" * 400, "by": "segment:0"},
    {"since": "2018-01-05", "until": "2018-01-01", "period": "month", "range": "-1", "show": "~"},
]
NAMES = ("within", "depth", "last", "pause", "top", "preview", "metric", "p", "o", "q", "s1", "k1")


def test_odd_addresses_get_words_and_start_nothing(world: None, signed_in: SignedIn) -> None:
    client = signed_in(Staff.Role.ADMIN)
    before = fingerprint()
    every = [address for _room, address in addresses()]
    kinds = ("growth", "retention", "funnel", "undone", "paths", "rhythm", "stickiness", "content")
    every += [f"/admin/metrics/savedreport/{kind}/show/" for kind in kinds]
    every += [f"/api/v1/reports/{kind}/" for kind in kinds]
    for place, address in enumerate(every):
        odd = {**dict.fromkeys(NAMES, "-1e999\x00'\""), **ODD[place % len(ODD)]}
        answer = client.get(address, odd)
        known = {200, 202, 302, 400, 403, 404, 405}
        assert answer.status_code in known, (address, answer.status_code)
    assert fingerprint() == before


@pytest.mark.parametrize("odd", ODD, ids=["first", "last", "backward"])
def test_odd_days_of_reports_get_words(odd: dict[str, str], db: None, signed_in: SignedIn) -> None:
    client = signed_in(Staff.Role.ADMIN)
    days: dict[str, Any] = {name: odd[name] for name in ("since", "until", "days") if name in odd}
    for kind in ("growth", "retention", "funnel", "undone", "paths", "rhythm"):
        shown = client.get(f"/admin/metrics/savedreport/{kind}/show/", days)
        told = client.get(f"/api/v1/reports/{kind}/", {**days, "event": "buy"})
        assert {shown.status_code, told.status_code} <= {200, 202, 400}, kind
