"""Who came back because of a playbook: against its control, and for how much.

Everybody whose turn it was counts, whether or not a message reached them, from the day after.
Whoever is active on one of the seven days after coming back has stayed.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from pyroaring import BitMap

from campaigns.models import Play, Playbook, PlayResult, Turn
from metrics import effects, history
from metrics.stats import differences
from metrics.stats.samples import Proportion
from segments import activity, bitmaps

DAY = dt.timedelta(days=1)
STAYS = 7  # days after coming back, on one of which they are active again
Days = Mapping[dt.date, BitMap]


def compute_all() -> int:
    """Measure every playbook that was ever started; how many plays that were."""
    started = Playbook.objects.filter(started_at__isnull=False)
    return sum(compute(playbook) for playbook in started)


def compute(playbook: Playbook) -> int:
    """Measure each of its plays up to the last closed day."""
    turns = list(Turn.objects.filter(play__playbook=playbook).order_by("day"))
    last = history.last_closed_day()
    woke, active = _days(playbook, turns, last)
    plays = list(playbook.plays.select_related("campaign"))
    whole = Counter[str]()
    for play in plays:
        mine = [one for one in turns if one.play_id == play.pk]
        treated = [(one.day, one.members) for one in mine]
        control = [(one.day, one.control) for one in mine]
        back = came_back(treated, woke, playbook.wake_days)
        followed, stayed = stays(back, active, last)
        counts = {
            "treated": _people(treated),
            "woken": sum(map(len, back.values())),
            "control": _people(control),
            "control_woken": sum(map(len, came_back(control, woke, playbook.wake_days).values())),
            "followed": followed,
            "stayed": stayed,
            "cost_minor": effects.cost(play.campaign),
        }
        _write(playbook, play, counts, last)
        whole.update(counts)
    _write(playbook, None, whole, last)
    return len(plays)


def _write(playbook: Playbook, play: Play | None, counts: Mapping[str, int], last: dt.date) -> None:
    found = differences.proportions(
        Proportion(counts.get("control", 0), counts.get("control_woken", 0)),
        Proportion(counts.get("treated", 0), counts.get("woken", 0)),
    )
    bounds = {
        "lift": found.effect,
        "lift_low": found.interval.low if found.interval else None,
        "lift_high": found.interval.high if found.interval else None,
    }
    PlayResult.objects.update_or_create(
        playbook=playbook, play=play, defaults={**counts, **bounds, "as_of": last}
    )


def came_back(
    turns: Sequence[tuple[dt.date, BitMap]], woke: Days, counted: int
) -> dict[dt.date, BitMap]:
    """Who came back on which day for the first time, within so many days of their first turn."""
    found: dict[dt.date, BitMap] = {}
    seen = BitMap()
    for day, members in turns:
        waiting = members - seen
        seen |= members
        for number in range(1, counted + 1):
            if not waiting:
                break
            at = day + number * DAY
            if back := waiting & woke.get(at, BitMap()):
                found[at] = found.get(at, BitMap()) | back
                waiting -= back
    return found


def stays(back: Days, active: Days, last: dt.date) -> tuple[int, int]:
    """Of those whose seven days after coming back are over: how many, and how many stayed."""
    followed = stayed = 0
    for day, members in back.items():
        if day + STAYS * DAY > last:
            continue
        after = [active.get(day + number * DAY, BitMap()) for number in range(1, STAYS + 1)]
        followed += len(members)
        stayed += len(members & bitmaps.union(after))
    return followed, stayed


def _people(turns: Sequence[tuple[dt.date, BitMap]]) -> int:
    return len(bitmaps.union([members for _day, members in turns]))


def _days(playbook: Playbook, turns: Sequence[Turn], last: dt.date) -> tuple[Days, Days]:
    """By day who did what counts as coming back, and who was active."""
    if not turns:
        return {}, {}
    first = turns[0].day + DAY
    if first > last:
        return {}, {}
    active = activity.daily_active(first, last)
    if not playbook.wake_event:
        return active, active
    days = (first + number * DAY for number in range((last - first).days + 1))
    return {day: activity.did_any([playbook.wake_event], day, day) for day in days}, active
