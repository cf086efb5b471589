"""Batches of coupons: made, changed while nobody has one, and put away."""

import copy
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Coupon, CouponBatch
from campaigns.offers import coupon_codes
from console import audit, roles
from console import seen as marks
from console.models import Staff
from console.states import NotAllowed

ACTION = "coupons.change"
EDITABLE = ("name", *CouponBatch.TERMS, "most_issued", "most_a_day")
SHORTEST_SHARED = 3
MOST_MINUTES = 60 * 24 * 366 * 3
Kind = CouponBatch.Kind


@transaction.atomic
def add(*, by: Staff, **fields: Any) -> CouponBatch:
    """A new batch; it belongs to its maker and the maker's team.

    Raises:
        NotAllowed: the role, or terms that make no coupon.
    """
    roles.require(by, ACTION)
    batch = of(CouponBatch(owner=by, team=by.team), fields)
    _require_sense(batch)
    batch.save(force_insert=True)
    audit.log("coupon_batch.added", batch, by=by, **_told(batch))
    return batch


@transaction.atomic
def edit(batch: CouponBatch, *, by: Staff, seen: str = "", **fields: Any) -> None:
    """Change a batch; what customers were promised stays as it is.

    Raises:
        NotAllowed: the role, the team, terms that make no coupon or that somebody relies on.
        Stale: somebody else changed it since it was `seen`.
    """
    kept = CouponBatch.objects.select_for_update().get(pk=batch.pk)  # nobody is given one now
    roles.require(by, ACTION, record=kept)
    marks.require(kept, EDITABLE, seen)
    given = _tidy(kept, fields)
    changed = {name: value for name, value in given.items() if getattr(kept, name) != value}
    if {*changed} & {*CouponBatch.TERMS} and Coupon.objects.filter(batch=kept).exists():
        raise NotAllowed(
            _("Customers have this coupon already, so what it promises stays. Make another one.")
        )
    if (says := _says_more(kept, changed)) and (campaign := _approved_with(kept)):
        raise NotAllowed(says % {"campaign": campaign})
    for name, value in changed.items():
        setattr(kept, name, value)
    _require_sense(kept)
    if changed:
        kept.save(update_fields=list(changed))
        audit.log("coupon_batch.changed", kept, by=by, fields=sorted(changed), **_told(kept))
    batch.refresh_from_db()


@transaction.atomic
def archive(batch: CouponBatch, *, by: Staff) -> None:
    """Give no more of it, or again; what customers have can be redeemed while it lasts."""
    kept = CouponBatch.objects.select_for_update().get(pk=batch.pk)
    roles.require(by, ACTION, record=kept)
    kept.archived_at = None if kept.archived_at else timezone.now()
    kept.save(update_fields=["archived_at"])
    audit.log("coupon_batch.archived" if kept.archived_at else "coupon_batch.restored", kept, by=by)
    batch.archived_at = kept.archived_at


def _says_more(batch: CouponBatch, changed: dict[str, Any]) -> str:
    """Why whoever approved a campaign with it has to be asked again; empty: for no reason.

    Messages say its name, and what it may cost follows from how many there are. Fewer are fine.
    """
    if {*changed} & {"name", *CouponBatch.TERMS}:
        return _("“%(campaign)s” was submitted with this coupon, so what it promises stays.")
    for cap in {*changed} & {"most_issued", "most_a_day"}:
        was, now = getattr(batch, cap), changed[cap]
        if was is not None and (now is None or now > was):
            return _("“%(campaign)s” was submitted with so many of this coupon, so no more are.")
    return ""


def _approved_with(batch: CouponBatch) -> Campaign | None:
    """A campaign under way, or about to be approved, that gives it."""
    status = Campaign.Status
    over = (status.DRAFT, status.SENT, status.CANCELLED)
    under_way = Campaign.objects.exclude(status__in=over).exclude(plan=[])
    gives = (one for one in under_way if _gives(one.plan, batch.pk))
    return next(gives, None)


def hold(numbers: Collection[int]) -> list[CouponBatch]:
    """Nobody changes these until the transaction ends: somebody asks for a yes to them."""
    rows = CouponBatch.objects.select_for_update(no_key=True).filter(pk__in=numbers)
    return list(rows.order_by("pk"))


def _gives(part: Any, batch: int) -> bool:
    """Whether any step of a plan's JSON gives the coupon."""
    if isinstance(part, list):
        return any(_gives(one, batch) for one in part)
    if not isinstance(part, dict):
        return False
    return part.get("coupon") == batch or any(_gives(one, batch) for one in part.values())


def of(batch: CouponBatch, fields: dict[str, Any]) -> CouponBatch:
    """A copy of the batch with other fields, as it would be kept."""
    made = copy.copy(batch)
    for name, value in _tidy(batch, fields).items():
        setattr(made, name, value)
    return made


def problem(batch: CouponBatch) -> str:
    """In words, why these terms make no coupon; empty: they do."""
    if CouponBatch.objects.exclude(pk=batch.pk).filter(name=batch.name).exists():
        return _("There is a coupon with this name already.")
    return _without_worth(batch) or _without_end(batch) or _bad_code(batch)


def _without_worth(batch: CouponBatch) -> str:
    if batch.kind == Kind.VALUE and not batch.value_minor:
        return _("Say how much it takes off.")
    if batch.kind == Kind.PERCENT and not 1 <= (batch.percent or 0) <= 100:
        return _("Say which share it takes off, from 1 to 100 percent.")
    if batch.kind == Kind.GIFT and (not batch.gift or batch.value_minor is None):
        return _("Say what it is, and what one costs us.")
    return ""


def _without_end(batch: CouponBatch) -> str:
    if not batch.valid_minutes and not batch.ends_at:
        return _("Say how long it is valid.")
    if (batch.valid_minutes or 0) > MOST_MINUTES:
        return _("It can be valid for three years at most.")
    return ""


def _bad_code(batch: CouponBatch) -> str:
    code = batch.shared_code
    if not code:
        return _("Only a shared code can be for anybody who knows it.") if batch.is_open else ""
    if len(code) < SHORTEST_SHARED:
        least = {"least": SHORTEST_SHARED}
        return _("A shared code has at least %(least)d letters or digits.") % least
    others = CouponBatch.objects.exclude(pk=batch.pk).filter(shared_code=code)
    is_taken = others.exists() or Coupon.objects.filter(code=code).exists()
    return _("This code is taken.") if is_taken else ""


def _require_sense(batch: CouponBatch) -> None:
    if words := problem(batch):
        raise NotAllowed(words)


def _tidy(batch: CouponBatch, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are kept: what another kind of coupon would say is left out."""
    given = {name: fields[name] for name in EDITABLE if name in fields}
    if "shared_code" in given:
        given["shared_code"] = coupon_codes.read(given["shared_code"] or "")
    kind = given.get("kind", batch.kind)
    if kind != Kind.PERCENT:
        given |= {"percent": None, "most_minor": None}
    if kind == Kind.PERCENT:
        given["value_minor"] = None
    if kind != Kind.GIFT:
        given["gift"] = ""
    return given


def _told(batch: CouponBatch) -> dict[str, Any]:
    """What the audit log keeps of the terms."""
    told = {
        name: getattr(batch, name) for name in ("kind", "value_minor", "percent", "floor_minor")
    }
    return told | {"most_issued": batch.most_issued, "most_a_day": batch.most_a_day}
