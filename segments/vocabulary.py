"""What rules may speak about here and now, under the names that the reader knows."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from console import clock
from segments import catalogue, masking, traits
from segments.models import Customer, CustomerList, EventProperty, Segment, StageSet, Tag
from segments.models.event import Kind
from segments.rules.nodes import MARKETING
from segments.rules.vocabulary import StageSetWord, TraitWord, Vocabulary

# Ways to reach somebody; senders may name others.
CHANNELS = {
    "email": _("e-mail"),
    "sms": _("text message"),
    "push": _("push message"),
    "wecom": "企业微信 · WeCom",
    "phone": _("telephone"),
}
PURPOSES = {
    MARKETING: _("marketing"),
    "service": _("service"),
    "research": _("research"),
}
# Conditions that `sources` cannot answer yet.
UNANSWERED = frozenset({"first", "last", "sequence", "entered", "left", "tag", "list", "random"})
# ISO 4217 currencies without a smaller unit that are in use by the businesses we know.
WITHOUT_MINOR_UNIT = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"}
PROFILES_READ = 20_000
VALUES_OFFERED = 60
SHARED_BY = 5  # customers at least, before a value is offered
SECONDS_KEPT = 60
PROPERTIES, PROPERTIES_OF_ONE = 4_000, 60  # offered; rules may name others


def current(*, forbidden: frozenset[str] = frozenset()) -> Vocabulary:
    """Everything that a rule may name, in the active language."""
    currency = clock.project().currency
    titles = catalogue.titles()
    gone: dict[str, dict[Any, str]] = {}
    return Vocabulary(
        traits={
            one.key: TraitWord(str(one.label), one.kind, str(one.unit))
            for one in traits.registry().values()
        },
        profile=_Fields(_profile_fields()),
        events=frozenset(titles),
        titles=titles,
        stage_sets=_stage_sets(gone),
        segments=_in_use("segment", Segment.objects.all(), gone),
        tags=_in_use("tag", Tag.objects.all(), gone),
        lists=_in_use("list", CustomerList.objects.filter(status=CustomerList.Status.READY), gone),
        channels=_said(CHANNELS),
        purposes=_said(PURPOSES),
        gone=gone,
        currency=currency,
        minor_digits=0 if currency in WITHOUT_MINOR_UNIT else 2,
        forbidden=forbidden | UNANSWERED,
    )


def _said(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(one) for key, one in words.items()}


def _in_use(kind: str, records: QuerySet, gone: dict[str, dict[Any, str]]) -> dict[int, str]:
    """The names of the records that are not archived; those of the others are put aside."""
    rows = records.order_by("name").values_list("pk", "name", "archived_at")
    found = [(pk, name, archived_at is None) for pk, name, archived_at in rows]
    gone[kind] = {pk: name for pk, name, in_use in found if not in_use}
    return {pk: name for pk, name, in_use in found if in_use}


def _stage_sets(gone: dict[str, dict[Any, str]]) -> dict[str, StageSetWord]:
    sets = list(StageSet.objects.all())
    prefetch_related_objects(sets, "stages")
    gone["stage"] = {one.key: str(one) for one in sets if one.archived_at}
    return {one.key: _stages(one) for one in sets if not one.archived_at}


def _stages(stage_set: StageSet) -> StageSetWord:
    stages = stage_set.stages.all()
    return StageSetWord(
        str(stage_set),
        {one.key: str(one) for one in stages if one.retired_at is None},
        {one.key: str(one) for one in stages if one.retired_at is not None},
    )


def properties() -> dict[str, dict[str, str]]:
    """Of each event the properties that most of it has, with the kind of most of their values."""
    rows = EventProperty.objects.filter(event_type__taken_as=None).order_by("-volume", "name")
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for event, name, kinds in rows.values_list("event_type__name", "name", "kinds")[:PROPERTIES]:
        if len(found[event]) < PROPERTIES_OF_ONE:
            found[event][name] = _most(kinds)
    return dict(found)


def _most(kinds: Mapping[str, int]) -> str:
    """The kind of most values, besides those that are nothing."""
    some = {kind: times for kind, times in kinds.items() if kind != Kind.NULL}
    return max(some, key=lambda kind: some[kind], default="")


class _Fields(dict[str, tuple[str, ...]]):
    """The fields of a sample of profiles; one that is rarer is looked for when a rule names it."""

    def __contains__(self, name: object) -> bool:
        return (
            super().__contains__(name) or Customer.objects.filter(attributes__has_key=name).exists()
        )


def _profile_fields() -> dict[str, tuple[str, ...]]:
    """Each field of the newest profiles with its most frequent values."""
    found: dict[str, tuple[str, ...]] | None = cache.get("profile_fields")
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(_PROFILE_VALUES, [PROFILES_READ, SHARED_BY, VALUES_OFFERED])
            # A rule may name a field with addresses in it, but nobody is offered the addresses.
            found = {
                key: () if masking.is_contact(key) else _harmless(values)
                for key, values in cursor.fetchall()
                if not masking.tells(key)
            }
        cache.set("profile_fields", found, SECONDS_KEPT)
    return found


def _harmless(values: list[str]) -> tuple[str, ...]:
    return tuple(value for value in values if not masking.tells(value))


# What few share says who somebody is, and an object or a list may hold anything: of these the
# field is offered, and no values.
_PROFILE_VALUES = """
    WITH counted AS (
        SELECT key,
            CASE WHEN jsonb_typeof(value) NOT IN ('object', 'array') THEN value #>> '{}' END
                AS value,
            count(*) AS times
        FROM (SELECT attributes FROM segments_customer ORDER BY id DESC LIMIT %s) AS newest,
            jsonb_each(attributes)
        WHERE jsonb_typeof(value) <> 'null'
        GROUP BY 1, 2
    ), ranked AS (
        SELECT key, value, row_number() OVER (PARTITION BY key ORDER BY times DESC, value) AS rank
        FROM counted WHERE value IS NOT NULL AND times >= %s
    )
    SELECT key, coalesce(array_agg(value ORDER BY rank) FILTER (WHERE rank <= %s), '{}')
    FROM (SELECT DISTINCT key FROM counted) AS fields LEFT JOIN ranked USING (key)
    GROUP BY key ORDER BY key
"""
