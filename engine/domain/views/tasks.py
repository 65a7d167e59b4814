"""A task and what people do over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from engine.domain.facts import CaseId, CaseStatus, Data, TaskId, TaskStatus, UserId
from engine.domain.views.basics import Clock, Words
from engine.domain.views.cases import Attachment, CaseLine, CommentLine, Datum, Entry
from engine.domain.views.clocks import CaseClockLine, LadderLine, PauseLine
from engine.domain.views.inbox import SentBack


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
    #: Who answered for them while they were away.
    by: str | None
    #: It is their turn; otherwise they have answered, come later, or were taken off.
    waits: bool
    removed: bool


@dataclass(frozen=True)
class SigningView:
    """How a task is signed: by which rule in which place, and what came of it so far."""

    #: (place, rule, how much is needed, outcome)
    rules: tuple[tuple[str, str, int | None, str | None], ...]
    signers: tuple[SignerLine, ...]


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
    #: The name of the absent signer in whose place this person may sign.
    signs_for: str | None
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
    #: open, answered, expired, signing, over.
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
class SimilarCase:
    """A case that has something in common with another."""

    line: CaseLine
    why: tuple[Words, ...]
