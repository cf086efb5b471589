"""The work list of a sending campaign: its frozen audience in waves, and who claims them.

A wave belongs to the one database session that holds its advisory lock, which PostgreSQL frees
the moment that worker is gone; so what a dead worker left is taken up at once, and by one other.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns.channels import email, journal, smtp
from campaigns.channels.base import Channel, Mail
from campaigns.delivery import sending, settling
from campaigns.delivery.sending import Tally
from campaigns.journeys import intakes, waves
from campaigns.models import Campaign, Wave
from console import approvals, kept_words, states
from console.states import NotAllowed, Stale

WORKERS = 4  # that send one campaign at once
LOCK = 0x0B0C  # the advisory locks of waves

# --- the work list ----------------------------------------------------------


def fill(campaign: Campaign, *, at: dt.datetime) -> int:
    """Let the frozen audience in, as waves; a second time changes nothing. How many waves."""
    intakes.let_in(campaign, intakes.START, campaign.audience.members, at=at)
    return waves.to_do(campaign).count()


def with_work() -> list[int]:
    """Campaigns that are sending and have a message's wave to send now.

    By priority, for who claims first has what room a customer has under the caps.
    """
    sending = Campaign.objects.filter(status=Campaign.Status.SENDING)
    waiting = Wave.objects.filter(waves.due(), kind=waves.MESSAGE).exclude(status=Wave.Status.DONE)
    found = sending.filter(pk__in=waiting.values("campaign")).order_by("-priority", "pk")
    return [*found.values_list("pk", flat=True)]


def _to_send(campaign: Campaign) -> QuerySet[Wave]:
    """Waves of messages that may leave at this moment, the longest due first."""
    found = waves.to_do(campaign).filter(waves.due(), kind=waves.MESSAGE)
    return found.order_by("pk")


# --- sending ----------------------------------------------------------------


@lru_cache(maxsize=1)
def mailer() -> Channel[Mail]:
    """This process's kept connection to the mail server of the settings."""
    return email.SmtpChannel(server())


def server() -> smtp.Server:
    """The mail server of the settings."""
    return smtp.Server(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        starttls=settings.EMAIL_USE_TLS,
        tls=settings.EMAIL_USE_SSL,
        timeout=settings.EMAIL_TIMEOUT or 30,
    )


def send_next_wave(campaign: Campaign, channel: Channel[Mail], *, at: dt.datetime) -> Tally | None:
    """Claim one wave and send it; None when there is none to claim at the moment."""
    with _claimed(campaign, at) as wave:
        if wave is None:
            return None
        if words := _not_approved(campaign):  # whatever its status says
            return Tally(trouble=words)
        record = journal.Journal(settling.journal_path(wave))
        try:
            tally = sending.Sender(campaign, wave, channel, record, at).run()
        except BaseException:
            record.close()  # whoever takes the wave next reads it
            raise
        record.forget()
        return tally


def _not_approved(campaign: Campaign) -> str:
    """In kept words, why nothing of it may leave at this moment; empty: somebody said yes to it."""
    try:
        approvals.require_live(Campaign.objects.get(pk=campaign.pk))
    except (NotAllowed, Stale) as refused:
        return kept_words.of(refused)
    return ""


@contextmanager
def _claimed(campaign: Campaign, at: dt.datetime) -> Iterator[Wave | None]:
    """The first wave that nobody has; claimed ones whose worker is gone count as such.

    Only the first few are looked at: those are the ones being sent, so a campaign never has
    more workers than that.
    """
    for pk in _to_send(campaign).values_list("pk", flat=True)[:WORKERS]:
        if not _locked("pg_try_advisory_lock", pk):
            continue
        try:
            # Looked at again under the lock: its worker may have finished in between.
            wave = waves.to_do(campaign).filter(pk=pk).first()
            if wave and sending.is_on(campaign) and _taken(wave, at):
                yield wave
                return
        finally:
            with suppress(DatabaseError):  # a broken connection has no lock any more
                _locked("pg_advisory_unlock", pk)
    yield None


def settle_the_dead(*, at: dt.datetime) -> int:
    """Settle what dead workers left in campaigns that send nothing now; how many waves."""
    left = Wave.objects.filter(status=Wave.Status.CLAIMED).exclude(
        campaign__status=Campaign.Status.SENDING
    )
    return sum(_put_back(pk, at) for pk in left.order_by("pk").values_list("pk", flat=True))


def _put_back(pk: int, at: dt.datetime) -> bool:
    """Settle a wave whose worker is gone, and leave it to whom the campaign gives it later."""
    if not _locked("pg_try_advisory_lock", pk):
        return False
    try:
        wave = Wave.objects.select_related("campaign").get(pk=pk)
        if wave.status != Wave.Status.CLAIMED or not _settled(wave, at):
            return False
        is_over = wave.campaign.status == Campaign.Status.CANCELLED
        to = Wave.Status.DONE if is_over else Wave.Status.WAITING
        states.move_many(Wave, [pk], frm=Wave.Status.CLAIMED, to=to)
        return True
    finally:
        with suppress(DatabaseError):
            _locked("pg_advisory_unlock", pk)


def _settled(wave: Wave, at: dt.datetime) -> bool:
    """Write down what its worker had claimed; False: the worker is still there."""
    try:
        settling.unfinished(wave, at=at)
    except journal.InUse:
        return False
    return True


def _taken(wave: Wave, at: dt.datetime) -> bool:
    """Make the wave this worker's, after what a dead one left of it is settled."""
    if wave.status == Wave.Status.CLAIMED and not _settled(wave, at):
        return False
    # The database's own time: no two claims of a wave have the same, and so the same journal.
    to = Wave.Status.CLAIMED
    if not states.move_many(Wave, [wave.pk], frm=wave.status, to=to, claimed_at=Now()):
        return False  # it was put together with others at this moment
    wave.refresh_from_db()
    return True


def _locked(function: str, pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK, pk % 2**31])
        return bool(cursor.fetchone()[0])
