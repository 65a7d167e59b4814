"""What screens read: frozen rows with everything a page needs, so that a page asks nothing twice.

Every text of a procedure comes in both languages as a :class:`Words`; instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from engine.domain.facts import CaseId, CaseStatus, Data, JobStatus, TaskId, TaskStatus, UserId

T = TypeVar("T")

#: Lists and the navigation count so far; what is more is told as more than this.
MANY = 500
Light = Literal["none", "green", "amber", "red"]


@dataclass(frozen=True)
class Words:
    """A text of a procedure, in Chinese and in English."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in a reader's language; any but ``en`` reads Chinese."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``page`` counts from 1."""

    rows: Sequence[T]
    total: int
    page: int
    size: int
    #: There are more than ``total``: nobody counted them to the end.
    more: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        """Whether another page follows; where nobody counted to the end, one does after a full one."""
        return self.page < self.pages or (self.more and len(self.rows) == self.size)


@dataclass(frozen=True)
class Clock:
    """A due moment as people read it."""

    due_at: datetime | None
    #: Working time left by the deadline's calendar, negative when late.
    left: timedelta | None
    light: Light
    #: The limit that made it: name, words ("3 working days"), where the manual says so, by which calendar.
    deadline: str | None = None
    why: Words | None = None


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
    has_draft: bool = False
    round: int = 1


@dataclass(frozen=True)
class Counts:
    """True counts for the navigation; one above MANY means: more than MANY."""

    mine: int
    claimable: int
    started: int
    late: int
    unread: int
    incidents: int


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


@dataclass(frozen=True, kw_only=True)
class TaskHead:
    """What a task is and what it asks: enough to read what was typed."""

    task_id: TaskId
    case_id: CaseId
    case_number: str
    step_name: Words
    form: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class TaskView(TaskHead):
    """A task with all that its page shows."""

    procedure: str
    procedure_name: Words
    #: The process of the step: the procedure, or one that it calls.
    process: str
    version: int
    subject: str
    node: str
    site: str
    role: str | None
    role_name: Words | None
    assignee_id: UserId | None
    assignee: str | None
    status: TaskStatus
    case_status: CaseStatus
    created_at: datetime
    done_at: datetime | None
    done_by: str | None
    clock: Clock
    #: The exact moments at which somebody will be reminded or told: (when, action, to whom).
    ladder: tuple[tuple[datetime, str, Words], ...]
    clause: Words | None
    source: Words
    help: Words | None
    #: The form-js document as published, or None for a confirmation.
    #: English of the form's Chinese texts.
    form_words: Mapping[str, str]
    #: The case's data, masked where the reader need not see it.
    data: Data
    #: The same in words, as the case's page shows it.
    known: tuple[Datum, ...]
    #: What was typed and kept, as the browser sent it, or None.
    draft: Data | None
    draft_at: datetime | None
    #: Answers given, for a task that is done.
    answers: Data | None
    may_claim: bool
    may_release: bool
    may_complete: bool
    escalated: Words | None
    #: The link by which somebody else may answer it, shown to whoever may complete it.
    asked: AnswerAsked | None
    history: tuple[Entry, ...]
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class StepState:
    """A node of the case's diagram that is active or a timer that waits there."""

    node: str
    name: Words
    kind: Literal["task", "timer", "message"]
    who: Words | None = None
    due_at: datetime | None = None
    task_id: TaskId | None = None
    light: Light = "none"
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


@dataclass(frozen=True)
class TimerLine:
    """One timer: armed, fired or failed."""

    job_id: int
    case_id: CaseId
    case_number: str
    subject: str
    procedure: str
    procedure_name: Words
    node: str
    node_name: Words
    #: timer: drawn in the diagram; remind or escalate: a rung of a deadline's ladder.
    kind: Literal["timer", "remind", "escalate"]
    why: Words
    due_at: datetime
    status: JobStatus
    done_at: datetime | None
    #: How long after its due moment it fired.
    late_by: timedelta | None
    attempts: int
    error: str | None


@dataclass(frozen=True)
class ProcedureCard:
    """One procedure of the catalogue."""

    id: str
    name: Words
    description: Words
    version: int
    published_at: datetime
    published_by: str
    may_start: bool
    #: Sites at which the reader may start it.
    sites: tuple[str, ...]
    open_cases: int
    steps: tuple[Words, ...] = ()
    #: Whether its first form may be filled in one case after the other.
    quick: bool = False


@dataclass(frozen=True)
class DeadlineLine:
    """One named limit with its source."""

    name: str
    words: Words
    limit: Words
    source: Words
    clause: Words
    basis: Literal["given", "blank"]
    ladder: tuple[Words, ...]


