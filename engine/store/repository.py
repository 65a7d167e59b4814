"""Fetch and lock rows, and write the projections of a step: few statements, no rules."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import TaskId, Trigger
from engine.errors import ProcedureNotFound, TaskNotFound
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
    Subscription,
    Task,
    Version,
)
from engine.store.prepared import Prepared
from engine.store.rows import given, table_of

__all__ = ["Session"]

held, people = table_of(AccountRole), table_of(Account)


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


# Tasks and inbox -----------------------------------------------------------------------------


def open_tasks(session: Session, case_id: int) -> list[Task]:
    """A case's open tasks."""
    return list(session.scalars(sa.select(Task).where(Task.case_id == case_id, Task.status == "open")))


def write_inbox(session: Session, task: Task, rows: Iterable[Inbox]) -> None:
    """Replace who has the task to do or to sign; those who watch it keep it."""
    session.execute(sa.delete(Inbox).where(Inbox.task_id == task.id, Inbox.kind.in_(("work", "sign"))))
    session.add_all(rows)


# People --------------------------------------------------------------------------------------


#: So many roles are asked for at once; of fewer, the first stands for the others.
_AT_ONCE = 6
_HOLDERS = Prepared(
    sa.select(held.c.role, people.c.id)
    .join_from(held, people, people.c.id == held.c.account_id)
    .where(
        sa.or_(*(held.c.role == given(f"role{n}") for n in range(_AT_ONCE))),
        sa.or_(held.c.site == given("site"), held.c.site == "*"),
        people.c.active,
    )
    .order_by(people.c.id)
)


def holders(session: Session, roles: Iterable[str], site: str) -> dict[str, list[int]]:
    """role → ids of the active people who hold it at the site."""
    found: dict[str, list[int]] = {}
    asked = sorted(roles)
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        some += some[:1] * (_AT_ONCE - len(some))
        for row in _HOLDERS.rows(session, _site=site, **{f"_role{n}": role for n, role in enumerate(some)}):
            people_of = found.setdefault(row["role"], [])
            if row["id"] not in people_of:
                people_of.append(row["id"])
    return found


def account(session: Session, account_id: int) -> Account | None:
    """A person's row."""
    return session.get(Account, account_id)


# Messages ------------------------------------------------------------------------------------


def subscribers(session: Session, trigger: Trigger, correlation: str | None) -> list[Subscription]:
    """What waits for this message or signal, in all cases."""
    statement = sa.select(Subscription).where(*_meant_by(trigger, correlation))
    return list(session.scalars(statement.order_by(Subscription.case_id)))


def _meant_by(trigger: Trigger, correlation: str | None) -> list[sa.ColumnElement[bool]]:
    anybody = Subscription.correlation.is_(None)
    asked = anybody if correlation is None else sa.or_(anybody, Subscription.correlation == correlation)
    return [Subscription.kind == trigger.kind, Subscription.name == trigger.name, asked]


# Numbers and registers -----------------------------------------------------------------------


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


def escalations(session: Session, case_id: int, task_id: str) -> list[History]:
    """What a case's history says of the escalations of a task."""
    return list(
        session.scalars(
            sa.select(History)
            .where(History.case_id == case_id, History.task_id == task_id, History.kind == "escalated")
            .order_by(History.seq)
        )
    )


def done_last(session: Session, opened: Task) -> Task | None:
    """The step of a task as it was done last; of one that is done many times, the same instance."""
    done = session.scalars(
        sa.select(Task)
        .where(
            Task.case_id == opened.case_id,
            Task.process == opened.process,
            Task.node == opened.node,
            Task.status == "done",
        )
        .order_by(Task.done_at.desc(), Task.visit.desc())
    )
    return next((found for found in done if found.local == opened.local), None)


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
