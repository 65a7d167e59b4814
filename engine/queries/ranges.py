"""Rows of inboxes, from ranges of an index: the first of a sort order, how many there are, those with a text.

A person's list is several ranges: their own tasks, and those of each of their roles at each of their sites.
The first of each range are merged, so that a long list costs what a short one does, and a task that stands
in two of them is one. Only the few rows that are shown are joined with what their lines say.

A statement depends on the shape of what is asked, not on who asks: it is built once and used again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from engine import procedures
from engine.domain.facts import Actor
from engine.domain.views import MANY
from engine.queries import seeing
from engine.queries.lines import words_of
from engine.store import finding
from engine.store.inbox_rows import key_token
from engine.store.models import NEVER, Account, Case, Inbox, Task, Version
from engine.wiring import Engine

#: Rows that are looked at one by one for a text, sooner than an index is asked.
SHORT = 2000

#: What the line of a task shows.
COLUMNS = (
    Task.id,
    Task.case_id,
    Task.process,
    Task.node,
    Task.name,
    Task.role,
    Task.status,
    Task.visit,
    Task.assignee_id,
    Task.created_at,
    Task.due_at,
    Task.deadline,
    Task.done_at,
    Task.draft_at,
    Task.properties["due"].as_string().label("own_due"),
    Case.number,
    Case.procedure,
    Case.subject,
    Case.site,
    Case.version_id,
    Account.name.label("assignee"),
)
#: What sorting needs; the same in all rows of a task.
_SORTED = (Inbox.task_id, Inbox.due_at, Inbox.created_at, Inbox.number)


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


@dataclass(frozen=True)
class Range:
    """The rows of one kind that some principals have."""

    kind: str
    who: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """What tells one statement from another."""

    is_postgresql: bool
    #: Of each range its kind, and whether several principals have it.
    ranges: tuple[tuple[str, bool], ...]
    procedure: bool = False
    due: bool = False
    words: int = 0

    @property
    def is_once(self) -> bool:
        """Whether a task is there once for sure: in one range of one principal."""
        return len(self.ranges) == 1 and not self.ranges[0][1]


@dataclass(frozen=True)
class Tasks:
    """What a person has before them, or a part of it."""

    session: Session
    ranges: tuple[Range, ...]
    #: Only of this procedure.
    procedure: str = ""
    #: Only what was due before this moment.
    due_before: datetime | None = None
    #: Only those in which all these stand, in number, subject, or the name of step or procedure.
    words: tuple[str, ...] = ()
    #: For each word the labels of steps that have it, to ask the index of texts; none to look at every row.
    labels: tuple[tuple[str, ...], ...] = ()

    def with_text(self, engine: Engine, text: str) -> Tasks:
        """Those in which every word of a text stands."""
        words = tuple(word.lower() for word in words_of(text))
        if not words or not self.ranges:
            return self
        asked = self._parameters(found=False) | {"limit": SHORT + 1}
        if self.session.execute(_size(self._shape), asked).scalar_one() <= SHORT:
            return replace(self, words=words)
        known = _labels(engine, self.session)
        labels = tuple(tuple(label for label in known if word in label) for word in words)
        return replace(self, words=words, labels=labels)

    def count(self) -> int:
        """How many tasks there are, up to MANY and one more."""
        if not self.ranges:
            return 0
        most = MANY + 1
        # Some tasks stand in two of the ranges.
        limit = most if self._shape.is_once else most + most // 4
        while True:
            asked = self._parameters(found=bool(self.labels)) | {"limit": limit}
            seen, tasks = self.session.execute(_count(self._shape, bool(self.labels)), asked).one()
            if seen < limit or tasks >= most:
                return min(tasks, most)
            limit *= 2

    def rows(self, sort: str, *, page: int, size: int, total: int) -> Sequence[sa.Row[Any]]:
        """The rows of :data:`COLUMNS` of one page, of ``total`` as counted."""
        if not total:
            return []
        # Of a text that very many have, the first are soon met on the way.
        found = bool(self.labels) and total <= MANY
        asked = self._parameters(found=found) | {
            "need": page * size,
            "size": size,
            "skip": (page - 1) * size,
        }
        return self.session.execute(_page(self._shape, sort, found), asked).all()

    @property
    def _shape(self) -> Shape:
        return Shape(
            finding.is_postgresql(self.session.get_bind().dialect),
            tuple((one.kind, len(one.who) > 1) for one in self.ranges),
            bool(self.procedure),
            self.due_before is not None,
            len(self.words),
        )

    def _parameters(self, *, found: bool) -> dict[str, Any]:
        shape = self._shape
        asked: dict[str, Any] = {"procedure": self.procedure, "due": self.due_before}
        asked |= {f"word{n}": word for n, word in enumerate(self.words)}
        if not (found and not shape.is_postgresql):
            asked |= {f"who{n}": _names(shape, one.who) for n, one in enumerate(self.ranges)}
        if found:
            wanted = [
                (finding.pieces_of(word), [finding.label_token(label) for label in labels])
                for word, labels in zip(self.words, self.labels, strict=True)
            ]
            if shape.is_postgresql:
                asked |= {f"pieces{n}": sorted(pieces) for n, (pieces, _) in enumerate(wanted)}
                asked |= {f"labels{n}": labels for n, (_, labels) in enumerate(wanted)}
            else:
                # SQLite would rather walk through a range than ask its index for a text: it is asked both.
                keys = [key_token(who, one.kind) for one in self.ranges for who in one.who]
                asked["match"] = finding.match([((), keys), *wanted])
        return asked


def tasks_of(
    engine: Engine, session: Session, actor: Actor, view: Literal["mine", "claimable", "all"]
) -> Tasks:
    """What a person has to do or to see to, what their roles may take, or both."""
    keys = seeing.principals(engine, actor)
    own = tuple(key for key in keys if key.startswith("u:"))
    roles = tuple(key for key in keys if key.startswith("r:"))
    ranges = {
        "mine": (Range("work", own), Range("watch", keys)),
        "claimable": (Range("work", roles),),
        "all": (Range("work", keys), Range("watch", keys)),
    }
    return Tasks(session, tuple(one for one in ranges[view] if one.who))


def _labels(engine: Engine, session: Session) -> set[str]:
    versions = session.scalars(_VERSIONS).all()
    return {label for id_ in versions for label in procedures.of_version(engine, session, id_).labels}


_VERSIONS = sa.select(Version.id)


# Statements ----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _size(shape: Shape) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(_some(_all(shape)))


@lru_cache(maxsize=256)
def _count(shape: Shape, found: bool) -> sa.Select[int, int]:
    some = _some(_with_words(shape, [Inbox.task_id]) if found else _all(shape))
    # Telling tasks apart takes most of the time.
    once = some.c.task_id if shape.is_once else some.c.task_id.distinct()
    return sa.select(sa.func.count(), sa.func.count(once)).select_from(some)


def _all(shape: Shape) -> sa.CompoundSelect[str]:
    ranges = range(len(shape.ranges))
    return sa.union_all(
        *(sa.select(Inbox.task_id).where(_is_of(shape, n), *_conditions(shape)) for n in ranges)
    )


def _some(rows: Any) -> sa.Subquery:
    some: sa.Subquery = rows.limit(sa.bindparam("limit", type_=sa.Integer)).subquery()
    return some


@lru_cache(maxsize=256)
def _page(shape: Shape, sort: str, found: bool) -> sa.Select[Any]:
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
        .join(Task, Task.id == shown.c.task_id)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Account, Account.id == Task.assignee_id)
        .order_by(*order.of(shown.c))
    )


def _first(shape: Shape, n: int, order: Order) -> sa.Select[*tuple[Any, ...]]:
    """The first of each principal of a range: as many as are needed of all, since all may be one's."""
    need = sa.bindparam("need", type_=sa.Integer)
    if not shape.ranges[n][1]:
        rows = sa.select(*_SORTED).where(_is_of(shape, n), *_conditions(shape))
        # A part of a union may have an order of its own only as a table.
        return sa.select(rows.order_by(*order.of(Inbox)).limit(need).subquery())
    keys = _keys(shape, n)
    if shape.is_postgresql:
        rows = sa.select(*_SORTED).where(*_of_one(shape, n, keys)).order_by(*order.of(Inbox)).limit(need)
        first = rows.correlate(keys).lateral()
        return sa.select(first).select_from(keys.join(first, sa.true()))
    ids = sa.select(Inbox.id).where(*_of_one(shape, n, keys), *_up_to(shape, n, order))
    ids = ids.order_by(*order.of(Inbox)).limit(need).correlate(keys)
    shown = aliased(Inbox)
    columns = (shown.task_id, shown.due_at, shown.created_at, shown.number)
    return sa.select(*columns).select_from(keys.join(shown, shown.id.in_(ids)))