@dataclass(frozen=True)
class ProcedureView:
    """A procedure as its page shows it."""

    card: ProcedureCard
    diagram: str
    #: English of the diagram's Chinese texts.
    words: Mapping[str, str]
    deadlines: tuple[DeadlineLine, ...]
    #: (number, published at, by, note, running cases)
    versions: tuple[tuple[int, datetime, str, str, int], ...]


@dataclass(frozen=True)
class Column:
    """A column of a register."""

    key: str
    label: Words
    type: str
    masked: bool = False
    #: value → label, for fields with options.
    options: Mapping[str, Words] = field(default_factory=dict)
    #: Columns of a table's rows.
    children: tuple[Column, ...] = ()


@dataclass(frozen=True)
class RegisterRow:
    """One row of a register as it stands now; ``entries`` counts its corrections."""

    id: int
    case_id: CaseId
    case_number: str
    at: datetime
    by: str
    values: Data
    void: bool
    void_reason: str
    entries: int


@dataclass(frozen=True)
class RegisterCard:
    """One register in the list of registers."""

    id: str
    title: Words
    procedure: str
    procedure_name: Words
    source: Words
    rows: int
    last_at: datetime | None
    #: What its board is called: the rows that are open now.
    board: Words | None = None


@dataclass(frozen=True)
class RegisterView:
    """A register with one page of its rows."""

    card: RegisterCard
    columns: tuple[Column, ...]
    page: Page[RegisterRow]
    orientation: Literal["portrait", "landscape"] = "landscape"


@dataclass(frozen=True)
class BoardRow:
    """A row of a board, with since when it is there."""

    row: RegisterRow
    site: str
    since: datetime | None


@dataclass(frozen=True)
class BoardView:
    """The rows of a register that have begun and not ended."""

    register: str
    title: Words
    register_title: Words
    columns: tuple[Column, ...]
    #: What the moment is called since which a row is there.
    since: Words
    #: The sites that one reads, and the one that is shown; "" for all.
    sites: tuple[str, ...]
    site: str
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True)
class DocumentView:
    """A paper with its layout and the data it was filed with."""

    title: Words
    number: str
    case_id: CaseId
    case_number: str
    at: datetime
    copies: tuple[Words, ...]
    blocks: Sequence[Mapping[str, Any]]
    words: Mapping[str, str]
    data: Data
    #: key → (value → label) for fields with options.
    options: Mapping[str, Mapping[str, str]]
    #: What its QR code says; "" for the address of the case.
    qr: str = ""
    #: sheet, or card: as large as a badge.
    size: str = "sheet"


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


class Found(NamedTuple):
    """One answer of the search over everything."""

    kind: Literal["case", "task", "procedure", "person"]
    #: The case's or person's number, the task's or procedure's id.
    id: int | str
    title: Words | str
    subtitle: Words | str


@dataclass(frozen=True)
class AnswerPage:
    """What somebody is asked by a link, or what became of it."""

    case_number: str
    site: str
    #: Whom the link was made for.
    name: str
    said: Words
    question: Words
    #: (the choice's own word, its label); none when there is nothing to answer any more.
    choices: tuple[tuple[str, Words], ...]
    #: open, answered, expired, over.
    state: str
    answered_by: str
    answered_at: datetime | None
    answer: Words | None


@dataclass(frozen=True)
class AnswerAsked:
    """The link of an open task, for whoever may complete it and hands it on."""

    address: str
    name: str
    contact: str
    ends_at: datetime


@dataclass(frozen=True)
class MasterFound:
    """A row of a master that a field of a form may take."""

    key: str
    #: What the field takes: the key, or the column that it asks for.
    value: str
    name: str
    #: What tells it from others of its name.
    more: str


@dataclass(frozen=True)
class MasterFact:
    """One column of a master's row, to be read."""

    label: Words
    #: As :func:`web.reading.reading_of` takes it.
    value: Any
    type: str
    options: Mapping[str, Words]


@dataclass(frozen=True)
class MasterCard:
    """A row of a master as it stands beside a form: its facts, the rows that name it, its open cases."""

    master: str
    title: Words
    key: str
    name: str
    void: bool
    facts: tuple[MasterFact, ...]
    #: (what they are, each row's name and the rest of it)
    related: tuple[tuple[Words, tuple[tuple[str, str], ...]], ...]
    #: The open cases that concern it and that the reader sees: (id, number, what it is about).
    cases: tuple[tuple[CaseId, str, str], ...]
