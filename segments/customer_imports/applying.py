"""Applying a checked file: everything that was shown and nothing else, or nothing at all."""

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import audit, jobs, states
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps, consent, erasure, identity, tags
from segments.customer_imports import keeping, planning
from segments.customer_imports.mapping import CustomerMapping
from segments.models import CustomerImport, CustomerImportRow

Status, Outcome = CustomerImport.Status, CustomerImportRow.Outcome
KEYS_AT_A_TIME = 20_000


class Changed(Exception):
    """The data is not what it was when the file was checked; it is to be looked at again."""


def apply(
    customer_import: CustomerImport,
    *,
    by: Staff,
    at: dt.datetime,
    progress: jobs.Progress = jobs.silent,
) -> None:
    """Write what the check found.

    Raises:
        Changed: customers were changed meanwhile; nothing is written, and the file is to be
            checked anew.
        NotAllowed: the file gives a tag that is not theirs to give.
    """
    states.move(customer_import, to=Status.APPLYING, error="")
    try:
        with transaction.atomic():
            identity.alone()  # neither merges nor erasures between the look and the writing
            progress(0, 5, _("looking whether anything changed"))
            _refuse_changes(customer_import)
            progress(1, 5, _("new customers"))
            _make_new(customer_import, at)
            progress(2, 5, _("customers"))
            _write(customer_import)
            progress(3, 5, _("consents"))
            _write_consents(customer_import, at)
            progress(4, 5, _("tags"))
            _give_tags(customer_import, by, at)
            _finish(customer_import, by, at)
    except Exception as problem:
        words = (
            str(problem) if isinstance(problem, Changed | NotAllowed) else type(problem).__name__
        )
        customer_import.refresh_from_db(fields=["status"])  # what happened inside did not happen
        states.move(customer_import, to=Status.FAILED, error=words)
        raise
    keeping.forget(customer_import)
    progress(5, 5)


def left_behind() -> list[CustomerImport]:
    """Imports whose process died while it checked or applied them."""
    under_way = CustomerImport.objects.filter(status__in=[Status.CHECKING, Status.APPLYING])
    found = under_way.exclude(job=None).select_related("job")
    return [one for one in found if one.job and not jobs.is_at_work(one.job)]


def _refuse_changes(customer_import: CustomerImport) -> None:
    """Lock the customers, and compare each with what the check saw.

    Raises:
        Changed: with how many differ.
    """
    mapping = CustomerMapping.from_json(customer_import.mapping)
    params: dict[str, Any] = {"import": customer_import.pk, "purpose": consent.MARKETING}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, params)
        cursor.execute(_DIFFER, params)
        (differ,) = cursor.fetchone()
    if not differ:
        differ = sum(_known_by_now(mapping, keys) for keys in _new_keys(customer_import))
    if differ:
        raise Changed(
            ngettext(
                "%(count)d customer changed since the file was checked. Check it again.",
                "%(count)d customers changed since the file was checked. Check it again.",
                differ,
            )
            % {"count": differ}
        )


def _known_by_now(mapping: CustomerMapping, keys: list[str]) -> int:
    """How many of the new ones are somebody by now, or were in between and have been erased."""
    differ = len(identity.known(mapping.kind, keys))
    if not mapping.erased_too:  # else who was erased is meant to come back
        differ += len(erasure.forgotten((mapping.kind, key) for key in keys))
    return differ


def _new_keys(customer_import: CustomerImport) -> list[list[str]]:
    keys = customer_import.rows.filter(outcome=Outcome.NEW).order_by("identifier")
    found = list(keys.values_list("identifier", flat=True))
    return [found[n : n + KEYS_AT_A_TIME] for n in range(0, len(found), KEYS_AT_A_TIME)]


def _make_new(customer_import: CustomerImport, at: dt.datetime) -> None:
    """Give every new customer a number, and write it beside the row."""
    kind = CustomerMapping.from_json(customer_import.mapping).kind
    with connection.cursor() as cursor:
        for keys in _new_keys(customer_import):
            made = identity.resolve(kind, keys, at=at)
            cursor.execute(_NUMBER, [list(made), list(made.values()), customer_import.pk])


def _write(customer_import: CustomerImport) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"import": customer_import.pk})


