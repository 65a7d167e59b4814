"""The statements that read ranges of inboxes: how many rows, how many tasks, one page of them.

The first of each range are merged, so that a long list costs what a short one does, and a task that stands
in two of them is one. Only the few rows that are shown are joined with what their lines say.

A statement depends on the shape of what is asked, not on who asks: it is built once and used again.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from engine.store import finding
from engine.store.models import NEVER, Account, Case, Inbox, Task

#: The tables and not the models: where no objects are made, a statement need not look for them.
_INBOX, _TASK, _CASE, _ACCOUNT = (model.__table__ for model in (Inbox, Task, Case, Account))

#: What the line of a task shows.
COLUMNS = (
    _TASK.c.id,
    _TASK.c.case_id,
    _TASK.c.process,
    _TASK.c.node,
    _TASK.c.name,
    _TASK.c.role,
    _TASK.c.status,
    _TASK.c.visit,
    _TASK.c.assignee_id,
    _TASK.c.created_at,
    _TASK.c.due_at,
    _TASK.c.deadline,
    _TASK.c.limit,
    _TASK.c.done_at,
    _TASK.c.draft_at,
    _TASK.c.sent_back,
    _TASK.c.urged,
    _TASK.c.signing,
    _TASK.c.properties["due"].as_string().label("own_due"),
    _CASE.c.number,
    _CASE.c.paused_at,
    _CASE.c.procedure,
    _CASE.c.subject,
    _CASE.c.site,
    _CASE.c.version_id,
    _CASE.c.priority,
    _ACCOUNT.c.name.label("assignee"),
)
_Plain: Any = namedtuple("_Plain", [column.key for column in COLUMNS])  # type: ignore[misc]

#: What sorting needs; the same in all rows of a task.
_SORTED = (_INBOX.c.task_id, _INBOX.c.due_at, _INBOX.c.created_at, _INBOX.c.number)


@dataclass(frozen=True)
class Order:
    """An order of a list: by some columns, all of them turned round or none."""

    by: tuple[str, ...]
    #: The value of the first column after which there is nothing.
    last: Any = None
    is_turned: bool = False
    #: What has no due moment comes last although it is turned round.
    undated_last: bool = False

    def of(self, row: Any) -> list[Any]:
        """What the rows of a table are ordered by."""
        columns = [getattr(row, name) for name in self.by]
        if self.is_turned:
            columns = [column.desc() for column in columns]
        return [row.due_at == NEVER, *columns] if self.undated_last else columns


#: What a list may be sorted by; ``-`` turns it round. What has no due moment comes last in both.
ORDERS = {
    "due": Order(("due_at", "created_at", "task_id"), NEVER),
    "-due": Order(("due_at", "created_at", "task_id"), is_turned=True, undated_last=True),
    "created": Order(("created_at", "task_id"), NEVER),
    "-created": Order(("created_at", "task_id"), datetime(1, 1, 1, tzinfo=UTC), is_turned=True),
    "number": Order(("number", "task_id"), "\U0010ffff"),
    "-number": Order(("number", "task_id"), "", is_turned=True),
}


#: From the least to the most pressing.
_PRIORITIES = ("low", "normal", "high", "urgent")
_PRESSING = sa.case({name: n for n, name in enumerate(_PRIORITIES)}, value=_CASE.c.priority, else_=1)

#: What a list may be sorted by that no index has: every row is looked at. What is alike: the first due first.
BESIDE_ORDERS: dict[str, tuple[Any, ...]] = {
    "procedure": (_CASE.c.procedure,),
    "step": (_TASK.c.name,),
    "subject": (_CASE.c.subject,),
    "site": (_CASE.c.site,),
    "priority": (_PRESSING.desc(),),
    "assignee": (_ACCOUNT.c.name.is_(None), _ACCOUNT.c.name),
    "urged": (_TASK.c.urged.desc(),),
}

#: What is asked of a row's task or case, by name: no index of inboxes has it. Parameters have its name.
BESIDE: Mapping[str, sa.ColumnElement[bool]] = {
    "process": _TASK.c.process == sa.bindparam("process"),
    "node": _TASK.c.node == sa.bindparam("node"),
    "site": _CASE.c.site == sa.bindparam("site"),
    "priority": _CASE.c.priority == sa.bindparam("priority"),
    "assignee": _TASK.c.assignee_id == sa.bindparam("assignee"),
    "draft": _TASK.c.draft_at.is_not(None),
    "urged": _TASK.c.urged > 0,
}
#: Of the tasks of people, only those that the roles led have; ``led`` are roles at sites.
LED = "led"
_AT_SITE = "@" + _CASE.c.site
#: A role or a person watches it; ``watchers`` are they.
ESCALATED = "escalated"


@dataclass(frozen=True)
class Shape:
    """What tells one statement from another."""

    is_postgresql: bool
    #: Of each range its kind, whether several principals have it, whether it is of some procedures only.
    ranges: tuple[tuple[str, bool, bool], ...]
    procedure: bool = False
    due: bool = False
    words: int = 0
    #: Not before a moment.
    due_from: bool = False
    #: Names of :data:`BESIDE`, LED or ESCALATED.
    beside: tuple[str, ...] = ()

    @property
    def is_once(self) -> bool:
        """Whether a task is there once for sure: in one range of one principal."""
        return len(self.ranges) == 1 and not self.ranges[0][1]


def plain(rows: Iterable[sa.Row[Any]]) -> list[Any]:
    """Rows of :data:`COLUMNS` as named tuples: a line asks thirty times, which SQLAlchemy's are slow in."""
    return [_Plain._make(row) for row in rows]


