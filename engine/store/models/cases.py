"""A case is one row with its state; what people and clocks see of it are projections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Version(Model):
    """A published version of a procedure: its files as they were; never changed."""

    __tablename__ = "procedure_version"
    __table_args__ = (UniqueConstraint("procedure", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure: Mapped[str] = mapped_column(sa.String(100), index=True)
    number: Mapped[int]
    #: Digest of all files; publishing the same again makes no new version.
    digest: Mapped[str] = mapped_column(sa.String(64))
    #: file name → text: the diagram, those it calls, forms, registers, documents, translations.
    files: Mapped[dict[str, Any]]
    #: called procedure → version number bound at publishing.
    calls: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by: Mapped[str]
    note: Mapped[str] = mapped_column(default="")


class Case(Model):
    """A case. ``revision`` counts its steps and guards against two at once."""

    __tablename__ = "case"
    __table_args__ = (
        Index("ix_case_status_started", "status", "started_at"),
        Index("ix_case_started", "started_at", "id"),
        Index("ix_case_starter", "started_by", "status", "started_at"),
        # Of those that ended alone: a case that runs pays nothing for it.
        Index(
            "ix_case_ended",
            "site",
            "ended_at",
            sqlite_where=sa.text("ended_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(60), unique=True)
    procedure: Mapped[str] = mapped_column(sa.String(100), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("procedure_version.id"))
    status: Mapped[str] = mapped_column(sa.String(20))
    subject: Mapped[str] = mapped_column(default="")
    site: Mapped[str] = mapped_column(sa.String(100))
    category: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime]
    started_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    starter_name: Mapped[str]
    ended_at: Mapped[datetime | None]
    #: The case whose message started this one.
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    request_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    revision: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    data: Mapped[dict[str, Any]]
    #: low, normal, high, urgent.
    priority: Mapped[str] = mapped_column(sa.String(10), default="normal", server_default="normal")
    #: Its clocks stand still since then.
    paused_at: Mapped[datetime | None]
    #: Its own clocks that run: kind → id of the row of ``case_clock``.
    clocks: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: The task whose completion was the last step, and what the case was before it: what withdrawing brings
    #: back. None when the last step was another one.
    previous_task: Mapped[str | None] = mapped_column(sa.String(32))
    previous_state: Mapped[str | None] = mapped_column(deferred=True)
    previous_data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON, deferred=True)
    #: The pieces of number and subject.
    tokens: Mapped[frozenset[str]] = mapped_column(deferred=True)


class Task(Model):
    """A user task of a case; open ones have inbox rows."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_case", "case_id", "status", "assignee_id", "done_by"),
        # Whose cases somebody took part in is read from these alone.
        Index("ix_task_done", "done_by", "done_at", "case_id"),
        Index("ix_task_assignee", "assignee_id", "case_id"),
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    process: Mapped[str] = mapped_column(sa.String(100))
    node: Mapped[str]
    name: Mapped[str]
    role: Mapped[str | None]
    #: Role ids that may take it, or none when it is a person's.
    candidates: Mapped[list[Any]]
    properties: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(sa.String(20))
    visit: Mapped[int] = mapped_column(default=1)
    #: What it sees besides the case's data: the item of its instance.
    local: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sa.text("'{}'"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    #: Why it is in this inbox, for people: lane, expression, fallback.
    assigned_because: Mapped[str] = mapped_column(default="")
    #: The same for people, with what it was weighed by: {"zh", "en", …}.
    why: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: True when the assignee took it and may put it back.
    claimed: Mapped[bool] = mapped_column(default=False)
    #: When its holder last did something with it; a claimed task that lies idle goes back.
    touched_at: Mapped[datetime | None]
    #: Who gave it to the assignee, and how: transfer (it may be declined) or delegate (it comes back).
    given_by: Mapped[int | None]
    given_how: Mapped[str | None] = mapped_column(sa.String(10))
    #: How it is signed, {"before": {"rule", "needed", "outcome"}, …}, and what was "submitted" to those
    #: after the holder; None when nobody signs.
    signing: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: How often it was urged, and when last.
    urged: Mapped[int] = mapped_column(default=0, server_default="0")
    urged_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    deadline: Mapped[str | None]
    #: That it was opened by sending back, by whom, when and why: {"by", "at", "reason", "from"}.
    sent_back: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: Who ended it without completing it, how (sent_back, withdrawn), and why: {"by", "how", "reason"}.
    called_back: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: The limit that it was given: ``3 working days``; "" when its due moment was set as such.
    limit: Mapped[str] = mapped_column(default="", server_default="")
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    done_by_name: Mapped[str | None]
    answers: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    draft: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    draft_at: Mapped[datetime | None]
    draft_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    #: The submission that completed it, so that a repeated one gets the same answer.
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    next_task_id: Mapped[str | None] = mapped_column(sa.String(32))


class Inbox(Model):
    """Who has which open task before them: all that a list sorts, filters and counts by, so that it is
    read from one range of an index, however many there are.

    ``who`` is ``u:<account id>`` or ``r:<role>@<site>``.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("task_id", "who", "kind"),
        # With the text: of one that very many have, the first are met by walking through this alone.
        Index(
            "ix_inbox_due", "who", "kind", "due_at", "created_at", "task_id", "procedure", "number", "search"
        ),
        Index("ix_inbox_created", "who", "kind", "created_at", "task_id", "procedure"),
        Index("ix_inbox_number", "who", "kind", "number", "task_id", "procedure"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(sa.String(210))
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id"))
    #: work: to do it; watch: escalated, to see to it; sign: to say whether one agrees. One may have several.
    kind: Mapped[str] = mapped_column(sa.String(10))
    #: The task's, or NEVER.
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    procedure: Mapped[str] = mapped_column(sa.String(100))
    #: The case's.
    number: Mapped[str] = mapped_column(sa.String(60))
    reason: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    #: What a reader may look for, in small letters: number, subject, and the step's label.
    search: Mapped[str]
    #: The pieces of number and subject, the label, and for whom it is.
    tokens: Mapped[frozenset[str]] = mapped_column(deferred=True)


class Job(Model):
    """What is due: a timer of the diagram, a rung of a deadline's ladder.

    ``armed → done | cancelled | incident``; the first one who moves it away from armed acts. While the
    clocks of its case stand still a rung is ``paused``, and armed again afterwards.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "status", "due_at"),
        UniqueConstraint("case_id", "kind", "key", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    #: The workflow's id of the timer, or the task's with the rung's number.
    key: Mapped[str] = mapped_column(sa.String(60))
    node: Mapped[str]
    name: Mapped[str]
    process: Mapped[str] = mapped_column(sa.String(100))
    due_at: Mapped[datetime]
    #: Tries again not before this moment; due_at stays the promise.
    run_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]


class Subscription(Model):
    """A message or a signal that a case waits for."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_kind_name", "kind", "name", "correlation"),)

    #: The workflow's id of the event.
    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(200))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    node: Mapped[str]
    correlation: Mapped[str | None]


class History(Model):
    """What happened in a case, one line a fact, never changed. ``revision`` is the step it belongs to."""

    __tablename__ = "history"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    seq: Mapped[int]
    revision: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(sa.String(40))
    process: Mapped[str] = mapped_column(sa.String(100), default="")
    node: Mapped[str | None]
    came_from: Mapped[str | None]
    task_id: Mapped[str | None] = mapped_column(sa.String(32))
    detail: Mapped[dict[str, Any]]
