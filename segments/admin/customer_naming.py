"""Naming the columns of a file of customers: the form, and what somebody wrote into it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from segments import consent, identity
from segments.customer_imports import cells, mapping
from segments.customer_imports.mapping import CONSENT, FIELDS, NUMBER, CustomerMapping, Policy
from segments.models import CustomerImport
from segments.reading import files
from segments.reading.problems import BadFile, gettext_noop

SAMPLES, ROWS = 3, 100  # different values that are shown of each column, and rows looked at
ONE = {
    "key": _("which customer it is"),
    "name": _("name"),
    "email": _("e-mail address"),
    "phone": _("telephone number"),
    "language": _("language"),
    "tags": _("tags, separated by commas: added to those there are"),
}
MANY = {"attribute": _("an attribute of the customer"), "": _("nothing, leave it out")}


def choices() -> dict[str, Any]:
    """What a column can mean."""
    consents = {
        CONSENT + key: _("consent to marketing: %(channel)s") % {"channel": label}
        for key, label in consent.CHANNELS.items()
    }
    return {**ONE, **consents, **MANY}


def form(customer_import: CustomerImport, given: QueryDict) -> dict[str, Any]:
    """What the form shows: what was given, else what was kept, else a guess."""
    kept = customer_import.mapping
    encoding = given.get("encoding") or kept.get("encoding") or "utf-8"
    encoding = encoding if encoding in files.ENCODINGS else "utf-8"
    context: dict[str, Any] = {
        "encodings": files.ENCODINGS,
        "encoding": encoding,
        "policies": Policy.choices,
        "policy": given.get("policy") or kept.get("policy") or Policy.FILL,
        "kind": given.get("kind") or kept.get("kind") or "",
        "number_kind": NUMBER,
        "source": given.get("source", kept.get("source", "")),
        "erased_too": "erased_too" in given or kept.get("erased_too", False),
        "choices": choices(),
    }
    try:
        file = files.opened(Path(customer_import.path), encoding=encoding)
        columns = file.columns
        samples = _samples(file)
    except BadFile as bad:
        return {**context, "unreadable": bad.said(gettext)}
    meanings = _meanings(columns, given, kept)
    context["kind"] = context["kind"] or _kind(columns, meanings)
    rows = [
        {"number": n, "name": name, "samples": samples[name], "meaning": meanings[n]}
        for n, name in enumerate(columns)
    ]
    return {**context, "columns": rows}


def _kind(columns: Sequence[str], meanings: Sequence[str]) -> str:
    """The kind of identifier by the name of its column, else the one that most customers have."""
    keys = [name for name, meaning in zip(columns, meanings, strict=True) if meaning == "key"]
    return (mapping.guess_kind(keys[0]) if keys else "") or identity.commonest_kind()


def _samples(file: Any) -> dict[str, list[str]]:
    """The first different values of each column; a row that cannot be read shows nothing."""
    bad: list[BadFile] = []
    found: dict[str, list[str]] = {name: [] for name in file.columns}
    batch = next(iter(file.batches(file.columns, ROWS, refuse=bad.append)), None)
    if batch is not None:
        for name, column in batch.columns.items():
            values = column if isinstance(column, list) else column.to_pylist()
            texts = dict.fromkeys(cells.plain(value) for value in values)
            found[name] = [text for text in texts if text][:SAMPLES]
    return found


def _meanings(columns: Sequence[str], given: QueryDict, kept: dict[str, Any]) -> list[str]:
    """What each column means, as far as anybody knows."""
    if "means-0" in given:
        return [given.get(f"means-{number}", "") for number in range(len(columns))]
    if not kept:
        guessed = mapping.guess(columns)
        return [guessed[name] for name in columns]
    of = {kept["key"]: "key", kept.get("tags", ""): "tags"}
    of |= {column: name for name, column in kept.get("fields", {}).items()}
    of |= {column: CONSENT + channel for channel, column in kept.get("consents", {}).items()}
    of |= dict.fromkeys(kept.get("attributes", []), "attribute")
    return [of.get(name, "") for name in columns]


def named(given: QueryDict, customer_import: CustomerImport) -> CustomerMapping:
    """The columns as somebody named them in the form.

    Raises:
        BadFile: they make no sense, or not for this file.
    """
    encoding = given.get("encoding", "utf-8")
    if encoding not in files.ENCODINGS:
        raise BadFile(
            gettext_noop("“%(name)s” is not an encoding that can be read."), name=encoding
        )
    columns = files.opened(Path(customer_import.path), encoding=encoding).columns
    by_meaning: dict[str, list[str]] = {}
    for number, name in enumerate(columns):
        by_meaning.setdefault(given.get(f"means-{number}", ""), []).append(name)
    _refuse_two(by_meaning)
    one = {meaning: names[0] for meaning, names in by_meaning.items()}
    found = CustomerMapping(
        key=one.get("key", ""),
        kind=given.get("kind", "").strip(),
        fields={name: one[name] for name in FIELDS if name in one},
        attributes=tuple(by_meaning.get("attribute", [])),
        tags=one.get("tags", ""),
        consents={key: one[CONSENT + key] for key in consent.CHANNELS if CONSENT + key in one},
        source=given.get("source", "").strip()[:120],
        policy=given.get("policy", ""),
        encoding=encoding,
        erased_too="erased_too" in given,
    )
    found.check(columns)
    return found


def _refuse_two(by_meaning: dict[str, list[str]]) -> None:
    for meaning, label in choices().items():
        if meaning not in MANY and len(by_meaning.get(meaning, [])) > 1:
            raise BadFile(
                gettext_noop("Only one column can be “%(meaning)s”, not %(columns)s."),
                meaning=label,
                columns=by_meaning[meaning],
            )
