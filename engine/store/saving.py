"""What a step leaves in the tables, in few statements. The case is locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict

from engine.domain.facts import Actor
from engine.errors import CaseChanged
from engine.store.models import Case, History, Inbox, Job, Subscription, Task
from engine.store.prepared import Prepared, Values
from engine.store.rows import given, insert_into, set_to, table_of
from engine.store.ruling import LATEST, seen

case, task, inbox = table_of(Case), table_of(Task), table_of(Inbox)
job, history, awaited = table_of(Job), table_of(History), table_of(Subscription)

# The case and its tasks ----------------------------------------------------------------------

_SAVE_CASE = Prepared(
    sa.update(case)
    .where(
        case.c.id == given("case"),
        case.c.revision == given("revision"),
        # Who waited for the lock may have seen rules that somebody changed meanwhile.
        sa.or_(given("rules", sa.Integer).is_(None), LATEST.element == given("rules", sa.Integer)),
    )
    .values(
        set_to("state", "data", "status", "ended_at", "category", "outcome", "previous_task")
        | {
            "revision": case.c.revision + 1,
            # As they were before this statement.
            "previous_state": sa.case((given("keeps", sa.Boolean), case.c.state)),
            "previous_data": sa.case((given("keeps", sa.Boolean), case.c.data)),
        }
    )
)
_CLOSE_TASK = Prepared(
    sa.update(task)
    .where(task.c.id == given("task"))
    .values(
        set_to("done_at", "assignee_id", "done_by", "done_by_name", "answers", "request_id")
        | {"status": "done", "draft": sa.null(), "draft_at": sa.null()}
    )
)
_CANCEL_TASK = Prepared(
    sa.update(task).where(task.c.id == given("task")).values(set_to("done_at") | {"status": "cancelled"})
)


_RENAME_CASE = Prepared(sa.update(case).where(case.c.id == given("case")).values(set_to("subject", "tokens")))


def rename_case(session: Session, found: Case, *, subject: str, tokens: frozenset[str]) -> None:
    """Write a case's new subject and what it is found by."""
    _RENAME_CASE.run(session, _case=found.id, subject=subject, tokens=tokens)
    instance_dict(found)["subject"] = subject


def save_case(session: Session, found: Case, *, completed: str | None = None, **values: Any) -> None:
    """Write a case's next revision; raises :class:`CaseChanged` when somebody else wrote it first.

    With the task that was ``completed``, what the case was before stays beside it.
    """
    session.flush()
    kept = {name: getattr(found, name) for name in ("status", "ended_at", "category", "outcome")}
    values = {**kept, **values, "previous_task": completed}
    guard = {
        "_case": found.id,
        "_revision": found.revision,
        "_rules": seen(session),
        "_keeps": completed is not None,
    }
    if _SAVE_CASE.run(session, **guard, **values) != 1:
        raise CaseChanged(case=found.id)
    instance_dict(found).update({**values, "revision": found.revision + 1})


def close_task(session: Session, found: Task, **values: Any) -> None:
    """Write that a task is done: by whom, when, with which answers."""
    _CLOSE_TASK.run(session, _task=found.id, **values)
    instance_dict(found).update({**values, "status": "done", "draft": None, "draft_at": None})


def cancel_tasks(session: Session, ids: Collection[str], at: datetime) -> None:
    """Write that tasks came to nothing."""
    _CANCEL_TASK.run_all(session, [{"_task": found, "done_at": at} for found in ids])


# The history ---------------------------------------------------------------------------------

_last = sa.select(sa.func.coalesce(sa.func.max(history.c.seq), 0) + 1)
_TELL = Prepared(insert_into(History, seq=_last.where(history.c.case_id == given("case")).scalar_subquery()))


def entry(
    by: Actor,
    kind: str,
    *,
    at: datetime,
    process: str,
    node: str | None = None,
    came_from: str | None = None,
    task_id: str | None = None,
    detail: Values | None = None,
) -> Values:
    """One fact for a case's history."""
    return {
        "at": at,
        "actor_id": by.id,
        "actor": by.name,
        "kind": kind,
        "process": process,
        "node": node,
        "came_from": came_from,
        "task_id": task_id,
        "detail": detail or {},
    }


def append_history(session: Session, found: Case, entries: Iterable[Values]) -> None:
    """Add entries to a locked case's history, numbered on."""
    own = {"case_id": found.id, "revision": found.revision, "_case": found.id}
    _TELL.run_all(session, [{**told, **own} for told in entries])


# Rows that are over --------------------------------------------------------------------------

_CLEAR_INBOX = Prepared(sa.delete(inbox).where(inbox.c.task_id == given("task")))
_FORGET = Prepared(sa.delete(awaited).where(awaited.c.key == given("key")))
_standing = sa.or_(job.c.status == "armed", job.c.status == "incident", job.c.status == "paused")
_cancel = sa.update(job).where(job.c.case_id == given("case"), _standing)
_CANCEL_TIMER = Prepared(
    _cancel.where(job.c.kind == "timer", job.c.key == given("key"), job.c.due_at == given("due")).values(
        set_to("done_at") | {"status": "cancelled"}
    )
)
_CANCEL_LADDER = Prepared(
    # The rungs of a task are named after it.
    _cancel.where(job.c.key > given("after"), job.c.key < given("before")).values(
        set_to("done_at") | {"status": "cancelled"}
    )
)
_CANCEL_JOBS = Prepared(
    _cancel.where(job.c.kind != "message", job.c.kind != "signal").values(
        set_to("done_at") | {"status": "cancelled"}
    )
)


def clear_inbox(session: Session, tasks: Collection[str]) -> None:
    """Take tasks out of every inbox."""
    _CLEAR_INBOX.run_all(session, [{"_task": found} for found in tasks])


def forget(session: Session, keys: Collection[str]) -> None:
    """Drop subscriptions."""
    _FORGET.run_all(session, [{"_key": key} for key in keys])


def cancel_timers(
    session: Session, case_id: int, timers: Collection[tuple[str, datetime]], at: datetime
) -> None:
    """Cancel the jobs of timers (key, due) that the workflow does not wait for any more."""
    _CANCEL_TIMER.run_all(
        session, [{"_case": case_id, "_key": key, "_due": due, "done_at": at} for key, due in timers]
    )


def cancel_ladders(session: Session, case_id: int, tasks: Collection[str], at: datetime) -> None:
    """Cancel the reminders and escalations of tasks."""
    _CANCEL_LADDER.run_all(
        session,
        [{"_case": case_id, "_after": f"{found}:", "_before": f"{found};", "done_at": at} for found in tasks],
    )


def cancel_jobs(session: Session, case_id: int, at: datetime) -> None:
    """Cancel everything that is due in a case which is over, but for what it threw."""
    _CANCEL_JOBS.run(session, _case=case_id, done_at=at)
