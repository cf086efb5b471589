"""Says a rule in one sentence, in the reader's language."""

from collections.abc import Callable

from segments.rules import operators
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Did,
    InSegment,
    InStage,
    Leaf,
    Not,
    Operand,
    Profile,
    Rule,
    Scalar,
    Trait,
    Where,
)
from segments.rules.nodes import gettext_noop as _
from segments.rules.operators import Takes
from segments.rules.vocabulary import DATE, MONEY, TraitWord, Vocabulary

Translate = Callable[[str], str]
MOST_VALUES = 6  # a longer list is cut; the editor shows it whole


def sentence(rule: Rule, known: Vocabulary, translate: Translate = str) -> str:
    """The whole rule as a sentence about customers."""
    if isinstance(rule, AllOf) and not rule.parts:
        return translate(_("Every customer."))
    return translate(_("Customers for whom this holds: %(rule)s.")) % {
        "rule": _Speaker(known, translate).clause(rule)
    }


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
                return self._compared(key, op, value, str)
            case Did():
                return self._did(leaf)
            case InStage(stage_set, stages):
                return self._stage(stage_set, stages)
            case InSegment(segment):
                return self.say(
                    _("is in the segment “%(name)s”"), name=self.known.segments[segment]
                )
            case Consented(channel):
                return self.say(
                    _("agreed to hear from us by %(channel)s"),
                    channel=self.known.channels[channel],
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
            event=self.known.titles.get(leaf.event, leaf.event),
            times=self._times(leaf.times) if leaf.did else str(leaf.times),
            window=self._window(leaf.days),
            where=self._where(leaf.where),
        )

    def _times(self, times: int) -> str:
        if times == 1:
            return self.say(_("at least once"))
        return self.say(_("at least %(times)s times"), times=times)

    def _window(self, days: int | None) -> str:
        if days is None:
            return self.say(_(" at any time"))
        if days == 1:
            return self.say(_(" today"))
        return self.say(_(" in the last %(days)s days"), days=days)

    def _where(self, wheres: tuple[Where, ...]) -> str:
        if not wheres:
            return ""
        said = (self._compared(one.key, one.op, one.value, str) for one in wheres)
        return self.say(_(" where %(conditions)s"), conditions=self.say(_(" and ")).join(said))

    def _stage(self, stage_set: str, stages: tuple[str, ...]) -> str:
        word = self.known.stage_sets[stage_set]
        return self.say(
            _("%(name)s is one of %(values)s") if len(stages) > 1 else _("%(name)s is %(value)s"),
            name=word.label,
            value=self._listed([word.stages[one] for one in stages]),
            values=self._listed([word.stages[one] for one in stages]),
        )

    def _compared(self, name: str, op: str, value: Operand, show: Callable[[Scalar], str]) -> str:
        one = operators.TABLE[op]
        if one.takes is Takes.NOTHING:
            return self.say(one.words, name=name)
        if not isinstance(value, tuple):
            assert value is not None
            return self.say(one.words, name=name, value=show(value))
        shown = [show(part) for part in value]
        if one.takes is Takes.TWO:
            return self.say(one.words, name=name, low=shown[0], high=shown[1])
        return self.say(one.words, name=name, values=self._listed(shown))

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
        if isinstance(value, str):
            return value
        return f"{value:,} {word.unit}".strip()
