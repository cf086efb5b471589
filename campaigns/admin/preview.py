"""The mail as one customer would get it, for the frames on the screens of campaigns."""

import datetime as dt
import json
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError
from pyroaring import BitMap

from campaigns import planning
from campaigns.models import Campaign, CouponBatch, TemplateRevision
from campaigns.offers import coupons
from campaigns.plans.nodes import PlanError
from campaigns.words import forms, gaps, proofing, rendering, shells, wording
from console import clock, figures, roles
from segments import identity, looks
from segments.models import Customer

A_WHILE = dt.timedelta(minutes=wording.EXAMPLE["coupon"]["minutes"])
BOTH = "both"  # themes, side by side


def answer(
    request: HttpRequest,
    words: TemplateRevision,
    *,
    campaign_name: str,
    batch: CouponBatch | None = None,
) -> JsonResponse:
    """Subject, HTML and text for the customer and the theme that the request names."""
    asked = request.POST if request.method == "POST" else request.GET
    customer = customer_of(asked.get("customer", ""))
    if customer is None:
        return JsonResponse({"problem": _("There is no customer with this number.")})
    if (spoken := asked.get("spoken", "")) in dict(settings.LANGUAGES):
        customer.language = spoken  # as if they spoke it; nothing of it is kept
    made = of(
        customer,
        words,
        campaign_name=campaign_name,
        staff=request.user,
        theme=asked.get("theme", ""),
        shown=request.method == "POST" and asked.get("contact") == "shown",
        batch=batch,
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
    batch: CouponBatch | None = None,
) -> dict[str, Any]:
    """The preview as JSON: the message, or a problem in words.

    Who it is stays hidden, until somebody who may see it asks; that is noted.
    """
    if wrong := proofing.mistakes(words):
        return {"customer": customer.pk, "problem": " ".join(_said(one, words) for one in wrong)}
    if shown:
        looks.record(customer, by=staff, what=["preview"])
    try:
        letter = rendering.prepare(words, campaign_name=campaign_name, project=clock.project())
        coupon = _coupon(batch, customer) if batch else _example()
        made = rendering.preview(letter, customer, hide_contact=not shown, coupon=coupon)
    except (LiquidError, shells.BadMarkup, wording.CannotRender) as problem:
        return {"customer": customer.pk, "problem": str(problem)}
    return {
        "customer": customer.pk,
        "subject": made.subject,
        "html": _html(words.channel, made, theme),
        "dark": _html(words.channel, made, "dark") if theme == BOTH else "",
        "text": _text(words.channel, made),
        "advice": [_said(one, words) for one in proofing.advice(words)],
        "may_show": roles.allows(staff, looks.ACTION),
    }


def promised(campaign: Campaign, words: TemplateRevision) -> CouponBatch | None:
    """The coupon that the campaign's message with these words gives."""
    try:
        steps = planning.of(campaign).messages() if campaign.plan else ()
    except PlanError:
        return None
    of_it = (one.coupon for one in steps if words.template_id in one.templates)
    return CouponBatch.objects.filter(pk=next(filter(None, of_it), 0)).first()


def _coupon(batch: CouponBatch, customer: Customer) -> dict[str, Any]:
    """As if it were given now; only the code is an example, where each customer has their own."""
    code = batch.shared_code or wording.EXAMPLE["coupon"]["code"]
    given = coupons.Given(0, code, coupons.expiry(batch, clock.now()))
    return coupons.words(batch, given, clock.zone(), rendering.language_of(customer))


def _example() -> dict[str, Any]:
    """A coupon where nobody knows which one it will be; it ends soon, whatever year it is."""
    until = clock.now().astimezone(clock.zone()) + A_WHILE
    return wording.EXAMPLE["coupon"] | {"expires_at": until, "expires_on": until.date()}


def gaps_answer(words: TemplateRevision, members: BitMap) -> JsonResponse:
    """What the words speak of and some of these customers do not have, in sentences."""
    if proofing.mistakes(words):
        return JsonResponse({"gaps": [], "problem": _("Mend the words first.")})
    found = gaps.of(words, members, day=clock.today())
    return JsonResponse(
        {
            "gaps": [
                {
                    "words": _about(gap),
                    "is_covered": gap.is_covered,
                    "customer": gap.somebody,
                }
                for gap in found
            ],
            "good": "" if found else _("Everything that the words speak of is known of everybody."),
        }
    )


def _about(gap: gaps.Gap) -> str:
    said = {
        "missing": figures.whole(gap.missing),
        "all": figures.whole(gap.of),
        "what": gap.variable,
    }
    if gap.is_covered:
        return (
            _("%(missing)s of %(all)s have no %(what)s; the words say something else then.") % said
        )
    if gap.stops:
        return _("%(missing)s of %(all)s have no %(what)s and would get no message.") % said
    return _("%(missing)s of %(all)s have no %(what)s; there would be nothing in its place.") % said


def _said(mistake: wording.Mistake, words: TemplateRevision) -> str:
    """A mistake with the language that it is in, where there are several."""
    if len(words.words) < 2 or not mistake.language:
        return mistake.words
    return f"{dict(settings.LANGUAGES).get(mistake.language, mistake.language)}: {mistake.words}"


def _html(channel: str, made: rendering.Rendered, theme: str) -> str:
    """What is shown in the frame: a mail as it is, anything else as a telephone shows it."""
    html = made.html
    if channel != forms.EMAIL:
        html = render_to_string(
            "campaigns/note_preview.html",
            {"channel": channel, "made": made, "parts": proofing.parts(made.text)},
        )
    return rendering.in_theme(html, "light" if theme == BOTH else theme)


def _text(channel: str, made: rendering.Rendered) -> str:
    """What leaves, in letters."""
    if channel == forms.EMAIL:
        return made.text
    extra = {"template": made.template, "params": made.params, "data": made.data, "url": made.url}
    known = {name: value for name, value in extra.items() if value}
    return made.text + (f"\n\n{json.dumps(known, ensure_ascii=False, indent=2)}" if known else "")


def anybody() -> Customer | None:
    """The newest customer, when nobody was named."""
    return _living().first()


def _living() -> QuerySet[Customer]:
    return Customer.objects.filter(identity.LIVING)


def customer_of(number: str) -> Customer | None:
    """The living customer with a number; without one, the newest."""
    if not number:
        return anybody()
    if not number.isdecimal() or int(number) >= 2**31:
        return None
    return _living().filter(pk=int(number)).first()
