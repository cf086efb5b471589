"""Where campaigns keep something of a person, how it is forgotten there, and what is left."""

from collections.abc import Callable

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.contact import reasons, suppression
from campaigns.models import (
    Audience,
    AudienceGroup,
    Campaign,
    Contact,
    ContactHold,
    Coupon,
    Entrance,
    Exclusion,
    InAppMessage,
    Intake,
    Lookout,
    Message,
    Play,
    Redemption,
    ShortLink,
    Suppression,
    Turn,
    Wave,
)
from console import approvals, clock, states
from segments import bitmaps, bits
from segments.forgetting import Place
from segments.sought import Sought

OURS = Q(reason__in=["", *reasons.SHORT]) | Q(reason__startswith=reasons.CAP)


def _messages(sought: Sought) -> QuerySet[Message]:
    """Messages that still say where they went."""
    told = ~Q(address="") | ~OURS
    return Message.objects.filter(told, customer__in=sought.numbers)


def _forget_messages(sought: Sought) -> None:
    """That a message went to a number, and when, stays for the counts; the address does not."""
    _messages(sought).exclude(OURS).update(reason="")
    _messages(sought).update(address="")


def _left_alone(sought: Sought) -> QuerySet[ContactHold]:
    return ContactHold.objects.filter(customer__in=sought.numbers)


def _contacts(sought: Sought) -> QuerySet[Contact]:
    return Contact.objects.filter(customer__in=sought.numbers)


def _suppressions(sought: Sought) -> QuerySet[Suppression]:
    theirs = Q(address__in=sought.addresses) | Q(customer__in=sought.numbers)
    return Suppression.objects.filter(theirs)


def _forget_suppressions(sought: Sought) -> None:
    for line in _suppressions(sought):
        suppression.forget(line)


def _sets(
    model: type[models.Model], *columns: str
) -> tuple[Callable[[Sought], int], Callable[[Sought], object]]:
    """Of a table with sets: count those that have them, take them out."""
    return (
        lambda sought: sum(len(bits.find(model, one, sought.numbers)) for one in columns),
        lambda sought: [bits.clear(model, one, sought.numbers) for one in columns],
    )


def _contexts(sought: Sought) -> QuerySet[Intake]:
    """Intakes that keep what an event of theirs said."""
    return Intake.objects.filter(contexts__has_any_keys=[str(one) for one in sought.numbers])


@transaction.atomic
def _forget_contexts(sought: Sought) -> None:
    for intake in _contexts(sought).select_for_update():
        for number in sought.numbers:
            intake.contexts.pop(str(number), None)
        intake.save(update_fields=["contexts"])


def _forget_audiences(sought: Sought) -> None:
    for pk in bits.find(Audience, "members", sought.numbers):
        _forget_audience(pk, sought)


@transaction.atomic
def _forget_audience(pk: int, sought: Sought) -> None:
    """Take the person out of who was approved; the yes to all others stands."""
    audience = Audience.objects.get(pk=pk)
    campaign = Campaign.objects.select_for_update().get(pk=audience.campaign_id)
    audience = Audience.objects.select_for_update().get(pk=pk)
    before = campaign.digest()
    members = audience.members - bitmaps.from_ids(sought.numbers)
    Audience.objects.filter(pk=pk).update(members=members, size=len(members))
    campaign = Campaign.objects.get(pk=campaign.pk)
    approvals.renew(campaign, was=before, because="erasure")


def _coupons(sought: Sought) -> QuerySet[Coupon]:
    """Coupons that could still be used, and reasons that people wrote down."""
    told = Q(status=Coupon.Status.ISSUED) | ~Q(because="")
    return Coupon.objects.filter(told, customer__in=sought.numbers)


def _orders(sought: Sought) -> QuerySet[Redemption]:
    """Redemptions that still say in which order they were; what they cost stays."""
    told = ~Q(order="") | ~Q(reversed_because="")
    return Redemption.objects.filter(told, coupon__customer__in=sought.numbers)


def _forget_coupons(sought: Sought) -> None:
    _coupons(sought).update(because="")
    open_ = list(_coupons(sought).values_list("pk", flat=True))
    states.move_many(Coupon, open_, frm=Coupon.Status.ISSUED, to=Coupon.Status.REVOKED)
    # Nobody can use them any more, so their money need not wait until they have run out.
    Coupon.objects.filter(pk__in=open_, held_minor__gt=0).update(settles_at=clock.now())
    _orders(sought).update(order="", reversed_because="")


def _short_links(sought: Sought) -> QuerySet[ShortLink]:
    return ShortLink.objects.filter(message__customer__in=sought.numbers)


def _in_app(sought: Sought) -> QuerySet[InAppMessage]:
    return InAppMessage.objects.filter(customer__in=sought.numbers)


PLACES = [
    Place(
        "in_app",
        _("words of in-app messages"),
        lambda s: _in_app(s).count(),
        lambda s: _in_app(s).delete(),
    ),
    Place(
        "short_links",
        _("where links of short messages led"),
        lambda s: _short_links(s).count(),
        lambda s: _short_links(s).delete(),
    ),
    Place(
        "coupons",
        _("coupons, and the orders in which they were used"),
        lambda s: _coupons(s).count() + _orders(s).count(),
        _forget_coupons,
    ),
    Place("messages", _("addresses of messages"), lambda s: _messages(s).count(), _forget_messages),
    Place(
        "contacts",
        _("when they were written to"),
        lambda s: _contacts(s).count(),
        lambda s: _contacts(s).delete(),
    ),
    Place(
        "contact_holds",
        _("why contact with them was paused"),
        lambda s: _left_alone(s).count(),
        lambda s: _left_alone(s).delete(),
    ),
    Place(
        "suppressions",
        _("addresses on the do-not-contact list"),
        lambda s: _suppressions(s).count(),
        _forget_suppressions,
    ),
    Place(
        "audiences",
        _("audiences of campaigns"),
        lambda s: len(bits.find(Audience, "members", s.numbers)),
        _forget_audiences,
    ),
    Place("exclusions", _("who was left out"), *_sets(Exclusion, "members")),
    Place("groups", _("groups that chance made"), *_sets(AudienceGroup, "members")),
    Place("intakes", _("who came into campaigns"), *_sets(Intake, "members", "control")),
    Place("turns", _("whose turn it was in playbooks"), *_sets(Turn, "members", "control")),
    Place("plays", _("who was seen by playbooks"), *_sets(Play, "seen")),
    Place("entrances", _("who came into campaigns on a day"), *_sets(Entrance, "members")),
    Place("lookouts", _("who is seen in segments"), *_sets(Lookout, "members")),
    Place(
        "contexts",
        _("events that let them into campaigns"),
        lambda s: _contexts(s).count(),
        _forget_contexts,
    ),
    Place("outbox", _("the outbox"), *_sets(Wave, "members", "gone")),
]
