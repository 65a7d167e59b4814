"""What screens read: frozen rows with everything a page needs, so that a page asks nothing twice.

Every text of a procedure comes in both languages as a :class:`Words`; instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
    #: It stands still with the clocks of its case.
    stands: bool = False


@dataclass(frozen=True)
class LadderLine:
    """A rung that is still to come, or one of a ladder as it is drawn up."""

    #: None where there is no moment: the rung of a deadline.
    at: datetime | None
    action: str
    to: Words
    #: 80%, two working hours later.
    when: Words
    paused: bool = False


@dataclass(frozen=True)
class CaseClockLine:
    """A clock of a whole case."""

    #: response, solution or update.
    kind: str
    name: Words
    clock: Clock
    #: When the promise was kept; None while it runs.
    met_at: datetime | None
    missed: bool
    ladder: tuple[LadderLine, ...] = ()


@dataclass(frozen=True)
class PauseLine:
    """A time for which the clocks of a case stood still."""

    reason: Words
    note: str
    by: str
    started_at: datetime
    ended_at: datetime | None


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


@dataclass(frozen=True)
class SignerLine:
    """Somebody who signs a task, or signed it in an earlier round."""

    account_id: UserId
    name: str
    #: before, beside, after, or drawn.
    place: str
    weight: int
    #: agree, disagree, or None.
    answer: str | None
    opinion: str
    at: datetime | None
    #: It is their turn; otherwise they have answered, come later, or were taken off.
    waits: bool
    removed: bool


@dataclass(frozen=True)
class SigningView:
    """How a task is signed: by which rule in which place, and what came of it so far."""

    #: (place, rule, how much is needed, outcome)
    rules: tuple[tuple[str, str, int | None, str | None], ...]
    signers: tuple[SignerLine, ...]


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
    ladder: tuple[LadderLine, ...]
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
    #: May type into its form: whoever may complete it, and who prepares it or waits for signers.
    may_draft: bool = False
    #: Its state, and the verbs that are lawful for the reader now; see ``engine.domain.verbs``.
    state: str = "held"
    verbs: frozenset[str] = frozenset()
    #: Who gave it, when it was handed over or delegated.
    given_by: str | None = None
    signing: SigningView | None = None
    urged: int = 0
    priority: str = "normal"
    comments: tuple[CommentLine, ...] = ()
    #: Whose task it is, when the reader stands in for somebody who is away.
    stands_in: str | None
    escalated: Words | None
    #: The link by which somebody else may answer it, shown to whoever may complete it.
    asked: AnswerAsked | None
    sent_back: SentBack | None
    #: Who ended it without completing it: {"by", "how": sent_back or withdrawn, "reason"}.
    called_back: Mapping[str, str] | None
    history: tuple[Entry, ...]
    attachments: tuple[Attachment, ...]
    #: The clocks of the whole case that run.
    clocks: tuple[CaseClockLine, ...] = ()
    #: The clocks stand still: since when and why.
    paused: PauseLine | None = None


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
    #: timer: drawn in the diagram; missed: a clock of the case; else a rung of a deadline's ladder.
    kind: str
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
    #: None for a master's row that no case has changed yet.
    case_id: CaseId | None
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
class PersonFound:
    """Somebody to choose: their name, and each role with the site at which they hold it."""

    id: UserId
    name: str
    login: str
    roles: tuple[tuple[Words, str], ...] = ()


@dataclass(frozen=True)
class AbsenceLine:
    """Somebody who is away and who stands in, from when until when."""

    id: int
    absent: str
    substitute: str
    #: The reader, or the person whose page it is, is the one who is away.
    is_mine: bool
    starts_at: datetime
    ends_at: datetime
    #: None for all.
    procedures: tuple[Words, ...]
    reason: str
    #: now, coming, or over.
    state: str


# What people arrange, and what they look ahead to -------------------------------------------------


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


@dataclass(frozen=True)
class SimilarCase:
    """A case that has something in common with another."""

    line: CaseLine
    why: tuple[Words, ...]


@dataclass(frozen=True)
class Coming:
    """What will happen to a task by the clock, unless it is done before."""

    at: datetime
    what: Words
    kind: Literal["due", "remind", "escalate", "timer"]


@dataclass(frozen=True)
class Why:
    """Why a task is where it is, why the reader may not do it, why it was escalated, what comes when."""

    task_id: TaskId
    case_id: CaseId
    case_number: str
    step_name: Words
    #: Why it went to whom it went, and who has it now.
    here: tuple[Words, ...]
    #: Why the reader has it before them, or has not.
    mine: Words
    #: Why the reader cannot do it; empty when they can.
    cannot: tuple[Words, ...]
    #: (when, to whom, why), the first first.
    escalated: tuple[tuple[datetime, Words, Words], ...]
    coming: tuple[Coming, ...]


@dataclass(frozen=True)
class WouldGet:
    """Who would get a task of a procedure at a site now."""

    node: str
    step_name: Words
    site: str
    #: In the order in which they are asked.
    who: tuple[Words, ...]
    #: What gives nobody now.
    empty: tuple[Words, ...]


@dataclass(frozen=True)
class RosterShift:
    """One shift of a roster, in the zone of its site."""

    id: int
    starts_at: datetime
    ends_at: datetime
    is_now: bool


@dataclass(frozen=True)
class RosterPerson:
    """Somebody's week: the shifts that begin on each of its days."""

    id: int
    #: Empty for somebody who does not hold the role any more.
    name: str
    days: tuple[tuple[RosterShift, ...], ...]


