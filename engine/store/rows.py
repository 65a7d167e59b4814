"""Rows as entities that no session knows: made from what was read, written in few statements.

An entity from here has the columns of its row and nothing else to it: what is changed in it is written
with :func:`update`, what is new with :func:`add`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict

from engine.store.models import Case, Delivery, History, Inbox, Job, Model, Notice, Subscription, Task
from engine.store.prepared import Prepared, Values

Row = TypeVar("Row", bound=Model)


def table_of(kind: type[Model]) -> sa.Table:
    """The table of a kind of row."""
    return Model.metadata.tables[kind.__tablename__]


def given(name: str, type_: Any = None) -> sa.BindParameter[Any]:
    """A parameter that a condition compares with."""
    # A name of its own: that of a column is taken by the value it is set to.
    return sa.bindparam(f"_{name}", type_=type_)


def set_to(*names: str) -> dict[str, sa.BindParameter[Any]]:
    """Columns that are set to parameters of their names."""
    return {name: sa.bindparam(name) for name in names}


#: What no step reads: what texts are found by, and what only withdrawing does.
_UNREAD = frozenset({"tokens", "previous_state", "previous_data"})
_LABELS: dict[type[Model], list[tuple[str, str]]] = {
    kind: [
        (str(column.key), f"{kind.__tablename__}.{column.key}")
        for column in table_of(kind).columns
        if column.key not in _UNREAD
    ]
    for kind in (Case, Task, Job)
}


def columns_of(kind: type[Model]) -> list[sa.Label[Any]]:
    """The columns of a table, labelled so that :func:`loaded` finds them beside those of others."""
    return [table_of(kind).c[own].label(label) for own, label in _LABELS[kind]]


def loaded(kind: type[Row], values: Values) -> Row:
    """The entity of a row that was read with :func:`columns_of`."""
    return made(kind, **{own: values[label] for own, label in _LABELS[kind]})


#: What a new row leaves to the table.
_LATER = {
    Task: {"done_at", "done_by", "done_by_name", "answers", "draft", "draft_at", "draft_by", "request_id"}
    | {
        "next_task_id",
        "touched_at",
        "given_by",
        "given_how",
        "urged",
        "urged_at",
        "sent_back",
        "called_back",
    },
    Job: {"id", "error", "done_at"},
    History: {"id"},
    Inbox: {"id"},
    Notice: {"id", "read_at"},
    Delivery: {"id", "error", "sent_at"},
    Case: {"id", "paused_at", "clocks", "previous_task", "previous_state", "previous_data"},
}


def insert_into(kind: type[Model], **other: Any) -> sa.Insert:
    """The insertion of a row; ``other`` are columns that are no parameter."""
    names = [name for name in table_of(kind).columns.keys() if name not in _LATER.get(kind, ())]  # noqa: SIM118
    return sa.insert(table_of(kind)).values(set_to(*names) | other)


def _default(column: sa.Column[Any]) -> Any:
    given = getattr(column.default, "arg", None)
    return given(None) if callable(given) else given


_ADD: dict[type[Model], Prepared] = {
    kind: Prepared(insert_into(kind)) for kind in (Task, Inbox, Job, Subscription, Notice, Delivery)
}
_KINDS: tuple[type[Model], ...] = (*_ADD, Case)
#: What a row says of a column that its entity does not.
DEFAULTS: dict[type[Model], dict[str, Any]] = {
    kind: {str(column.key): _default(column) for column in table_of(kind).columns} for kind in _KINDS
}


_NEW = {mapper.class_: mapper.class_manager.new_instance for mapper in Model.registry.mappers}


def made(kind: type[Row], /, **values: Any) -> Row:
    """A new row as an entity that no session knows; :func:`add` writes it."""
    entity: Row = _NEW[kind]()
    instance_dict(entity).update(values)
    return entity


def add(session: Session, kind: type[Model], entities: Iterable[Model]) -> None:
    """Insert rows of a kind; the session does not know them."""
    _ADD[kind].run_all(session, [{**DEFAULTS[kind], **instance_dict(entity)} for entity in entities])


def update(session: Session, entity: Case | Task, **values: Any) -> None:
    """Change columns of a locked row, in the table and in the entity."""
    session.flush()
    table = table_of(type(entity))
    session.execute(sa.update(table).where(table.c.id == entity.id).values(values))
    instance_dict(entity).update(values)
