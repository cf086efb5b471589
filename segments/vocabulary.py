"""What rules may speak about here and now, under the names that the reader knows."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from console import clock
from segments import catalogue, masking, profile_words, scorings, traits
from segments.models import (
    Column,
    Customer,
    CustomerList,
    EventProperty,
    Segment,
    StageSet,
    Tag,
    Trait,
)
from segments.models.event import Kind
from segments.recipes.nodes import Field
from segments.rules.nodes import MARKETING
from segments.rules.vocabulary import CHOICE, StageSetWord, TraitWord, Vocabulary

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
# ISO 4217 currencies without a smaller unit that are in use by the businesses we know.
WITHOUT_MINOR_UNIT = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"}
PROFILES_READ = 20_000
VALUES_OFFERED = 60
SHARED_BY = 5  # customers at least, before a value is offered
SECONDS_KEPT = 60
PROPERTIES, PROPERTIES_OF_ONE = 4_000, 60  # offered; rules may name others


def current(*, forbidden: frozenset[str] = frozenset()) -> Vocabulary:
    """Everything that a rule may name, in the active language; asked for when a rule names it."""
    currency = clock.project().currency
    titles = catalogue.titles()
    return Vocabulary(
        traits=_Asked(_traits),
        profile=_Fields(_profile_fields()),
        fields=profile_words.labels(),
        events=frozenset(titles),
        titles=titles,
        stage_sets=_Asked(_stage_sets),
        segments=_Asked(lambda: _segments(archived_at=None)),
        tags=_Asked(lambda: _named(Tag.objects.filter(archived_at=None))),
        lists=_Asked(lambda: _named(_ready_lists().filter(archived_at=None))),
        channels=_said(CHANNELS),
        purposes=_said(PURPOSES),
        gone={kind: _Asked(found) for kind, found in _GONE.items()},
        is_contact=masking.is_contact,
        currency=currency,
        minor_digits=0 if currency in WITHOUT_MINOR_UNIT else 2,
        forbidden=forbidden,
    )


Key = TypeVar("Key")
Word = TypeVar("Word")


class _Asked(Mapping[Key, Word]):
    """Names that are asked for once somebody looks."""

    def __init__(self, ask: Callable[[], Mapping[Key, Word]]) -> None:
        self._ask = ask

    @cached_property
    def _found(self) -> Mapping[Key, Word]:
        return self._ask()

    def __getitem__(self, key: Key) -> Word:
        return self._found[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _traits() -> dict[str, TraitWord]:
    """What is in use; of a choice the values that somebody has, though there may be others."""
    known = traits.registry()
    choices = [one.key for one in known.values() if one.kind == CHOICE]
    # Few rules name a choice: its words, and what they are called, are asked for when one does.
    words = Column.objects.filter(key__in=choices).values_list("key", "words")
    values: Mapping[str, list[str]] = _Asked(lambda: dict(words))
    titles: Mapping[str, Mapping[str, str]] = _Asked(lambda: scorings.labels() if values else {})
    return {
        key: TraitWord(
            str(one.label),
            one.kind,
            str(one.unit),
            words=_offered(key, values, titles) if one.kind == CHOICE else {},
            is_open=True,
            is_static=isinstance(one.recipe, Field),
        )
        for key, one in known.items()
    }


def _offered(
    key: str, values: Mapping[str, list[str]], titles: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str]:
    """The words of a choice with what each is called."""
    return _Asked(
        lambda: {one: titles.get(key, {}).get(one, one) for one in values.get(key, ()) if one}
    )


def _said(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(one) for key, one in words.items()}


def _named(records: QuerySet) -> dict[int, str]:
    return dict(records.order_by("name").values_list("pk", "name"))


def _segments(**of: Any) -> dict[int, str]:
    """As the reader knows them: what ships has a name in each language."""
    found = Segment.objects.filter(**of).only("pk", "name")
    return {one.pk: str(one) for one in sorted(found, key=str)}


def _ready_lists() -> QuerySet[CustomerList]:
    return CustomerList.objects.filter(status=CustomerList.Status.READY)


def _stage_sets() -> dict[str, StageSetWord]:
    sets = list(StageSet.objects.filter(archived_at=None))
    prefetch_related_objects(sets, "stages")
    return {one.key: _stages(one) for one in sets}


def _stages(stage_set: StageSet) -> StageSetWord:
    stages = stage_set.stages.all()
    return StageSetWord(
        str(stage_set),
        {one.key: str(one) for one in stages if one.retired_at is None},
        {one.key: str(one) for one in stages if one.retired_at is not None},
    )


# By the kind of condition what there was once, so that a refusal can name it.
_GONE: dict[str, Callable[[], Mapping[Any, str]]] = {
    "trait": lambda: dict(Trait.objects.exclude(archived_at=None).values_list("key", "title")),
    "stage": lambda: {one.key: str(one) for one in StageSet.objects.exclude(archived_at=None)},
    "segment": lambda: _segments(archived_at__isnull=False),
    "tag": lambda: _named(Tag.objects.exclude(archived_at=None)),
    "list": lambda: _named(CustomerList.objects.exclude(archived_at=None)),
}


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
