"""Says a rule in one sentence, in the reader's language."""

import datetime as dt
from collections.abc import Callable

from segments.rules import operators
from segments.rules.nodes import (
    MARKETING,
    AllOf,
    AnyOf,
    Consented,
    Crossed,
    DaysSince,
    Deed,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Not,
    Operand,
    Profile,
    RandomShare,
    Rule,
    Scalar,
    Sequence,
    Tagged,
    Trait,
    Where,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.vocabulary import CHOICE, DATE, MONEY, TraitWord, Vocabulary, unit_of

Translate = Callable[[str], str]
SEQUENCES = {  # whether the second was done, and whether within one hour
    (True, True): _("did %(first)s%(window)s, and then %(then)s within an hour"),
    (True, False): _("did %(first)s%(window)s, and then %(then)s within %(hours)s hours"),
    (False, True): _("did %(first)s%(window)s, and then not %(then)s within an hour"),
    (False, False): _("did %(first)s%(window)s, and then not %(then)s within %(hours)s hours"),
}
MOST_VALUES = 6  # a longer list is cut; the editor shows it whole


def sentence(rule: Rule, known: Vocabulary, translate: Translate = str) -> str:
    """The whole rule as a sentence about customers."""
    if isinstance(rule, AllOf) and not rule.parts:
        return translate(_("Every customer."))
    return translate(_("Customers for whom this holds: %(rule)s.")) % {
        "rule": _Speaker(known, translate).clause(rule)
    }


def event(one: Did, known: Vocabulary, translate: Translate = str) -> str:
    """The event itself with its conditions: what has to happen, not how often one did it."""
    words = _Speaker(known, translate)
    return f"{words._event(one.event)}{words._where(one.where)}"


def clause(rule: Rule, known: Vocabulary, translate: Translate = str) -> str:
    """The rule without the customers around it, for a table of rules."""
    return _Speaker(known, translate).clause(rule)


class _Speaker:
    """Speaks one language about one vocabulary."""

    def __init__(self, known: Vocabulary, translate: Translate) -> None:
        self.known, self.translate = known, translate

    def say(self, words: str, **params: object) -> str:
        return self.translate(words) % params

    def clause(self, rule: Rule) -> str:
        match rule:
            case AllOf(parts):
                return self._joined(parts, _(" and "), _("everyone"))
            case AnyOf(parts):
                return self._joined(parts, _(" or "), _("nobody"))
            case Not(part):
                return self.say(_("not (%(rule)s)"), rule=self.clause(part))
            case _leaf:
                return self._leaf(rule)

    def _joined(self, parts: tuple[Rule, ...], joint: str, nothing: str) -> str:
        if not parts:
            return self.say(nothing)
        return self.say(joint).join(self._guarded(part, alone=len(parts) == 1) for part in parts)

    def _guarded(self, part: Rule, *, alone: bool) -> str:
        """In brackets where the joints of two groups could be mistaken for one another."""
        said = self.clause(part)
        if alone or not isinstance(part, AllOf | AnyOf) or len(part.parts) < 2:
            return said
        return self.say(_("(%(rule)s)"), rule=said)

    def _leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Trait(key, op, value):
                return self._trait(self.known.traits[key], op, value)
            case Profile(key, op, value):
                return self._compared(self.known.fields.get(key, key), op, value, str)
            case Did():
                return self._did(leaf)
            case DaysSince():
                return self._days_since(leaf)
            case Sequence():
                return self._sequence(leaf)
            case InStage():
                return self._stage(leaf)
            case _other:
                return self._belongs(leaf)

    def _belongs(self, leaf: Leaf) -> str:
        """To something that has a name."""
        known = self.known
        match leaf:
            case InSegment(segment):
                return self.say(_("is in the segment “%(name)s”"), name=known.segments[segment])
            case Crossed(way, segment, days):
                words = {
                    "entered": _("came into the segment “%(name)s”%(window)s"),
                    "left": _("left the segment “%(name)s”%(window)s"),
                }[way]
                return self.say(words, name=known.segments[segment], window=self._lately(days))
            case Tagged(tag):
                return self.say(_("has the tag “%(name)s”"), name=known.tags[tag])
            case Listed(customer_list):
                return self.say(_("is on the list “%(name)s”"), name=known.lists[customer_list])
            case RandomShare(percent, seed):
                return self._random(percent, seed)
            case Consented(channel, purpose):
                return self._consented(channel, purpose)
        raise TypeError(type(leaf))

    def _random(self, percent: int, seed: str) -> str:
        if not seed:
            return self.say(_("belongs to a random %(percent)s%%"), percent=percent)
        return self.say(
            _("belongs to the random %(percent)s%% called “%(seed)s”"), percent=percent, seed=seed
        )

    def _consented(self, channel: str, purpose: str) -> str:
        if purpose == MARKETING:
            return self.say(
                _("agreed to hear from us by %(channel)s"), channel=self.known.channels[channel]
            )
        return self.say(
            _("agreed to hear from us by %(channel)s for %(purpose)s"),
            channel=self.known.channels[channel],
            purpose=self.known.purposes[purpose],
        )

    def _trait(self, word: TraitWord, op: str, value: Operand) -> str:
        if word.kind == DATE and op in operators.OF_DATES:
            return self.say(operators.OF_DATES[op][0], name=word.label, value=value)
        return self._compared(word.label, op, value, lambda one: self._with_unit(one, word))

    def _did(self, leaf: Did) -> str:
        if leaf.did:
            words = _("did %(event)s %(times)s%(window)s%(where)s")
        elif leaf.times == 1:
            words = _("did not do %(event)s%(window)s%(where)s")
        else:
            words = _("did %(event)s fewer than %(times)s times%(window)s%(where)s")
        return self.say(
            words,
            event=self._event(leaf.event),
            times=self._times(leaf.times) if leaf.did else str(leaf.times),
            window=self._window(leaf),
            where=self._where(leaf.where),
        )

    def _event(self, name: str) -> str:
        return self.known.titles.get(name, name)

    def _days_since(self, leaf: DaysSince) -> str:
        event = self._event(leaf.event)
        if leaf.op == "is_set":
            return self.say(_("did %(event)s at some time"), event=event)
        if leaf.op == "not_set":
            return self.say(_("never did %(event)s"), event=event)
        words = {
            "first": _("did %(event)s for the first time %(when)s"),
            "last": _("did %(event)s for the last time %(when)s"),
        }[leaf.which]
        when = operators.OF_DAYS[leaf.op][0]
        if leaf.value == 1:
            when = operators.OF_A_DAY.get(leaf.op, when)
        return self.say(words, event=event, when=self._filled(when, leaf.value, str))

    def _sequence(self, leaf: Sequence) -> str:
        return self.say(
            SEQUENCES[leaf.did, leaf.hours == 1],
            first=self._deed(leaf.first),
            then=self._deed(leaf.then),
            window=self._lately(leaf.days),
            hours=leaf.hours,
        )

    def _deed(self, deed: Deed) -> str:
        return f"{self._event(deed.event)}{self._where(deed.where)}"

    def _times(self, times: int) -> str:
        if times == 1:
            return self.say(_("at least once"))
        return self.say(_("at least %(times)s times"), times=times)

    def _window(self, leaf: Did) -> str:
        if leaf.since or leaf.until:
            return self._between(leaf.since, leaf.until)
        if leaf.days is None:
            if leaf.ago:
                words = _(" up to a day ago") if leaf.ago == 1 else _(" up to %(ago)s days ago")
                return self.say(words, ago=leaf.ago)
            return self.say(_(" at any time"))
        return self._earlier(leaf.days, leaf.ago) if leaf.ago else self._lately(leaf.days)

    def _earlier(self, days: int, ago: int) -> str:
        if days == 1:
            words = _(" yesterday") if ago == 1 else _(" on the day %(ago)s days ago")
        elif ago == 1:
            words = _(" in the %(days)s days up to yesterday")
        else:
            words = _(" in the %(days)s days that ended %(ago)s days ago")
        return self.say(words, days=days, ago=ago)

    def _between(self, since: dt.date | None, until: dt.date | None) -> str:
        if since and until:
            return self.say(_(" from %(since)s to %(until)s"), since=since, until=until)
        if since:
            return self.say(_(" since %(since)s"), since=since)
        return self.say(_(" until %(until)s"), until=until)

    def _lately(self, days: int) -> str:
        if days == 1:
            return self.say(_(" today"))
        return self.say(_(" in the last %(days)s days"), days=days)

    def _where(self, wheres: tuple[Where, ...]) -> str:
        if not wheres:
            return ""
        said = (self._compared(one.key, one.op, one.value, str) for one in wheres)
        return self.say(_(" where %(conditions)s"), conditions=self.say(_(" and ")).join(said))

    def _stage(self, leaf: InStage) -> str:
        word = self.known.stage_sets[leaf.stage_set]
        some = [word.stages[one] for one in leaf.stages]
        words = _("%(name)s is one of %(values)s") if len(some) > 1 else _("%(name)s is %(value)s")
        listed = self._listed(some)
        said = self.say(words, name=word.label, value=listed, values=listed)
        if leaf.days is None:
            return said
        if leaf.op == ">=":
            one, many = _("%(stage)s for at least a day"), _("%(stage)s for at least %(days)s days")
        else:
            one, many = _("%(stage)s for at most a day"), _("%(stage)s for at most %(days)s days")
        return self.say(one if leaf.days == 1 else many, stage=said, days=leaf.days)

    def _compared(self, name: str, op: str, value: Operand, show: Callable[[Scalar], str]) -> str:
        return self._filled(operators.TABLE[op].words, value, show, name=name)

    def _filled(
        self, words: str, value: Operand, show: Callable[[Scalar], str], **params: str
    ) -> str:
        """The words of a comparison with its values in the places that it has for them."""
        some = [
            show(one)
            for one in (value if isinstance(value, tuple) else (value,))
            if one is not None
        ]
        places = {"value": some[:1], "low": some[:1], "high": some[1:2]}
        said = {name: found[0] for name, found in places.items() if found}
        return self.say(words, **said, values=self._listed(some), **params)

    def _listed(self, some: list[str]) -> str:
        comma = self.say(_(", "))
        if len(some) <= MOST_VALUES:
            return comma.join(some)
        return self.say(
            _("%(some)s and %(more)s more"),
            some=comma.join(some[:MOST_VALUES]),
            more=len(some) - MOST_VALUES,
        )

    def _with_unit(self, value: Scalar, word: TraitWord) -> str:
        if word.kind == MONEY:
            return self.known.money(int(value))
        if word.kind == CHOICE:
            return word.words.get(str(value), str(value))
        if isinstance(value, str):
            return value
        return f"{value:,} {unit_of(value, word.unit)}".strip()
