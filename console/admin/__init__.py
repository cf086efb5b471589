"""The house's own screens; Django finds them through this package."""

from console.admin import audit, job, mailbox, project, staff

__all__ = ["audit", "job", "mailbox", "project", "staff"]
