"""What acquisition costs: entered, read from files, and taken back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from console import audit, clock, kept_words, roles
from console.models import Staff
from console.states import NotAllowed
from metrics import library
from metrics.models import Channel, Spend, SpendImport
from metrics.shipped_channels import SHIPPED, ShippedChannel
from metrics.stats import acquisition

ACTION = "spend.change"
MOST_DAYS, MOST_MINOR = 366, 10**15
MOST_CHANNELS = 200


@dataclass(frozen=True)
class Row:
    """One amount of a file: for a day and a channel, or without a channel."""

    line: int
    day: dt.date
    channel: Channel | None
    amount_minor: int
    note: str = ""


@transaction.atomic
def enter(
    *,
    since: dt.date,
    until: dt.date,
    channel: Channel | None,
    amount_minor: int,
    by: Staff,
    note: str = "",
    campaign: Campaign | None = None,
) -> list[Spend]:
    """Book an amount on a day, or in equal parts on the days of a period.

    Raises:
        NotAllowed: the role may not, or it makes no sense.
    """
    roles.require(by, ACTION)
    days = (until - since).days + 1
    if not 1 <= days <= MOST_DAYS:
        raise NotAllowed(_("The period ends before it begins, or is longer than a year."))
    if not clock.is_near(since) or until > clock.today():
        raise NotAllowed(_("Only what was spent already can be entered."))
    if not amount_minor or abs(amount_minor) > MOST_MINOR:
        raise NotAllowed(_("Write an amount that is not nought."))
    source = Spend.Source.CAMPAIGN if campaign else Spend.Source.ENTERED
    rows = [
        Spend(
            day=since + dt.timedelta(days=number),
            channel=channel,
            amount_minor=part,
            source=source,
            note=note.strip()[:200],
            campaign=campaign,
            by=by,
        )
        for number, part in enumerate(acquisition.split(amount_minor, days))
        if part
    ]
    Spend.objects.bulk_create(rows)
    audit.log(
        "spend.entered",
        channel,
        by=by,
        since=since,
        until=until,
        amount_minor=amount_minor,
        note=note,
    )
    return rows


@transaction.atomic
def remove(entry: Spend, *, by: Staff) -> None:
    """Take one entry back."""
    roles.require(by, ACTION)
    if entry.file_id:
        raise NotAllowed(_("This came with a file; take the file back as a whole."))
    if entry.source == Spend.Source.COUPONS:
        raise NotAllowed(_("This is what redeemed coupons cost; reverse the redemption instead."))
    if entry.source in Spend.POSTED:
        raise NotAllowed(_("A campaign spent this out of its budget: its ledger says it."))
    audit.log(
        "spend.removed", entry, by=by, amount_minor=entry.amount_minor, channel=entry.channel_id
    )
    entry.delete()


@transaction.atomic
def book(rows: Sequence[Row], *, name: str, by: Staff) -> SpendImport:
    """Book everything that a file says, at once.

    Raises:
        NotAllowed: the role may not, or there is nothing in it.
    """
    roles.require(by, ACTION)
    if not rows:
        raise NotAllowed(_("There is no row in this file that could be booked."))
    file = SpendImport.objects.create(
        name=name[:200],
        entries=len(rows),
        amount_minor=sum(row.amount_minor for row in rows),
        by=by,
    )
    Spend.objects.bulk_create(
        [
            Spend(
                day=row.day,
                channel=row.channel,
                amount_minor=row.amount_minor,
                source=Spend.Source.IMPORTED,
                note=row.note[:200],
                file=file,
                by=by,
            )
            for row in rows
        ],
        batch_size=2_000,
    )
    audit.log("spend.imported", file, by=by, entries=len(rows), amount_minor=file.amount_minor)
    return file


@transaction.atomic
def take_back(file: SpendImport, *, by: Staff) -> int:
    """Take back all that a file brought; how many entries that were.

    Raises:
        NotAllowed: the role may not, or it was taken back already.
    """
    roles.require(by, ACTION)
    kept = SpendImport.objects.select_for_update().get(pk=file.pk)
    if kept.taken_back_at is not None:
        raise NotAllowed(_("This file was taken back already."))
    gone, _by_model = Spend.objects.filter(file=kept).delete()
    kept.taken_back_at = timezone.now()
    kept.save(update_fields=["taken_back_at"])
    audit.log("spend.taken_back", kept, by=by, entries=gone)
    return gone


# --- channels -------------------------------------------------------------------


@transaction.atomic
def save_channel(
    channel: Channel | None, *, name: str, words: Sequence[str], cap_minor: int | None, by: Staff
) -> Channel:
    """Make or change a channel; customers follow its words with the next measuring.

    Raises:
        NotAllowed: the role may not, or the name or a word is taken.
    """
    roles.require(by, ACTION)
    library.alone()  # two channels never come to stand for the same word
    name = name.strip()
    others = Channel.objects.exclude(pk=channel.pk) if channel else Channel.objects.all()
    called = {half for one in others for half in kept_words.halves(one.name)}
    if not name or len(name) > 80 or kept_words.halves(name) & called:
        raise NotAllowed(_("Give the channel a name of its own, of up to 80 characters."))
    if channel is None and others.count() >= MOST_CHANNELS:
        raise NotAllowed(_("There are %(most)d channels already.") % {"most": MOST_CHANNELS})
    tidy = list(dict.fromkeys(word.strip().lower()[:60] for word in words if word.strip()))
    for other in others:
        theirs = {other.key.lower(), *kept_words.halves(other.name), *other.words}
        taken = theirs & {*tidy, *kept_words.halves(name)}
        if taken:
            words_ = _("“%(word)s” stands for the channel “%(channel)s” already.")
            raise NotAllowed(words_ % {"word": min(taken), "channel": other})
    channel = channel or Channel(key=_key(name))
    # What ships has a name in both languages, of which one sees and sends a half.
    if name.lower() not in kept_words.halves(channel.name):
        channel.name = name
    channel.words, channel.cap_minor = tidy, cap_minor
    channel.save()
    audit.log("channel.saved", channel, by=by, words=tidy, cap_minor=cap_minor)
    return channel


@transaction.atomic
def take_channels(*, by: Staff) -> list[Channel]:
    """The field's channels (R40, R171), but for those whose name or key there is already; a word
    that stands for another channel here is left there.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    library.alone()
    here = {
        word
        for one in Channel.objects.all()
        for word in (one.key.lower(), *kept_words.halves(one.name), *one.words)
    }
    return [
        save_channel(
            Channel(key=one.key),
            name=one.name,
            words=[word for word in one.words if word not in here],
            cap_minor=None,
            by=by,
        )
        for one in missing_channels()
    ]


