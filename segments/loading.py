"""Taking checked parts of a file into the lake: doubles told, customers found, one commit.

The lake gets all the events in one commit that knows the import's number. Killed before
that, nothing is there (but perhaps customers without events, whom the next run finds);
killed after it, the next run only finishes the paperwork.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from console import clock
from segments import amounts, entries, erasure, history, identity, merging, uploads
from segments.items import Id
from segments.kinship import Kinship
from segments.lake import engine
from segments.models import EventImport, Merge
from segments.reading.mapping import Mapping

# What does not fit spills to the disk. With Arrow's and Python's own, a load stays below
# 1 GB whatever the file's size: 822 MB with 3 million rows, 866 MB with 6 million.
MEMORY = "400MB"
CUSTOMERS_AT_A_TIME = 20_000
ROWS_AT_A_TIME = 50_000
SEEN_TOGETHER = Merge.Reason.SEEN_TOGETHER


def app(event_import: EventImport) -> str:
    """The name under which the lake knows this import."""
    return f"import:{event_import.pk}"


def is_in_lake(event_import: EventImport) -> bool:
    """Whether the lake has this import's events already."""
    from segments.lake import store  # heavy: not in the web process

    return store.version(history.place(), app(event_import)) > 0


class TooLarge(ValueError):
    """Rows that are one event and whose amounts together are more than an event can have."""


def load(event_import: EventImport, parts: Sequence[Path], tell: Callable[[int], None]) -> None:
    """Put the parts' events into the lake, and note on the import how many there were.

    The caller holds the lake's lock. `tell` hears how much is done, of a hundred, again and
    again: in it the caller lets those have their turn who wait for the lake.

    Raises:
        TooLarge: which amount.
    """
    with _opened(parts) as con:
        tell(0)
        _name_rows(con, event_import)
        _tell_doubles(con, event_import)
        tell(30)
        with erasure.put_off():
            _find_customers(con, event_import)
        tell(45)
        _append(con, event_import, tell)


@contextmanager
def _opened(parts: Sequence[Path]) -> Iterator[Any]:
    """DuckDB with the staged rows as `staged`; what does not fit into memory spills."""
    import duckdb  # heavy: not in the web process

    spill = Path(settings.UPLOADS_PATH) / "spill"
    con = duckdb.connect(
        config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(spill)}
    )
    try:
        con.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        con.read_parquet([engine.literal(str(part)) for part in parts]).create_view("staged")
        yield con
    finally:
        con.close()


def _name_rows(con: Any, event_import: EventImport) -> None:
    """The rows that are events of their own, each with its day and its key, as `named`."""
    mapping = Mapping.from_json(event_import.mapping)
    same = "same" if mapping.distinct_by else "key" if mapping.key else "row"
    amount = "sum(amount)" if mapping.sums else "min_by(amount, row)"
    zone, content = clock.zone().key, event_import.sha256[:20]
    if same == "row":
        con.execute("CREATE VIEW kept AS SELECT row, amount FROM staged")
    else:
        con.execute(f"""
            CREATE TABLE kept AS
            SELECT min(row) AS row, {amount} AS amount FROM staged GROUP BY {same}
        """)  # noqa: S608  (columns of ours)
        _refuse_large(con)
    con.execute(f"""
        CREATE VIEW named AS
        SELECT row, kind, customer, time, event, kept.amount, properties,
            CAST(timezone('{zone}', time) AS DATE) AS day,
            coalesce(
                {_key(mapping)},
                'same:' || left(sha256(event || chr(31) || same), 40),
                'file:{content}:' || row
            ) AS key
        FROM staged JOIN kept USING (row)
    """)  # noqa: S608  (a known zone, a hash)


def _refuse_large(con: Any) -> None:
    largest = con.execute(
        "SELECT row, amount FROM kept WHERE abs(amount) > $most LIMIT 1", {"most": amounts.LARGEST}
    ).fetchone()
    if largest:
        raise TooLarge(*largest)


