"""Reads a plan from JSON into frozen records, and refuses in words what makes no sense."""

import datetime as dt
import re
from collections.abc import Callable, Container
from typing import Any

from campaigns.plans.known import Known
from campaigns.plans.nodes import (
    DUTIES,
    Arm,
    Branch,
    Contest,
    Exit,
    Message,
    Plan,
    PlanError,
    Second,
    Split,
    Step,
    Task,
    Variant,
    Wait,
    walk,
    ways,
)
from segments.rules import tree as rule_tree
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _

MOST_STEPS = 60
MOST_DEEP = 5  # branches inside branches
MOST_ARMS = 8  # and variants
YEAR = 366 * 24 * 60
KEY = re.compile(r"[a-z][a-z0-9_-]{0,15}")
DEEDS = {"opened", "clicked", "done"}
BEST_BY = {"opened", "clicked", "converted"}
MOST_HOURS = 30 * 24  # that a contest may take

SINGLE = "message"  # the key of a plain campaign's only step


def parse(raw: Any, known: Known) -> Plan:
    """The plan that the JSON says.

    Raises:
        PlanError: it cannot be understood, or speaks of something that does not exist.
    """
    steps = _Reader(known).steps(raw, (), 1)
    if not steps:
        raise PlanError((), _("A plan needs at least one step."))
    return made(steps)


def made(steps: tuple[Step, ...]) -> Plan:
    """The plan of these steps."""
    follows: dict[str, str | None] = {}
    _chain(steps, None, follows)
    return Plan(steps, {step.key: step for step in walk(steps)}, follows)


def single(template: int | None, channel: str = "email") -> Plan:
    """The plan of a campaign without one: its message."""
    return made((Message(SINGLE, channel, (Variant("", template or 0, 1),)),))


def _chain(steps: tuple[Step, ...], behind: str | None, follows: dict[str, str | None]) -> None:
    for at, step in enumerate(steps):
        after = steps[at + 1].key if at + 1 < len(steps) else behind
        follows[step.key] = None if isinstance(step, Exit) else after
        for way in ways(step):
            _chain(way, after, follows)