def _up_to(shape: Shape, n: int, order: Order) -> list[sa.ColumnElement[bool]]:
    """What the first of all fulfil: where one principal has enough, nothing later is needed of others."""
    if order.last is None:
        return []
    keys = _keys(shape, n, "enough")
    column = getattr(Inbox, order.by[0])
    enough = sa.select(column).where(*_of_one(shape, n, keys)).order_by(*order.of(Inbox))
    enough = enough.limit(1).offset(sa.bindparam("need", type_=sa.Integer) - 1).correlate(keys)
    best = (sa.func.max if order.is_turned else sa.func.min)(enough.scalar_subquery())
    end = sa.func.coalesce(
        sa.select(best).select_from(keys).scalar_subquery(), sa.literal(order.last, column.type)
    )
    return [column >= end if order.is_turned else column <= end]


def _of_one(shape: Shape, n: int, keys: sa.TableValuedAlias) -> list[sa.ColumnElement[bool]]:
    return [Inbox.who == keys.c.value, Inbox.kind == shape.ranges[n][0], *_conditions(shape)]


def _with_words(shape: Shape, columns: Iterable[Any]) -> sa.Select[Any]:
    """The rows that an index of texts finds, in no order."""
    rows = sa.select(*columns).where(*_conditions(shape))
    if not shape.is_postgresql:
        index, together = finding.joined(Inbox)
        return rows.select_from(together).where(finding.matches(index, sa.bindparam("match", type_=sa.Text)))
    has = (
        sa.or_(
            finding.has_all(Inbox, sa.bindparam(f"pieces{n}", type_=ARRAY(sa.Text))),
            finding.has_one(Inbox, sa.bindparam(f"labels{n}", type_=ARRAY(sa.Text))),
        )
        for n in range(shape.words)
    )
    return rows.where(sa.or_(*(_is_of(shape, n) for n in range(len(shape.ranges)))), *has)


