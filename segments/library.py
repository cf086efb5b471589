"""What ships ready-made: stage sets, segments to start with, and the shelf of the field's rules."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from console import audit, kept_words
from console.models import Staff
from console.states import NotAllowed
from segments import collection, ready, taxonomies, traits, vocabulary
from segments.models import Segment
from segments.rules import tree, words
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary


@dataclass(frozen=True)
class Starter:
    """A segment worth having, with the field's own name beside the English one."""

    name: str
    description: str
    rule: dict[str, Any]


def _trait(key: str, op: str, value: Any) -> dict[str, Any]:
    return {"trait": key, "op": op, "value": value}


SEGMENTS = [
    Starter(
        "高价值沉默 · High value, gone silent",
        "消费高于多数客户，但超过 30 天未下单，需要有人跟进。 "
        "Spent more than most, and has not ordered for over 30 days. Somebody should ask why.",
        {"all": [_trait("m_score", ">=", 4), _trait("recency_days", ">", 30)]},
    ),
    Starter(
        "新客 · New customers",
        "近 30 天内首次下单。 First order within the last 30 days.",
        _trait("tenure_days", "<", 30),
    ),
    Starter(
        "连续活跃 · Steadily active",
        "近 30 天内至少活跃 8 天。 Active on at least 8 of the last 30 days.",
        _trait("active_days_30d", ">=", 8),
    ),
    Starter(
        "沉睡用户 · Dormant over 30 days",
        "下过单，但已超过 30 天未下单。 Has ordered before, but not for over 30 days.",
        _trait("recency_days", ">", 30),
    ),
    Starter(
        "优惠券爱好者 · Coupon lovers",
        "累计核销至少 3 张优惠券。 Redeemed at least 3 coupons ever.",
        {"event": "coupon_redeemed", "did": True, "times": 3, "days": None},
    ),
    Starter(
        "高频消费 · Frequent shoppers",
        "近 30 天至少下单 3 次，且频次位于前五分之一。 "
        "Ordered at least 3 times in the last 30 days and belongs to the most frequent fifth.",
        {
            "all": [
                {"event": "order_paid", "did": True, "times": 3, "days": 30},
                _trait("f_score", "=", 5),
            ]
        },
    ),
    Starter(
        "可触达的沉睡用户 · Dormant and may be written to",
        "下过单、超过 30 天未下单，且同意接收邮件。 "
        "Has ordered before, not for over 30 days, and agreed to e-mail.",
        {"all": [_trait("recency_days", ">", 30), {"consent": "email"}]},
    ),
]


# --- the shelf ----------------------------------------------------------------

TRAIT = "trait:"  # before the key of a trait that stands for a field of profiles here


@dataclass(frozen=True)
class OnShelf:
    """A ready-made segment as it is here: its rule, or what it needs that there is not."""

    ready: ready.Ready
    rule: dict[str, Any]
    problem: str  # why it cannot be read yet; empty: it can
    sentence: str
    events: tuple[str, ...]  # that it speaks of and nobody sends
    fields: tuple[str, ...]  # of profiles, that nobody has
    words: tuple[tuple[str, str], ...]  # a field or property, and a value that few or none have
    after: tuple[str, ...]  # whoever is in one of these is not in it


def shelf(known: Vocabulary) -> dict[str, list[OnShelf]]:
    """Everything by theme, in the order of the field."""
    found: dict[str, list[OnShelf]] = {theme: [] for theme in ready.THEMES}
    for one in ready.READY.values():
        found[one.theme].append(take(one, known))
    return found


def take(one: ready.Ready, known: Vocabulary, names: Mapping[str, str] | None = None) -> OnShelf:
    """One of the shelf; `names` says what its events, profile fields and their values are called
    here, see `_renamed`."""
    rule, earlier = _in_turn(one, known, names or {})
    problem = sentence = ""
    try:
        sentence = words.sentence(tree.parse(rule, known), known, gettext)
    except RuleError as bad:
        problem = bad.said(gettext)
    own = _renamed(one.rule, names or {})
    return OnShelf(
        ready=one,
        rule=rule,
        problem=problem,
        sentence=sentence,
        events=tuple(sorted(tree.events_in(own) - known.events)),
        fields=tuple(sorted(one for one in tree.fields_in(own) if one not in known.profile)),
        words=tuple(sorted(_unseen(own, known))),
        after=tuple(str(other.name) for other in earlier),
    )


