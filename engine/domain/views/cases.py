"""A case: its steps, its data, its history, what people said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from engine.domain.facts import CaseId, CaseStatus, Data, TaskId
from engine.domain.views.basics import Clock, Words
from engine.domain.views.clocks import CaseClockLine, PauseLine


@dataclass(frozen=True)
class Entry:
    """One line of a case's history."""

    seq: int
    at: datetime
    actor: str
    kind: str
    node: str | None
    node_name: Words | None
    #: Facts of the entry: answers, reason, the deadline missed, to whom.
    detail: Data


@dataclass(frozen=True)
class Attachment:
    """A file of a case."""

    id: str
    name: str
    mime: str
    size: int
    at: datetime
    by: str
    field: str = ""


@dataclass(frozen=True)
class Paper:
    """A document that the case filed; it prints as it was on that day."""

    id: int
    document: str
    title: Words
    at: datetime
    copies: int


@dataclass(frozen=True)
class CommentLine:
    """What somebody said about a case."""

    by: str
    at: datetime
    text: str
    is_public: bool
    mentions: tuple[str, ...]


@dataclass(frozen=True)
class Copied:
    """Who has a case in copy, and whether they have read it."""

    account_id: int
    name: str
    by: str
    at: datetime
    note: str
    read_at: datetime | None


@dataclass(frozen=True)
class StepState:
    """A node of the case's diagram that is active or a timer that waits there."""

    node: str
    name: Words
    kind: Literal["task", "timer", "message"]
    who: Words | None = None
    due_at: datetime | None = None
    task_id: TaskId | None = None
    #: None for what has no moment.
    clock: Clock | None = None
    #: The process whose drawing has the node: the procedure, or one that it calls.
    process: str = ""


@dataclass(frozen=True)
class Datum:
    """One datum of a case, with its label and its value as people read it.

    ``value`` is a text, number or bool as stored; a date or an aware datetime; Words for a choice and a
    tuple of them for a checklist; a person's name; a tuple of file names; for repeating rows a tuple of
    rows, each a tuple of Datum. What is masked is text.
    """

    key: str
    label: Words
    value: Any
    masked: bool = False


@dataclass(frozen=True)
class CaseLine:
    """One case in a list."""

    case_id: CaseId
    number: str
    procedure: str
    procedure_name: Words
    subject: str
    site: str
    status: CaseStatus
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    #: Names of the steps that wait now.
    waiting: tuple[Words, ...]
    clock: Clock
    incident: bool = False


@dataclass(frozen=True)
class CaseView:
    """A case with all that its page shows."""

    case_id: CaseId
    number: str
    procedure: str
    procedure_name: Words
    version: int
    subject: str
    site: str
    status: CaseStatus
    outcome: Words
    category: Words
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    #: process id → BPMN XML, the procedure first, then the procedures it calls.
    diagrams: Mapping[str, str]
    #: English of the diagrams' Chinese texts.
    words: Mapping[str, str]
    #: ``<process>/<node>`` of everything that the case has passed.
    done_nodes: frozenset[str]
    active: tuple[StepState, ...]
    data: tuple[Datum, ...]
    history: tuple[Entry, ...]
    attachments: tuple[Attachment, ...]
    papers: tuple[Paper, ...]
    #: Messages told or to be told to the customer, newest first: (at, text).
    told: tuple[tuple[datetime, Words], ...]
    related: tuple[CaseLine, ...]
    incidents: tuple[str, ...]
    may_cancel: bool
    may_suspend: bool
    may_resume: bool
    #: Response, solution and update of the case as a whole.
    clocks: tuple[CaseClockLine, ...] = ()
    #: The times in which its clocks stood still, the latest first.
    pauses: tuple[PauseLine, ...] = ()
    #: Its clocks may be stopped, or may go on, by the reader.
    may_pause: bool = False
    may_resume_clocks: bool = False

    @property
    def paused(self) -> PauseLine | None:
        """Since when and why its clocks stand still."""
        return next((pause for pause in self.pauses if pause.ended_at is None), None)

    priority: str = "normal"
    #: The verbs over the case that are lawful for the reader now; see ``engine.domain.verbs``.
    verbs: frozenset[str] = frozenset()
    comments: tuple[CommentLine, ...] = ()
    copies: tuple[Copied, ...] = ()
    #: The customer may be given a link by the reader; its address, when there is one.
    may_share: bool = False
    shared: str | None = None


@dataclass(frozen=True)
class FollowPage:
    """What a customer reads of a case by its link."""

    case_number: str
    procedure_name: Words
    site: str
    status: CaseStatus
    started_at: datetime
    ended_at: datetime | None
    #: (when, what, whether the customer wrote it), the latest first.
    said: tuple[tuple[datetime, Words, bool], ...]
    #: Whether the customer may write still.
    may_say: bool


class Found(NamedTuple):
    """One answer of the search over everything."""

    kind: Literal["case", "task", "procedure", "person"]
    #: The case's or person's number, the task's or procedure's id.
    id: int | str
    title: Words | str
    subtitle: Words | str