@dataclass(frozen=True)
class Roster:
    """A week of one role at one site."""

    role: str
    role_name: Words
    site: str
    week: date
    days: tuple[date, ...]
    people: tuple[RosterPerson, ...]
    may_plan: bool


@dataclass(frozen=True)
class MovedLine:
    """A moment that a change of a calendar or a deadline moves."""

    case_id: CaseId
    case_number: str
    subject: str
    #: task: a due moment; clock: one of the case; rung: somebody is told; timer: drawn in the diagram.
    kind: Literal["task", "clock", "rung", "timer"]
    #: The step or the clock that it belongs to.
    name: Words
    #: For a rung, what it does; for a clock, which one it is.
    what: str
    old: datetime
    new: datetime


@dataclass(frozen=True)
class Moved:
    """Everything that a change moves: the first of it in lines, and how much it is."""

    lines: tuple[MovedLine, ...]
    moments: int
    cases: int


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


@dataclass(frozen=True)
class HandOverGroup:
    """What names a person in one way: how much it is, and the first of it in words."""

    #: held, given, signing, absences, shifts, started.
    kind: str
    count: int
    lines: tuple[Words, ...]


@dataclass(frozen=True)
class HandOver:
    """Everything that names a person who leaves."""

    person_id: int
    name: str
    active: bool
    groups: tuple[HandOverGroup, ...]
    #: What stays as it is, since a role shares it.
    kept: tuple[Words, ...]
    #: What nobody can hand over, and somebody should know.
    warnings: tuple[Words, ...]
    #: What was looked at; :func:`engine.hand_over` refuses when it is something else by then.
    seen: str


@dataclass(frozen=True)
class HandedOver:
    """What went to others: how much of each kind."""

    name: str
    done: Mapping[str, int]


@dataclass(frozen=True)
class DeadlineRow:
    """A named deadline in the list of all."""

    name: str
    words: Words
    basis: Literal["given", "blank"]
    #: As its file says.
    limit: Words
    #: As it counts everywhere that nothing special is said.
    limit_now: Words
    limit_text: str
    #: Changes that hold.
    changes: int


@dataclass(frozen=True)
class ChangeLine:
    """A change of a deadline."""

    at: datetime
    by: str
    reason: str
    #: None where it changed the ladder alone, or took an earlier change back.
    limit: Words | None
    ladder: tuple[LadderLine, ...] | None
    procedure: Words
    priority: str
    site: Words
    #: No later one took its place.
    holds: bool


@dataclass(frozen=True)
class DeadlineView:
    """A deadline as its page shows it."""

    row: DeadlineRow
    source: Words
    clause: Words
    calendar: Words
    ladder: tuple[LadderLine, ...]
    ladder_now: tuple[LadderLine, ...]
    #: As somebody types it, a line a rung.
    ladder_text: tuple[str, ...]
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True)
class CalendarLine:
    """A working calendar in the list of all."""

    id: str
    words: Words
    zone: str
    country: str
    #: The hours of Monday to Sunday; "" for closed.
    week: tuple[str, ...]
    sites: tuple[Words, ...]
    #: Deadlines that name it.
    deadlines: int
    #: Days that a screen changed.
    changed: int


@dataclass(frozen=True)
class CalendarDay:
    """A day of a calendar, and what decides its hours."""

    day: date
    in_month: bool
    is_today: bool
    kind: Literal["special", "closure", "opening", "holiday", "makeup", "week"]
    hours: tuple[str, ...]
    #: Its hours without what a screen changed.
    usual: tuple[str, ...]
    holiday: Words
    name: str
    by: str
    at: datetime | None


@dataclass(frozen=True)
class CalendarView:
    """A calendar in a month."""

    calendar: CalendarLine
    year: int
    month: int
    weeks: tuple[tuple[CalendarDay, ...], ...]