def _tell_doubles(con: Any, event_import: EventImport) -> None:
    """Choose the events that are not in the lake yet, as `fresh`."""
    from segments.lake import store  # heavy: not in the web process

    ((first, last),) = con.execute("SELECT min(day), max(day) FROM named").fetchall()
    event_import.first_on, event_import.last_on = first, last
    if first and store.files(history.place(), first, last):
        con.register("known", store.dataset(history.place(), first, last))
        con.execute("CREATE TABLE fresh AS SELECT row FROM named ANTI JOIN known USING (key)")
    else:
        con.execute("CREATE TABLE fresh AS SELECT row FROM kept")
    ((kept, fresh),) = con.execute(
        "SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM fresh)"
    ).fetchall()
    event_import.events, event_import.known = fresh, kept - fresh


# --- customers --------------------------------------------------------------


def _find_customers(con: Any, event_import: EventImport) -> None:
    """Find or make the customers of the fresh rows, as `ids`."""
    con.execute("CREATE TABLE ids (kind VARCHAR, customer VARCHAR, id INTEGER, is_new BOOLEAN)")
    _leave_out_erased(con, event_import)
    event_import.customers_new = _meet(con, event_import)
    for kind, values in _in_turn(con):
        known = identity.known(kind, values)
        event_import.customers_new += len(values) - len(known)
        found = identity.resolve(kind, values, at=clock.now())
        columns = {
            "kind": [kind] * len(found),
            "customer": list(found),
            "id": list(found.values()),
            "is_new": [value not in known for value in found],
        }
        with _rows(con, columns) as rows:
            con.execute(f"INSERT INTO ids SELECT kind, customer, id, is_new FROM {rows}")  # noqa: S608


def _in_turn(con: Any) -> Iterator[tuple[str, list[str]]]:
    """The different identifiers of the fresh rows, some of one kind at a time."""
    for (kind,) in con.execute("SELECT DISTINCT kind FROM staged ORDER BY kind").fetchall():
        wanted = con.cursor().execute(
            "SELECT DISTINCT customer FROM staged SEMI JOIN fresh USING (row) WHERE kind = $kind "
            "ORDER BY customer",
            {"kind": kind},
        )
        while some := wanted.fetchmany(CUSTOMERS_AT_A_TIME):
            yield kind, [value for (value,) in some]


def _leave_out_erased(con: Any, event_import: EventImport) -> None:
    """Whom we were asked to forget does not come back by a file from before."""
    con.execute("CREATE TABLE erased (kind VARCHAR, customer VARCHAR, until TIMESTAMPTZ)")
    for kind, values in _in_turn(con):
        found = erasure.forgotten([(kind, value) for value in values])
        columns = {
            "kind": [kind] * len(found),
            "customer": [value for _kind, value in found],
            "until": list(found.values()),
        }
        if found:
            with _rows(con, columns) as rows:
                con.execute(f"INSERT INTO erased SELECT kind, customer, until FROM {rows}")  # noqa: S608
    ((left,),) = con.execute("""
        CREATE TABLE gone AS
        SELECT row FROM staged JOIN erased USING (kind, customer) WHERE time < until;
        DELETE FROM fresh WHERE row IN (SELECT row FROM gone);
        SELECT count(*) FROM fresh
    """).fetchall()
    event_import.erased, event_import.events = event_import.events - left, left


def _meet(con: Any, event_import: EventImport) -> int:
    """Join the anonymous visitors whom a row names together with a customer; how many
    customers are new by that."""
    mapping = Mapping.from_json(event_import.mapping)
    if not mapping.fallback:
        return 0
    wanted = con.cursor().execute("""
        SELECT DISTINCT kind, customer, other FROM staged SEMI JOIN fresh USING (row)
        WHERE other IS NOT NULL ORDER BY ALL
    """)
    new = 0
    while some := wanted.fetchmany(CUSTOMERS_AT_A_TIME):
        pairs = [((kind, known), (mapping.fallback_kind, other)) for kind, known, other in some]
        new += _join(pairs, event_import)
    return new