def _write_consents(customer_import: CustomerImport, at: dt.datetime) -> None:
    source = CustomerMapping.from_json(customer_import.mapping).source.strip()[:120]
    params: dict[str, Any] = {
        "import": customer_import.pk,
        "purpose": consent.MARKETING,
        "at": at,
        "source": source,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONSENT, params)


def _give_tags(customer_import: CustomerImport, by: Staff, at: dt.datetime) -> None:
    """What the file's column of tags brought becomes tags that rules can speak of."""
    with connection.cursor() as cursor:
        cursor.execute(_TAGS, [customer_import.pk])
        named = {name: bitmaps.from_ids(customers) for name, customers in cursor.fetchall()}
    tags.give_by_name(named, by=by, at=at, source=customer_import.name)


def _finish(customer_import: CustomerImport, by: Staff, at: dt.datetime) -> None:
    """Forget the rows that were applied; those that were left out can be fetched for a week."""
    left_out = {Outcome.BAD, Outcome.CONFLICT}
    customer_import.rows.exclude(outcome__in=left_out).delete()
    states.move(customer_import, to=Status.APPLIED, applied_at=at)
    audit.log("customerimport.written", customer_import, by=by, counts=customer_import.counts)


_LOCK = """
    SELECT count(*) FROM (
        SELECT c.id FROM segments_customer c
        WHERE c.id IN (SELECT customer_id FROM segments_customerimportrow
            WHERE customer_import_id = %(import)s AND outcome = 'changed')
        ORDER BY c.id FOR UPDATE
    ) locked
"""
# Customers whose columns or consents are not what they were, or who are not there any more.
_DIFFER = f"""
    SELECT count(*) FROM segments_customerimportrow row
    LEFT JOIN segments_customer c ON c.id = row.customer_id
    WHERE row.customer_import_id = %(import)s AND row.outcome = 'changed' AND (
        c.merged_into_id IS NOT NULL OR c.erased_at IS NOT NULL
        OR md5({planning.SAID}) IS DISTINCT FROM row.before ->> 'md5'
        OR EXISTS (
            SELECT FROM jsonb_each(row.consents) change
            LEFT JOIN segments_consent kept ON kept.customer_id = c.id
                AND kept.channel = change.key AND kept.purpose = %(purpose)s
            WHERE to_jsonb(kept.granted) IS DISTINCT FROM nullif(change.value -> 'was', 'null')
        )
    )
"""  # noqa: S608  (the columns of ours)
_NUMBER = """
    UPDATE segments_customerimportrow row SET customer_id = one.id
    FROM unnest(%s::text[], %s::int[]) AS one (key, id)
    WHERE row.customer_import_id = %s AND row.outcome = 'new' AND row.identifier = one.key
"""
_WRITE = """
    UPDATE segments_customer c SET
        name = coalesce(row.after ->> 'name', c.name),
        email = coalesce(row.after ->> 'email', c.email),
        phone = coalesce(row.after ->> 'phone', c.phone),
        language = coalesce(row.after ->> 'language', c.language),
        attributes = coalesce(row.after -> 'attributes', c.attributes)
    FROM segments_customerimportrow row
    WHERE row.customer_import_id = %(import)s AND row.outcome IN ('new', 'changed')
        AND c.id = row.customer_id AND row.after <> '{}'
"""
_TAGS = """
    SELECT new.tag, array_agg(row.customer_id)
    FROM segments_customerimportrow row,
        jsonb_array_elements_text(row.after #> '{attributes,tags}') AS new (tag)
    WHERE row.customer_import_id = %s AND row.outcome IN ('new', 'changed')
        AND jsonb_typeof(row.after #> '{attributes,tags}') = 'array' AND trim(new.tag) <> ''
        AND NOT coalesce(row.before #> '{attributes,tags}' @> to_jsonb(new.tag), false)
    GROUP BY 1
"""
_CONSENT = """
    INSERT INTO segments_consent (customer_id, channel, purpose, granted, at, source)
    SELECT row.customer_id, change.key, %(purpose)s, (change.value ->> 'now')::boolean,
        %(at)s, %(source)s
    FROM segments_customerimportrow row, jsonb_each(row.consents) change
    WHERE row.customer_import_id = %(import)s AND row.outcome IN ('new', 'changed')
    ON CONFLICT (customer_id, channel, purpose) DO UPDATE
        SET granted = excluded.granted, at = excluded.at, source = excluded.source
"""
