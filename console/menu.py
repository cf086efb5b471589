"""The menu: which screens a role sees, in the order of a working day, and the way to each."""

import functools
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# (title, [(label, icon, url name, action that lets one see it), …])
SECTIONS: list[tuple[Any, list[tuple[Any, str, str, str]]]] = [
    (
        "",
        [
            (_("Home"), "home", "admin:index", "metrics.view"),
            (
                pgettext_lazy("duties", "Work"),
                "task_alt",
                "admin:console_workitem_changelist",
                "work.view",
            ),
            (
                _("Alerts"),
                "notifications",
                "admin:metrics_alert_changelist",
                "metrics.view",
            ),
            (_("Approvals"), "verified", "admin:console_approval_changelist", "approvals.view"),
        ],
    ),
    (
        _("Who they are"),
        [
            (_("Customers"), "group", "admin:segments_customer_changelist", "customers.view"),
            (_("Segments"), "filter_alt", "admin:segments_segment_changelist", "segments.view"),
            (_("Tags"), "sell", "admin:segments_tag_changelist", "tags.view"),
            (
                _("Uploaded lists"),
                "format_list_numbered",
                "admin:segments_customerlist_changelist",
                "lists.view",
            ),
            (_("Stages"), "stairs", "admin:segments_stageset_changelist", "stages.view"),
            (_("Traits"), "instant_mix", "admin:segments_trait_changelist", "traits.view"),
            (
                pgettext_lazy("the menu", "Value"),
                "diamond",
                "admin:segments_scoring_changelist",
                "scorings.view",
            ),
            (_("Merges"), "merge", "admin:segments_merge_changelist", "customers.view"),
        ],
    ),
    (
        _("What we say"),
        [
            (_("Campaigns"), "campaign", "admin:campaigns_campaign_changelist", "campaigns.view"),
            (
                _("Templates"),
                "draft",
                "admin:campaigns_messagetemplate_changelist",
                "templates.view",
            ),
            (
                _("Playbooks"),
                "strategy",
                "admin:campaigns_playbook_changelist",
                "playbooks.view",
            ),
            (
                pgettext_lazy("the menu", "Growth"),
                "military_tech",
                "admin:campaigns_playbook_growth",
                "playbooks.view",
            ),
            (
                _("Stop-loss"),
                "pan_tool",
                "admin:campaigns_stop_changelist",
                "campaigns.view",
            ),
            (_("Guards"), "gpp_maybe", "admin:campaigns_guard_changelist", "guards.view"),
            (
                _("Coupons"),
                "confirmation_number",
                "admin:campaigns_couponbatch_changelist",
                "coupons.view",
            ),
            (
                _("Words to avoid"),
                "speaker_notes_off",
                "admin:campaigns_phrase_changelist",
                "templates.view",
            ),
            (_("Messages"), "mail", "admin:campaigns_message_changelist", "messages.view"),
            (
                _("Contact policy"),
                "front_hand",
                "admin:campaigns_contactpolicy_changelist",
                "policy.view",
            ),
            (
                _("Accounts"),
                "cell_tower",
                "admin:campaigns_channelaccount_changelist",
                "accounts.view",
            ),
            (
                _("Do not contact"),
                "block",
                "admin:campaigns_suppression_changelist",
                "suppressions.view",
            ),
        ],
    ),
    (
        _("What came of it"),
        [
            (_("Metrics"), "monitoring", "admin:metrics_metric_changelist", "metrics.view"),
            (_("Reports"), "query_stats", "admin:metrics_savedreport_changelist", "metrics.view"),
            (
                _("Segments by week"),
                "calendar_view_week",
                "admin:metrics_segmentweek_changelist",
                "segments.view",
            ),
            (
                _("Comparisons"),
                "compare_arrows",
                "admin:metrics_comparison_changelist",
                "metrics.view",
            ),
            (
                _("Channels and cost"),
                "payments",
                "admin:metrics_channel_changelist",
                "metrics.view",
            ),
            (
                _("Lifetime value"),
                "savings",
                "admin:metrics_lifetimemodel_changelist",
                "metrics.view",
            ),
            (
                _("Review"),
                "summarize",
                "admin:metrics_reviewnote_changelist",
                "metrics.view",
            ),
            (
                _("Case library"),
                "local_library",
                "admin:campaigns_case_changelist",
                "cases.view",
            ),
            (
                _("Definitions"),
                "menu_book",
                "admin:segments_definition_changelist",
                "metrics.view",
            ),
        ],
    ),
    (
        _("What we aim at"),
        [
            (_("Goals"), "flag", "admin:metrics_goal_changelist", "metrics.view"),
            (
                _("Health"),
                "monitor_heart",
                "admin:metrics_indicator_changelist",
                "metrics.view",
            ),
            (
                _("Period rules"),
                "event_busy",
                "admin:metrics_periodrule_changelist",
                "metrics.view",
            ),
            (
                _("Budgets"),
                "account_balance_wallet",
                "admin:console_budget_changelist",
                "budgets.view",
            ),
            (
                _("Allocation"),
                "balance",
                "admin:metrics_proposal_changelist",
                "allocation.view",
            ),
        ],
    ),
    (
        _("Between teams"),
        [
            (
                pgettext_lazy("between teams", "Requests"),
                "handshake",
                "admin:console_teamrequest_changelist",
                "requests.view",
            ),
            (
                pgettext_lazy("of a team", "Capacity"),
                "calendar_view_week",
                "admin:console_teamweek_changelist",
                "requests.view",
            ),
            (
                _("Weekly meeting"),
                "groups",
                "admin:console_meeting_changelist",
                "meetings.view",
            ),
        ],
    ),
    (
        _("In and out"),
        [
            (_("Events"), "timeline", "admin:segments_eventtype_changelist", "events.view"),
            (_("Sources"), "sensors", "admin:segments_eventsource_changelist", "sources.view"),
            (
                _("Dead letters"),
                "unsubscribe",
                "admin:segments_deadletter_changelist",
                "dead_letters.view",
            ),
            (_("Imports"), "upload_file", "admin:segments_eventimport_changelist", "imports.view"),
            (
                _("Customers in"),
                "group_add",
                "admin:segments_customerimport_changelist",
                "customers.import",
            ),
            (
                _("Customers out"),
                "file_export",
                "admin:segments_customerexport_changelist",
                "customers.export",
            ),
            (
                _("Groups and items"),
                "category",
                "admin:segments_thing_changelist",
                "customers.view",
            ),
        ],
    ),
    (
        _("The house"),
        [
            (
                _("Local mailbox"),
                "inbox",
                "admin:console_mailboxmessage_changelist",
                "mailbox.view",
            ),
            (
                _("Privacy requests"),
                "shield_person",
                "admin:segments_privacyrequest_changelist",
                "privacy.view",
            ),
            (
                _("Retention periods"),
                "auto_delete",
                "admin:console_retentionperiod_changelist",
                "privacy.view",
            ),
            (
                _("Approval policies"),
                "gavel",
                "admin:console_approvalpolicy_changelist",
                "policies.view",
            ),
            (_("Jobs"), "hourglass", "admin:console_job_changelist", "jobs.view"),
            (_("Audit log"), "receipt_long", "admin:console_auditentry_changelist", "audit.view"),
            (_("Staff"), "badge", "admin:console_staff_changelist", "staff.view"),
            (_("Teams"), "diversity_3", "admin:console_team_changelist", "staff.view"),
            (_("Project"), "settings", "admin:console_project_changelist", "project.view"),
        ],
    ),
]


