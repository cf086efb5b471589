"""A contact policy as it is kept: read from JSON and written into it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from campaigns.policy.nodes import (
    ACTIONS,
    DEFER,
    DOWNGRADE,
    HOLIDAYS,
    HOURS,
    IMPORTANT,
    OURS,
    SILENT,
    USUAL,
    WEEKENDS_TOO,
    WINDOWS,
    Cap,
    Hours,
    Policy,
    PolicyError,
    Way,
)

MOST, LONGEST_HOURS, LONGEST_DAYS = 1_000, 24 * 31, 3_650


def parse(raw: Any) -> Policy:
    """The policy that JSON says.

    Raises:
        PolicyError: says which part is wrong.
    """
    if not isinstance(raw, Mapping):
        raise PolicyError("a policy is an object")
    ways = {channel: _way(channel, one) for channel, one in _object(raw, "ways").items()}
    return Policy(
        caps=_caps(raw.get("caps", [])),
        quiet=_hours(raw, "quiet"),
        days_off=_one_of(raw, "days_off", (USUAL, HOURS, SILENT), USUAL),
        which_days=_one_of(raw, "which_days", (HOLIDAYS, WEEKENDS_TOO), HOLIDAYS),
        quiet_off=_hours(raw, "quiet_off"),
        country=str(raw.get("country", "CN"))[:8],
        ways=ways,
        important_from=_number(raw, "important_from", IMPORTANT, 0, 100),
        longest_wait=dt.timedelta(hours=_number(raw, "longest_wait_hours", 72, 0, LONGEST_HOURS)),
        complaint_days=_number(raw, "complaint_days", 90, 0, LONGEST_DAYS),
    )


def written(policy: Policy) -> dict[str, Any]:
    """The JSON that `parse` reads."""
    return {
        "caps": [
            {
                "most": cap.most,
                "window": cap.window,
                "channel": cap.channel,
                "stage": cap.stage,
                "reserved": cap.reserved,
            }
            for cap in policy.caps
        ],
        "quiet": _written_hours(policy.quiet),
        "days_off": policy.days_off,
        "which_days": policy.which_days,
        "quiet_off": _written_hours(policy.quiet_off),
        "country": policy.country,
        "ways": {channel: written_way(way) for channel, way in sorted(policy.ways.items())},
        "important_from": policy.important_from,
        "longest_wait_hours": policy.longest_wait // dt.timedelta(hours=1),
        "complaint_days": policy.complaint_days,
    }


def _caps(raw: Any) -> tuple[Cap, ...]:
    if not isinstance(raw, list):
        raise PolicyError("caps: a list")
    found = tuple(_cap(one) for one in raw)
    places = [(cap.channel, cap.window, cap.stage) for cap in found]
    if len(set(places)) < len(places):
        raise PolicyError("caps: two of the same channel, window and stage")
    return found


def _cap(raw: Any) -> Cap:
    if not isinstance(raw, Mapping):
        raise PolicyError("caps: each is an object")
    most = _number(raw, "most", None, 0, MOST)
    return Cap(
        most=most,
        window=_one_of(raw, "window", WINDOWS, ""),
        channel=_text(raw, "channel"),
        stage=_text(raw, "stage"),
        reserved=_number(raw, "reserved", 0, 0, most),
    )


def _way(channel: str, raw: Any) -> Way:
    if not isinstance(raw, Mapping):
        raise PolicyError(f"ways.{channel}: an object")
    way = Way(
        when_capped=_one_of(raw, "when_capped", ACTIONS, DEFER),
        when_quiet=_one_of(raw, "when_quiet", ACTIONS, DEFER),
        when_barred=_one_of(raw, "when_barred", ACTIONS[1:], ACTIONS[1]),
        lower=_text(raw, "lower"),
        keeps_quiet=_yes(raw, "keeps_quiet", True),
        needs_consent=_yes(raw, "needs_consent", channel not in OURS),
    )
    downgrades = DOWNGRADE in {way.when_capped, way.when_quiet, way.when_barred}
    if way.lower == channel or (downgrades and not way.lower):
        raise PolicyError(f"ways.{channel}: which other channel it is downgraded to")
    return way


def written_way(way: Way) -> dict[str, Any]:
    return {
        "when_capped": way.when_capped,
        "when_quiet": way.when_quiet,
        "when_barred": way.when_barred,
        "lower": way.lower,
        "keeps_quiet": way.keeps_quiet,
        "needs_consent": way.needs_consent,
    }


def _hours(raw: Mapping[str, Any], name: str) -> Hours | None:
    found = raw.get(name)
    if found is None:
        return None
    try:
        hours = Hours(dt.time.fromisoformat(found["from"]), dt.time.fromisoformat(found["until"]))
    except (KeyError, TypeError, ValueError) as problem:
        raise PolicyError(f"{name}: from and until, such as 22:00") from problem
    if hours.since == hours.until:
        raise PolicyError(f"{name}: from and until differ")
    return hours


def _written_hours(hours: Hours | None) -> dict[str, str] | None:
    if hours is None:
        return None
    return {"from": f"{hours.since:%H:%M}", "until": f"{hours.until:%H:%M}"}


def _object(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, Mapping):
        raise PolicyError(f"{name}: an object")
    return found


def _one_of(raw: Mapping[str, Any], name: str, offered: tuple[str, ...], usual: str) -> str:
    found = raw.get(name, usual)
    if found not in offered:
        raise PolicyError(f"{name}: one of {', '.join(offered)}")
    return str(found)


def _number(raw: Mapping[str, Any], name: str, usual: int | None, least: int, most: int) -> int:
    found = raw.get(name, usual)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise PolicyError(f"{name}: a whole number from {least} to {most}")
    return found


def _text(raw: Mapping[str, Any], name: str) -> str:
    found = raw.get(name, "")
    if not isinstance(found, str) or len(found) > 50:
        raise PolicyError(f"{name}: a short text")
    return found


def _yes(raw: Mapping[str, Any], name: str, usual: bool) -> bool:
    found = raw.get(name, usual)
    if not isinstance(found, bool):
        raise PolicyError(f"{name}: true or false")
    return found