@lru_cache(maxsize=256)
def size(shape: Shape) -> sa.Select[int]:
    """How many rows: ``limit`` at most."""
    return sa.select(sa.func.count()).select_from(_some(_all(shape)))


@lru_cache(maxsize=256)
def count(shape: Shape, found: bool) -> sa.Select[int, int]:
    """How many rows and how many tasks among the first ``limit``; ``found`` asks an index of texts."""
    some = _some(_with_words(shape, [_INBOX.c.task_id]) if found else _all(shape))
    # Telling tasks apart takes most of the time.
    once = some.c.task_id if shape.is_once else some.c.task_id.distinct()
    return sa.select(sa.func.count(), sa.func.count(once)).select_from(some)


def _all(shape: Shape) -> sa.CompoundSelect[str]:
    ranges = range(len(shape.ranges))
    return sa.union_all(
        *(
            sa.select(_INBOX.c.task_id).where(_is_of(shape, n), *_of_some(shape, n), *_conditions(shape))
            for n in ranges
        )
    )


def _some(rows: Any) -> sa.Subquery:
    some: sa.Subquery = rows.limit(sa.bindparam("limit", type_=sa.Integer)).subquery()
    return some


@lru_cache(maxsize=256)
def page(shape: Shape, sort: str, found: bool) -> sa.Select[Any]:
    """The rows of :data:`COLUMNS` of ``size`` tasks after ``skip``, which together are ``need``."""
    if sort in BESIDE_ORDERS:
        return _page_beside(shape, sort, found)
    order = ORDERS[sort]
    if found:
        rows: Any = _with_words(shape, _SORTED)
    else:
        rows = sa.union_all(*(_first(shape, n, order) for n in range(len(shape.ranges))))
    merged = rows.subquery()
    shown = (
        sa.select(merged)
        .group_by(*merged.c)
        .order_by(*order.of(merged.c))
        .limit(sa.bindparam("size", type_=sa.Integer))
        .offset(sa.bindparam("skip", type_=sa.Integer))
        .subquery()
    )
    return (
        sa.select(*COLUMNS)
        .select_from(shown)
        .join(_TASK, _TASK.c.id == shown.c.task_id)
        .join(_CASE, _CASE.c.id == _TASK.c.case_id)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == _TASK.c.assignee_id)
        .order_by(*order.of(shown.c))
    )


