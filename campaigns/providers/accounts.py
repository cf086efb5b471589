"""Accounts with providers: kept, opened, tried, and what a message through one costs."""

import datetime as dt
import json
import secrets
import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.channels import email, kinds, outside, sms_parts, smtp
from campaigns.channels.base import LOST, Accepted, Channel, Outcome, Unreachable, Unsure, because
from campaigns.channels.fcm import Fcm
from campaigns.channels.http import HttpChannel
from campaigns.channels.in_app import InAppChannel
from campaigns.channels.kinds import KINDS as KINDS
from campaigns.channels.kinds import BadSetting as BadSetting
from campaigns.channels.kinds import Kind
from campaigns.channels.note import Note
from campaigns.models import ChannelAccount
from campaigns.providers import laid_down, mail_providers
from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments import sealing

ACTION = "accounts.change"
CHANNELS, IN_APP, ROBOT, WEBHOOK = kinds.CHANNELS, kinds.IN_APP, kinds.ROBOT, kinds.WEBHOOK
TEXT, JSON, HEADERS, MADE = kinds.TEXT, kinds.JSON, kinds.HEADERS, kinds.MADE
CHOICES = kinds.CHOICES
CONNECTIONS = 8


class CannotOpen(Exception):
    """The account's secrets cannot be read, or its settings no longer work."""


# --- keeping ----------------------------------------------------------------


@transaction.atomic
def add(
    kind: str,
    *,
    by: Staff,
    name: str,
    given: Mapping[str, str],
    tariff: Decimal = Decimal(0),
    per_minute: int | None = None,
) -> ChannelAccount:
    """A new account; the first one of a channel is the channel's own.

    Raises:
        NotAllowed: the role may not.
        BadSetting: a setting is missing, or cannot work.
    """
    roles.require(by, ACTION)
    account = make(kind, name=name, given=given, tariff=tariff, per_minute=per_minute)
    ChannelAccount.objects.filter(pk=account.pk).update(created_by=by)
    audit.log("account.added", account, by=by, kind=kind)
    account.refresh_from_db()
    return account


def make(
    kind: str,
    *,
    name: str,
    given: Mapping[str, str],
    tariff: Decimal = Decimal(0),
    per_minute: int | None = None,
) -> ChannelAccount:
    """As `add`, for the console itself."""
    of_kind = KINDS[kind]
    values = settled(kind, given)
    first = not ChannelAccount.objects.filter(channel=of_kind.channel, is_default=True).exists()
    try:
        with transaction.atomic():
            return ChannelAccount.objects.create(
                name=name,
                kind=kind,
                channel=of_kind.channel,
                given=_open_part(of_kind, values),
                sealed=_sealed_part(of_kind, values),
                tariff=tariff,
                per_minute=per_minute or of_kind.per_minute,
                is_default=first,
                token=secrets.token_urlsafe(24),
            )
    except IntegrityError as twice:
        raise BadSetting("name", _("Another account has this name.")) from twice


@transaction.atomic
def change(
    account: ChannelAccount,
    *,
    by: Staff,
    name: str,
    given: Mapping[str, str],
    tariff: Decimal,
    per_minute: int,
) -> None:
    """Other settings; a secret that is left empty stays as it was.

    Raises:
        NotAllowed: the role may not.
        BadSetting: a setting is missing, or cannot work.
    """
    roles.require(by, ACTION)
    kind, before = KINDS[account.kind], _values(account, lenient=True)
    values = settled(account.kind, given, account)
    if ChannelAccount.objects.filter(name=name).exclude(pk=account.pk).exists():
        raise BadSetting("name", _("Another account has this name."))
    ChannelAccount.objects.filter(pk=account.pk).update(
        name=name,
        given=_open_part(kind, values),
        sealed=_sealed_part(kind, values),
        tariff=tariff,
        per_minute=per_minute,
        updated_at=timezone.now(),
    )
    changed = sorted(name for name in values if values[name] != before.get(name))
    audit.log("account.changed", account, by=by, fields=changed)


