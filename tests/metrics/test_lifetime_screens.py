"""The page of lifetime value: what it says of a run, files, settings, roles, one customer."""

import csv
import datetime as dt
import html
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.models import Job, Staff
from metrics import lifetime_charts, lifetime_value
from metrics.models import LifetimeModel, LifetimeRecipe
from metrics.stats.lifetime import fitting, report, survival
from metrics.stats.lifetime.ledger import After, Cohorts, Ledger
from segments import sheet, traits
from tests.metrics.factories import customers, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
TODAY = dt.date(2017, 12, 20)
PAGE = "admin:metrics_lifetimemodel_changelist"


def found(people: int = 150) -> tuple[dict[str, Any], fitting.Fitted]:
    """The report of a made-up business, as a run has it."""
    chance, length, days = np.random.default_rng(2), people + 1, 300
    today = (TODAY - traits.EPOCH).days - 1
    cut = today - 90
    ledger, cohorts = Ledger(length), Cohorts(length, 2017 * 12, 2017 * 12 + 11)
    after, again, then = After(cut, 90, length), np.zeros(days), None
    born, pace = chance.integers(0, 200, length), chance.gamma(2, 15, length) + 4
    for number in range(days):
        day = today - days + 1 + number
        who = np.flatnonzero(
            (born == number) | ((born < number) & (chance.random(length) < 1 / pace))
        )
        who = who[who > 0]
        amount = chance.integers(500, 5_000, len(who))
        yes = np.ones(len(who), bool)
        if day == cut + 1:
            then = ledger.copy()
        again[number] = ledger.add(day, who, yes, amount)
        after.add(day, who, yes, amount)
        cohorts.add(2017 * 12 + min(number // 30, 11), who, yes, amount)
    past = report.Past(ledger, today, today - days + 1, again, cohorts, then, after)
    living = np.ones(length, bool)
    who = ledger.buyers(living)
    known, spent = ledger.histories(who, today), ledger.spent_again(who) / 100
    fitted = fitting.fit(known, spent)
    said = fitting.foretell(
        fitted.parameters, known, spent, days=90, risks=(30, 60, 90), months=12, discount=0.01
    )
    ran = survival.estimate(np.array([5, 9, 30]), np.array([True, True, False]))
    return {
        "model": report.of_model(fitted, known, said),
        "trial": report.of_trial(past, living, (30, 60, 90), 100),
        "cohorts": report.of_cohorts(cohorts, living),
        "contracts": report.of_contracts(ran),
    }, fitted


@pytest.fixture
def run(db: None) -> LifetimeModel:
    today_is(TODAY)
    said, fitted = found()
    return LifetimeModel.objects.create(
        recipe=lifetime_value.keep(),
        day=TODAY - dt.timedelta(days=1),
        since=TODAY - dt.timedelta(days=300),
        customers=150,
        repeaters=149,
        currency="USD",
        paid_version=1,
        parameters=fitted.parameters.plain(),
        log_likelihood=fitted.log_likelihood,
        report=json.loads(json.dumps(said)),  # as the database gives it back
    )


def text_of(client: Client, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_everybody_reads_the_page_and_who_may_acts_on_it(
    run: LifetimeModel, signed_in: SignIn, role: str
) -> None:
    page = text_of(signed_in(role), reverse(PAGE))
    for words in (
        "The model in words",
        "orders a week",
        "Orders by week, added up",
        "Risk of no order in 60 days",
        "AUC",
        "Predicted value by tenths",
        "Lifetime value by month of the first order",
        "How long contracts run",
        "Download as CSV",
    ):
        assert words in page
    assert ("Fit the model now" in page) == (role in {"operator", "analyst", "admin"})
    assert ("Put the new version in force" in page) == (role in {"operator", "analyst", "admin"})
    assert "nan" not in page.lower().replace("finance", "")


def test_the_page_asks_the_database_the_same_whatever_the_past(
    run: LifetimeModel, signed_in: SignIn
) -> None:
    client = signed_in("analyst")
    client.get(reverse(PAGE))
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(reverse(PAGE))
    for _n in range(5):
        run.pk = None
        run.save()
    with CaptureQueriesContext(connection) as many:
        client.get(reverse(PAGE))
    assert len(many) == len(few) < 30


def test_before_the_first_run_the_page_says_what_is_missing(db: None, signed_in: SignIn) -> None:
    today_is(TODAY)
    page = text_of(signed_in("analyst"), reverse(PAGE))
    assert "No model yet" in page
    assert "A hundred customers who came again are enough." in page


def test_a_refused_run_is_told_and_the_last_good_one_stays(
    run: LifetimeModel, signed_in: SignIn
) -> None:
    LifetimeModel.objects.create(
        recipe=run.recipe, day=TODAY, refusal="few", repeaters=12, currency="USD", paid_version=1
    )
    page = text_of(signed_in("analyst"), reverse(PAGE))
    assert "The run for 2017-12-20 changed nothing: too few customers came again." in page
    assert "there are 12" in page
    assert "The model in words" in page


def rows(client: Client, address: str) -> list[list[str]]:
    response = client.get(address)
    assert isinstance(response, StreamingHttpResponse)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_every_table_is_a_file(run: LifetimeModel, signed_in: SignIn) -> None:
    client = signed_in("manager")
    keys = [*lifetime_charts.every(run, {})]
    assert len(keys) == 11
    for key in keys:
        found = rows(client, reverse("admin:metrics_lifetimemodel_file", args=[run.pk, key]))
        assert len(found) > 1
        assert len({len(row) for row in found}) == 1
    runs = rows(client, reverse("admin:metrics_lifetimemodel_runs"))
    assert runs[1][0] == "2017-12-19"
    missing = reverse("admin:metrics_lifetimemodel_file", args=[run.pk, "nothing"])
    assert client.get(missing).status_code == 404


def test_cohorts_add_up_what_was_spent_a_head(run: LifetimeModel) -> None:
    chart = lifetime_charts.every(run, {})["cohorts"]
    kept = run.report["cohorts"]
    first = next(row for row in chart.rows if row[0] == "2017-01")
    size, spent = kept["sizes"][0][0], kept["spent"][0][0]
    assert first[1] == str(size)
    assert first[2] == "–"  # this run is of before it was kept
    assert first[3] == f"${spent[0] / size / 100:,.2f}"
    assert first[4] == f"${sum(spent[:2]) / size / 100:,.2f}"
    last = next(row for row in chart.rows if row[0] == "2017-07")
    assert last[3 + 5] != "–"
    assert last[3 + 6] == "–"  # that month has not come
    run.report["cohorts"]["ahead"] = [[12_300 * one for one in part] for part in kept["sizes"]]
    assert lifetime_charts.every(run, {})["cohorts"].rows[0][2] == "$123.00"


def test_other_settings_start_another_run_and_refusals_change_nothing(
    run: LifetimeModel, signed_in: SignIn
) -> None:
    address = reverse("admin:metrics_lifetimemodel_settings")
    wanted = {"months": "24", "discount": "0.8", "seen_version": "1", "note": "Two years"}
    assert signed_in("support").post(address, wanted).status_code == 403
    client = signed_in("analyst")
    for wrong in ({"months": "99"}, {"discount": "a lot"}, {"discount": "NaN"}, {"note": ""}):
        response = client.post(address, wanted | wrong)
        assert response.status_code == 409
    assert LifetimeRecipe.objects.count() == 1
    assert client.post(address, wanted).status_code == 302
    now = lifetime_value.recipe()
    assert (now.version, now.months, str(now.monthly_discount)) == (2, 24, "0.0080")
    assert Job.objects.filter(kind="lifetime").count() == 1
    assert client.post(address, wanted).status_code == 409  # somebody was faster


def test_only_a_post_of_who_may_fits_the_model(run: LifetimeModel, signed_in: SignIn) -> None:
    address = reverse("admin:metrics_lifetimemodel_run")
    assert signed_in("product").post(address).status_code == 403
    client = signed_in("operator")
    assert client.get(address).status_code == 405
    client.post(address)
    client.post(address)
    assert Job.objects.filter(kind="lifetime").count() == 1


def test_a_customer_s_page_has_what_is_foretold_of_them(
    run: LifetimeModel, signed_in: SignIn
) -> None:
    (one, other) = customers(2)
    column = np.full(other.pk + 1, np.nan)
    column[one.pk] = 34.5
    worth = np.full(other.pk + 1, np.iinfo(np.int64).min)
    worth[one.pk] = 123_456
    keys = ("p_alive", "expected_orders_90", "churn_risk_30", "churn_risk_60", "churn_risk_90")
    columns = {"predicted_value": worth} | dict.fromkeys(keys, column)
    traits.keep({key: sheet.Fresh(values) for key, values in columns.items()}, day=run.day)
    client = signed_in("support")
    link = reverse("admin:metrics_lifetimemodel_of", args=[one.pk])
    assert link in text_of(client, reverse("admin:segments_customer_change", args=[one.pk]))
    part = text_of(client, link)
    for words in ("34.5%", "$1,234.56", "AUC", "As of 2017-12-19", "Predicted value, 12 months"):
        assert words in part
    groups = run.report["trial"]["risks"]["90"]["groups"]
    like = min(groups, key=lambda group: abs(group["said"] - 0.345))
    said = f"told about {like['said']:.1%}, {like['came']:.1%} did not order"
    assert said in part
    assert text_of(client, reverse("admin:metrics_lifetimemodel_of", args=[other.pk])).strip() == ""


def test_programs_read_runs(run: LifetimeModel, signed_in: SignIn) -> None:
    client = signed_in("analyst")
    listed = client.get("/api/v1/lifetime/").json()["results"]
    assert [one["id"] for one in listed] == [run.pk]
    assert "report" not in listed[0]
    whole = client.get(f"/api/v1/lifetime/{run.pk}/").json()
    assert whole["report"]["trial"]["days"] == 90
    assert whole["parameters"]["r"] == run.parameters["r"]
    assert client.post("/api/v1/lifetime/", {}).status_code in {403, 405}
    assert Client().get("/api/v1/lifetime/").status_code == 403
