"""Approvals: what waits for a decision, and the page on which it is read and decided."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, Prefetch, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from campaigns import audience
from campaigns.admin import (
    money,
    more,
    page,
    plan_facts,
    precedents,
    quotes,
    strategy,
    who,
)
from campaigns.models import Addition, Campaign
from console import (
    approvals,
    clock,
    figures,
    formats,
    kept_words,
    policies,
    policy_rules,
    policy_words,
    roles,
)
from console.modeladmin import ReadOnlyAdmin
from console.models import Approval, Vote
from segments import standing, traits
from segments.models import Customer

COLORS = {
    "pending": "warning",
    "approved": "success",
    "rejected": "danger",
    "changes": "warning",
    "withdrawn": "info",
    "expired": "danger",
    "void": "danger",
}
SAMPLE = 8
SAID = {
    "amount": _("Amount"),
    "together": _("With what the team asked for in the last 30 days"),
    "because": _("Why"),
}


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    view_action = "approvals.view"
    empty_words: ClassVar = _("What somebody submits for approval, such as a campaign, waits here.")
    list_display: ClassVar = ["title", "status_label", "size", "requested_by", "asked", "decided"]
    list_filter: ClassVar = ["status"]
    list_before_template = "console/real_time.html"
    # What waits for a decision stands first.
    ordering: ClassVar = [
        Case(When(status=Approval.Status.PENDING, then=Value(0)), default=Value(1)).asc(),
        "-id",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        votes = Prefetch("votes", Vote.objects.select_related("by", "stands_for").order_by("pk"))
        found: QuerySet[Approval] = super().get_queryset(request)
        asked = found.select_related("requested_by", "version__policy")
        return asked.prefetch_related(votes)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/decide/",
                self.admin_site.admin_view(require_POST(self.decide)),
                name="console_approval_decide",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        if not object_id.isdecimal():
            raise Http404
        approval = get_object_or_404(self.get_queryset(request), pk=object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": approval.title,
            "opts": self.opts,
            "original": approval,
            "approval": approval,
            "warnings": _warnings(approval),
            **_of_policy(approval, request.user),
            **_of_subject(approval, request.user),
        }
        return render(request, "console/approval.html", context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve or reject; refusals come back as words on the page."""
        approval = get_object_or_404(Approval, pk=pk)
        staff: Any = request.user
        comment = request.POST.get("comment", "").strip()
        match request.POST.get("decision"):
            case "approve":
                approvals.approve(approval, by=staff, comment=comment)
                said = _("Approved: %(title)s. Its owner can start it now.")
                if approval.status == Approval.Status.PENDING:
                    said = _("Your yes is noted: %(title)s. Others have to decide as well.")
            case "reject":
                approvals.reject(approval, by=staff, comment=comment)
                said = _("Rejected: %(title)s. Its owner can change it and ask again.")
            case "changes":
                approvals.ask_for_changes(approval, by=staff, comment=comment)
                said = _("Given back: %(title)s. Its owner reads what to change.")
            case _decision:
                raise Http404
        self.message_user(request, said % {"title": approval.title})
        return HttpResponseRedirect(reverse("admin:console_approval_changelist"))

    # --- the list -----------------------------------------------------------

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, approval: Approval) -> tuple[str, str]:
        return approval.status, approval.get_status_display()

    @display(description=_("customers"))
    def size(self, approval: Approval) -> str:
        """Who gets it; the control, which is frozen with them, gets nothing.

        Of more money for one that lets in whoever comes, nobody knows how many it is for.
        """
        size = approval.summary.get("size")
        return figures.whole(None if size is None else size - approval.summary.get("control", 0))

    @display(description=_("requested at"), ordering="created_at")
    def asked(self, approval: Approval) -> Any:
        return approval.created_at

    @display(description=_("decided by"))
    def decided(self, approval: Approval) -> str:
        return formats.listed(vote.by for vote in approval.votes.all()) or "–"


