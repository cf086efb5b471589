"""What LAKE_URL and ENGINE_URL may say."""

from pathlib import Path

import pytest

from segments.lake import engine, places

SCRATCH = Path("/var/console/lake")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("", SCRATCH),
        ("file:///data/lake", Path("/data/lake")),
        ("file:///data/a%20b", Path("/data/a b")),
        ("s3://bucket/console/", None),
    ],
    ids=["nothing", "folder", "odd folder", "bucket"],
)
def test_a_url_says_where_the_lake_lies(url: str, folder: Path | None) -> None:
    place = places.lake(url, SCRATCH, {})
    assert place.folder == folder
    assert place.scratch == SCRATCH


def test_only_what_speaks_of_object_storage_is_handed_on_and_never_shown() -> None:
    environ = {
        "AWS_REGION": "eu",
        "HOME": "/",
        "LAKE_OPTIONS_JSON": '{"AWS_REGION": "cn", "x": "y"}',
    }
    place = places.lake("s3://bucket", SCRATCH, environ)
    assert place.options == {"AWS_REGION": "cn", "x": "y"}
    assert "cn" not in repr(place)


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("ftp://host/lake", "", "begins with one of"),
        ("s3:///lake", "", "names a bucket"),
        ("file://data/lake", "", "whole/path"),
        ("/data/lake", "", "begins with one of"),
        ("s3://bucket", "[1]", "a JSON object"),
        ("s3://bucket", "{", "is not JSON"),
    ],
)
def test_a_lake_that_cannot_be_is_refused_in_words(url: str, options: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        places.lake(url, SCRATCH, {"LAKE_OPTIONS_JSON": options})


def test_an_engine_is_read_from_its_url() -> None:
    found = places.engine("clickhouse://me:p%40ss@host:8443/shop?secure=1&events=all_events")
    assert (found.kind, found.host, found.port, found.database) == (
        "clickhouse",
        "host",
        8443,
        "shop",
    )
    assert (found.user, found.password) == ("me", "p@ss")
    assert found.options == {"secure": "1", "events": "all_events"}
    assert "p@ss" not in repr(found)
    assert places.engine("").kind == "duckdb"
    assert places.engine("spark://master:7077").host == "master:7077"


@pytest.mark.parametrize("url", ["mysql://host", "clickhouse://", "spark:///x"])
def test_an_engine_that_is_not_ours_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="ENGINE_URL"):
        places.engine(url)


def test_duckdb_has_the_threads_and_the_memory_that_the_url_says(tmp_path: Path) -> None:
    said = places.engine("duckdb://?threads=1&memory=300MB")
    with engine.connect(tmp_path, engine=said) as lake:
        rows = lake.connection.raw_sql(  # type: ignore[attr-defined]
            "SELECT current_setting('threads'), current_setting('memory_limit')"
        ).fetchall()
    assert rows == [(1, "286.1 MiB")]
