"""What the runner of scenarios asks of a database that holds one story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import (
    Account,
    AccountRole,
    Case,
    History,
    Job,
    MasterRow,
    Paper,
    RegisterRow,
    Schedule,
    Task,
)


@dataclass(frozen=True)
class Seen:
    """What is true now; of several cases, the first is the story's own."""

    open: list[str]
    ended: bool
    status: str
    data: dict[str, Any]
    registers: dict[str, dict[str, Any]]
    escalated: set[str]
    notified: set[str]
    papers: set[str]
    started: set[str]
    voided: set[str]
    #: master → key → values of its row, and whether it is ``void``.
    masters: dict[str, dict[str, dict[str, Any]]]


def seen(session: Session, case_id: int) -> Seen:
    """Look at a story: its own case, and the cases that it started."""
    family = _family(session, case_id)
    own = session.get_one(Case, case_id)
    entries = list(session.scalars(sa.select(History).where(History.case_id.in_(family))))
    rows = list(
        session.scalars(
            sa.select(RegisterRow).where(RegisterRow.case_id.in_(family)).order_by(RegisterRow.id)
        )
    )
    started = session.scalars(sa.select(Case.procedure).where(Case.id.in_(family), Case.id != case_id))
    return Seen(
        open=sorted(
            session.scalars(sa.select(Task.node).where(Task.status == "open", Task.case_id.in_(family)))
        ),
        ended=own.status == "ended",
        status=own.status,
        data=own.data,
        registers={row.register: {**row.values, "void": row.void} for row in rows},
        escalated={entry.node or "" for entry in entries if entry.kind == "escalated"},
        notified={entry.detail["to"] for entry in entries if entry.kind == "told"}
        | {"customer" for entry in entries if entry.kind == "customer_told"},
        papers=set(session.scalars(sa.select(Paper.document).where(Paper.case_id.in_(family)))),
        started=set(started),
        voided={row.register for row in rows if row.void},
        masters=_masters(session),
    )


def _masters(session: Session) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in session.scalars(sa.select(MasterRow)):
        found.setdefault(row.master, {})[row.key] = {**row.values, "void": row.void}
    return found


def open_tasks(session: Session, case_id: int, node: str) -> list[Task]:
    """The open tasks of a node in a story, the oldest first; several where a list is gone through."""
    statement = (
        sa.select(Task)
        .where(Task.status == "open", Task.node == node, Task.case_id.in_(_family(session, case_id)))
        .order_by(Task.created_at, Task.visit)
    )
    return list(session.scalars(statement))


def _family(session: Session, case_id: int) -> list[int]:
    found = [case_id]
    for parent in found:
        found += session.scalars(sa.select(Case.id).where(Case.origin_id == parent))
    return found


def job_errors(session: Session) -> list[str]:
    """What went wrong with due work."""
    found = [
        *session.scalars(sa.select(Job.error).where(Job.error.is_not(None))),
        *session.scalars(sa.select(Schedule.error).where(Schedule.error.is_not(None))),
    ]
    return [error for error in found if error]


def started_by_itself(session: Session, procedure: str, site: str) -> int | None:
    """The first case of a procedure that its schedule started at a site."""
    return session.scalar(
        sa.select(Case.id)
        .join(History, sa.and_(History.case_id == Case.id, History.kind == "case_started"))
        .where(
            Case.procedure == procedure,
            Case.site == site,
            Case.started_by.is_(None),
            History.detail["schedule"].as_string().is_not(None),
        )
        .order_by(Case.id)
        .limit(1)
    )


def hire(session: Session, role: str, name: str) -> int:
    """A person who holds one role everywhere and cannot sign in."""
    account = Account(login=f"role:{role}", name=name, password="!")
    session.add(account)
    session.flush()
    session.add(AccountRole(account_id=account.id, role=role, site="*"))
    return account.id
