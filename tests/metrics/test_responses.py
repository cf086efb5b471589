"""From an indicator that is not well to work with a plan, once looked at by everybody."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Staff, WorkItem
from metrics import health, measurements
from metrics.admin import responses
from metrics.measurements import ratio
from metrics.models import Metric
from tests.metrics.factories import today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
TODAY, DAY = dt.date(2025, 9, 20), dt.date(2025, 9, 18)
CARD = reverse("admin:metrics_indicator_changelist")


@pytest.fixture
def stickiness(db: None) -> Metric:
    today_is(TODAY)
    health.install()
    measurements.keep([ratio("stickiness", DAY, 0, 600)])
    return Metric.objects.get(key="stickiness")


def test_every_theme_has_a_plan_of_some_steps() -> None:
    assert responses.PLANS.keys() == set(Metric.Group.values)
    assert all(len(str(plan).splitlines()) == 3 for plan in responses.PLANS.values())


def test_a_bad_indicator_becomes_work_that_is_due_soon(
    stickiness: Metric, signed_in: SignIn
) -> None:
    client = signed_in("manager")
    give = f"{reverse('admin:console_workitem_give')}?metric={stickiness.pk}"
    page = client.get(CARD).content.decode()
    assert give in page
    assert page.count("workitem/give") == 1, "what is well, or not known, has no button"
    form = client.get(give).context["form"]
    said = {name: form.get_initial_for_field(form.fields[name], name) or "" for name in form.fields}
    assert said["due_on"] == TODAY + dt.timedelta(days=2)
    assert "Stickiness (DAU/MAU) is 0.0%" in said["title"]
    assert "Bad from" in said["why"]
    assert len(said["plan"].splitlines()) == 3
    answer = client.post(give, {**said, "to": f"staff {client.staff.pk}"})  # type: ignore[attr-defined]
    assert answer.status_code == 302
    (item,) = WorkItem.objects.all()
    assert (item.subject, item.due_on) == (stickiness, TODAY + dt.timedelta(days=2))
    page = client.get(CARD).content.decode()
    assert "1 under way" in page
    assert "workitem/give" not in page, "nobody gives it twice"
    metric = client.get(reverse("admin:metrics_metric_change", args=[stickiness.pk]))
    assert item.title in metric.content.decode()


def test_of_a_metric_without_a_light_the_form_says_its_name(stickiness: Metric) -> None:
    found = responses.begin(Metric.objects.get(key="nps"))
    assert found.keys() == {"plan", "title"}
    assert found["title"] == "Net promoter score (NPS)"
