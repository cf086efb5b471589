"""The house's own screens; Django finds them through this package."""

from console.admin import (
    approval,
    audit,
    job,
    mailbox,
    privacy,
    project,
    retention,
    staff,
    work_item,
)

__all__ = [
    "approval",
    "audit",
    "job",
    "mailbox",
    "privacy",
    "project",
    "retention",
    "staff",
    "work_item",
]
