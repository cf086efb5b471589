"""Imports: a whole file or nothing, once, whatever happens in between."""

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from console.models import AuditEntry, Project
from console.states import NotAllowed
from segments import activity, imports, ingest, uploads
from segments.lake import engine
from segments.models import Customer, DaySet, EventImport, EventType, Identifier
from segments.reading.mapping import Mapping
from tests.segments import factories, programs
from tests.segments.factories import CustomerFactory

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data sets are not here")
ROWS = """\
who,at,what,price,id
anna,2017-03-01T10:00:00Z,order_paid,12.50,k1
anna,2017-03-01T10:00:00Z,order_paid,99,k1
ben,2017-03-02T10:00:00Z,order_paid,3,k2
"""
MAPPING = Mapping(customer="who", time="at", name="what", amount="price", distinct_by=("who", "at"))


@pytest.fixture(autouse=True)
def in_english_and_utc(project_row: None) -> Iterator[None]:
    Project.objects.update(time_zone="UTC", currency="USD")
    with translation.override("en"):
        yield


def an_import(folder: Path, content: str = ROWS, mapping: Mapping = MAPPING) -> EventImport:
    path = folder / f"events-{len(list(folder.iterdir()))}.csv"
    path.write_text(content)
    return EventImport.objects.create(name=path.name, path=str(path), mapping=mapping.to_json())


def in_lake() -> list[dict[str, Any]]:
    with engine.connect(factories.lake_path()) as lake:
        return sorted(lake.ask(lake.events()).to_pylist(), key=lambda row: str(row["time"]))


@pytest.mark.django_db
def test_a_file_becomes_customers_events_and_day_sets(tmp_path: Path) -> None:
    event_import = an_import(tmp_path)
    told: list[tuple[int, int]] = []
    imports.load(event_import, progress=lambda done, total, note="": told.append((done, total)))
    anna, ben = (
        Identifier.objects.get(kind="user_id", value=name).customer_id for name in ("anna", "ben")
    )
    rows = [
        (row["customer"], row["day"].isoformat(), row["event"], row["amount"]) for row in in_lake()
    ]
    assert rows == [
        (anna, "2017-03-01", "order_paid", 1250),
        (ben, "2017-03-02", "order_paid", 300),
    ]
    event_import.refresh_from_db()
    assert event_import.status == EventImport.Status.LOADED
    assert (event_import.rows, event_import.events, event_import.merged) == (3, 2, 1)
    assert (event_import.known, event_import.skipped, event_import.customers_new) == (0, 0, 2)
    assert event_import.first_on == dt.date(2017, 3, 1)
    assert EventType.objects.get(name="order_paid").volume == 2
    assert anna in activity.members("order_paid", dt.date(2017, 3, 1), dt.date(2017, 3, 1))
    assert told[-1] == (100, 100)
    assert [done for done, _total in told] == sorted(done for done, _total in told)
    assert list(Path(factories.lake_path()).parent.rglob("staging*")) == []
    assert AuditEntry.objects.filter(action="eventimport.loaded").exists()


@pytest.mark.django_db
def test_the_days_are_those_of_the_projects_zone(tmp_path: Path) -> None:
    Project.objects.update(time_zone="Asia/Shanghai")
    content = "who,at,what\nanna,2017-03-01 23:30,x\nben,2017-03-01T23:30:00Z,x\n"
    mapping = Mapping(customer="who", time="at", name="what")
    imports.load(an_import(tmp_path, content, mapping))
    assert [row["day"].isoformat() for row in in_lake()] == ["2017-03-01", "2017-03-02"]
    elsewhere = Mapping(customer="who", time="at", name="what", time_zone="America/New_York")
    content = "who,at,what\ncarl,2017-05-01 23:30,x\n"
    imports.load(an_import(tmp_path, content, elsewhere))
    assert in_lake()[-1]["day"] == dt.date(2017, 5, 2)


@pytest.mark.django_db
def test_a_bad_line_at_the_end_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = an_import(tmp_path, ROWS + "carl,yesterday,order_paid,1,k9\n")
    with pytest.raises(imports.NotLoaded, match="Line 5, column at"):
        imports.load(bad)
    bad.refresh_from_db()
    assert bad.status == EventImport.Status.FAILED
    assert "“yesterday” is not a time" in bad.error
    assert in_lake() == []
    assert not Customer.objects.exists()
    assert not EventType.objects.exists()
    assert not DaySet.objects.exists()
    assert list(tmp_path.rglob("staging*")) == []


@pytest.mark.django_db
def test_a_failed_import_can_be_mended_and_tried_again(tmp_path: Path) -> None:
    bad = an_import(tmp_path, mapping=Mapping(customer="nobody", time="at", name="what"))
    with pytest.raises(imports.NotLoaded, match="There is no column “nobody”"):
        imports.load(bad)
    bad.mapping = MAPPING.to_json()
    bad.save()
    imports.load(bad)
    assert (bad.status, bad.error, bad.events) == (EventImport.Status.LOADED, "", 2)
    with pytest.raises(NotAllowed):
        imports.load(bad)


