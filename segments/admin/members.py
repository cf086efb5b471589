"""A page of the customers who are in a set: a segment's members, a tag's, those on a list."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import clock, figures
from segments import looks, traits
from segments.models import Customer

A_PAGE = 50
TRAITS = ("orders", "monetary_minor", "last_order_on")


@dataclass(frozen=True)
class Row:
    """One customer, masked, with what says most about them."""

    customer: Customer
    name: str
    orders: str
    spent: str
    last_order: Any


def rows(numbers: list[int]) -> list[Row]:
    """The customers with these numbers in their order, in few queries however many they are."""
    found = Customer.objects.in_bulk(numbers)
    known = traits.of(numbers, TRAITS) if numbers else {}
    currency = clock.project().currency
    return [_row(found[one], known[one], currency) for one in numbers if one in found]


def _row(customer: Customer, known: dict[str, Any], currency: str) -> Row:
    return Row(
        customer,
        looks.mask(customer.name or customer.email),
        figures.whole(known.get("orders")),
        figures.money(known.get("monetary_minor"), currency),
        known.get("last_order_on") or figures.NOTHING,
    )


def view(
    request: HttpRequest, members: BitMap, *, original: Any, freshness: Any = "", back: str
) -> HttpResponse:
    """Who is in the set, newest customers first, page by page."""
    pages = max(1, -(-len(members) // A_PAGE))
    asked = request.GET.get("p", "1")
    page = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdecimal() else 1
    end = len(members) - (page - 1) * A_PAGE
    numbers = [members[at] for at in range(max(0, end - A_PAGE), end)][::-1]
    context = {
        **admin.site.each_context(request),
        "opts": original._meta,
        "original": original,
        "title": _("Who is in “%(name)s”") % {"name": original},
        "rows": rows(numbers),
        "size": figures.whole(len(members)),
        "freshness": freshness,
        "back": back,
        "page": page,
        "pages": pages,
    }
    return TemplateResponse(request, "segments/members.html", context)
