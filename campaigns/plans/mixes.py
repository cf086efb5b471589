"""A plan that tries how often, and through which channel, customers are best written to."""

from collections.abc import Iterable, Mapping
from typing import Any

from campaigns.plans.nodes import PlanError
from campaigns.plans.tree import MOST_ARMS, MOST_STEPS
from segments.rules.nodes import gettext_noop as _

KEY = "mix"  # of the split
TOO_MUCH = _("That is too much for one plan: choose fewer weeks or frequencies.")
WEEK = 7 * 24 * 60  # minutes


def plan(words: Mapping[str, int], times: Iterable[int], weeks: int) -> list[dict[str, Any]]:
    """Every channel with every frequency, to as many customers each; all take as long.

    `words` is a template for each channel, `times` how often a week.

    Raises:
        PlanError: there is nothing to compare, or too much for one plan.
    """
    often = sorted(set(times))
    cells = [(channel, one) for channel in words for one in often]
    if len(cells) < 2:
        raise PlanError((), _("Choose two channels or two frequencies at least."))
    if len(cells) > MOST_ARMS or 1 + sum(2 * one * weeks for _channel, one in cells) > MOST_STEPS:
        raise PlanError((), TOO_MUCH)
    arms = [
        {
            "key": f"{channel}_{one}",
            "weight": 1,
            "steps": _steps(f"c{at}", channel, words[channel], one, weeks),
        }
        for at, (channel, one) in enumerate(cells)
    ]
    return [{"key": KEY, "kind": "split", "arms": arms}]


def _steps(
    prefix: str, channel: str, template: int, often: int, weeks: int
) -> list[dict[str, Any]]:
    """So many messages a week, at even distances, and the time behind the last one."""
    found: list[dict[str, Any]] = []
    for number in range(often * weeks):
        message = {"key": f"{prefix}m{number}", "kind": "message", "channel": channel}
        found += [
            message | {"template": template},
            {"key": f"{prefix}w{number}", "kind": "wait", "minutes": WEEK // often},
        ]
    return found
