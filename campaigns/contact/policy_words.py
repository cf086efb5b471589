"""A contact policy in sentences, in the reader's language."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaigns.models import MessageTemplate
from campaigns.policy.nodes import (
    DAY,
    DEFER,
    DOWNGRADE,
    DROP,
    HOLIDAYS,
    HOURS,
    MONTH,
    SILENT,
    USUAL,
    WEEK,
    WEEKENDS_TOO,
    Cap,
    Hours,
    Policy,
    Way,
)
from segments.models import Stage

CHANNELS: dict[str, Any] = dict(MessageTemplate.Channel.choices)
WINDOWS: dict[str, Any] = {
    DAY: pgettext_lazy("cap", "a day"),
    WEEK: pgettext_lazy("cap", "a week"),
    MONTH: pgettext_lazy("cap", "a month"),
}
ACTIONS: dict[str, Any] = {
    DEFER: gettext_lazy("wait"),
    DROP: gettext_lazy("drop"),
    DOWNGRADE: gettext_lazy("another channel"),
}
DAYS_OFF: dict[str, Any] = {
    USUAL: gettext_lazy("as on other days"),
    HOURS: gettext_lazy("other quiet hours"),
    SILENT: gettext_lazy("nothing all day"),
}
WHICH_DAYS: dict[str, Any] = {
    HOLIDAYS: gettext_lazy("public holidays"),
    WEEKENDS_TOO: gettext_lazy("public holidays and weekends"),
}


def stage_names() -> dict[str, str]:
    """The stages of the default set, which caps can be for."""
    stages = Stage.objects.filter(stage_set__is_default=True, retired_at=None)
    return {stage.key: str(stage) for stage in stages.order_by("position")}


def sentences(policy: Policy) -> list[str]:
    """What it says, most important first; never empty."""
    stages = stage_names() if any(one.stage for one in policy.caps) else {}
    found = [cap(one, stages) for one in policy.caps]
    found += [*_quiet(policy), *_ways(policy)]
    if not found:
        return [_("Nothing is limited.")]
    hours = policy.longest_wait // dt.timedelta(hours=1)
    wait = ngettext(
        "What waited for %(n)d hour is dropped.", "What waited for %(n)d hours is dropped.", hours
    )
    return [*found, wait % {"n": hours}, _complaint(policy.complaint_days)]


def cap(one: Cap, stages: Mapping[str, str] | None = None) -> str:
    """A cap in words; the names of stages are asked for if they are not given."""
    said = _("At most %(most)d %(window)s (%(channel)s)") % {
        "most": one.most,
        "window": WINDOWS[one.window],
        "channel": CHANNELS.get(one.channel, one.channel) if one.channel else _("all channels"),
    }
    if one.stage:
        named = stage_names() if stages is None else stages
        said += " · " + _("stage %(stage)s") % {"stage": named.get(one.stage, one.stage)}
    if one.reserved:
        kept = {"count": one.reserved}
        said += " · " + _("%(count)d of them only for important campaigns") % kept
    return said


def _quiet(policy: Policy) -> Iterator[str]:
    if policy.quiet:
        yield _("Quiet %(hours)s by the customer's clock") % {"hours": _hours(policy.quiet)}
    if policy.days_off == USUAL:
        return
    days = {"days": WHICH_DAYS[policy.which_days], "country": policy.country}
    if policy.days_off == SILENT:
        yield _("Nothing on %(days)s (%(country)s)") % days
    elif policy.quiet_off:
        hours = {"hours": _hours(policy.quiet_off)}
        yield _("Quiet %(hours)s on %(days)s (%(country)s)") % (days | hours)
    else:
        yield _("No quiet hours on %(days)s (%(country)s)") % days


def _hours(hours: Hours) -> str:
    return f"{hours.since:%H:%M}–{hours.until:%H:%M}"


def _ways(policy: Policy) -> Iterator[str]:
    for channel, way in sorted(policy.ways.items()):
        parts = list(_way(way))
        if parts:
            named = CHANNELS.get(channel, channel)
            yield _("%(channel)s: %(what)s") % {"channel": named, "what": " · ".join(parts)}


def _way(way: Way) -> Iterator[str]:
    """What is other than usual."""
    lower = CHANNELS.get(way.lower, way.lower)
    for action, usual, what in (
        (way.when_capped, DEFER, _("over a cap")),
        (way.when_quiet, DEFER, _("in quiet hours")),
        (way.when_barred, DROP, _("when it cannot reach somebody")),
    ):
        if action != usual:
            yield f"{what} → {lower if action == DOWNGRADE else ACTIONS[action]}"
    if not way.keeps_quiet:
        yield _("at any hour")
    if not way.needs_consent:
        yield _("without consent")


def _complaint(days: int) -> str:
    if not days:
        return _("After a spam report no marketing is sent until somebody lifts the pause.")
    return ngettext(
        "After a spam report no marketing is sent for %(n)d day.",
        "After a spam report no marketing is sent for %(n)d days.",
        days,
    ) % {"n": days}