class _Reader:
    """Reads one plan, remembering the keys that it met."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.seen: dict[str, str] = {}  # key → kind, in reading order

    def steps(self, raw: Any, path: Path, depth: int) -> tuple[Step, ...]:
        if not isinstance(raw, list):
            raise PlanError(path, _("A list of steps belongs here."))
        if depth > MOST_DEEP:
            raise PlanError(
                path, _("Ways can be nested %(most)s deep; this is deeper."), most=MOST_DEEP
            )
        read = tuple(self._step(one, (*path, at), depth) for at, one in enumerate(raw))
        for step in read[:-1]:
            if isinstance(step, Exit):
                raise PlanError(step.path, _("Nothing comes after an end step."))
        return read

    def _step(self, raw: Any, path: Path, depth: int) -> Step:
        if not isinstance(raw, dict):
            raise PlanError(path, _("A step belongs here."))
        kind = raw.get("kind")
        reader = self._readers().get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise PlanError(path, _("A step is one of: %(kinds)s."), kinds=", ".join(KINDS))
        key = raw.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise PlanError(path, _("A step's key has 1 to 16 small letters, digits, - and _."))
        if key in self.seen:
            raise PlanError(path, _("Two steps have the key “%(key)s”."), key=key)
        if len(self.seen) >= MOST_STEPS:
            raise PlanError(path, _("A plan has at most %(most)s steps."), most=MOST_STEPS)
        self.seen[key] = str(kind)
        no_other_keys(raw, {"key", "kind"} | KEYS[str(kind)], path)
        return reader(key, raw, path, depth)

    def _readers(self) -> dict[str, Callable[[str, dict[str, Any], Path, int], Step]]:
        return {
            "message": self._message,
            "wait": self._wait,
            "branch": self._branch,
            "split": self._split,
            "task": self._task,
            "exit": lambda key, _raw, path, _depth: Exit(key, path=path),
        }

    # --- saying something -----------------------------------------------------

    def _message(self, key: str, raw: dict[str, Any], path: Path, depth: int) -> Message:
        channel = raw.get("channel", "email")
        if not is_one_of(channel, self.known.channels):
            raise PlanError(path, _("Choose through which channel."))
        if ("template" in raw) == ("variants" in raw):
            raise PlanError(path, _("A message has one template, or several variants."))
        if "variants" in raw:
            variants = self._variants(raw["variants"], channel, path)
        else:
            variants = (Variant("", self._template(raw["template"], channel, path), 1),)
        coupon = raw.get("coupon")
        if coupon is not None and not is_one_of(coupon, self.known.coupons):
            raise PlanError(path, _("There is no such coupon."))
        expires = raw.get("expires")
        if expires is not None:
            expires = whole(expires, 1, YEAR, path, _("It expires after 1 minute to a year."))
        second = self._second(raw["second"], channel, path) if "second" in raw else None
        contest = self._contest(raw["winner"], len(variants), path) if "winner" in raw else None
        return Message(key, channel, variants, coupon, expires, second, contest, path=path)

    def _second(self, raw: Any, first: str, path: Path) -> Second:
        if not isinstance(raw, dict):
            raise PlanError(path, _("The second channel needs a channel and a template."))
        no_other_keys(raw, {"channel", "template"}, path)
        channel = raw.get("channel")
        if not is_one_of(channel, self.known.channels) or channel == first:
            raise PlanError(path, _("The second channel is another one."))
        return Second(str(channel), self._template(raw.get("template"), str(channel), path))

    def _contest(self, raw: Any, variants: int, path: Path) -> Contest:
        if not isinstance(raw, dict) or variants < 2:
            raise PlanError(path, _("A winner is chosen of several variants."))
        no_other_keys(raw, {"by", "share", "least", "hours", "unclear"}, path)
        by: Any = raw.get("by")
        unclear: Any = raw.get("unclear", "best")
        if not is_one_of(by, BEST_BY) or not is_one_of(unclear, {"best", "person"}):
            raise PlanError(path, _("Say by what the winner is chosen."))
        return Contest(
            by,
            whole(raw.get("share"), 1, 90, path, _("It is tried on 1 to 90 percent.")),
            whole(
                raw.get("least", 100), 10, 1_000_000, path, _("Each is tried 10 times at least.")
            ),
            whole(raw.get("hours", 24), 1, MOST_HOURS, path, _("It ends within 1 to 720 hours.")),
            unclear,
        )

    def _variants(self, raw: Any, channel: str, path: Path) -> tuple[Variant, ...]:
        if not isinstance(raw, list) or not 2 <= len(raw) <= MOST_ARMS:
            raise PlanError(path, _("There are 2 to %(most)s variants."), most=MOST_ARMS)
        found = []
        for at, one in enumerate(raw):
            inner = (*path, "variants", at)
            key = self._name(one, {"key", "template", "weight"}, inner)
            template = self._template(one.get("template"), channel, inner)
            found.append(Variant(key, template, self._weight(one, inner)))
        self._require_different([one.key for one in found], path)
        return tuple(found)

    def _template(self, raw: Any, channel: str, path: Path) -> int:
        if self.known.is_open:
            return int(raw)
        named = self.known.templates[raw] if is_one_of(raw, self.known.templates) else None
        if named is None:
            raise PlanError(path, _("Choose a template."))
        if named.channel != channel:
            raise PlanError(
                path, _("The template “%(name)s” is for another channel."), name=named.name
            )
        return int(raw)

    # --- letting time pass ----------------------------------------------------

    def _wait(self, key: str, raw: dict[str, Any], path: Path, depth: int) -> Wait:
        words = _("A wait is 1 minute to a year, or until an hour or a weekday.")
        minutes = whole(raw.get("minutes", 0), 0, YEAR, path, words)
        at = clock_time(raw["at"], path) if "at" in raw else None
        weekdays = days_of_week(raw.get("weekdays", []), path)
        if not minutes and at is None and not weekdays:
            raise PlanError(path, words)
        zone = raw.get("zone", "customer")
        if not is_one_of(zone, {"customer", "project"}):
            raise PlanError(path, _("The hour is the customer's, or the project's."))
        return Wait(key, minutes, at, weekdays, zone, path=path)

    # --- ways -----------------------------------------------------------------

    def _branch(self, key: str, raw: dict[str, Any], path: Path, depth: int) -> Branch:
        rule, deed, of = None, None, ""
        if ("rule" in raw) == ("did" in raw):
            raise PlanError(path, _("Say of whom the branch asks what."))
        if "rule" in raw:
            rule = self._rule(raw["rule"], (*path, "rule"))
        else:
            deed, of = self._deed(raw["did"], path)
        yes = self.steps(raw.get("yes", []), (*path, "yes"), depth + 1)
        no = self.steps(raw.get("no", []), (*path, "no"), depth + 1)
        never = None
        if "never" in raw:
            if deed not in {"opened", "clicked"}:
                raise PlanError(path, _("Only a message can be one that somebody never got."))
            never = self.steps(raw["never"], (*path, "never"), depth + 1)
        if not yes and not no and not never:
            raise PlanError(path, _("A branch needs a step on one of its ways."))
        return Branch(key, rule, deed, of, yes, no, never, path=path)

    def _rule(self, raw: Any, path: Path) -> Any:
        if self.known.is_open:
            return raw
        try:
            rule_tree.parse(raw, self.known.rules)
        except RuleError as problem:
            raise PlanError(
                (*path, *problem.path), _("The branch's condition: %(problem)s"), problem=problem
            ) from problem
        return raw

    def _deed(self, raw: Any, path: Path) -> tuple[Any, str]:
        deed, of = (raw.get("deed"), raw.get("step")) if isinstance(raw, dict) else (None, None)
        if not is_one_of(deed, DEEDS):
            raise PlanError(path, _("Say of whom the branch asks what."))
        wanted = "task" if deed == "done" else "message"
        if not isinstance(of, str) or self.seen.get(of) != wanted:
            raise PlanError(path, _("A branch asks about a step that comes before it."))
        return deed, of

    def _split(self, key: str, raw: dict[str, Any], path: Path, depth: int) -> Split:
        arms = raw.get("arms")
        if not isinstance(arms, list) or not 2 <= len(arms) <= MOST_ARMS:
            raise PlanError(path, _("A split has 2 to %(most)s ways."), most=MOST_ARMS)
        found = []
        for at, one in enumerate(arms):
            inner = (*path, "arms", at)
            name = self._name(one, {"key", "weight", "steps"}, inner)
            steps = self.steps(one.get("steps", []), (*inner, "steps"), depth + 1)
            found.append(Arm(name, self._weight(one, inner), steps))
        self._require_different([one.key for one in found], path)
        return Split(key, tuple(found), path=path)

    # --- work for people ------------------------------------------------------

    def _task(self, key: str, raw: dict[str, Any], path: Path, depth: int) -> Task:
        title = raw.get("title")
        if not isinstance(title, str) or not 0 < len(title.strip()) <= 160:
            raise PlanError(path, _("Say what is to be done."))
        owner, team = raw.get("owner"), raw.get("team")
        if owner is None and team is None:
            raise PlanError(path, _("Say who is to do it."))
        if owner is not None and not is_one_of(owner, self.known.staff):
            raise PlanError(path, _("Whoever is to do it does not work here any more."))
        if team is not None and not is_one_of(team, self.known.teams):
            raise PlanError(path, _("There is no such team."))
        plan, each = raw.get("plan", ""), raw.get("each", True)
        if not isinstance(plan, str) or len(plan) > 2000 or not isinstance(each, bool):
            raise PlanError(path, _("Say what is to be done."))
        days = whole(raw.get("days", 3), 0, 366, path, _("It is due in 0 to 366 days."))
        duty = raw.get("duty", "")
        if duty not in ("", *DUTIES):
            raise PlanError(path, _("There is no such kind of work."))
        return Task(key, title.strip(), days, plan, owner, team, each, duty, path=path)

    # --- parts ----------------------------------------------------------------

    def _name(self, raw: Any, keys: set[str], path: Path) -> str:
        if not isinstance(raw, dict):
            raise PlanError(path, _("A way belongs here."))
        no_other_keys(raw, keys, path)
        name = raw.get("key")
        if not isinstance(name, str) or not KEY.fullmatch(name):
            raise PlanError(path, _("A way's name has 1 to 16 small letters, digits, - and _."))
        return name

    def _weight(self, raw: dict[str, Any], path: Path) -> int:
        return whole(raw.get("weight"), 1, 1000, path, _("A weight is 1 to 1,000."))

    def _require_different(self, keys: list[str], path: Path) -> None:
        if len(set(keys)) < len(keys):
            raise PlanError(path, _("Each way needs a name of its own."))


KEYS: dict[str, set[str]] = {
    "message": {"channel", "template", "variants", "coupon", "expires", "second", "winner"},
    "wait": {"minutes", "at", "weekdays", "zone"},
    "branch": {"rule", "did", "yes", "no", "never"},
    "split": {"arms"},
    "task": {"title", "plan", "owner", "team", "days", "each", "duty"},
    "exit": set(),
}
KINDS = tuple(KEYS)


def no_other_keys(raw: dict[str, Any], known: set[str], path: Path) -> None:
    """Refuse what is misspelt rather than pass over it."""
    for key in raw:
        if key not in known:
            raise PlanError(path, _("“%(key)s” means nothing here."), key=str(key)[:40])


def is_one_of(raw: Any, known: Container[Any]) -> bool:
    """Whether it is a text or a number that there is; true is no number."""
    return isinstance(raw, str | int) and not isinstance(raw, bool) and raw in known


def whole(raw: Any, least: int, most: int, path: Path, words: str) -> int:
    """A whole number between two, or the refusal in these words."""
    if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
        raise PlanError(path, words)
    return raw


def clock_time(raw: Any, path: Path) -> dt.time:
    """An hour and a minute, as “10:30”."""
    try:
        if isinstance(raw, str) and re.fullmatch(r"\d\d:\d\d", raw, re.ASCII):
            return dt.time.fromisoformat(raw)
    except ValueError:
        pass
    raise PlanError(path, _("A time of day is written as 10:30."))


def days_of_week(raw: Any, path: Path) -> tuple[int, ...]:
    """Weekdays, 1 for Monday to 7 for Sunday."""
    words = _("Weekdays are 1 for Monday to 7 for Sunday.")
    if not isinstance(raw, list):
        raise PlanError(path, words)
    return tuple(sorted({whole(one, 1, 7, path, words) for one in raw}))