def _of_policy(approval: Approval, staff: Any) -> dict[str, Any]:
    """The steps with what came of each, who could vote now, and why this person cannot."""
    barred = approvals.barred(approval, approval.subject)
    policy = policy_rules.read(approval.policy)
    votes, at = list(approval.votes.all()), approval.step
    is_open = approval.status == Approval.Status.PENDING
    return {
        "why_not": approvals.why_not(approval, staff, barred=barred),
        "place": policies.stands_for(approval, staff, barred=barred, day=clock.today()),
        "waits_for": policies.voters(approval, barred=barred, day=clock.today()) if is_open else [],
        "may_see_policies": roles.allows(staff, "policies.view"),
        "steps": [
            {
                "number": n + 1,
                "words": policy_words.step(step),
                "votes": [vote for vote in votes if vote.step == n],
                "is_next": is_open and n == at,
                "is_done": n < at or approval.status == Approval.Status.APPROVED,
            }
            for n, step in enumerate(policy.steps)
        ],
    }


def _of_subject(approval: Approval, staff: Any) -> dict[str, Any]:
    """What the approver has to know about the thing itself."""
    campaign = approval.subject
    if isinstance(campaign, Addition):
        return {"said": [*_said(approval), *money.said_of_more(campaign)], **more.asked(campaign)}
    if not isinstance(campaign, Campaign):
        found = approval.summary.get("evidence")
        shown = precedents.of_budget(found) if isinstance(found, dict) else {}
        return {"said": _said(approval), **shown}
    frozen = getattr(campaign, "audience", None)
    if frozen is None:
        return {"campaign": campaign}
    then = audience.funnel(frozen)
    # To whom it will happen, or who will come into the segment, nobody knows yet.
    has_sample = campaign.entry in {Campaign.Entry.ONCE, Campaign.Entry.RECURRING}
    return {
        "campaign": campaign,
        "said": money.said(campaign, approval.summary.get("limit_minor")),
        "frozen": frozen,
        "is_as_asked": campaign.digest() == approval.digest and frozen.is_up_to_date(),
        **page.who_gets_it(then, campaign, frozen.members),
        "difference": campaign.segment and audience.since_frozen(frozen, campaign.segment),
        "sentence": audience.sentence(frozen.segment_rule) if campaign.segment else "",
        "people": _people(audience.sample(frozen, SAMPLE)) if has_sample else [],
        "mail": page.mail(campaign, frozen, staff),
        **who.context(campaign, frozen, approval, then=then),
        **plan_facts.context(campaign),
        **strategy.agreed(campaign),
        **precedents.kept(campaign),
        **quotes.kept(campaign),
    }


def _said(approval: Approval) -> list[tuple[Any, Any]]:
    """What whoever asked said about a thing that has no part of the page to itself."""
    said = kept_words.said_all(approval.summary)
    return [(SAID[key], value) for key, value in said.items() if key in SAID]


def _warnings(approval: Approval) -> list[str]:
    """What the console had to say against it when it was asked for."""
    summary = approval.summary
    said: list[str] = kept_words.said_all(
        [*summary.get("mismatches", []), *summary.get("scarce", [])]
    )
    return said


def _people(numbers: list[int]) -> list[dict[str, Any]]:
    """Some of the customers by what they did, without name and address."""
    found = Customer.objects.filter(pk__in=numbers).order_by("pk")
    stages = standing.in_default(numbers)
    currency = clock.project().currency
    known = traits.of(numbers, ["orders", "last_order_on", "monetary_minor"])
    rows: list[dict[str, Any]] = []
    for customer in found:
        theirs = known[customer.pk]
        rows.append(
            {
                "number": customer.pk,
                "stage": stages.get(customer.pk, "–"),
                "orders": theirs.get("orders"),
                "last_order": theirs.get("last_order_on"),
                "spent": figures.money(theirs.get("monetary_minor"), currency),
            }
        )
    return rows
