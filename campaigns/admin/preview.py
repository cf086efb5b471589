"""The mail as one customer would get it, for the frames on the screens of campaigns."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError

from campaigns import proofing, rendering, wording
from campaigns.models import TemplateRevision
from console import clock, roles
from segments import identity, looks
from segments.models import Customer


def answer(request: HttpRequest, words: TemplateRevision, *, campaign_name: str) -> JsonResponse:
    """Subject, HTML and text for the customer and the theme that the request names."""
    asked = request.POST if request.method == "POST" else request.GET
    customer = _customer(asked.get("customer", ""))
    if customer is None:
        return JsonResponse({"problem": _("There is no customer with this number.")})
    made = of(
        customer,
        words,
        campaign_name=campaign_name,
        staff=request.user,
        theme=asked.get("theme", ""),
        shown=request.method == "POST" and asked.get("contact") == "shown",
    )
    return JsonResponse(made)


def of(
    customer: Customer,
    words: TemplateRevision,
    *,
    campaign_name: str,
    staff: Any,
    theme: str = "",
    shown: bool = False,
) -> dict[str, Any]:
    """The preview as JSON: the mail, or a problem in words.

    Who it is stays hidden, until somebody who may see it asks; that is noted.
    """
    if wrong := proofing.mistakes(words):
        return {"problem": " ".join(mistake.words for mistake in wrong)}
    if shown:
        looks.record(customer, by=staff, what=["preview"])
    try:
        letter = rendering.prepare(words, campaign_name=campaign_name, project=clock.project())
        made = rendering.preview(letter, customer, hide_contact=not shown, theme=theme)
    except (LiquidError, wording.CannotRender) as problem:
        return {"customer": customer.pk, "problem": str(problem)}
    return {
        "customer": customer.pk,
        "subject": made.subject,
        "html": made.html,
        "text": made.text,
        "may_show": roles.allows(staff, looks.ACTION),
    }


def anybody() -> Customer | None:
    """The newest customer, when nobody was named."""
    return _living().first()


def _living() -> QuerySet[Customer]:
    return Customer.objects.filter(identity.LIVING)


def _customer(number: str) -> Customer | None:
    if not number:
        return anybody()
    if not number.isdecimal() or int(number) >= 2**31:
        return None
    return _living().filter(pk=int(number)).first()
