"""The rows of a step: its case and task, locked, and what it leaves in the tables, in few statements.

Everything here is prepared (:mod:`engine.store.prepared`) and goes past the session, which is told what
became of the rows that it knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict

from engine.domain.facts import Actor, CaseId, TaskId
from engine.errors import CaseChanged, CaseNotFound, TaskNotFound
from engine.store.models import Account, AccountRole, Case, History, Inbox, Job, Model, Subscription, Task
from engine.store.prepared import Prepared, Values

Row = TypeVar("Row", bound=Model)


def _table(kind: type[Model]) -> sa.Table:
    return Model.metadata.tables[kind.__tablename__]


case, task, inbox = _table(Case), _table(Task), _table(Inbox)
job, history, awaited = _table(Job), _table(History), _table(Subscription)
people, held = _table(Account), _table(AccountRole)


def _given(name: str) -> sa.BindParameter[Any]:
    # A name of its own: that of a column is taken by the value it is set to.
    return sa.bindparam(f"_{name}")


def _set(*names: str) -> dict[str, sa.BindParameter[Any]]:
    return {name: sa.bindparam(name) for name in names}


# Locks: case, then task, then job ------------------------------------------------------------


def _columns(table: Any) -> list[sa.Label[Any]]:
    return [column.label(f"{table.name}.{column.key}") for column in table.columns]


_LOCK_CASE = Prepared(sa.select(*_columns(case)).where(case.c.id == _given("case")).with_for_update())
_LOCK_TASK = Prepared(
    sa.select(*_columns(case), *_columns(task))
    .join_from(case, task, task.c.case_id == case.c.id)
    .where(task.c.id == _given("task"))
    # Both: PostgreSQL reads anew, after waiting, only the rows that it locks.
    .with_for_update(of=[case, task])
)


def lock_case(session: Session, case_id: CaseId | int) -> Case:
    """The case, locked until the transaction ends; raises :class:`CaseNotFound`."""
    session.flush()
    found = _LOCK_CASE.rows(session, _case=case_id)
    if not found:
        raise CaseNotFound(case=case_id)
    return _entity(Case, found[0])


def lock_case_of_task(session: Session, task_id: TaskId | str) -> tuple[Case, Task]:
    """A task with its case, both locked; raises :class:`TaskNotFound`."""
    session.flush()
    found = _LOCK_TASK.rows(session, _task=task_id)
    if not found:
        raise TaskNotFound(task=task_id)
    return _entity(Case, found[0]), _entity(Task, found[0])


def _entity(kind: type[Row], values: Values) -> Row:
    """A row as an entity that no session knows: whoever changes it writes it with :func:`update`."""
    prefix = f"{kind.__tablename__}."
    own = {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
    return made(kind, **own)


def update(session: Session, entity: Case | Task, **values: Any) -> None:
    """Change columns of a locked row, in the table and in the entity."""
    session.flush()
    table = _table(type(entity))
    session.execute(sa.update(table).where(table.c.id == entity.id).values(values))
    instance_dict(entity).update(values)


# The case and its tasks ----------------------------------------------------------------------

_SAVE_CASE = Prepared(
    sa.update(case)
    .where(case.c.id == _given("case"), case.c.revision == _given("revision"))
    .values(
        _set("state", "data", "subject", "status", "ended_at", "category", "outcome")
        | {"revision": case.c.revision + 1}
    )
)
_CLOSE_TASK = Prepared(
    sa.update(task)
    .where(task.c.id == _given("task"))
    .values(
        _set("done_at", "assignee_id", "done_by", "done_by_name", "answers", "request_id")
        | {"status": "done", "draft": sa.null(), "draft_at": sa.null()}
    )
)
_CANCEL_TASK = Prepared(
    sa.update(task).where(task.c.id == _given("task")).values(_set("done_at") | {"status": "cancelled"})
)


def save_case(session: Session, found: Case, **values: Any) -> None:
    """Write a case's next revision; raises :class:`CaseChanged` when somebody else wrote it first."""
    session.flush()
    kept = {name: getattr(found, name) for name in ("status", "ended_at", "category", "outcome")}
    values = {**kept, **values}
    if _SAVE_CASE.run(session, _case=found.id, _revision=found.revision, **values) != 1:
        raise CaseChanged(case=found.id)
    instance_dict(found).update({**values, "revision": found.revision + 1})