# Screens that the menu leaves out, and the one that leads to each.
INSIDE = {
    "admin:campaigns_coupon_changelist": "admin:campaigns_couponbatch_changelist",
    "admin:console_deputy_changelist": "admin:console_approvalpolicy_changelist",
    "admin:metrics_watch_changelist": "admin:metrics_alert_changelist",
    "admin:metrics_periodresult_changelist": "admin:metrics_periodrule_changelist",
    "admin:metrics_spend_changelist": "admin:metrics_channel_changelist",
    "admin:segments_importpreset_changelist": "admin:segments_eventimport_changelist",
    "admin:segments_suspect_changelist": "admin:segments_merge_changelist",
}


@dataclass(frozen=True)
class Step:
    """One step of the way to a page; without a link it is only said."""

    title: Any
    link: str = ""


def way(name: str, title: Any) -> list[Step]:
    """The way to a list by the menu: its section, the screen that leads to it, itself.

    `title` is what a list is called that the menu leaves out.
    """
    shown = INSIDE.get(name, name)
    for section, screens in SECTIONS:
        for label, _icon, at, _action in screens:
            if at == shown:
                steps = [Step(section)] if section else []
                steps.append(Step(label, reverse(at)))
                return steps if shown == name else [*steps, Step(title, reverse(name))]
    return [Step(title, reverse(name))]


@functools.cache
def _address(name: str) -> str:
    return reverse(name)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections with at least one screen that this person may open."""
    from console import roles  # models are not ready while settings load this module

    here = _here(request.path)
    groups = []
    for title, screens in SECTIONS:
        items = [
            {"title": label, "icon": icon, "link": link, "active": link == here}
            for label, icon, name, action in screens
            if roles.allows(request.user, action)
            for link in [_address(name)]
        ]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _here(path: str) -> str:
    """The address of the screen that this page belongs to; of two the one that says more."""
    links = [
        _address(name) for _title, screens in SECTIONS for _label, _icon, name, _action in screens
    ]
    home = _address("admin:index")
    within = [one for one in links if one == path or (one != home and path.startswith(one))]
    return max(within, key=len, default="")


# Teal instead of Unfold's purple: contrast at least 4.5:1 on both grounds.
COLORS = {
    "primary": {
        "50": "oklch(98.4% .014 180.7)",
        "100": "oklch(95.3% .051 180.8)",
        "200": "oklch(91% .096 180.4)",
        "300": "oklch(85.5% .138 181.1)",
        "400": "oklch(77.7% .152 181.9)",
        "500": "oklch(60% .118 184.7)",
        "600": "oklch(51.1% .096 186.4)",
        "700": "oklch(43.7% .078 188.2)",
        "800": "oklch(38.6% .063 188.4)",
        "900": "oklch(33% .053 188)",
        "950": "oklch(27.7% .046 192.5)",
    },
}