@pytest.mark.django_db
def test_the_same_content_is_noticed_under_another_name(tmp_path: Path) -> None:
    imports.load(an_import(tmp_path))
    twice = an_import(tmp_path)
    with pytest.raises(imports.NotLoaded, match="same content was loaded already"):
        imports.load(twice)
    imports.load(twice, again=True)
    assert (twice.events, twice.known, twice.merged) == (0, 2, 1)
    assert len(in_lake()) == 2


@pytest.mark.django_db
def test_ids_that_name_nobody_are_bad_rows(tmp_path: Path) -> None:
    content = "who,at,what\n" + "".join(
        f"{who},2017-03-01T1{n}:00:00Z,seen\n"
        for n, who in enumerate(["anna", "NULL", "0", "00000000-0000-0000-0000-000000000000"])
    )
    strict = an_import(tmp_path, content, Mapping(customer="who", time="at", name="what"))
    with pytest.raises(imports.NotLoaded, match="NULL"):
        imports.load(strict)
    mapping = Mapping(customer="who", time="at", name="what", leave_out_bad="3")
    event_import = an_import(tmp_path, content, mapping)
    imports.load(event_import)
    assert (event_import.events, event_import.bad) == (1, 3)
    assert "know nobody" in uploads.bad_rows_of(event_import).read_text()


@pytest.mark.django_db
def test_an_id_that_names_nobody_gives_way_to_the_second_one(tmp_path: Path) -> None:
    mapping = Mapping(
        customer="who", time="at", event="seen", fallback="device", fallback_kind="anonymous_id"
    )
    content = "who,device,at\nundefined,d1,2017-03-01T10:00:00Z\n"
    imports.load(an_import(tmp_path, content, mapping))
    assert Identifier.objects.values_list("kind", "value").get() == ("anonymous_id", "d1")


@pytest.mark.django_db
def test_amounts_that_add_up_to_too_much_are_refused_in_words(tmp_path: Path) -> None:
    many = "".join(f"anna,2017-03-01T10:00:00Z,paid,9999999999999.99,{n}\n" for n in range(2))
    mapping = Mapping(
        customer="who", time="at", name="what", amount="price", distinct_by=("who",), sums=True
    )
    with pytest.raises(imports.NotLoaded, match="add up to 1999999999999998"):
        imports.load(an_import(tmp_path, f"who,at,what,price,id\n{many}", mapping))
    assert in_lake() == []


@pytest.mark.django_db
def test_live_events_come_first_while_a_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SECONDS_BETWEEN_FLUSHES", 0)
    live = factories.incoming(CustomerFactory(), "2017-03-05", key="live")
    seen: list[int] = []

    def progress(done: int, total: int, note: str = "") -> None:
        if note == "writing":
            ingest.receive([live])
            seen.append(len(in_lake()))

    imports.load(an_import(tmp_path), progress=progress)
    assert 1 in seen  # the live one, before those of the file
    assert len(in_lake()) == 3


@pytest.mark.django_db
def test_files_that_overlap_bring_each_event_once(tmp_path: Path) -> None:
    """By an id of their own, also against what came through the inbox."""
    by_key = Mapping(customer="who", time="at", name="what", key="id")
    ben = factories.IdentifierFactory(value="ben").customer
    ingest.receive(
        [factories.incoming(ben, "2017-03-02", key="k2", time=factories.moment("2017-03-02", 10))]
    )
    imports.load(an_import(tmp_path, mapping=by_key))
    more = an_import(tmp_path, ROWS + "carl,2017-03-02,order_paid,1,k3\n", by_key)
    imports.load(more)
    assert (more.events, more.known) == (1, 2)
    ingest.flush()
    assert sorted(row["key"] for row in in_lake()) == ["k1", "k2", "k3"]


@pytest.mark.django_db
def test_without_an_id_every_row_is_an_event(tmp_path: Path) -> None:
    plain = Mapping(customer="who", time="at", event="line_bought")
    event_import = an_import(tmp_path, mapping=plain)
    imports.load(event_import)
    assert (event_import.events, event_import.merged) == (3, 0)
    assert len({row["key"] for row in in_lake()}) == 3


@pytest.mark.django_db
def test_the_yen_has_no_smaller_unit(tmp_path: Path) -> None:
    Project.objects.update(currency="JPY")
    imports.load(an_import(tmp_path, ROWS.replace("12.50", "1250")))
    assert in_lake()[0]["amount"] == 1250


