"""What is due and what screens change about it: clocks, pauses, deadlines, calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from engine.domain.facts import CaseId, Data, JobStatus
from engine.domain.views.basics import Clock, Words


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
class ScheduleEntryLine:
    """What happened with a schedule, and who did it."""

    #: armed, fired, started (by hand), paused, resumed, moved, gone, failed, retried.
    kind: str
    by: str
    at: datetime
    #: The moment it is about: when it was due, or is due next.
    due: datetime | None
    detail: Data


@dataclass(frozen=True)
class ScheduleLine:
    """A start event of a procedure that begins a case by itself, at one site."""

    id: int
    procedure: str
    procedure_name: Words
    node: str
    name: Words
    site: str
    #: How often, in words.
    when: Words
    status: Literal["armed", "paused", "incident", "over"]
    due_at: datetime
    last_at: datetime | None
    #: What it began last, (id, number), where the reader sees it.
    last_case: tuple[CaseId, str] | None
    attempts: int
    error: str | None
    #: The reader may pause and resume it and start it now.
    may_change: bool
    #: Its history, the latest first.
    entries: tuple[ScheduleEntryLine, ...]


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
class MovedStart:
    """A start of a procedure by itself that a change moves."""

    procedure: str
    procedure_name: Words
    site: str
    name: Words
    old: datetime
    new: datetime


@dataclass(frozen=True)
class Moved:
    """Everything that a change moves: the first of it in lines, and how much it is."""

    lines: tuple[MovedLine, ...]
    moments: int
    cases: int
    #: Procedures that start by themselves at another moment.
    starts: tuple[MovedStart, ...] = ()


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
