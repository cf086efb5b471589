"""What the floor remembers: staff, project, audit, jobs, approvals, budgets, work, requests."""

from console.models.answered_call import AnsweredCall
from console.models.approval import Approval, ApprovalNotice, Vote
from console.models.approval_policy import ApprovalPolicy, Deputy, PolicyVersion
from console.models.audit import AuditEntry
from console.models.budget import Budget, BudgetRule
from console.models.budget_entry import BudgetEntry, Reservation
from console.models.job import Job
from console.models.mailbox import MailboxMessage
from console.models.meeting import Meeting, MeetingDecision
from console.models.outlay import Outlay
from console.models.project import Project
from console.models.request_dates import (
    RequestDependency,
    RequestSlip,
    RequestTurn,
    RequestVerdict,
    TeamWeek,
)
from console.models.request_talk import (
    RequestComment,
    RequestFile,
    RequestNews,
    RequestWatch,
    SavedView,
)
from console.models.retention import RetentionPeriod
from console.models.staff import Staff, Team
from console.models.team_request import (
    PriorityProposal,
    RequestLink,
    RequestRevision,
    TeamRequest,
)
from console.models.transfer import Transfer
from console.models.work_item import WorkItem
from console.models.work_told import WorkEscalation, WorkLift

__all__ = [
    "AnsweredCall",
    "Approval",
    "ApprovalNotice",
    "ApprovalPolicy",
    "AuditEntry",
    "Budget",
    "BudgetEntry",
    "BudgetRule",
    "Deputy",
    "Job",
    "MailboxMessage",
    "Meeting",
    "MeetingDecision",
    "Outlay",
    "PolicyVersion",
    "PriorityProposal",
    "Project",
    "RequestComment",
    "RequestDependency",
    "RequestFile",
    "RequestLink",
    "RequestNews",
    "RequestRevision",
    "RequestSlip",
    "RequestTurn",
    "RequestVerdict",
    "RequestWatch",
    "Reservation",
    "RetentionPeriod",
    "SavedView",
    "Staff",
    "Team",
    "TeamRequest",
    "TeamWeek",
    "Transfer",
    "Vote",
    "WorkEscalation",
    "WorkItem",
    "WorkLift",
]
