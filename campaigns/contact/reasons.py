"""Why a message did not leave, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.channels import base, http, kinds, note, outside, sms_aliyun
from campaigns.models import ContactHold, Exclusion
from segments import consent

SHORT: dict[str, Any] = {
    **{reason.value: reason.label for reason in Exclusion.Reason},
    "merged": gettext_lazy("merged with another customer"),
    "left": gettext_lazy("left the plan before it was sent"),
    "cancelled": gettext_lazy("the campaign was cancelled"),
    "once": gettext_lazy("the group was told once for all"),
    "no_coupon": gettext_lazy("no coupon was left"),
    "no_money": gettext_lazy("the approved budget is spent"),
    "other_play": gettext_lazy("a more urgent play fits"),
    "resting": gettext_lazy("got a play not long ago"),
    "budget": gettext_lazy("the budget is used up"),
    "full": gettext_lazy("as many came in as were approved"),
    "full_today": gettext_lazy("as many came in that day as were approved"),
    "erased": gettext_lazy("erased on request"),
    "quiet": gettext_lazy("quiet hours"),
    "day_off": gettext_lazy("a day off"),
    "expired": gettext_lazy("too late to make sense"),
    **{reason.value: reason.label for reason in ContactHold.Reason},
}
UNKNOWN = base.gettext_noop("the provider does not know it")  # asked of a held message
CAP = "cap:"  # then the channel, perhaps none, and the window of a cap that was full
WINDOWS: dict[str, Any] = {
    "day": gettext_lazy("enough messages this day"),
    "week": gettext_lazy("enough messages this week"),
    "month": gettext_lazy("enough messages this month"),
}
SENTENCES = {
    base.LOST,
    base.STOPPED,
    base.BAD_ADDRESS,
    base.BAD_HEADER,
    http.UNREADABLE,
    note.BAD_PHONE,
    outside.PRIVATE,
    UNKNOWN,
    note.EMPTY,
    note.TOO_LONG,
    sms_aliyun.NO_TEMPLATE,
    kinds.MISSING,
    kinds.NO_URL,
    kinds.NO_NUMBER,
    kinds.NOT_OFFERED,
    kinds.CANNOT_READ,
}


def said(reason: str) -> str:
    """A reason as it is kept with a message: one of ours, or a mail server's own words."""
    if reason in SHORT:
        return str(SHORT[reason])
    if reason.startswith(CAP):
        return _cap(*reason.split(":")[1:3])
    ours, colon, detail = reason.partition(": ")
    if ours not in SENTENCES:
        return reason
    if not colon:
        return _(ours)
    return _("%(what)s (%(detail)s)") % {"what": _(ours), "detail": detail}


def _cap(channel: str, window: str) -> str:
    """A full cap in words, with the channel if it is one channel's."""
    what = str(WINDOWS.get(window, window))
    if not channel:
        return what
    named = consent.CHANNELS.get(channel, channel)
    return _("%(what)s (%(detail)s)") % {"what": what, "detail": named}
