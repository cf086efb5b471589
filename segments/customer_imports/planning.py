"""What rows would change: the file's side beside ours, under the policy that was chosen.

PostgreSQL compares all rows of a file at once. They stand in a table of this connection alone
(`cells.Given` has its columns), which is gone with the block or with the process.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from segments import consent, identity
from segments.customer_imports.cells import Given
from segments.customer_imports.mapping import NUMBER, CustomerMapping, Policy
from segments.models import CustomerImport

MEMORY = "64MB"  # of PostgreSQL, of each join; what does not fit spills to its disk


@contextmanager
def table() -> Iterator[None]:
    """A table for the rows of one file, as long as the block."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE given")


def add(rows: Iterable[Given], erased: set[str]) -> None:
    """Put some rows into the table; `erased` are the keys of people who were erased."""
    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row, row.key in erased))


def write(customer_import: CustomerImport, mapping: CustomerMapping) -> None:
    """Write down what becomes of each row; where nobody can decide, why."""
    known = _KNOWN_BY_NUMBER if mapping.kind == NUMBER else _KNOWN
    consents = _CONSENTS if mapping.consents else _NO_CONSENTS
    said: dict[str, Any] = {
        "import": customer_import.pk,
        "kind": mapping.kind,
        "by_number": mapping.kind == NUMBER,
        "overwrite": mapping.policy == Policy.OVERWRITE,
        "leave": mapping.policy == Policy.LEAVE,
        "erased_too": mapping.erased_too,
        "purpose": consent.MARKETING,
        **_words(),
    }
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE given")
        cursor.execute("SELECT set_config('work_mem', %s, true)", [MEMORY])
        cursor.execute(_WRITE + known + consents + _DECIDE, said)


def _words() -> dict[str, str]:
    """Why nobody can decide; PostgreSQL fills in whose it is, and when."""
    return {
        "unknown": _("There is no customer #%(number)s."),
        "erased": _("This person was erased on request; bring them in only if they came back."),
        "email_taken": _("This e-mail address is customer #%(number)d's."),
        "phone_taken": _("This telephone number is customer #%(number)d's."),
        "withdrew": _("They withdrew their consent on %(day)s; a file cannot bring it back."),
    }


_CREATE = """
    CREATE TEMPORARY TABLE given (
        number int8, key text, kept text, name text, email text, phone text, language text,
        attributes jsonb, tags jsonb, consents jsonb, problem text, cells text, erased bool
    )
"""
# All that a file can change of a customer, as one text.
SAID = """json_build_object('name', c.name, 'email', c.email, 'phone', c.phone,
    'language', c.language, 'attributes', c.attributes)::text"""

