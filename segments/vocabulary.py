"""What rules may speak about here and now, under the names that the reader knows."""

from django.core.cache import cache
from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from console import clock
from segments import catalogue, masking, traits
from segments.models import Customer, Segment, StageSet
from segments.rules.vocabulary import StageSetWord, TraitWord, Vocabulary

CHANNELS = {"email": _("e-mail")}
# ISO 4217 currencies without a smaller unit that are in use by the businesses we know.
WITHOUT_MINOR_UNIT = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"}
PROFILES_READ = 20_000
VALUES_OFFERED = 60
SHARED_BY = 5  # customers at least, before a value is offered
SECONDS_KEPT = 60


def current(*, forbidden: frozenset[str] = frozenset()) -> Vocabulary:
    """Everything that a rule may name, in the active language."""
    currency = clock.project().currency
    titles = catalogue.titles()
    segments = Segment.objects.filter(archived_at=None).order_by("name")
    return Vocabulary(
        traits={
            one.key: TraitWord(str(one.label), one.kind, str(one.unit))
            for one in traits.REGISTRY.values()
        },
        profile=_Fields(_profile_fields()),
        events=frozenset(titles),
        titles=titles,
        stage_sets=_stage_sets(),
        segments=dict(segments.values_list("pk", "name")),
        channels={key: str(name) for key, name in CHANNELS.items()},
        currency=currency,
        minor_digits=0 if currency in WITHOUT_MINOR_UNIT else 2,
        forbidden=forbidden,
    )


def _stage_sets() -> dict[str, StageSetWord]:
    sets = list(StageSet.objects.all())
    prefetch_related_objects(sets, "stages")
    return {
        one.key: StageSetWord(str(one), {stage.key: str(stage) for stage in one.stages.all()})
        for one in sets
    }


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
