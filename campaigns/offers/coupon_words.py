"""What a coupon promises, in a sentence."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import CouponBatch
from console import figures

HOUR, DAY = 60, 60 * 24


def gives(batch: CouponBatch, currency: str) -> str:
    """What one gets: “¥20.00 off”, “10% off, at most ¥50.00”, “Trial lesson”."""
    if batch.kind == CouponBatch.Kind.GIFT:
        return batch.gift
    if batch.kind == CouponBatch.Kind.VALUE:
        return _("%(amount)s off") % {"amount": figures.money(batch.value_minor, currency)}
    said = _("%(share)s off") % {"share": figures.share((batch.percent or 0) / 100, digits=0)}
    if batch.most_minor is None:
        return said
    most = {"off": said, "amount": figures.money(batch.most_minor, currency)}
    return _("%(off)s, at most %(amount)s") % most


def lasts(batch: CouponBatch) -> str:
    """For how long: “15 minutes”, “3 days”, “until …”."""
    time = duration(batch.valid_minutes) if batch.valid_minutes else ""
    if not batch.ends_at:
        return time
    moment = date_format(localtime(batch.ends_at), "Y-m-d H:i")
    if not time:
        return _("until %(moment)s") % {"moment": moment}
    return _("%(time)s, at the latest until %(moment)s") % {"time": time, "moment": moment}


def duration(minutes: int) -> str:
    """Minutes in the largest unit that says them whole."""
    if minutes % DAY == 0:
        return ngettext("%(n)d day", "%(n)d days", minutes // DAY) % {"n": minutes // DAY}
    if minutes % HOUR == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // HOUR) % {"n": minutes // HOUR}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def terms(batch: CouponBatch, currency: str) -> str:
    """Everything that it promises."""
    parts = [gives(batch, currency)]
    if batch.floor_minor:
        floor = figures.money(batch.floor_minor, currency)
        parts.append(_("for orders from %(amount)s") % {"amount": floor})
    return " · ".join([*parts, lasts(batch)])