# Each row beside what we have of its customer. `OFFSET 0` keeps PostgreSQL from working out a
# column anew wherever it is named.
_WRITE = f"""
    WITH email_owner AS (
        SELECT g.email, min(c.id) AS id FROM given g JOIN segments_customer c USING (email)
        WHERE {identity.LIVING_SQL} GROUP BY 1
    ), phone_owner AS (
        SELECT g.phone, min(c.id) AS id FROM given g JOIN segments_customer c USING (phone)
        WHERE {identity.LIVING_SQL} GROUP BY 1
    )
    INSERT INTO segments_customerimportrow (customer_import_id, number, outcome, identifier,
        customer_id, before, after, consents, reason, "values")
    SELECT %(import)s, g.number, verdict.outcome, g.key,
        CASE WHEN verdict.outcome <> 'bad' THEN c.id END,
        CASE WHEN verdict.outcome = 'changed'
            THEN ours.said::jsonb || jsonb_build_object('md5', md5(ours.said)) END,
        CASE WHEN verdict.outcome IN ('new', 'changed') THEN change.after END,
        CASE WHEN verdict.outcome IN ('new', 'changed') THEN consents.changes END,
        verdict.reason,
        CASE WHEN verdict.outcome IN ('bad', 'conflict') THEN g.cells::jsonb END
    FROM given g
"""  # noqa: S608  (words of ours)
_KNOWN = """
    LEFT JOIN segments_identifier known ON known.kind = %(kind)s AND known.value = g.kept
    LEFT JOIN segments_customer c ON c.id = known.customer_id
"""
_KNOWN_BY_NUMBER = """
    LEFT JOIN segments_customer was ON was.id = nullif(g.key, '')::int
    LEFT JOIN segments_customer c ON c.id = coalesce(was.merged_into_id, was.id)
        AND c.erased_at IS NULL
"""
# A file never says yes for somebody who told us no.
_CONSENTS = """
    LEFT JOIN LATERAL (
        SELECT min(had.at) FILTER (WHERE NOT had.granted AND said.now) AS withdrew,
            jsonb_object_agg(said.channel, jsonb_build_object('was', had.granted, 'now', said.now))
                FILTER (WHERE had.granted IS DISTINCT FROM said.now
                    AND NOT (c.id IS NOT NULL AND %(leave)s AND said.now)) AS changes
        FROM (SELECT key AS channel, value::bool AS now FROM jsonb_each(g.consents)) said
        LEFT JOIN segments_consent had ON had.customer_id = c.id
            AND had.channel = said.channel AND had.purpose = %(purpose)s
    ) consents ON g.consents IS NOT NULL
"""
_NO_CONSENTS = """
    CROSS JOIN (SELECT NULL::timestamptz AS withdrew, NULL::jsonb AS changes) consents
"""
# Tags are added, never taken away: the file need not know all of them. Whose an address is
# already matters only where it would be written.
_DECIDE = f"""
    LEFT JOIN email_owner ON email_owner.email = g.email
    LEFT JOIN phone_owner ON phone_owner.phone = g.phone
    CROSS JOIN LATERAL (SELECT
        CASE WHEN c.id IS NOT NULL THEN {SAID} END AS said,
        coalesce(c.name, '') AS name, coalesce(c.email, '') AS email,
        coalesce(c.phone, '') AS phone, coalesce(c.language, '') AS language,
        coalesce(c.attributes, '{{}}') AS attributes
    OFFSET 0) ours
    CROSS JOIN LATERAL (SELECT
        CASE WHEN %(overwrite)s THEN ours.attributes || g.attributes
        ELSE g.attributes || (ours.attributes - array(
            SELECT key FROM jsonb_each(ours.attributes)
            WHERE value IN ('null', '""', '[]') AND g.attributes ? key
        )) END AS both
    OFFSET 0) attributes
    CROSS JOIN LATERAL (SELECT CASE
        WHEN jsonb_typeof(attributes.both -> 'tags') = 'array' THEN attributes.both -> 'tags'
        WHEN attributes.both ? 'tags' THEN jsonb_build_array(attributes.both -> 'tags')
        ELSE '[]' END AS had
    OFFSET 0) tags
    CROSS JOIN LATERAL (SELECT CASE
        WHEN g.tags IS NULL OR g.tags = '[]' THEN attributes.both
        ELSE attributes.both || jsonb_build_object('tags', tags.had || coalesce((
            SELECT jsonb_agg(tag ORDER BY place)
            FROM jsonb_array_elements(g.tags) WITH ORDINALITY AS new (tag, place)
            WHERE NOT tags.had @> tag
        ), '[]')) END AS attributes
    OFFSET 0) tagged
    CROSS JOIN LATERAL (SELECT CASE
        WHEN c.id IS NOT NULL AND %(leave)s THEN '{{}}'
        ELSE jsonb_strip_nulls(jsonb_build_object(
            'name', CASE WHEN g.name <> ours.name
                AND (%(overwrite)s OR ours.name = '') THEN g.name END,
            'email', CASE WHEN g.email <> ours.email
                AND (%(overwrite)s OR ours.email = '') THEN g.email END,
            'phone', CASE WHEN g.phone <> ours.phone
                AND (%(overwrite)s OR ours.phone = '') THEN g.phone END,
            'language', CASE WHEN g.language <> ours.language
                AND (%(overwrite)s OR ours.language = '') THEN g.language END
        )) || CASE WHEN tagged.attributes = ours.attributes THEN '{{}}'
            ELSE jsonb_build_object('attributes', tagged.attributes) END
        END AS after
    OFFSET 0) change
    CROSS JOIN LATERAL (SELECT CASE
        WHEN g.problem <> '' THEN g.problem
        WHEN %(by_number)s AND c.id IS NULL THEN replace(%(unknown)s, '%%(number)s', g.key)
        WHEN g.erased AND c.id IS NULL AND NOT %(erased_too)s THEN %(erased)s
        WHEN change.after ? 'email' AND email_owner.id <> coalesce(c.id, 0)
            THEN replace(%(email_taken)s, '%%(number)d', email_owner.id::text)
        WHEN change.after ? 'phone' AND phone_owner.id <> coalesce(c.id, 0)
            THEN replace(%(phone_taken)s, '%%(number)d', phone_owner.id::text)
        WHEN consents.withdrew IS NOT NULL THEN replace(
            %(withdrew)s, '%%(day)s', to_char(consents.withdrew AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
        END AS reason
    OFFSET 0) doubt
    CROSS JOIN LATERAL (SELECT coalesce(doubt.reason, '') AS reason, CASE
        WHEN g.problem <> '' OR (%(by_number)s AND c.id IS NULL) THEN 'bad'
        WHEN doubt.reason IS NOT NULL THEN 'conflict'
        WHEN c.id IS NULL THEN 'new'
        WHEN change.after <> '{{}}' OR consents.changes IS NOT NULL THEN 'changed'
        ELSE 'same' END AS outcome
    OFFSET 0) verdict
"""  # noqa: S608  (words of ours)