def _conditions(shape: Shape) -> list[sa.ColumnElement[bool]]:
    """What is asked of every row."""
    words = (sa.bindparam(f"word{n}", type_=sa.Text) for n in range(shape.words))
    found: list[sa.ColumnElement[bool]] = [_contains(shape, word) for word in words]
    if shape.procedure:
        found.append(Inbox.procedure == sa.bindparam("procedure"))
    if shape.due:
        found.append(Inbox.due_at < sa.bindparam("due"))
    return found


def _contains(shape: Shape, word: sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    # Not LIKE, which has wildcards and takes twice the time.
    return (sa.func.strpos if shape.is_postgresql else sa.func.instr)(Inbox.search, word) > 0


def _is_of(shape: Shape, n: int) -> sa.ColumnElement[bool]:
    """The condition of a range."""
    kind, several = shape.ranges[n]
    is_theirs = _is_one_of(shape, n) if several else Inbox.who == _who(n, sa.Text)
    return sa.and_(is_theirs, Inbox.kind == kind)


def _is_one_of(shape: Shape, n: int) -> sa.ColumnElement[bool]:
    if shape.is_postgresql:
        return Inbox.who == sa.any_(_who(n, ARRAY(sa.Text)))
    return Inbox.who.in_(sa.select(_keys(shape, n).c.value))


def _keys(shape: Shape, n: int, name: str = "principal") -> sa.TableValuedAlias:
    """The principals of a range as a table, so that a statement is the same for however many there are."""
    if shape.is_postgresql:
        names = sa.func.unnest(_who(n, ARRAY(sa.Text)))
        return names.table_valued("value", name=f"{name}{n}").render_derived()
    return sa.func.json_each(_who(n, sa.Text)).table_valued("value", name=f"{name}{n}")


def _who(n: int, kind: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(f"who{n}", type_=kind)


def _names(shape: Shape, who: tuple[str, ...]) -> Any:
    if len(who) == 1:
        return who[0]
    return list(who) if shape.is_postgresql else json.dumps(who)
