"""What the web process loads to show a preview: none of the engines."""

import datetime as dt
import os
import subprocess
import sys

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from pyroaring import BitMap

from console.embedded import places
from console.models import Project
from segments import sheet
from segments.models import Tag
from segments.sheet import Fresh
from tests.factories import StaffFactory
from tests.segments import factories
from tests.segments.factories import SegmentFactory, incoming

DAY = dt.date(2018, 1, 1)
PROGRAM = """
import sys
import console.wsgi
from django.test import Client
from console.models import Staff
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(Staff.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
rule = {"all": [
    {"trait": "orders", "op": ">=", "value": 2},
    {"last": "order_paid", "op": "<=", "value": 30},
    {"event": "order_paid", "times": 2, "days": 30},
    {"not": {"segment": 7}}, {"tag": 5}, {"random": 100}, {"not": {"consent": "email"}},
]}
found = client.post("/api/v1/segments/preview/", {"rule": rule}, "application/json")
assert found.status_code == 200, found.content
print(found.json()["count"])
print(*{"pandas", "ibis", "scipy", "deltalake", "pyarrow", "duckdb", "numba"} & set(sys.modules))
"""


@pytest.mark.django_db(transaction=True)
def test_a_preview_from_columns_and_sets_loads_no_engine() -> None:
    Project.objects.update(today_on=DAY)
    StaffFactory.create_with_role("operator")
    who = factories.CustomerFactory()
    factories.happened(*(incoming(who, f"2017-12-{day}") for day in (28, 29)))
    columns = {"orders": 2, "last:order_paid": (DAY - dt.date(1970, 1, 1)).days - 3}
    fresh = {key: Fresh(np.full(who.pk + 1, value, np.int32)) for key, value in columns.items()}
    sheet.write(fresh, day=DAY)
    SegmentFactory(pk=7, computed_version=1, data_as_of=DAY)
    Tag.objects.create(pk=5, name="patient", members=BitMap([who.pk]))
    home, name = settings.HOME_DIR, connection.settings_dict["NAME"]
    url = places.database_url(home).replace("/console?", f"/{name}?")
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "console.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.splitlines() == ["1", ""], found.stderr[-2000:]
