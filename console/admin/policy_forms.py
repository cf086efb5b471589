"""The form of an approval policy, the form by which one tries them, and that of a deputy."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Campaign
from console import policy_rules, roles
from console.admin.budget_forms import DATE, ShareField, why
from console.models import PolicyVersion, Staff, Team, Transfer
from console.policy_rules import Facts, Policy, Step, When
from metrics.admin.spend_forms import AmountField, listed, written

STEPS = range(3)
KINDS = [(model._meta.label_lower, model._meta.verbose_name) for model in (Campaign, Transfer)]
WHO = [
    ("", _("no further step")),
    ("role", _("staff of these roles")),
    ("staff", _("these colleagues")),
    ("lead", _("the lead of the requester's team")),
]
PRECEDENTS = [
    ("", _("either")),
    ("with", _("there is a precedent")),
    ("without", _("there is no precedent")),
]
COMMAS = _("Separated by commas; empty: any.")


def _deciders() -> Any:
    return Staff.objects.filter(is_active=True, role__in=roles.TABLE["approvals.decide"])


class PolicyForm(forms.Form):
    """What a policy is for, whose yes it wants, and how long it waits."""

    name = forms.CharField(label=_("name"), max_length=120)
    rank = forms.IntegerField(
        label=_("rank"),
        min_value=0,
        max_value=9999,
        initial=100,
        help_text=_(
            "Policies are asked in this order, the lowest first; the first that fits is it."
        ),
    )
    kinds = forms.MultipleChoiceField(
        label=_("applies to"), choices=KINDS, required=False, widget=forms.CheckboxSelectMultiple
    )
    amount_from = AmountField(label=_("amount from"), required=False)
    amount_until = AmountField(label=_("amount below"), required=False)
    audience_from = forms.IntegerField(label=_("customers from"), required=False, min_value=0)
    audience_until = forms.IntegerField(label=_("customers below"), required=False, min_value=1)
    discount_from = ShareField(label=_("discount from (percent)"), required=False)
    discount_until = ShareField(label=_("discount below (percent)"), required=False)
    channels = forms.CharField(label=_("channels"), required=False, help_text=COMMAS)
    layers = forms.CharField(label=_("layers"), required=False, help_text=COMMAS)
    roles = forms.MultipleChoiceField(
        label=_("asked for by roles"),
        choices=Staff.Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("asked for by teams"),
        queryset=Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    precedent = forms.ChoiceField(label=_("precedent"), choices=PRECEDENTS, required=False)
    expires_hours = forms.IntegerField(
        label=_("expires after (hours)"), required=False, min_value=1, max_value=2400
    )
    remind_hours = forms.IntegerField(
        label=_("reminds every (hours)"), required=False, min_value=1, max_value=2400
    )
    business_hours = forms.BooleanField(
        label=_("count working hours only"),
        required=False,
        help_text=_("9 to 18 on China's working days, make-up working days included."),
    )
    because = why()
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, of: PolicyVersion | None = None, **kwargs: Any) -> None:
        first = {"who_0": "role", "roles_0": sorted(roles.TABLE["approvals.decide"])}
        kwargs["initial"] = first if of is None else _initial(of)
        super().__init__(*args, **kwargs)
        for n in STEPS:
            self.fields |= _step_fields(n)
        self.order_fields([*(name for name in self.fields if name != "because"), "because"])

    def policy(self) -> Policy:
        """What was filled in, as a policy."""
        given = self.cleaned_data
        ranges = {
            name: [given[f"{name}_from"], given[f"{name}_until"]]
            for name in ("amount", "audience", "discount")
        }
        return Policy(
            when=When(
                kinds=given["kinds"],
                channels=listed(given["channels"]),
                layers=listed(given["layers"]),
                roles=given["roles"],
                teams=[team.pk for team in given["teams"]],
                precedent=given["precedent"],
                **ranges,
            ),
            steps=[step for n in STEPS if (step := _step(given, n)) is not None],
            expires_hours=given["expires_hours"],
            remind_hours=given["remind_hours"],
            business_hours=given["business_hours"],
        )


def _step_fields(n: int) -> dict[str, forms.Field]:
    words = {"n": n + 1}
    few = [choice for choice in Staff.Role.choices if choice[0] in roles.TABLE["approvals.decide"]]
    boxes = forms.CheckboxSelectMultiple
    return {
        f"who_{n}": forms.ChoiceField(
            label=_("step %(n)d: whose yes") % words, choices=WHO, required=n == 0
        ),
        f"roles_{n}": forms.MultipleChoiceField(
            label=_("step %(n)d: roles") % words, choices=few, required=False, widget=boxes
        ),
        f"staff_{n}": forms.ModelMultipleChoiceField(
            label=_("step %(n)d: colleagues") % words,
            queryset=_deciders(),
            required=False,
            widget=boxes,
        ),
        f"quorum_{n}": forms.IntegerField(
            label=_("step %(n)d: how many") % words,
            min_value=1,
            max_value=policy_rules.MOST_QUORUM,
            initial=1,
        ),
    }


def _step(given: dict[str, Any], n: int) -> Step | None:
    who = given[f"who_{n}"]
    if not who:
        return None
    return Step(
        who=who,
        roles=given[f"roles_{n}"] if who == "role" else [],
        staff=[one.pk for one in given[f"staff_{n}"]] if who == "staff" else [],
        quorum=given[f"quorum_{n}"],
    )


def _initial(version: PolicyVersion) -> dict[str, Any]:
    policy = policy_rules.read(version.content)
    when = policy.when
    found: dict[str, Any] = {
        "name": version.policy.name,
        "rank": version.policy.rank,
        "kinds": when.kinds,
        "amount_from": written(_whole(when.amount[0])),
        "amount_until": written(_whole(when.amount[1])),
        "audience_from": when.audience[0],
        "audience_until": when.audience[1],
        "discount_from": _percent(when.discount[0]),
        "discount_until": _percent(when.discount[1]),
        "channels": ", ".join(when.channels),
        "layers": ", ".join(when.layers),
        "roles": when.roles,
        "teams": when.teams,
        "precedent": when.precedent,
        "expires_hours": policy.expires_hours,
        "remind_hours": policy.remind_hours,
        "business_hours": policy.business_hours,
        "seen": version.number,
    }
    for n, step in enumerate(policy.steps):
        found |= {
            f"who_{n}": step.who,
            f"roles_{n}": step.roles,
            f"staff_{n}": step.staff,
            f"quorum_{n}": step.quorum,
        }
    return found


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


class TryForm(forms.Form):
    """Facts, to see which policy they would find."""

    kind = forms.ChoiceField(label=_("kind"), choices=KINDS)
    amount = AmountField(label=_("amount"), required=False)
    audience = forms.IntegerField(label=_("customers"), required=False, min_value=0)
    discount = ShareField(label=_("discount (percent)"), required=False)
    channels = forms.CharField(label=_("channels"), required=False)
    layers = forms.CharField(label=_("layers"), required=False)
    precedent = forms.ChoiceField(
        label=_("precedent"),
        choices=[("", pgettext_lazy("precedent", "not known")), *PRECEDENTS[1:]],
        required=False,
    )
    by = forms.ModelChoiceField(
        label=_("requester"), queryset=Staff.objects.filter(is_active=True), required=False
    )

    def facts(self) -> Facts:
        given = self.cleaned_data
        by: Staff | None = given["by"]
        return Facts(
            kind=given["kind"],
            amount_minor=given["amount"],
            audience=given["audience"],
            discount_share=given["discount"],
            channels=_words(given["channels"]),
            layers=_words(given["layers"]),
            role=by.role if by else "",
            team=by.team_id if by else None,
            has_precedent={"with": True, "without": False}.get(given["precedent"]),
        )


def _words(text: str) -> Sequence[str]:
    return listed(text)


class DeputyForm(forms.Form):
    """Who votes in one's place, and when."""

    to = forms.ModelChoiceField(label=_("deputy"), queryset=Staff.objects.none())
    since = forms.DateField(label=pgettext_lazy("a period", "from"), widget=DATE)
    until = forms.DateField(label=pgettext_lazy("a period", "until"), widget=DATE)
    because = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        to.queryset = _deciders().exclude(pk=by.pk)
