"""How good forecasts were: how often what came lay within the bounds, and how far off it was."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from campaigns.precedents.forecast import WHAT, Line, What

# Of a good forecast so many lie within its bounds; see `campaigns.precedents.outlook`.
PROMISED = 0.8
FEW = 5  # forecasts of which nobody can say whether they are good


@dataclass(frozen=True)
class Skill:
    """Of one thing that was forecast: how many times, and how that went."""

    what: What
    count: int
    inside: int
    below: int
    above: int
    ratio: float | None  # the median of what came by what was expected

    @property
    def share(self) -> float:
        return self.inside / self.count

    @property
    def is_few(self) -> bool:
        return self.count < FEW

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def of(forecasts: Iterable[Sequence[Line]]) -> list[Skill]:
    """Of each thing that was expected with bounds, and then came."""
    settled: dict[What, list[Line]] = {}
    for lines in forecasts:
        for line in lines:
            if line.verdict != "open":
                settled.setdefault(line.what, []).append(line)
    return [_skill(what, settled[what]) for what in WHAT if what in settled]


def _skill(what: What, lines: Sequence[Line]) -> Skill:
    verdicts = [line.verdict for line in lines]
    ratios = [line.ratio for line in lines if line.ratio is not None]
    return Skill(
        what,
        len(lines),
        verdicts.count("inside"),
        verdicts.count("below"),
        verdicts.count("above"),
        median(ratios) if ratios else None,
    )
