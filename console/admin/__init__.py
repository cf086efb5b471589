"""The house's own screens; Django finds them through this package."""

from console.admin import (
    approval,
    approval_policy,
    audit,
    budget,
    deputy,
    job,
    mailbox,
    meeting,
    privacy,
    project,
    retention,
    saved_view,
    staff,
    team_requests,
    team_weeks,
    work_item,
)

__all__ = [
    "approval",
    "approval_policy",
    "audit",
    "budget",
    "deputy",
    "job",
    "mailbox",
    "meeting",
    "privacy",
    "project",
    "retention",
    "saved_view",
    "staff",
    "team_requests",
    "team_weeks",
    "work_item",
]