def close_task(session: Session, found: Task, **values: Any) -> None:
    """Write that a task is done: by whom, when, with which answers."""
    _CLOSE_TASK.run(session, _task=found.id, **values)
    instance_dict(found).update({**values, "status": "done", "draft": None, "draft_at": None})


def cancel_tasks(session: Session, ids: Collection[str], at: datetime) -> None:
    """Write that tasks came to nothing."""
    _CANCEL_TASK.run_all(session, [{"_task": found, "done_at": at} for found in ids])


# Who holds roles -----------------------------------------------------------------------------

#: So many roles are asked for at once; of fewer, the first stands for the others.
_AT_ONCE = 6
_HOLDERS = Prepared(
    sa.select(held.c.role, people.c.id)
    .join_from(held, people, people.c.id == held.c.account_id)
    .where(
        sa.or_(*(held.c.role == _given(f"role{n}") for n in range(_AT_ONCE))),
        sa.or_(held.c.site == _given("site"), held.c.site == "*"),
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


# New rows ------------------------------------------------------------------------------------

#: What a new row leaves to the table.
_LATER = {
    Task: {"done_at", "done_by", "done_by_name", "answers", "draft", "draft_at", "draft_by", "request_id"}
    | {"next_task_id"},
    Job: {"id", "error", "done_at"},
    History: {"id"},
}


def _insert(kind: type[Model], **other: Any) -> Prepared:
    names = [name for name in _table(kind).columns.keys() if name not in _LATER.get(kind, ())]  # noqa: SIM118
    return Prepared(sa.insert(_table(kind)).values(_set(*names) | other))


def _default(column: sa.Column[Any]) -> Any:
    given = getattr(column.default, "arg", None)
    return given(None) if callable(given) else given


_ADD: dict[type[Model], Prepared] = {
    Task: _insert(Task),
    Inbox: _insert(Inbox),
    Job: _insert(Job),
    Subscription: _insert(Subscription),
}
_last = sa.select(sa.func.coalesce(sa.func.max(history.c.seq), 0) + 1)
_TELL = _insert(History, seq=_last.where(history.c.case_id == _given("case")).scalar_subquery())
#: What a row says of a column that its entity does not.
_DEFAULTS: dict[type[Model], dict[str, Any]] = {
    kind: {str(column.key): _default(column) for column in _table(kind).columns} for kind in _ADD
}


def made(kind: type[Row], /, **values: Any) -> Row:
    """A new row as an entity that no session knows; :func:`add` writes it."""
    entity = cast(Row, sa.inspect(kind).class_manager.new_instance())
    instance_dict(entity).update(values)
    return entity


def add(session: Session, kind: type[Model], entities: Iterable[Model]) -> None:
    """Insert rows of a kind; the session does not know them."""
    _ADD[kind].run_all(session, [{**_DEFAULTS[kind], **instance_dict(entity)} for entity in entities])


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

_CLEAR_INBOX = Prepared(sa.delete(inbox).where(inbox.c.task_id == _given("task")))
_FORGET = Prepared(sa.delete(awaited).where(awaited.c.key == _given("key")))
_standing = sa.or_(job.c.status == "armed", job.c.status == "incident")
_cancel = sa.update(job).where(job.c.case_id == _given("case"), _standing)
_CANCEL_TIMER = Prepared(
    _cancel.where(job.c.kind == "timer", job.c.key == _given("key"), job.c.due_at == _given("due")).values(
        _set("done_at") | {"status": "cancelled"}
    )
)
_CANCEL_LADDER = Prepared(
    # The rungs of a task are named after it.
    _cancel.where(job.c.key > _given("after"), job.c.key < _given("before")).values(
        _set("done_at") | {"status": "cancelled"}
    )
)
_CANCEL_JOBS = Prepared(
    _cancel.where(job.c.kind != "message", job.c.kind != "signal").values(
        _set("done_at") | {"status": "cancelled"}
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
