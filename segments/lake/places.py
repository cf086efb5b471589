"""Where the lake lies and what answers questions to it, as one reads them from a URL.

A lake is a folder of this machine, or a prefix in object storage that delta-rs can write
(`s3://`, `gs://`, `az://`, `abfss://`). An engine is DuckDB in this process, a ClickHouse
cluster, or Spark.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

REMOTE = ("s3", "s3a", "gs", "az", "abfs", "abfss")
# What of the environment speaks of object storage; delta-rs reads the same names.
PREFIXES = ("AWS_", "AZURE_", "GOOGLE_")
ENGINES = ("duckdb", "clickhouse", "spark")


@dataclass(frozen=True)
class Place:
    """A lake: a folder, or a URL with what it takes to reach it, and a folder for spilling."""

    url: str
    scratch: Path
    options: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets

    @property
    def folder(self) -> Path | None:
        """The folder of a lake on this machine."""
        return None if "://" in self.url else Path(self.url)

    def inside(self, name: str) -> str:
        """The address of something inside the lake."""
        return f"{self.url.rstrip('/')}/{name}"


Where = Place | Path | str


def of(where: Where) -> Place:
    """The place that is meant; a path is a folder of this machine."""
    return where if isinstance(where, Place) else Place(str(where), Path(where))


def lake(url: str, scratch: Path, environ: Mapping[str, str]) -> Place:
    """The place that a URL means; the empty one is the scratch folder itself.

    Raises:
        ValueError: the URL or the options are not what we can use, in words.
    """
    parts = urlsplit(url)
    if not url:
        return Place(str(scratch), scratch)
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError(f"LAKE_URL is “{url}”; a folder is written file:///whole/path")
        return Place(unquote(parts.path), scratch)
    if parts.scheme not in REMOTE or not parts.netloc:
        known = ", ".join(f"{one}://" for one in ("file", *REMOTE))
        raise ValueError(f"LAKE_URL is “{url}”; it begins with one of {known} and names a bucket")
    return Place(url.rstrip("/"), scratch, _options(environ))


def _options(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: value for name, value in environ.items() if name.startswith(PREFIXES)}
    text = environ.get("LAKE_OPTIONS_JSON", "")
    try:
        said = json.loads(text) if text else {}
    except ValueError as problem:
        raise ValueError(f"LAKE_OPTIONS_JSON is not JSON: {problem}") from problem
    if not isinstance(said, dict) or not all(isinstance(one, str) for one in said.values()):
        raise ValueError("LAKE_OPTIONS_JSON is a JSON object whose values are texts")
    return {**found, **said}


@dataclass(frozen=True)
class Engine:
    """What answers questions: its kind, and where and how it is reached."""

    kind: str = "duckdb"
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def engine(url: str) -> Engine:
    """The engine that a URL means; the empty one is DuckDB.

    Raises:
        ValueError: it is not one of ours, in words.
    """
    parts = urlsplit(url or "duckdb://")
    if parts.scheme not in ENGINES:
        known = ", ".join(f"{one}://" for one in ENGINES)
        raise ValueError(f"ENGINE_URL begins with one of {known}, not with “{parts.scheme}”")
    if parts.scheme != "duckdb" and not parts.netloc:
        raise ValueError(f"ENGINE_URL names no host: {parts.scheme}://host…")
    master = parts.netloc if parts.scheme == "spark" else ""
    return Engine(
        kind=parts.scheme,
        host=master or parts.hostname or "",
        port=None if master else parts.port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/"),
        options=dict(parse_qsl(parts.query)),
    )
