"""What a policy says, read and asked: which facts it is for, and whose yes each step needs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_STEPS, MOST_QUORUM = 5, 9
PRECEDENTS = ("", "with", "without")
WHO = ("role", "staff", "lead")


@dataclass(frozen=True)
class Facts:
    """What is known of a request. Unknown is None, and satisfies no condition that asks for it."""

    kind: str = ""  # app.model of what is to be approved
    amount_minor: int | None = None
    audience: int | None = None
    discount_share: float | None = None  # the deepest, 0 to 1
    channels: Sequence[str] = ()
    layers: Sequence[str] = ()
    role: str = ""  # the requester's
    team: int | None = None
    has_precedent: bool | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class When:
    """The conditions of a policy; an empty one holds always. Ranges are from … to below …."""

    kinds: Sequence[str] = ()
    amount: Sequence[int | None] = (None, None)
    audience: Sequence[int | None] = (None, None)
    discount: Sequence[float | None] = (None, None)
    channels: Sequence[str] = ()
    layers: Sequence[str] = ()
    roles: Sequence[str] = ()
    teams: Sequence[int] = ()
    precedent: str = ""

    def misses(self, facts: Facts) -> list[str]:
        """The conditions that do not hold, by name; empty when it is for these facts."""
        holds = {
            "kinds": _one_of(self.kinds, facts.kind),
            "amount": _within(self.amount, facts.amount_minor),
            "audience": _within(self.audience, facts.audience),
            "discount": _within(self.discount, facts.discount_share),
            "channels": _any_of(self.channels, facts.channels),
            "layers": _any_of(self.layers, facts.layers),
            "roles": _one_of(self.roles, facts.role),
            "teams": _one_of(self.teams, facts.team),
            "precedent": not self.precedent or facts.has_precedent is (self.precedent == "with"),
        }
        return [name for name, held in holds.items() if not held]


@dataclass(frozen=True)
class Step:
    """Whose yes is needed, and from how many of them."""

    who: str
    roles: Sequence[str] = ()
    staff: Sequence[int] = ()
    quorum: int = 1


@dataclass(frozen=True)
class Policy:
    """A policy as it was at one version. Without steps nobody may say yes."""

    when: When = field(default_factory=When)
    steps: Sequence[Step] = ()
    expires_hours: int | None = None
    remind_hours: int | None = None
    business_hours: bool = False  # the hours above are counted in them alone

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read(content: Mapping[str, Any]) -> Policy:
    """A policy from the JSON in which it is kept."""
    return Policy(
        when=When(**content.get("when", {})),
        steps=[Step(**one) for one in content.get("steps", [])],
        expires_hours=content.get("expires_hours"),
        remind_hours=content.get("remind_hours"),
        business_hours=content.get("business_hours", False),
    )


def mistakes(policy: Policy) -> list[str]:
    """Names of what makes no sense in it."""
    ranges = (policy.when.amount, policy.when.audience, policy.when.discount)
    found = {
        "steps": not 0 < len(policy.steps) <= MOST_STEPS,
        "step": not all(_is_sane(step) for step in policy.steps),
        "range": not all(_is_range(*one) for one in ranges),
        "precedent": policy.when.precedent not in PRECEDENTS,
        "hours": any(
            hours is not None and not 0 < hours <= 2400
            for hours in (policy.expires_hours, policy.remind_hours)
        ),
    }
    return [name for name, is_wrong in found.items() if is_wrong]


def _is_sane(step: Step) -> bool:
    named = {"role": bool(step.roles), "staff": bool(step.staff), "lead": True}
    most = {"role": MOST_QUORUM, "staff": len(step.staff), "lead": 1}
    return step.who in WHO and named[step.who] and 1 <= step.quorum <= most[step.who]


def _is_range(since: float | None, until: float | None) -> bool:
    return since is None or until is None or since < until


def _within(limits: Sequence[float | None], value: float | None) -> bool:
    since, until = limits
    if since is None and until is None:
        return True
    if value is None:
        return False
    return (since is None or value >= since) and (until is None or value < until)


def _one_of(wanted: Sequence[Any], value: Any) -> bool:
    return not wanted or value in wanted


def _any_of(wanted: Sequence[str], values: Sequence[str]) -> bool:
    return not wanted or bool(set(wanted) & set(values))