def _unseen(part: Any, known: Vocabulary) -> set[tuple[str, str]]:
    """The fields and properties whose value in the rule may be called otherwise here: it is none of
    those that many have, or nobody sends the event."""
    if isinstance(part, list):
        return {one for each in part for one in _unseen(each, known)}
    if not isinstance(part, dict):
        return set()
    word = part.get("value")
    if "profile" in part:
        seen = not isinstance(word, str) or word in known.profile.get(part["profile"], ())
        return set() if seen else {(part["profile"], str(word))}
    if "trait" in part:
        one = known.traits.get(part["trait"])
        asks = one is not None and one.is_open and isinstance(word, str) and word not in one.words
        return {(part["trait"], str(word))} if asks else set()
    if part.get("event") and part["event"] not in known.events:
        conditions = part.get("where") or []
        return {(one["property"], one["value"]) for one in conditions if _is_word(one)}
    return {one for each in part.values() for one in _unseen(each, known)}


def _is_word(condition: dict[str, Any]) -> bool:
    return isinstance(condition.get("value"), str)


@transaction.atomic
def use(key: str, *, by: Staff, names: Mapping[str, str]) -> Segment:
    """Make an own segment of one of the shelf, to be edited like any other.

    Raises:
        NotAllowed: the role, or there is none of this key.
        RuleError: it speaks of what there is not here.
    """
    one = ready.READY.get(key)
    if one is None:
        raise NotAllowed(_("The library has nothing of this name."))
    rule, _earlier = _in_turn(one, vocabulary.current(), names)
    note = _("from the library")
    return collection.add(name=_free(one.name), rule=rule, description=one.quote, by=by, note=note)


def _in_turn(
    one: ready.Ready, known: Vocabulary, names: Mapping[str, str]
) -> tuple[dict[str, Any], list[ready.Ready]]:
    """Its rule without whoever fits one before it, as far as those can be read here."""
    own = _renamed(one.rule, names)
    earlier = [
        other for other in ready.before(one) if _makes_sense(_renamed(other.rule, names), known)
    ]
    if not earlier:
        return own, []
    others = [_renamed(other.rule, names) for other in earlier]
    return {"all": [own, {"not": {"any": others}}]}, earlier


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    """The rule as things are called here: events and profile fields by their names, a field's or
    property's value by `field=value`. A field may be known as a trait, such as `trait:channel`."""
    if isinstance(part, list):
        return [_renamed(one, names) for one in part]
    if not isinstance(part, dict):
        return part
    if "profile" in part:
        field, own = part["profile"], names.get(part["profile"]) or part["profile"]
        is_trait = own.startswith(TRAIT)
        by = {"trait": own.removeprefix(TRAIT)} if is_trait else {"profile": own}
        return by | {"op": part["op"]} | _value(part, field, names)
    if "property" in part:
        return part | _value(part, part["property"], names)
    return {
        key: names.get(value) or value
        if key in {"event", "first", "last"} and isinstance(value, str)
        else _renamed(value, names)
        for key, value in part.items()
    }


def _value(part: dict[str, Any], of: str, names: Mapping[str, str]) -> dict[str, Any]:
    if "value" not in part:
        return {}
    return {"value": names.get(f"{of}={part['value']}") or part["value"]}


def _free(name: object) -> str:
    """The name in both languages, with a number behind it when there is a segment of this name."""
    tries = (kept_words.numbered(name, turn) for turn in itertools.count(1))
    return next(one for one in tries if not Segment.objects.filter(name=one).exists())


# --- installing ---------------------------------------------------------------


def install_stages() -> None:
    """The stage sets that are missing."""
    taxonomies.install()


@transaction.atomic
def install() -> int:
    """The stages, and those ready-made segments that are missing and make sense here.

    One whose rule speaks of an event that never happened here is left out.
    """
    traits.install()
    install_stages()
    known = vocabulary.current()
    missing = [
        Segment(name=one.name, description=one.description, rule=one.rule)
        for one in SEGMENTS
        if _makes_sense(one.rule, known) and not Segment.objects.filter(name=one.name).exists()
    ]
    for segment in missing:
        segment.save(force_insert=True)
        audit.log("segment.installed", segment)
    return len(missing)


def _makes_sense(rule: Any, known: Vocabulary) -> bool:
    try:
        tree.parse(rule, known)
    except RuleError:
        return False
    return True
