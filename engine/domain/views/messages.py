"""What people and other systems were told, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.facts import CaseId, TaskId
from engine.domain.views.basics import Words


@dataclass(frozen=True)
class Notice:
    """Something a person was told."""

    id: int
    at: datetime
    kind: str
    text: Words
    case_id: CaseId | None
    task_id: TaskId | None
    read: bool


@dataclass(frozen=True)
class IncidentLine:
    """A job that failed for good and waits for an administrator."""

    job_id: int
    case_id: CaseId
    case_number: str
    subject: str
    node: str
    node_name: Words
    error: str
    attempts: int
    failed_at: datetime


@dataclass(frozen=True)
class DeliveryLine:
    """A message on its way out of the house, and what became of it."""

    id: int
    event: str
    channel: str
    address: str
    #: Whom it is for; empty for a group or another system.
    person: str
    case_id: CaseId | None
    case_number: str
    subject: str
    urgent: bool
    status: str
    at: datetime
    run_at: datetime
    attempts: int
    error: str
    sent_at: datetime | None


@dataclass(frozen=True)
class WebhookLine:
    """Another system that is told of events."""

    id: int
    name: str
    #: Without what may be secret in it.
    url: str
    events: tuple[str, ...]
    active: bool
    by: str
    at: datetime


@dataclass(frozen=True)
class News:
    """What a person was told since they last looked."""

    unread: int
    #: The highest number of all their notices.
    latest: int
    #: Those that do not wait, the oldest first.
    urgent: tuple[Notice, ...]