def missing_channels() -> list[ShippedChannel]:
    """Those of the field's that nothing here is called like."""
    here = {
        word
        for one in Channel.objects.all()
        for word in (one.key.lower(), *kept_words.halves(one.name))
    }
    return [one for one in SHIPPED if not here & {one.key, *kept_words.halves(one.name)}]


def _key(name: str) -> str:
    base = slugify(name)[:30] or "channel"
    taken = set(Channel.objects.values_list("key", flat=True))
    tries = (base if n == 1 else f"{base}-{n}" for n in range(1, MOST_CHANNELS + 2))
    return next(key for key in tries if key not in taken)


@transaction.atomic
def archive_channel(channel: Channel, *, by: Staff) -> None:
    """Put a channel away; what was spent for it stays."""
    _put(channel, timezone.now(), by=by)


@transaction.atomic
def restore_channel(channel: Channel, *, by: Staff) -> None:
    """Take an archived channel out again."""
    _put(channel, None, by=by)


def _put(channel: Channel, archived_at: dt.datetime | None, *, by: Staff) -> None:
    roles.require(by, ACTION)
    kept = Channel.objects.select_for_update().get(pk=channel.pk)
    if (kept.archived_at is None) == (archived_at is None):
        return
    kept.archived_at = archived_at
    kept.save(update_fields=["archived_at"])
    audit.log("channel.archived" if archived_at else "channel.restored", kept, by=by)
