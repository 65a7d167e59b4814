"""Fetch and lock rows, and write the projections of a step: few statements, no rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from engine.domain.facts import CaseId, TaskId, Trigger
from engine.errors import CaseChanged, CaseNotFound, ProcedureNotFound, TaskNotFound
from engine.store.models import (
    Account,
    AccountRole,
    Attachment,
    Case,
    History,
    Inbox,
    IssuedNumber,
    Job,
    RegisterEntry,
    RegisterRow,
    Series,
    Subscription,
    Task,
    Version,
)

__all__ = ["Session"]


# Procedures ----------------------------------------------------------------------------------


def latest_version(session: Session, procedure: str) -> Version | None:
    """The newest version of a procedure."""
    return session.scalars(
        sa.select(Version).where(Version.procedure == procedure).order_by(Version.number.desc()).limit(1)
    ).first()


def version(session: Session, procedure: str, number: int) -> Version:
    """One version; raises :class:`ProcedureNotFound`."""
    found = session.scalars(
        sa.select(Version).where(Version.procedure == procedure, Version.number == number)
    ).first()
    if found is None:
        raise ProcedureNotFound(procedure=procedure, version=number)
    return found


def latest_versions(session: Session) -> list[Version]:
    """The newest version of every procedure."""
    newest = (
        sa.select(Version.procedure, sa.func.max(Version.number).label("number"))
        .group_by(Version.procedure)
        .subquery()
    )
    return list(
        session.scalars(
            sa.select(Version)
            .join(newest, (newest.c.procedure == Version.procedure) & (newest.c.number == Version.number))
            .order_by(Version.procedure)
        )
    )


# Locks: case, then task, then job ------------------------------------------------------------


def lock_case(session: Session, case_id: CaseId | int) -> Case:
    """The case, locked until the transaction ends; raises :class:`CaseNotFound`."""
    found = session.scalars(sa.select(Case).where(Case.id == case_id).with_for_update()).first()
    if found is None:
        raise CaseNotFound(case=case_id)
    return found


def lock_case_of_task(session: Session, task_id: TaskId | str) -> tuple[Case, Task]:
    """A task with its case, the case locked; raises :class:`TaskNotFound`."""
    found = session.execute(
        sa.select(Case, Task)
        .join(Task, Task.case_id == Case.id)
        .where(Task.id == task_id)
        # Both: PostgreSQL reads anew, after waiting, only the rows that it locks.
        .with_for_update(of=[Case, Task])
    ).one_or_none()
    if found is None:
        raise TaskNotFound(task=task_id)
    return found.Case, found.Task


def save_case(session: Session, case: Case, values: dict[str, Any]) -> None:
    """Write a case's next revision; raises :class:`CaseChanged` when somebody else wrote it first."""
    result = session.execute(
        sa.update(Case)
        .where(Case.id == case.id, Case.revision == case.revision)
        .values(**values, revision=case.revision + 1)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise CaseChanged(case=case.id)
    for name, value in {**values, "revision": case.revision + 1}.items():
        set_committed_value(case, name, value)


# Tasks and inbox -----------------------------------------------------------------------------


def open_tasks(session: Session, case_id: int) -> list[Task]:
    """A case's open tasks."""
    return list(session.scalars(sa.select(Task).where(Task.case_id == case_id, Task.status == "open")))


def write_inbox(session: Session, task: Task, rows: Iterable[Inbox]) -> None:
    """Replace who has the task to do; those who watch it keep it."""
    session.execute(sa.delete(Inbox).where(Inbox.task_id == task.id, Inbox.kind == "work"))
    session.add_all(rows)


def clear_inbox(session: Session, task_ids: list[str]) -> None:
    """Take tasks out of every inbox."""
    if task_ids:
        session.execute(sa.delete(Inbox).where(Inbox.task_id.in_(task_ids)))


# People --------------------------------------------------------------------------------------


def holders(session: Session, roles: Iterable[str], site: str) -> dict[str, list[int]]:
    """role → ids of the active people who hold it at the site."""
    found: dict[str, list[int]] = {}
    rows = session.execute(
        sa.select(AccountRole.role, Account.id)
        .join(Account, Account.id == AccountRole.account_id)
        .where(AccountRole.role.in_(list(roles)), AccountRole.site.in_([site, "*"]), Account.active)
        .order_by(Account.id)
    )
    for role, account_id in rows:
        if account_id not in found.setdefault(role, []):
            found[role].append(account_id)
    return found


def account(session: Session, account_id: int) -> Account | None:
    """A person's row."""
    return session.get(Account, account_id)


# Jobs ----------------------------------------------------------------------------------------


def standing_jobs(session: Session, case_id: int) -> list[Job]:
    """Everything that is still to be done in a case: what is armed, and the incidents."""
    standing = Job.status.in_(("armed", "incident"))
    return list(session.scalars(sa.select(Job).where(Job.case_id == case_id, standing)))


def due_jobs(session: Session, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(job id, case id) of what is due, the oldest promise first.

    What stands behind a job of its case that somebody has under way, or that is put off, is not listed.
    """
    rows = session.execute(
        sa.select(Job.id, Job.case_id)
        .where(Job.status == "armed", Job.run_at <= now, ~_behind(now))
        .order_by(Job.due_at, Job.id)
        .limit(limit)
    )
    return [(row.id, row.case_id) for row in rows]


def next_run(session: Session, now: datetime) -> datetime | None:
    """When the next job is to run that can; what stands behind another has to wait for that."""
    return session.scalar(sa.select(sa.func.min(Job.run_at)).where(Job.status == "armed", ~_behind(now)))


def newest_job(session: Session) -> int:
    """The highest id of all jobs; whatever is armed from now on has a higher one."""
    return session.scalar(sa.select(sa.func.max(Job.id))) or 0


def claim_job(session: Session, job_id: int, now: datetime, until: datetime) -> int | None:
    """Count an attempt of a due job and keep it from others ``until`` then; its number.

    None when somebody else has it, or did it, or has to do an earlier one of its case first.
    """
    result = session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.status == "armed", Job.run_at <= now, ~_before(aliased(Job), now))
        .values(attempts=Job.attempts + 1, run_at=until)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return session.scalar(sa.select(Job.attempts).where(Job.id == job_id))


def _before(earlier: type[Job], now: datetime, *more: sa.ColumnElement[bool]) -> sa.Exists:
    """Something of the same case was due earlier and has not failed yet: a case's promises keep their order.

    One that failed has lost its place; the others need not wait for it.
    """
    return sa.exists().where(
        earlier.case_id == Job.case_id,
        earlier.status == "armed",
        earlier.error.is_(None),
        earlier.due_at <= now,
        sa.or_(earlier.due_at < Job.due_at, sa.and_(earlier.due_at == Job.due_at, earlier.id < Job.id)),
        *more,
    )


def _behind(now: datetime) -> sa.Exists:
    """Something earlier of the same case is under way with somebody, or put off."""
    earlier = aliased(Job)
    return _before(earlier, now, earlier.run_at > now)


def claim_incident(session: Session, job_id: int, attempts: int, until: datetime) -> bool:
    """Arm an incident's job for one more attempt, kept from others ``until`` then; False when it is none."""
    result = session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.status == "incident")
        .values(status="armed", attempts=attempts, run_at=until, done_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def finish_job(session: Session, job_id: int, status: str, at: datetime) -> bool:
    """Move a job away from armed; False when somebody else did it already."""
    result = session.execute(
        sa.update(Job).where(Job.id == job_id, Job.status == "armed").values(status=status, done_at=at)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def drop_jobs(session: Session, job_ids: Sequence[int], at: datetime) -> None:
    """Cancel jobs that are armed or incidents: what they were about is over."""
    if job_ids:
        standing = sa.and_(Job.id.in_(job_ids), Job.status.in_(("armed", "incident")))
        session.execute(sa.update(Job).where(standing).values(status="cancelled", done_at=at))


# Messages ------------------------------------------------------------------------------------


def replace_subscriptions(session: Session, case_id: int, rows: list[Subscription]) -> None:
    """Write what a case waits for now."""
    session.execute(sa.delete(Subscription).where(Subscription.case_id == case_id))
    session.add_all(rows)


def subscribers(session: Session, trigger: Trigger, correlation: str | None) -> list[Subscription]:
    """What waits for this message or signal, in all cases."""
    statement = sa.select(Subscription).where(*_meant_by(trigger, correlation))
    return list(session.scalars(statement.order_by(Subscription.case_id)))


def _meant_by(trigger: Trigger, correlation: str | None) -> list[sa.ColumnElement[bool]]:
    anybody = Subscription.correlation.is_(None)
    asked = anybody if correlation is None else sa.or_(anybody, Subscription.correlation == correlation)
    return [Subscription.kind == trigger.kind, Subscription.name == trigger.name, asked]


# History -------------------------------------------------------------------------------------


def append_history(session: Session, case: Case, entries: Iterable[History]) -> None:
    """Add entries to a case's history, numbered on."""
    last = session.scalar(sa.select(sa.func.max(History.seq)).where(History.case_id == case.id)) or 0
    rows = [
        {
            "case_id": case.id,
            "seq": seq,
            "revision": case.revision,
            "at": entry.at,
            "actor_id": entry.actor_id,
            "actor": entry.actor,
            "kind": entry.kind,
            "process": entry.process or "",
            "node": entry.node,
            "came_from": entry.came_from,
            "task_id": entry.task_id,
            "detail": entry.detail,
        }
        for seq, entry in enumerate(entries, start=last + 1)
    ]
    if rows:
        # One statement for all of them: nobody needs the rows again in this step.
        session.execute(sa.insert(History), rows)


# Numbers and registers -----------------------------------------------------------------------


def next_in_series(session: Session, series: str) -> int:
    """The next number of a series. The row is locked until the end, so that no number is lost."""
    # Two who begin a series at once: one row, and both count on it.
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(Series).values(id=series, last=0).on_conflict_do_nothing())
    row = session.scalars(sa.select(Series).where(Series.id == series).with_for_update()).one()
    row.last += 1
    session.flush()
    return row.last


def number_of_case(session: Session, case_id: int, text: str) -> IssuedNumber | None:
    """A number that a case was given."""
    return session.scalars(
        sa.select(IssuedNumber).where(IssuedNumber.case_id == case_id, IssuedNumber.text == text)
    ).first()


def register_row(session: Session, register: str, case_id: int, key: str) -> RegisterRow | None:
    """The case's row in a register."""
    return session.scalars(
        sa.select(RegisterRow).where(
            RegisterRow.register == register, RegisterRow.case_id == case_id, RegisterRow.key == key
        )
    ).first()


def write_entry(session: Session, row: RegisterRow) -> None:
    """Append the row's present values as its next entry."""
    session.flush()
    session.add(
        RegisterEntry(
            row_id=row.id,
            seq=row.entries,
            at=row.at,
            by=row.by,
            values=row.values,
            void=row.void,
            void_reason=row.void_reason,
        )
    )


def last_handler(session: Session, case_id: int, node: str) -> int | None:
    """Who completed a step last."""
    return session.scalar(
        sa.select(Task.done_by)
        .where(Task.case_id == case_id, Task.node == node, Task.status == "done")
        .order_by(Task.done_at.desc())
        .limit(1)
    )


def people_at(session: Session, site: str, role: str | None) -> list[Account]:
    """The active people of a site, or only those with a role there, by name."""
    statement = (
        sa.select(Account)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.active, AccountRole.site.in_([site, "*"]))
        .distinct()
        .order_by(Account.name, Account.id)
    )
    if role is not None:
        statement = statement.where(AccountRole.role == role)
    return list(session.scalars(statement))


def has_attachment(session: Session, case_id: int, attachment_id: str) -> bool:
    """Say whether a file belongs to a case."""
    return (
        session.scalar(
            sa.select(Attachment.id).where(Attachment.id == attachment_id, Attachment.case_id == case_id)
        )
        is not None
    )


def case_of_request(session: Session, request_id: str) -> Case | None:
    """The case that a submission started before."""
    return session.scalars(sa.select(Case).where(Case.request_id == request_id)).first()


def first_open_task_of(session: Session, case_id: int, account_id: int) -> Task | None:
    """A case's open task that is this person's."""
    return session.scalars(
        sa.select(Task)
        .where(Task.case_id == case_id, Task.status == "open", Task.assignee_id == account_id)
        .order_by(Task.created_at)
        .limit(1)
    ).first()


def subscriptions_of(
    session: Session, case_id: int, trigger: Trigger, correlation: str | None
) -> list[Subscription]:
    """What of a case this message or signal is meant for."""
    statement = sa.select(Subscription).where(
        Subscription.case_id == case_id, *_meant_by(trigger, correlation)
    )
    return list(session.scalars(statement))


def anything_done(session: Session, case_id: int) -> bool:
    """Say whether a task of the case was completed."""
    return (
        session.scalar(sa.select(Task.id).where(Task.case_id == case_id, Task.status == "done").limit(1))
        is not None
    )


def case_of_task(session: Session, task_id: TaskId | str) -> tuple[Case, Task]:
    """A task with its case, for a look; raises :class:`TaskNotFound`."""
    task = session.get(Task, task_id)
    if task is None:
        raise TaskNotFound(task=task_id)
    return session.get_one(Case, task.case_id), task


def reconsider_jobs(session: Session, case_id: int) -> None:
    """Let the armed jobs of a case run at the moment they promised again."""
    session.execute(
        sa.update(Job).where(Job.case_id == case_id, Job.status == "armed").values(run_at=Job.due_at)
    )


def histories(session: Session) -> list[History]:
    """Every entry of every case, in order: for a database that holds one scenario."""
    return list(session.scalars(sa.select(History).order_by(History.case_id, History.seq)))


def count_incidents(session: Session) -> int:
    """How many jobs failed for good."""
    return session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.status == "incident")) or 0


def is_watched(session: Session, task_id: str, who: Iterable[str]) -> bool:
    """Say whether a task was escalated to one of these inboxes."""
    return (
        session.scalar(
            sa.select(Inbox.task_id)
            .where(Inbox.task_id == task_id, Inbox.kind == "watch", Inbox.who.in_(list(who)))
            .limit(1)
        )
        is not None
    )
