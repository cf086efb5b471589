"""A group is told once what concerns many customers: by one message of the step, not by each."""

from collections.abc import Mapping

from django.db import connection

from campaigns.channels import kinds
from campaigns.contact.contacting import Look
from campaigns.models import ChannelAccount, Message, Wave
from campaigns.policy.nodes import Skip

TOLD = "once"  # why the others' messages do not leave
LOCK = 0x0CE1  # the advisory lock of who tells a group of a campaign
Status = Message.Status
ENDED = (Status.SKIPPED, Status.FAILED)


def is_wanted(channel: str) -> bool:
    """Whether the channel's own account tells its group once of all customers, not of each."""
    own = ChannelAccount.objects.filter(channel=channel, is_default=True)
    is_robot = channel == kinds.ROBOT
    return is_robot and own.filter(given__contains={kinds.SPEAKS.name: kinds.ONCE}).exists()


def only(look: Look, wave: Wave, here: Mapping[int, int]) -> None:
    """Leave of each intake one customer, of whom the group is told; the others are skipped.

    `here` says of which intake they are. Who was told of before stays the one, so that another
    try is theirs. Nobody else decides about this campaign's groups until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, wave.campaign_id])
    rows = Message.objects.filter(campaign=wave.campaign_id, step=wave.step)
    told = rows.filter(occurrence__in={*here.values()}).exclude(status__in=ENDED)
    chosen = dict(told.values_list("occurrence", "customer"))
    for customer in sorted(look.verdicts):
        if isinstance(look.verdicts[customer], Skip):
            continue
        if chosen.setdefault(here[customer], customer) != customer:
            look.verdicts[customer] = Skip(TOLD)