def _page_beside(shape: Shape, sort: str, found: bool) -> sa.Select[Any]:
    some = (_with_words(shape, [_INBOX.c.task_id]) if found else _all(shape)).subquery()
    return (
        sa.select(*COLUMNS)
        .select_from(_TASK)
        .join(_CASE, _CASE.c.id == _TASK.c.case_id)
        .outerjoin(_ACCOUNT, _ACCOUNT.c.id == _TASK.c.assignee_id)
        .where(_TASK.c.id.in_(sa.select(some.c.task_id)))
        .order_by(
            *BESIDE_ORDERS[sort], _TASK.c.due_at.is_(None), _TASK.c.due_at, _TASK.c.created_at, _TASK.c.id
        )
        .limit(sa.bindparam("size", type_=sa.Integer))
        .offset(sa.bindparam("skip", type_=sa.Integer))
    )


def _first(shape: Shape, n: int, order: Order) -> sa.Select[*tuple[Any, ...]]:
    """The first of each principal of a range: as many as are needed of all, since all may be one's."""
    need = sa.bindparam("need", type_=sa.Integer)
    if not shape.ranges[n][1]:
        rows = sa.select(*_SORTED).where(_is_of(shape, n), *_of_some(shape, n), *_conditions(shape))
        # A part of a union may have an order of its own only as a table.
        return sa.select(rows.order_by(*order.of(_INBOX.c)).limit(need).subquery())
    keys = _keys(shape, n)
    if shape.is_postgresql:
        rows = sa.select(*_SORTED).where(*_of_one(shape, n, keys)).order_by(*order.of(_INBOX.c)).limit(need)
        first = rows.correlate(keys).lateral()
        return sa.select(first).select_from(keys.join(first, sa.true()))
    ids = sa.select(_INBOX.c.id).where(*_of_one(shape, n, keys), *_up_to(shape, n, order))
    ids = ids.order_by(*order.of(_INBOX.c)).limit(need).correlate(keys)
    shown = _INBOX.alias()
    columns = [shown.c[column.key] for column in _SORTED]
    return sa.select(*columns).select_from(keys.join(shown, shown.c.id.in_(ids)))


def _up_to(shape: Shape, n: int, order: Order) -> list[sa.ColumnElement[bool]]:
    """What the first of all fulfil: where one principal has enough, nothing later is needed of others."""
    if order.last is None:
        return []
    keys = _keys(shape, n, "enough")
    column = _INBOX.c[order.by[0]]
    enough = sa.select(column).where(*_of_one(shape, n, keys)).order_by(*order.of(_INBOX.c))
    enough = enough.limit(1).offset(sa.bindparam("need", type_=sa.Integer) - 1).correlate(keys)
    best = (sa.func.max if order.is_turned else sa.func.min)(enough.scalar_subquery())
    end = sa.func.coalesce(
        sa.select(best).select_from(keys).scalar_subquery(), sa.literal(order.last, column.type)
    )
    return [column >= end if order.is_turned else column <= end]


def _of_one(shape: Shape, n: int, keys: sa.TableValuedAlias) -> list[sa.ColumnElement[bool]]:
    kind = _INBOX.c.kind == shape.ranges[n][0]
    return [_INBOX.c.who == keys.c.value, kind, *_of_some(shape, n), *_conditions(shape)]


def _of_some(shape: Shape, n: int) -> list[sa.ColumnElement[bool]]:
    """The condition of a range that is of some procedures only."""
    if not shape.ranges[n][2]:
        return []
    if shape.is_postgresql:
        return [_INBOX.c.procedure == sa.any_(sa.bindparam(f"of{n}", type_=ARRAY(sa.Text)))]
    names = sa.func.json_each(sa.bindparam(f"of{n}", type_=sa.Text)).table_valued("value", name=f"of{n}")
    return [_INBOX.c.procedure.in_(sa.select(names.c.value))]


def _with_words(shape: Shape, columns: Iterable[Any]) -> sa.Select[Any]:
    """The rows that an index of texts finds, in no order."""
    rows = sa.select(*columns).where(*_conditions(shape))
    if not shape.is_postgresql:
        index, together = finding.joined(_INBOX)
        return rows.select_from(together).where(finding.matches(index, sa.bindparam("match", type_=sa.Text)))
    rows = rows.where((finding.has_all if shape.is_once else finding.has_one)(_INBOX, _texts("keys")))
    return rows.where(finding.has_all(_INBOX, _texts("pieces")))