@pytest.mark.django_db
def test_a_file_that_went_away_is_said_to_be_gone(tmp_path: Path) -> None:
    event_import = an_import(tmp_path)
    Path(event_import.path).unlink()
    with pytest.raises(imports.NotLoaded, match="No such file"):
        imports.load(event_import)
    event_import.refresh_from_db()
    assert event_import.status == EventImport.Status.FAILED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("killed", "customers"),
    [
        ("loading._tell_doubles = die", 0),  # read and checked
        ("loading._append = die", 2),  # customers are there, without events
        ("store._commit = die", 2),  # files are written, the lake does not know them
        ("store.append = then_die(store.append)", 2),  # the lake has them, nobody wrote it down
        ("activity.catch_up = die", 2),
    ],
)
def test_an_import_that_was_killed_is_finished_by_the_next_run(
    tmp_path: Path, killed: str, customers: int
) -> None:
    event_import = an_import(tmp_path)
    program = f"""
        from segments import activity, imports, loading
        from segments.lake import store
        from segments.models import EventImport
        {killed}
        imports.load(EventImport.objects.get(pk={event_import.pk}))
    """
    assert programs.run(program) == -9
    assert Customer.objects.count() == customers
    event_import.refresh_from_db()
    if event_import.status == EventImport.Status.LOADED:
        activity.catch_up()
    else:
        imports.load(event_import)
    assert len(in_lake()) == 2
    assert Customer.objects.count() == 2
    assert (event_import.status, event_import.events) == (EventImport.Status.LOADED, 2)
    assert EventType.objects.get().volume == 2
    assert DaySet.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_import_is_not_loaded_by_two_at_once(tmp_path: Path) -> None:
    event_import = an_import(tmp_path)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [imports.LOCK, event_import.pk])
        with pytest.raises(imports.NotLoaded, match="being loaded already"):
            imports.load(event_import)
    other.close()
    event_import.refresh_from_db()
    assert event_import.status == EventImport.Status.UPLOADED


# --- the command ------------------------------------------------------------


def command(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("importevents", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_loads_a_file_and_counts_it(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(ROWS + ",2017-03-03,order_paid,1,k4\n")
    said = command(
        path,
        *("--customer=who", "--time=at", "--name=what", "--amount=price"),
        *("--properties=id,price", "--distinct-by=who,at", "--identifier-kind=member"),
        *("--skip-without-customer", "--timezone=Asia/Shanghai"),
    )
    assert "4  rows" in said
    assert "2  events loaded" in said
    assert "1  rows without a customer, left out" in said
    assert Identifier.objects.filter(kind="member").count() == 2
    assert in_lake()[0]["properties"] == '{"id":"k1","price":12.50}'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--customer=user", "--time=at", "--name=what"],
            "There is no column “user”; there are: who",
        ),
        (["--customer=who", "--time=at"], "Name either the column"),
        (
            ["--customer=who", "--time=at", "--event=x", "--timezone=Mars/Olympus"],
            "is not a time zone",
        ),
        (
            ["--customer=who", "--time=what", "--event=x"],
            "Line 2, column what: “order_paid” is not",
        ),
    ],
)
def test_the_command_refuses_in_words_and_loads_nothing(
    tmp_path: Path, options: list[str], words: str
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(ROWS)
    with pytest.raises(CommandError, match=words):
        command(path, *options)
    assert not Customer.objects.exists()
    assert in_lake() == []


# --- real files -------------------------------------------------------------


@needs_data
@pytest.mark.django_db
def test_a_web_shops_stream_of_rows_becomes_its_events() -> None:
    columns = "user_id,event_timestamp,event_name"
    command(
        DATA / "ga4_ecommerce_events.csv.gz",
        *("--customer=user_id", "--time=event_timestamp", "--name=event_name"),
        *("--properties=price,item_id", f"--distinct-by={columns}"),
    )
    event_import = EventImport.objects.get()
    assert (event_import.rows, event_import.events) == (78_482, 44_729)
    assert event_import.customers_new == Customer.objects.count() == 2_705
    volumes = dict(EventType.objects.values_list("name", "volume"))
    assert sum(volumes.values()) == 44_729
    assert (volumes["add_to_cart"], volumes["purchase"]) == (575, 69)
    with engine.connect(factories.lake_path()) as lake:
        found = lake.events()
        buyers = found.filter(found.event == "purchase").customer.nunique()
        starters = found.filter(found.event == "session_start").customer.nunique()
        assert (lake.ask(buyers).as_py(), lake.ask(starters).as_py()) == (49, 2_684)


@needs_data
@pytest.mark.django_db
def test_invoice_lines_without_a_customer_are_refused_or_counted() -> None:
    path = DATA / "online_retail.parquet"
    options = ["--customer=CustomerID", "--time=InvoiceDate", "--event=line_bought"]
    with pytest.raises(CommandError, match="Row 623, column CustomerID: the customer is empty"):
        command(path, *options)
    assert not Customer.objects.exists()
    command(path, *options, "--skip-without-customer")
    event_import = EventImport.objects.get(status=EventImport.Status.LOADED)
    assert (event_import.rows, event_import.skipped) == (541_909, 135_080)
    assert (event_import.events, event_import.customers_new) == (406_829, 4_372)
