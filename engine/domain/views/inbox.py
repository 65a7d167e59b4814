"""Lists of tasks: inboxes, their counts and saved views, the team board, the calendar, the wallboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.domain.facts import CaseId, CaseStatus, TaskId, TaskStatus, UserId
from engine.domain.views.basics import Clock, Words


@dataclass(frozen=True)
class SentBack:
    """That a task was sent back: by whom, when, from which step, and why."""

    by: str
    at: datetime
    step: Words
    reason: str


@dataclass(frozen=True)
class Return:
    """A step to which a task may be sent back, and what happens then."""

    node: str
    name: Words
    #: Who did it last, and gets it again if they still may.
    by: str
    #: The other tasks that are called back: the step, and who has it (empty while nobody does).
    calls_back: tuple[tuple[Words, str], ...]


@dataclass(frozen=True)
class InboxLine:
    """One task in a list."""

    task_id: TaskId
    case_id: CaseId
    case_number: str
    procedure: str
    procedure_name: Words
    subject: str
    node: str
    step_name: Words
    site: str
    role: str | None
    assignee: str | None
    assignee_id: UserId | None
    mine: bool
    status: TaskStatus
    created_at: datetime
    done_at: datetime | None
    clock: Clock
    #: Why a supervisor sees it, when it was escalated to them.
    escalated: Words | None = None
    #: Whose it is, when the reader stands in for somebody who is away.
    stands_in: str | None = None
    has_draft: bool = False
    round: int = 1
    sent_back: SentBack | None = None
    #: How often it was urged.
    urged: int = 0
    #: The reader is to sign it.
    to_sign: bool = False
    #: Of its case: low, normal, high or urgent.
    priority: str = "normal"


@dataclass(frozen=True)
class Wanted:
    """What a list of tasks is narrowed to; what is empty narrows nothing."""

    text: str = ""
    procedure: str = ""
    #: ``<process>/<node>``.
    step: str = ""
    site: str = ""
    #: late, today, week (from now to the end of Sunday) or none (no deadline).
    when: str = ""
    priority: str = ""
    #: An account id, or ``none`` for what nobody holds.
    holder: str = ""
    #: Any of draft, escalated and urged.
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ViewCounts:
    """How much there is in the views of the inbox besides those of the navigation."""

    watched: int
    #: None for somebody who leads nobody.
    team: int | None
    #: Copies that were not read.
    copied: int


@dataclass(frozen=True)
class Member:
    """Somebody of a team, with the roles they hold in it."""

    account_id: UserId
    name: str
    #: (role, site), the site may be ``*``.
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BoardColumn:
    """What one person of a team has to do, or (``member`` None) what nobody holds yet."""

    member: Member | None
    #: The first of them.
    lines: Sequence[InboxLine]
    total: int
    late: int
    #: Until when they are away, and who stands in.
    away: tuple[datetime, str] | None
    on_duty: bool


@dataclass(frozen=True)
class View:
    """A saved view of the inbox."""

    id: int
    name: str
    #: As in an address.
    query: str
    #: The role it is shared with, or nothing.
    role: str
    mine: bool


@dataclass(frozen=True)
class Reply:
    """A text that is typed often."""

    id: int
    title: str
    text: str
    procedure: str
    node: str
    role: str
    used: int
    mine: bool


@dataclass(frozen=True)
class CopyLine:
    """A case that was put before somebody to know of it."""

    id: int
    case_id: CaseId
    case_number: str
    procedure_name: Words
    subject: str
    status: CaseStatus
    by: str
    at: datetime
    note: str
    read: bool


@dataclass(frozen=True)
class Counts:
    """True counts for the navigation; one above MANY means: more than MANY."""

    mine: int
    claimable: int
    started: int
    late: int
    unread: int
    incidents: int
    #: Deliveries that wait for somebody's hand.
    stuck: int = 0


@dataclass(frozen=True)
class AgendaItem:
    """A task, or a promise over a case, that is due on a day."""

    due_at: datetime
    kind: Literal["task", "case"]
    case_id: CaseId
    task_id: TaskId | None
    case_number: str
    subject: str
    procedure_name: Words
    what: Words
    who: str | None
    late: bool


@dataclass(frozen=True)
class AgendaDay:
    """A day with what is due on it, the earliest first."""

    day: date
    working: bool
    items: tuple[AgendaItem, ...]


@dataclass(frozen=True)
class HallStage:
    """How many cases stand at one step of a procedure."""

    procedure: Words
    step: Words
    count: int
    #: Nobody has taken them yet.
    waiting: int
    late: int
    #: Since when the first of them stands there.
    oldest: datetime


@dataclass(frozen=True)
class Wallboard:
    """The numbers of a site for everybody to see."""

    site: str
    at: datetime
    open_cases: int
    waiting: int
    late: int
    done_today: int
    ended_today: int
    longest: HallStage | None
    stages: tuple[HallStage, ...]
    #: Stages that do not fit.
    more: int
