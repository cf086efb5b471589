"""Says a plan in words, a line a step, in the reader's language."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from campaigns.plans.known import Known
from campaigns.plans.moments import Timetable
from campaigns.plans.nodes import (
    Branch,
    Contest,
    Exit,
    Message,
    Plan,
    Split,
    Step,
    Task,
    Variant,
    Wait,
)
from segments.rules import tree as rule_tree
from segments.rules import words as rule_words
from segments.rules.nodes import RuleError
from segments.rules.nodes import gettext_noop as _

Translate = Callable[[str], str]

WEEKDAYS = {
    1: _("Monday"),
    2: _("Tuesday"),
    3: _("Wednesday"),
    4: _("Thursday"),
    5: _("Friday"),
    6: _("Saturday"),
    7: _("Sunday"),
}


BEST = {
    "opened": _("the one that most open"),
    "clicked": _("the one that most click in"),
    "converted": _("the one that brings most to the goal"),
}


class Line(NamedTuple):
    """What one step does, and how deep it stands inside ways."""

    key: str  # empty: the head of a way
    depth: int
    words: str


def lines(plan: Plan, known: Known, translate: Translate = str) -> list[Line]:
    """The plan in reading order."""
    return list(_Speaker(plan, known, translate).lines(plan.steps, 0))


def sentence(plan: Plan, known: Known, translate: Translate = str) -> str:
    """The whole plan in one sentence, with its ways in brackets."""
    speaker = _Speaker(plan, known, translate)
    return speaker.say(_("%(steps)s."), steps=speaker.way(plan.steps))


def names(plan: Plan, known: Known, translate: Translate = str) -> dict[str, str]:
    """What people call each step: by what it says or asks for, and not by its key."""
    speaker = _Speaker(plan, known, translate)
    return {key: speaker.name(key) for key in plan.by_key}


def every(timetable: Timetable, translate: Translate = str) -> str:
    """How often, and when."""
    comma = translate(_(", "))
    at = f"{timetable.at:%H:%M}"
    match timetable.every:
        case "day":
            return translate(_("every day at %(at)s")) % {"at": at}
        case "week":
            days = comma.join(translate(WEEKDAYS[day]) for day in timetable.days)
            return translate(_("every %(days)s at %(at)s")) % {"days": days, "at": at}
        case "month":
            days = comma.join(map(str, timetable.days))
            words = _("every month on day %(days)s at %(at)s")
            return translate(words) % {"days": days, "at": at}


class _Speaker:
    """Speaks one language about one plan."""

    def __init__(self, plan: Plan, known: Known, translate: Translate) -> None:
        self.plan, self.known, self.translate = plan, known, translate

    def say(self, words: str, **params: Any) -> str:
        return self.translate(words) % params

    def lines(self, steps: tuple[Step, ...], depth: int) -> Iterator[Line]:
        for step in steps:
            yield Line(step.key, depth, self.step(step))
            for head, way in self._ways(step):
                yield Line("", depth + 1, head)
                yield from self.lines(way, depth + 2)

    def way(self, steps: tuple[Step, ...]) -> str:
        """Steps one after the other."""
        return self.say(_(", then ")).join(map(self._whole, steps)) or self.say(_("do nothing"))

    def _whole(self, step: Step) -> str:
        """A step with the ways inside it."""
        ways = [
            self.say(_("%(head)s: %(way)s"), head=head, way=self.way(way))
            for head, way in self._ways(step)
        ]
        if not ways:
            return self.step(step)
        return self.say(
            _("%(step)s (%(ways)s)"), step=self.step(step), ways=self.say(_("; ")).join(ways)
        )

    def _ways(self, step: Step) -> Iterator[tuple[str, tuple[Step, ...]]]:
        match step:
            case Branch():
                yield self.say(_("if so")), step.yes
                yield self.say(_("if not")), step.no
                if step.never is not None:
                    yield self.say(_("if it never left")), step.never
            case Split():
                total = sum(arm.weight for arm in step.arms)
                for arm in step.arms:
                    yield self._part(arm.key, arm.weight, total), arm.steps

    def step(self, step: Step) -> str:
        match step:
            case Message():
                return self._message(step)
            case Wait():
                return self._wait(step)
            case Branch():
                return self.say(_("ask whether %(condition)s"), condition=self._condition(step))
            case Split():
                return self.say(_("divide by chance"))
            case Task():
                return self._task(step)
            case Exit():
                return self.say(_("leave the plan"))
        raise TypeError(type(step))

    # --- each kind ------------------------------------------------------------

    def _message(self, step: Message) -> str:
        said = self.say(
            _("send by %(channel)s: %(what)s"),
            channel=self.known.channels.get(step.channel, step.channel),
            what=self._variants(step.variants),
        )
        if step.coupon is not None:
            name = self.known.coupons.get(step.coupon, str(step.coupon))
            said += self.say(_(" with the coupon “%(name)s”"), name=name)
        if step.second is not None:
            said += self.say(
                _("; where the contact policy says so, by %(channel)s: %(what)s"),
                channel=self.known.channels.get(step.second.channel, step.second.channel),
                what=self._template(step.second.template),
            )
        if step.expires is not None:
            said += self.say(
                _(" (not later than %(time)s after it was due)"), time=self._time(step.expires)
            )
        return said + (self._contest(step.contest) if step.contest else "")

    def _contest(self, contest: Contest) -> str:
        words = {
            "best": _("; tried on %(share)s%% first, the others get %(best)s within %(time)s"),
            "person": _(
                "; tried on %(share)s%% first, the others get %(best)s; if that is not clear after "
                "%(time)s, somebody decides"
            ),
        }[contest.unclear]
        time = self._time(contest.hours * 60)
        return self.say(words, share=contest.share, best=self.say(BEST[contest.by]), time=time)

    def _variants(self, variants: tuple[Variant, ...]) -> str:
        if len(variants) == 1:
            return self._template(variants[0].template)
        total = sum(one.weight for one in variants)
        return self.say(_(" or ")).join(
            f"{self._part(one.key, one.weight, total)} {self._template(one.template)}"
            for one in variants
        )

    def _template(self, number: int) -> str:
        named = self.known.templates.get(number)
        return self.say(_("“%(name)s”"), name=named.name if named else f"#{number}")

    def _part(self, key: str, weight: int, total: int) -> str:
        return self.say(_("%(key)s (%(share)s%%)"), key=key, share=f"{100 * weight / total:.3g}")

    def _wait(self, step: Wait) -> str:
        parts = []
        if step.minutes:
            parts.append(self.say(_("wait %(time)s"), time=self._time(step.minutes)))
        if step.at is not None or step.weekdays:
            parts.append(self._until(step))
        return self.say(_(" and then ")).join(parts)

    def _until(self, step: Wait) -> str:
        days = self.say(_(", ")).join(self.say(WEEKDAYS[day]) for day in step.weekdays)
        at = f"{step.at:%H:%M}" if step.at is not None else ""
        if days and at:
            said = self.say(_("wait until %(at)s on %(days)s"), at=at, days=days)
        elif days:
            said = self.say(_("wait until %(days)s"), days=days)
        else:
            said = self.say(_("wait until %(at)s"), at=at)
        where = _(" where the customer is") if step.zone == "customer" else _(" our time")
        return said + self.say(where)

    def _condition(self, step: Branch) -> str:
        if step.deed is None:
            return self._rule(step.rule)
        words = {
            "opened": _("the customer opened “%(step)s”"),
            "clicked": _("the customer clicked in “%(step)s”"),
            "done": _("the task “%(step)s” is done"),
        }[step.deed]
        return self.say(words, step=self.name(step.of))

    def name(self, key: str) -> str:
        """A step by what it says; of several wordings all their names."""
        match self.plan.by_key.get(key):
            case Message(variants=variants):
                named = (self.known.templates.get(one.template) for one in variants)
                return " / ".join(one.name for one in named if one) or key
            case Task(title=title):
                return self.known.said(title)
            case _other:
                return key

    def _rule(self, raw: Any) -> str:
        try:
            parsed = rule_tree.parse(raw, self.known.rules)
        except RuleError:
            return self.say(_("a condition that is no longer understood"))
        return rule_words.clause(parsed, self.known.rules, self.translate)

    def _task(self, step: Task) -> str:
        who = (
            self.known.staff.get(step.owner, "?")
            if step.owner is not None
            else self.known.teams.get(step.team or 0, "?")
        )
        words = (
            _("%(who)s gets a task for each customer, due in %(days)s days: “%(title)s”")
            if step.each
            else _("%(who)s gets one task for all, due in %(days)s days: “%(title)s”")
        )
        return self.say(words, who=who, days=step.days, title=self.known.said(step.title))

    def _time(self, minutes: int) -> str:
        return duration(minutes, self.translate)


def duration(minutes: int, translate: Translate = str) -> str:
    """So much time in its largest whole unit."""
    for size, one, many in (
        (24 * 60, _("1 day"), _("%(count)s days")),
        (60, _("1 hour"), _("%(count)s hours")),
        (1, _("1 minute"), _("%(count)s minutes")),
    ):
        if minutes % size == 0:
            count = minutes // size
            return translate(one) if count == 1 else translate(many) % {"count": count}
    raise AssertionError("minutes are whole")
