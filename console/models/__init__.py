"""What the floor remembers: staff, project, audit, jobs, approvals, work, the local mailbox."""

from console.models.answered_call import AnsweredCall
from console.models.approval import Approval, Vote
from console.models.audit import AuditEntry
from console.models.job import Job
from console.models.mailbox import MailboxMessage
from console.models.project import Project
from console.models.retention import RetentionPeriod
from console.models.staff import Staff, Team
from console.models.work_item import WorkItem

__all__ = [
    "AnsweredCall",
    "Approval",
    "AuditEntry",
    "Job",
    "MailboxMessage",
    "Project",
    "RetentionPeriod",
    "Staff",
    "Team",
    "Vote",
    "WorkItem",
]
