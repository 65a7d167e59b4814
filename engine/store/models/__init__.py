"""The tables. A case is one row with its state; everything else is a projection or an append-only book.

Order of locks, everywhere: case, then task, then job.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.store import finding
from engine.store.models.base import NEVER, Model, UtcDateTime
from engine.store.models.between import (
    AnswerLink,
    CannedReply,
    Comment,
    Copy,
    FollowLink,
    SavedView,
    Shift,
    Signer,
    Substitution,
    Turn,
)
from engine.store.models.books import Attachment, IssuedNumber, Paper, RegisterEntry, RegisterRow, Series
from engine.store.models.cases import Case, History, Inbox, Job, Subscription, Task, Version
from engine.store.models.clocks import CaseClock, Closure, DeadlineChange, Pause, Schedule, ScheduleEntry
from engine.store.models.masters import CaseAbout, MasterEntry, MasterRow
from engine.store.models.people import Account, AccountRole, RoleChange
from engine.store.models.telling import Delivery, Notice, Webhook

__all__ = [
    "FOUND",
    "NEVER",
    "Account",
    "AccountRole",
    "AnswerLink",
    "Attachment",
    "CannedReply",
    "Case",
    "CaseAbout",
    "CaseClock",
    "Closure",
    "Comment",
    "Copy",
    "DeadlineChange",
    "Delivery",
    "FollowLink",
    "History",
    "Inbox",
    "IssuedNumber",
    "Job",
    "MasterEntry",
    "MasterRow",
    "Model",
    "Notice",
    "Paper",
    "Pause",
    "RegisterEntry",
    "RegisterRow",
    "RoleChange",
    "SavedView",
    "Schedule",
    "ScheduleEntry",
    "Series",
    "Shift",
    "Signer",
    "Subscription",
    "Substitution",
    "Task",
    "Turn",
    "UtcDateTime",
    "Version",
    "Webhook",
]

#: The tables whose rows are found by text.
FOUND = (Case.__tablename__, Inbox.__tablename__)


@sa.event.listens_for(Model.metadata, "after_create")
def _prepare_finding(_tables: sa.MetaData, connection: sa.Connection, **_options: object) -> None:
    finding.prepare(connection, FOUND)
