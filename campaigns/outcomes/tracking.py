"""What becomes of a message after it left, and what customers do with it. Each counts once.

Everything comes back as an event, so that it is an ordinary condition of the next segment.
What programs do is told apart from what people do (`campaigns.outcomes.machines`).
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.contact import holds, suppression
from campaigns.models import Message, Suppression
from campaigns.outcomes import machines
from campaigns.outcomes.machines import Headers
from segments import consent, ingest
from segments.models import Consent

# How customers answer a short message that they want no more of.
STOP = {"t", "td", "r", "n", "tdhd", "退", "退订", "拒收", "取消", "stop", "unsubscribe", "no"}
# The same of a mail, which may have asked something that one says no to.
STOP_MAILS = {"td", "退订", "取消订阅", "拒收", "stop", "unsubscribe"}
SAID = 200  # characters of an answer that are kept


@transaction.atomic
def opened(message: Message, *, at: dt.datetime, headers: Headers | None = None) -> bool:
    """Remember the first opening; whether this was it. `headers` are of who loaded the picture."""
    if headers is not None and (why := machines.of_open(headers, _seconds_since(message))):
        return _by_machine(message, "opened", at, why)
    return _first(message, "opened_at", at) and _tell(message, "opened", at)


@transaction.atomic
def clicked(message: Message, *, at: dt.datetime, url: str, headers: Headers | None = None) -> bool:
    """Remember the first click; one who clicks has opened, whether or not images were loaded."""
    if headers is not None:
        why = machines.of_click(headers, _seconds_since(message), trapped=_is_trapped(message))
        if why:
            return _by_machine(message, "clicked", at, why)
    opened(message, at=at)
    return _first(message, "clicked_at", at) and _tell(message, "clicked", at, url=url[:1000])


@transaction.atomic
def trapped(message: Message, *, at: dt.datetime) -> None:
    """A link that nobody can see was followed: clicks of the next minutes are a machine's."""
    _by_machine(message, "clicked", at, "trap")
    Message.objects.filter(pk=message.pk).update(trapped_at=timezone.now())


@transaction.atomic
def unsubscribed(message: Message, *, at: dt.datetime) -> bool:
    """Write to this address and this customer no more; whether this was news.

    Who was erased has nothing left that could be written to.
    """
    if message.customer.erased_at:
        return False
    _suppress(message, Suppression.Reason.UNSUBSCRIBED, at)
    _withdraw_consent(message, at)
    return _first(message, "unsubscribed_at", at) and _tell(message, "unsubscribed", at)


# --- what providers report --------------------------------------------------


@transaction.atomic
def delivered(message: Message, *, at: dt.datetime) -> bool:
    """It arrived; whether this was news."""
    return _first(message, "delivered_at", at) and _tell(message, "delivered", at)


@transaction.atomic
def bounced(message: Message, *, at: dt.datetime, reason: str, for_good: bool) -> bool:
    """It came back. Nobody writes to an address again that does not exist."""
    if for_good and message.address and not message.customer.erased_at:
        suppression.address_is_gone(message, at=at)
    if not _first(message, "bounced_at", at):
        return False
    Message.objects.filter(pk=message.pk, reason="").update(reason=reason[:200])
    return _tell(message, "bounced", at, for_good=for_good)


@transaction.atomic
def complained(message: Message, *, at: dt.datetime) -> bool:
    """The customer called it spam: no more of it, and a rest from everything else."""
    if message.customer.erased_at:
        return False
    _suppress(message, Suppression.Reason.COMPLAINED, at)
    _withdraw_consent(message, at)
    if not _first(message, "complained_at", at):
        return False
    holds.complained(_person(message), at=at)
    return _tell(message, "complained", at)


@transaction.atomic
def replied(message: Message, *, at: dt.datetime, text: str) -> bool:
    """The customer answered; some answers mean that they want no more. Whether it was the first."""
    stop = STOP_MAILS if message.channel == suppression.EMAIL else STOP
    if text.strip().strip("\"'“”.。!！").lower() in stop:
        unsubscribed(message, at=at)
    return _first(message, "replied_at", at) and _tell(message, "replied", at, text=text[:SAID])


# --- how it is kept ---------------------------------------------------------


def _suppress(message: Message, reason: str, at: dt.datetime) -> None:
    suppression.add(
        message.address, reason=reason, at=at, customer=message.customer, channel=message.channel
    )


def _withdraw_consent(message: Message, at: dt.datetime) -> None:
    Consent.objects.update_or_create(
        customer_id=_person(message),
        channel=message.channel,
        purpose=consent.MARKETING,
        defaults={"granted": False, "at": at, "source": f"campaign {message.campaign_id}"},
    )


def _person(message: Message) -> int:
    """Who the customer is now."""
    return message.customer.merged_into_id or message.customer_id


def _by_machine(message: Message, deed: str, at: dt.datetime, why: str) -> bool:
    """Kept apart, and told apart: people never did this."""
    if _first(message, f"machine_{deed}_at", at):
        _tell(message, f"machine_{deed}", at, why=why)
    return False


def _seconds_since(message: Message) -> float | None:
    """How long ago it was given away, in real time: the console's clock may stand still."""
    if message.status == Message.Status.SENDING:  # its end is not written down yet
        return 0.0
    return (timezone.now() - message.left_at).total_seconds() if message.left_at else None


def _is_trapped(message: Message) -> bool:
    caught = message.trapped_at
    return bool(caught and (timezone.now() - caught).total_seconds() < machines.TRAP_SECONDS)


def _first(message: Message, field: str, at: dt.datetime) -> bool:
    """Compare and set: of several at the same moment, one is the first."""
    changed = Message.objects.filter(pk=message.pk, **{field: None}).update(**{field: at})
    return bool(changed)


def _tell(message: Message, deed: str, at: dt.datetime, **properties: Any) -> bool:
    if message.customer.erased_at:
        return True
    ingest.receive(
        [
            ingest.IncomingEvent(
                key=f"msg-{message.pk}-{deed}",
                customer=message.customer_id,
                name=f"message_{deed}",
                time=at,
                properties={
                    "campaign": message.campaign_id,
                    "channel": message.channel,
                    **properties,
                },
            )
        ]
    )
    return True