@transaction.atomic
def make_default(account: ChannelAccount, *, by: Staff) -> None:
    """Let all messages of the channel leave with this one.

    Raises:
        NotAllowed: the role may not, or the account is not in use.
    """
    roles.require(by, ACTION)
    all_of_it = ChannelAccount.objects.select_for_update().filter(channel=account.channel)
    if not any(one.pk == account.pk and one.is_enabled for one in all_of_it.order_by("pk")):
        raise NotAllowed(_("This account is not in use."))
    all_of_it.exclude(pk=account.pk).update(is_default=False)
    all_of_it.filter(pk=account.pk).update(is_default=True)
    audit.log("account.made_default", account, by=by)


@transaction.atomic
def use(account: ChannelAccount, is_enabled: bool, *, by: Staff) -> None:
    """Take it into use, or out of it: then it is no channel's own any more.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    also = {} if is_enabled else {"is_default": False}
    ChannelAccount.objects.filter(pk=account.pk).update(
        is_enabled=is_enabled, updated_at=timezone.now(), **also
    )
    audit.log("account.used" if is_enabled else "account.put_away", account, by=by)


@transaction.atomic
def tell_approvals(account: ChannelAccount, is_wanted: bool, *, by: Staff) -> None:
    """Let a robot's group hear what waits for a decision, or no longer.

    Raises:
        NotAllowed: the role may not, or it is no robot.
    """
    roles.require(by, ACTION)
    if account.channel != ROBOT:
        raise NotAllowed(_("Only a work chat's robot can tell of approvals."))
    ChannelAccount.objects.filter(pk=account.pk).update(tells_approvals=is_wanted)
    audit.log("account.tells_approvals", account, by=by, wanted=is_wanted)


def settled(
    kind: str, given: Mapping[str, str], account: ChannelAccount | None = None
) -> dict[str, str]:
    """All settings, with the secrets that an account has where none are given anew.

    Raises:
        BadSetting: a setting is missing, or cannot work.
    """
    of_kind = KINDS[kind]
    before = _values(account, lenient=True) if account else {}
    hidden = {field.name for field in of_kind.fields if field.is_secret}
    kept = {name: before[name] for name in hidden if before.get(name)}
    again = {name: value for name, value in kept.items() if not given.get(name)}
    values = kinds.checked(of_kind, {**given, **again})
    for field in of_kind.fields:
        host = urlsplit(values[field.name]).hostname if field.form == kinds.URL else None
        if host and outside.names_private(host, settings.PRIVATE_NETWORKS):
            raise BadSetting(field.name, outside.PRIVATE)
    return values


def of_channel(channel: str) -> ChannelAccount | None:
    """The account with which a channel's messages leave. Mail without one: EMAIL_URL's server."""
    return ChannelAccount.objects.filter(channel=channel, is_default=True).first()


def secret_of(account: ChannelAccount, name: str = "secret") -> str:
    """One of its secrets. Raises CannotOpen."""
    return _values(account).get(name, "")


@transaction.atomic
def show_secret(account: ChannelAccount, *, by: Staff) -> str:
    """The secret that the other side has to know; the audit log keeps who looked.

    Raises:
        NotAllowed: the role may not, or the secret is somebody else's.
        CannotOpen: it cannot be read here.
    """
    roles.require(by, ACTION)
    if account.kind not in kinds.MADE:
        raise NotAllowed(_("This secret comes from the provider."))
    audit.log("account.secret_looked", account, by=by)
    return secret_of(account)


# --- opening ----------------------------------------------------------------

_open: dict[int, tuple[dt.datetime, Channel[Any]]] = {}
_opening = threading.Lock()


def channel(account: ChannelAccount) -> Channel[Any]:
    """This process's kept way to the account; opened anew when it was changed.

    Raises:
        CannotOpen: its secrets cannot be read here.
    """
    with _opening:
        known = _open.get(account.pk)
        if known and known[0] == account.updated_at:
            return known[1]
        made = open_anew(account)
        _open[account.pk] = (account.updated_at, made)
    if known:
        known[1].close()
    return made


def open_anew(account: ChannelAccount) -> Channel[Any]:
    """A way to the account of one's own. Raises CannotOpen."""
    kind, values = KINDS[account.kind], _values(account)
    try:
        if kind.provider:
            provider = kind.provider(values)
            if isinstance(provider, Fcm):
                provider.tokens.private = settings.PRIVATE_NETWORKS
            return HttpChannel(provider, connections=CONNECTIONS, private=settings.PRIVATE_NETWORKS)
        if kind.name == "smtp":
            return email.SmtpChannel(_server(values))
        if kind.name == "mail_api":
            return mail_providers.MailProvider(values)
        return InAppChannel(laid_down.keep)
    except (ValueError, KeyError) as broken:
        raise CannotOpen(str(broken)) from broken


