"""The facts that rooms exchange: frozen, plain, without a clock, a database or a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NewType

CaseId = NewType("CaseId", int)
TaskId = NewType("TaskId", str)  # 32 hexadecimal digits, the workflow's own id of the step
UserId = NewType("UserId", int)
Data = dict[str, Any]  # JSON values only

Severity = Literal["error", "warning", "info"]
CaseStatus = Literal["active", "suspended", "ended", "cancelled"]
TaskStatus = Literal["open", "done", "cancelled"]
JobStatus = Literal["armed", "paused", "done", "cancelled", "incident"]

#: In place of a site: the role holds at every site.
EVERYWHERE = "*"


# People ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StandIn:
    """Somebody who is away, as the person who does their work meanwhile has them."""

    id: UserId
    name: str
    #: Procedure ids; none for all.
    procedures: frozenset[str] = frozenset()

    def covers(self, procedure: str) -> bool:
        """Say whether a case of the procedure is among what is done for them."""
        return not self.procedures or procedure in self.procedures


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with roles at sites, or the system itself (``id`` is None)."""

    id: UserId | None
    name: str
    #: (role id, site id or EVERYWHERE)
    roles: frozenset[tuple[str, str]] = frozenset()
    admin: bool = False
    #: Those who are away just now and whose work this person does.
    stands_in_for: tuple[StandIn, ...] = ()

    def in_place_of(self, account_id: int | None, procedure: str) -> StandIn | None:
        """The one who is away and whose work in a procedure this person does, if it is this one."""
        return next(
            (one for one in self.stands_in_for if one.id == account_id and one.covers(procedure)), None
        )

    def has_role(self, role: str, site: str) -> bool:
        """Say whether the person holds ``role`` at ``site``."""
        return (role, site) in self.roles or (role, EVERYWHERE) in self.roles


#: The engine itself: timers, connectors, messages.
SYSTEM = Actor(id=None, name="system", admin=True)


@dataclass(frozen=True)
class Person:
    """A person as other people see them."""

    id: UserId
    login: str
    name: str
    roles: tuple[tuple[str, str], ...] = ()
    active: bool = True
    admin: bool = False
    language: str = ""
    theme: str = ""
    stands_in_for: tuple[StandIn, ...] = ()
    #: Changes with the password; a session that remembers another one has ended.
    session_key: str = field(default="", repr=False)


# Checking ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fix:
    """A repair that a finding offers."""

    code: str
    label: str


@dataclass(frozen=True)
class Finding:
    """One thing that a check found in a procedure's files.

    ``message`` is Chinese, ``message_en`` English; both name the element by its label and id.
    """

    severity: Severity
    code: str
    message: str
    message_en: str
    element: str | None = None
    line: int | None = None
    fix: Fix | None = None


@dataclass(frozen=True)
class FileReport:
    """What a check says of one file."""

    file: str
    findings: tuple[Finding, ...]

    @property
    def deployable(self) -> bool:
        """True when nothing found is an error."""
        return all(finding.severity != "error" for finding in self.findings)


# What a step of a workflow leaves behind -----------------------------------------------------


@dataclass(frozen=True)
class OpenTask:
    """A user task that waits for a person, as the workflow sees it."""

    id: TaskId
    node: str
    name: str
    role: str | None
    #: The node's own properties: form, clause, source, deadline, due, assignee, candidates, help.
    properties: Mapping[str, str]
    #: What it sees besides the case's data: the item of its instance.
    data: Data
    #: The process the node belongs to: that of the procedure, or of one that it calls.
    process: str = ""
    #: The how-manieth time the case is here, from 1.
    visit: int = 1


@dataclass(frozen=True)
class ArmedTimer:
    """A timer event that waits, with the instant it is due (UTC)."""

    id: str
    node: str
    name: str
    due_at: datetime
    expression: str
    #: The id of the activity it is attached to, for a boundary event.
    attached_to: str | None = None
    interrupting: bool = True
    process: str = ""


@dataclass(frozen=True)
class Awaited:
    """A message or a signal that the workflow waits for, by its name."""

    id: str
    node: str
    kind: Literal["message", "signal"]
    name: str
    correlation: str | None = None


@dataclass(frozen=True)
class Trigger:
    """What reaches cases from outside by its name."""

    kind: Literal["message", "signal"]
    name: str


@dataclass(frozen=True)
class Thrown:
    """A message that the workflow threw during the step."""

    message: str
    payload: Data


@dataclass(frozen=True)
class Visited:
    """A node that was passed during the step; ``came_from`` is the node before it."""

    node: str
    kind: str
    name: str
    event: Literal["entered", "completed", "cancelled", "fired"]
    came_from: str | None = None
    process: str = ""
    task: str = ""


@dataclass(frozen=True)
class Standing:
    """What a case waits for: people, clocks, messages and signals."""

    open_tasks: tuple[OpenTask, ...] = ()
    timers: tuple[ArmedTimer, ...] = ()
    awaited: tuple[Awaited, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot(Standing):
    """What a workflow is after a step: its saved state and everything the projections need."""

    state: str
    ended: bool
    data: Data
    thrown: tuple[Thrown, ...]
    visited: tuple[Visited, ...]
    #: The signals that the workflow threw during the step.
    signals: tuple[str, ...] = ()


@dataclass(frozen=True)
class WayBack:
    """A step that a task may be sent back to."""

    node: str
    process: str
    name: str
    #: The account of whoever did it last.
    by: Any = None
    #: The other open tasks that are called back with it.
    calls_back: tuple[TaskId, ...] = ()


@dataclass(frozen=True)
class Next:
    """What comes next for the person who acted: a task of theirs in the case, or nothing."""

    case_id: CaseId
    task_id: TaskId | None


# What is due ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Armed:
    """A job that a transaction armed: of which case, which of its jobs, and when it is due."""

    case_id: CaseId
    key: str
    at: datetime


@dataclass(frozen=True)
class Taken:
    """A job that somebody took up: its number, its case, and the how-manieth attempt this is."""

    job_id: int
    case_id: CaseId
    attempt: int