@transaction.atomic
def _join(pairs: Sequence[tuple[Id, Id]], event_import: EventImport) -> int:
    identity.alone()
    at = clock.now()
    stored = [(identity.as_kept(one), identity.as_kept(other)) for one, other in pairs]
    found = identity.find({one for pair in stored for one in pair})
    strong = identity.user_ids(set(found.values()))
    kin = Kinship(
        {one: (number, strong.get(number, 0)) for one, number in found.items()}, identity.apart()
    )
    for pair in stored:
        kin.meet(pair, at=at, file=event_import.name)
    identity.settle(kin.new(), kin.grown(), at=at)
    merges = [
        merging.Pair(one.kept.number, one.absorbed.number, SEEN_TOGETHER, one.evidence)
        for one in kin.merged()
        if one.kept.number and one.absorbed.number
    ]
    merging.merge_many(merges, at=at)
    return len(kin.new())


@contextmanager
def _rows(con: Any, columns: dict[str, Any]) -> Iterator[str]:
    """Rows of our own as a table that has this name inside the block."""
    import pyarrow as pa  # heavy: not in the web process

    con.register("further", pa.table(columns))
    try:
        yield "further"
    finally:
        con.unregister("further")


# --- into the lake ----------------------------------------------------------


def _append(con: Any, event_import: EventImport, tell: Callable[[int], None]) -> None:
    """Put the fresh events into the lake, in one commit that knows the import's number."""
    import pyarrow as pa  # heavy: not in the web process

    from segments.lake import schema, store  # heavy: not in the web process

    event_import.save()  # the counts, before there is no way back to them
    _note_brought(con, event_import)
    rows = con.sql("""
        SELECT day, time, ids.id AS customer, event, key, amount, properties
        FROM named SEMI JOIN fresh USING (row) JOIN ids USING (kind, customer)
        ORDER BY day, ids.id, time
    """).to_arrow_reader(ROWS_AT_A_TIME)

    def told() -> Iterator[Any]:
        written = 0
        for batch in rows.cast(schema.columns()):
            yield batch
            written += batch.num_rows
            tell(45 + 55 * written // event_import.events)

    events = pa.RecordBatchReader.from_batches(schema.columns(), told())
    store.append(history.place(), events, app_id=app(event_import), version=1)


def _note_brought(con: Any, event_import: EventImport) -> None:
    """Remember which events and customers are the file's own, so that it can be taken back."""
    brought = {
        uploads.events_of(event_import): "SELECT day, key FROM named SEMI JOIN fresh USING (row)",
        uploads.customers_of(event_import): "SELECT DISTINCT id FROM ids WHERE is_new",
    }
    for path, rows in brought.items():
        con.sql(f"{rows} ORDER BY ALL").write_parquet(str(path), compression="zstd")
        path.chmod(0o600)


def _key(mapping: Mapping) -> str:
    """The expression of an event's own id: as `entries.key` has it, where a source sends it too."""
    if not mapping.source:
        return "key"
    start = f"'{mapping.source:d}:'"
    return f"""CASE WHEN length({start} || key) <= {entries.LONGEST_KEY:d}
        THEN {start} || key ELSE {start} || sha256(key) END"""


# --- the same events by another way -----------------------------------------


def remember(event_import: EventImport, parts: Sequence[Path], *, since: dt.datetime) -> None:
    """Let events of the file that their source sends again be known already.

    Only those since a moment: the memory is no longer than that. It is done before the file
    is loaded, so that what arrives meanwhile comes once, by the file.
    """
    mapping = Mapping.from_json(event_import.mapping)
    if not mapping.source or not mapping.key:
        return
    with _opened(parts) as con:
        found = con.execute(
            "SELECT DISTINCT key FROM staged WHERE time >= $since ORDER BY key", {"since": since}
        )
        while some := found.fetchmany(CUSTOMERS_AT_A_TIME):
            digests = [entries.digest(mapping.source, key) for (key,) in some]
            with connection.cursor() as cursor:
                cursor.execute(_REMEMBER, [digests])


_REMEMBER = """
    INSERT INTO segments_receivedkey (digest, received_on)
    SELECT digest, (now() AT TIME ZONE 'UTC')::date
    FROM unnest(%s::uuid[]) AS digest ORDER BY digest
    ON CONFLICT DO NOTHING
"""