def _texts(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=ARRAY(sa.Text))


def _conditions(shape: Shape) -> list[sa.ColumnElement[bool]]:
    """What is asked of every row."""
    words = (sa.bindparam(f"word{n}", type_=sa.Text) for n in range(shape.words))
    found: list[sa.ColumnElement[bool]] = [_contains(shape, word) for word in words]
    if shape.procedure:
        found.append(_INBOX.c.procedure == sa.bindparam("procedure"))
    if shape.due:
        found.append(_INBOX.c.due_at < sa.bindparam("due"))
    if shape.due_from:
        found.append(_INBOX.c.due_at >= sa.bindparam("due_from"))
    return [*found, *_beside(shape)]


def _beside(shape: Shape) -> list[sa.ColumnElement[bool]]:
    """What is asked of the task and the case of a row, which are looked up for it."""
    asked = [BESIDE[name] for name in shape.beside if name in BESIDE]
    found: list[sa.ColumnElement[bool]] = [_has_task(*asked)] if asked else []
    if LED in shape.beside:
        led = _has_task(sa.or_(_is_among(shape, _TASK.c.role + _AT_SITE, LED), _has_candidate(shape)))
        found.append(sa.or_(sa.func.substr(_INBOX.c.who, 1, 2) == "r:", led))
    if ESCALATED in shape.beside:
        other = _INBOX.alias()
        watched = sa.select(other.c.id).where(
            other.c.task_id == _INBOX.c.task_id,
            other.c.kind == "watch",
            _is_among(shape, other.c.who, "watchers"),
        )
        found.append(watched.correlate(_INBOX).exists())
    return found


def _has_task(*asked: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    of_row = sa.select(_TASK.c.id).join_from(_TASK, _CASE, _CASE.c.id == _TASK.c.case_id)
    return of_row.where(_TASK.c.id == _INBOX.c.task_id, *asked).correlate(_INBOX).exists()


def _has_candidate(shape: Shape) -> sa.ColumnElement[bool]:
    """One of a task's candidate roles is led at its site."""
    if shape.is_postgresql:
        each = sa.func.json_array_elements_text(_TASK.c.candidates).table_valued("value", name="candidate")
        each = each.render_derived()
    else:
        each = sa.func.json_each(_TASK.c.candidates).table_valued("value", name="candidate")
    named = _is_among(shape, each.c.value + _AT_SITE, LED)
    return sa.select(sa.literal(1)).select_from(each).where(named).correlate(_TASK, _CASE).exists()


def _is_among(shape: Shape, column: sa.ColumnElement[str], name: str) -> sa.ColumnElement[bool]:
    if shape.is_postgresql:
        return column == sa.any_(_texts(name))
    names = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value", name=f"{name}_names")
    return column.in_(sa.select(names.c.value))


def _contains(shape: Shape, word: sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    # Not LIKE, which has wildcards and takes twice the time.
    return (sa.func.strpos if shape.is_postgresql else sa.func.instr)(_INBOX.c.search, word) > 0


def _is_of(shape: Shape, n: int) -> sa.ColumnElement[bool]:
    """The condition of a range."""
    kind, several, _ = shape.ranges[n]
    is_theirs = _is_one_of(shape, n) if several else _INBOX.c.who == _who(n, sa.Text)
    return sa.and_(is_theirs, _INBOX.c.kind == kind)


def _is_one_of(shape: Shape, n: int) -> sa.ColumnElement[bool]:
    if shape.is_postgresql:
        return _INBOX.c.who == sa.any_(_who(n, ARRAY(sa.Text)))
    return _INBOX.c.who.in_(sa.select(_keys(shape, n).c.value))


def _keys(shape: Shape, n: int, name: str = "principal") -> sa.TableValuedAlias:
    """The principals of a range as a table, so that a statement is the same for however many there are."""
    if shape.is_postgresql:
        names = sa.func.unnest(_who(n, ARRAY(sa.Text)))
        return names.table_valued("value", name=f"{name}{n}").render_derived()
    return sa.func.json_each(_who(n, sa.Text)).table_valued("value", name=f"{name}{n}")


def _who(n: int, kind: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(f"who{n}", type_=kind)