def sender_of(account: ChannelAccount | None) -> str:
    """From whom mail comes."""
    return (account.given.get("sender") if account else "") or settings.DEFAULT_FROM_EMAIL


def _server(values: Mapping[str, str]) -> smtp.Server:
    return smtp.Server(
        host=values["host"],
        port=int(values["port"]),
        user=values["user"],
        password=values["password"],
        starttls=values["security"] == "starttls",
        tls=values["security"] == "tls",
        timeout=settings.EMAIL_TIMEOUT or 30,
    )


# --- trying -----------------------------------------------------------------


class _One:
    """The journal of a single message."""

    def __init__(self) -> None:
        self.outcome: Outcome = Unsure("…")

    def begun(self, number: int) -> None: ...

    def ended(self, number: int, outcome: Outcome) -> None:
        self.outcome = outcome


def try_out(account: ChannelAccount, note: Note, *, by: Staff) -> Outcome:
    """Send one message to see what comes of it; no customer's history knows of it.

    Raises:
        NotAllowed: the role may not.
        CannotOpen, Unreachable: it does not come so far.
    """
    roles.require(by, ACTION)
    outcome = say(account, note)
    audit.log("account.tried", account, by=by, result=type(outcome).__name__.lower())
    return outcome


def say(account: ChannelAccount, note: Note) -> Outcome:
    """Send one message that is no customer's. Raises CannotOpen, Unreachable."""
    way, journal = open_anew(account), _One()
    try:
        way.connect()
        way.send([_tried(account, note)], journal)
    finally:
        way.close()
    return journal.outcome


def tried(
    account: ChannelAccount,
    *,
    by: Staff,
    now: dt.datetime,
    recipient: str,
    text: str,
    template: str = "",
) -> tuple[bool, str]:
    """Whether a test was taken, and the words for it. Raises NotAllowed."""
    note = Note(
        number=0,
        id=f"test-{secrets.token_hex(8)}",
        recipient=recipient.strip(),
        at=now,
        text=text,
        title=account.name,
        template=template,
    )
    try:
        outcome = try_out(account, note, by=by)
    except (CannotOpen, Unreachable) as nobody:
        return False, because(LOST, nobody) if isinstance(nobody, Unreachable) else str(nobody)
    if isinstance(outcome, Accepted):
        told = _("The provider took the message under the number %(number)s.") % {
            "number": outcome.provider_id
        }
        return True, told if outcome.provider_id else _("The provider took the message.")
    return False, outcome.reason


def _tried(account: ChannelAccount, note: Note) -> Any:
    if account.channel != kinds.EMAIL:
        return note
    return mail_providers.mail_of(note, sender=sender_of(account))


# --- costs ------------------------------------------------------------------


def price(account: ChannelAccount, text: str = "") -> Decimal:
    """What a message with this text costs, in minor units and parts of one."""
    times = sms_parts.parts(text) if KINDS[account.kind].per_part and text else 1
    return account.tariff * times


# --- secrets ----------------------------------------------------------------


def _open_part(kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    return {field.name: values[field.name] for field in kind.fields if not field.is_secret}


def _sealed_part(kind: Kind, values: Mapping[str, str]) -> str:
    hidden = {field.name: values[field.name] for field in kind.fields if field.is_secret}
    return _own_key().seal(json.dumps(hidden)) if hidden else ""


def _values(account: ChannelAccount, *, lenient: bool = False) -> dict[str, str]:
    """All settings together. Raises CannotOpen, unless lenient: then without the secrets."""
    try:
        hidden = json.loads(_own_key().open_(account.sealed)) if account.sealed else {}
    except sealing.CannotOpen as lost:
        if not lenient:
            raise CannotOpen(_("The console's key has changed: enter the secrets again.")) from lost
        hidden = {}
    return {**account.given, **hidden}


def _own_key() -> sealing.Key:
    return sealing.Key.of(f"accounts {settings.SECRET_KEY}")
