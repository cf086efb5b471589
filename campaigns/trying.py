"""A test of a template: what one customer would get, to somebody of ours."""

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.channels import email
from campaigns.channels.base import Accepted, Channel, Mail, Outcome, Unreachable, Unsure
from campaigns.channels.note import Note
from campaigns.delivery import outbox
from campaigns.models import ChannelAccount, MessageTemplate
from campaigns.providers import accounts
from campaigns.words import forms, language, rendering, revisions
from campaigns.words.rendering import Rendered
from console import audit, clock, roles
from console.models import Staff
from console.states import NotAllowed
from segments.models import Customer

ACTION = "templates.change"
NEEDS_TO = {forms.EMAIL, forms.SMS, forms.PUSH}


class _One:
    """The journal of a single message."""

    outcome: Outcome = Unsure("–")

    def begun(self, number: int) -> None: ...

    def ended(self, number: int, outcome: Outcome) -> None:
        self.outcome = outcome


def is_possible(channel: str) -> bool:
    """Whether there is a way for tests of this channel. The app's own customers come for theirs."""
    if channel == forms.IN_APP:
        return False
    return channel == forms.EMAIL or accounts.of_channel(channel) is not None


def send(template: MessageTemplate, customer: Customer, *, to: str, by: Staff) -> str:
    """Send the kept words as this customer would get them, without who they are.

    No message is written down, so no cap counts it and no link of it is tracked. Returns why it
    did not leave; nothing when it did.

    Raises:
        NotAllowed: the role may not, or the address is nobody's of ours.
    """
    roles.require(by, ACTION)
    if template.channel == forms.EMAIL and not _is_ours(to):
        raise NotAllowed(_("Tests go to people who can sign in here, and to nobody else."))
    try:
        why = _sent(template, customer, to)
    except (accounts.CannotOpen, Unreachable, language.CannotRender) as problem:
        why = str(problem)
    audit.log("template.tried", template, by=by, left=not why)
    return why


def _sent(template: MessageTemplate, customer: Customer, to: str) -> str:
    letter = rendering.prepare(
        revisions.unsaved(template), campaign_name=str(template), project=clock.project()
    )
    made = rendering.preview(letter, customer, hide_contact=True)
    account, journal = accounts.of_channel(template.channel), _One()
    way: Channel[Any] = (
        accounts.open_anew(account) if account else email.SmtpChannel(outbox.server())
    )
    try:
        way.connect()
        way.send([_message(template.channel, made, to, account)], journal)
    finally:
        way.close()
    outcome = journal.outcome
    return "" if isinstance(outcome, Accepted) else outcome.reason


def _is_ours(address: str) -> bool:
    return Staff.objects.filter(email__iexact=address.strip(), is_active=True).exists()


def _message(channel: str, made: Rendered, to: str, account: ChannelAccount | None) -> Mail | Note:
    name, at = f"test-{uuid.uuid4().hex}", timezone.now()
    if channel != forms.EMAIL:
        return Note(
            number=0,
            id=name,
            recipient=to.strip(),
            at=at,
            text=made.text,
            title=made.subject,
            url=made.url,
            template=made.template,
            params=made.params,
            data=made.data,
        )
    sender = accounts.sender_of(account)
    return Mail(
        number=0,
        id=f"{name}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}",
        sender=sender,
        recipient=to.strip(),
        subject=_("Test: %(subject)s") % {"subject": made.subject},
        html=made.html,
        text=made.text,
        unsubscribe_url="",
        at=at,
    )
