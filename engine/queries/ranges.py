"""Rows of inboxes, from ranges of an index: the first of a sort order, how many there are, those with a text.

A person's list is several ranges: their own tasks, and those of each of their roles at each of their sites.
The first of each range are merged, so that a long list costs what a short one does, and a task that stands
in two of them is one. Nothing is joined: that is for the few rows that are shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from engine import procedures
from engine.domain.facts import Actor
from engine.domain.views import MANY
from engine.queries import seeing
from engine.queries.lines import words_of
from engine.store import finding
from engine.store.inbox_rows import key_token
from engine.store.models import NEVER, Inbox, Version
from engine.wiring import Engine

#: What sorting needs; the same in all rows of a task.
_NARROW = ("task_id", "due_at", "created_at", "number")

Order = Callable[[Any], Sequence[sa.ColumnElement[Any]]]

#: What a list may be sorted by; ``-`` turns it round. What has no due moment comes last in both.
ORDERS: dict[str, Order] = {
    "due": lambda row: (row.due_at, row.created_at, row.task_id),
    "-due": lambda row: (row.due_at == NEVER, row.due_at.desc(), row.created_at.desc(), row.task_id.desc()),
    "created": lambda row: (row.created_at, row.task_id),
    "-created": lambda row: (row.created_at.desc(), row.task_id.desc()),
    "number": lambda row: (row.number, row.task_id),
    "-number": lambda row: (row.number.desc(), row.task_id.desc()),
}


@dataclass(frozen=True)
class Range:
    """The rows of one kind that some principals have."""

    kind: str
    who: tuple[str, ...]

    def condition(self, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """What its rows fulfil."""
        one = Inbox.who == self.who[0] if len(self.who) == 1 else Inbox.who.in_(self.who)
        return sa.and_(one, Inbox.kind == self.kind, *more)


@dataclass(frozen=True)
class Ranges:
    """What a person has before them, or the part of it that fulfils some conditions."""

    session: Session
    ranges: tuple[Range, ...]
    where: tuple[sa.ColumnElement[bool], ...] = ()
    #: The same rows as an index of their texts gives them, in no order.
    found: sa.ColumnElement[bool] | None = None

    def of_procedure(self, procedure: str) -> Ranges:
        """Those of one procedure."""
        return self._that(Inbox.procedure == procedure)

    def due_before(self, moment: datetime) -> Ranges:
        """Those that were due before a moment."""
        return self._that(Inbox.due_at < moment)

    def with_text(self, engine: Engine, text: str) -> Ranges:
        """Those in which every word of a text stands, in number, subject or the name of step or procedure."""
        words = [word.lower() for word in words_of(text)]
        if not words:
            return self
        labels = _labels(engine, self.session)
        wanted = [[finding.pieces_of(word), *_labelled(labels, word)] for word in words]
        where = (*self.where, *(Inbox.search.contains(word, autoescape=True) for word in words))
        return replace(self, where=where, found=self._found(wanted, where))

    def count(self) -> int:
        """How many tasks there are, up to MANY and one more."""
        if not self.ranges:
            return 0
        most = limit = MANY + 1
        while True:
            some = self._all().limit(limit).subquery()
            tasks = sa.func.count(some.c.task_id.distinct())
            seen, found = self.session.execute(sa.select(sa.func.count(), tasks).select_from(some)).one()
            if seen < limit or found >= most:
                return int(found)
            # Many tasks stand in two of the ranges.
            limit *= 2

    def first(self, sort: str, need: int, *, total: int) -> sa.SelectBase:
        """At least the first ``need`` tasks in a sort order, some perhaps twice, of ``total`` as counted."""
        if self.found is not None and total <= MANY:
            return self._all()
        # Of a text that very many have, the first are soon met on the way.
        legs = [self._first(one, ORDERS[sort], need) for one in self.ranges]
        return legs[0] if len(legs) == 1 else sa.union_all(*legs)

    def _that(self, condition: sa.ColumnElement[bool]) -> Ranges:
        found = None if self.found is None else self.found & condition
        return replace(self, where=(*self.where, condition), found=found)

    def _all(self) -> sa.GenerativeSelect:
        if self.found is not None:
            return _narrow(Inbox).where(self.found)
        rows = [_narrow(Inbox).where(one.condition(*self.where)) for one in self.ranges]
        return rows[0] if len(rows) == 1 else sa.union_all(*rows)

    def _first(self, one: Range, order: Order, need: int) -> sa.Select[Any]:
        if len(one.who) > 1:
            return _first_of_each(self.session, one, self.where, order, need)
        rows = _narrow(Inbox).where(one.condition(*self.where)).order_by(*order(Inbox)).limit(need)
        # A part of a union may have an order of its own only as a table.
        return sa.select(rows.subquery())

    def _found(
        self, wanted: list[list[frozenset[str]]], where: Sequence[sa.ColumnElement[bool]]
    ) -> sa.ColumnElement[bool]:
        if finding.is_postgresql(self.session.get_bind().dialect):
            has = finding.has(self.session, Inbox, wanted)
            return sa.or_(*(one.condition(has, *where) for one in self.ranges))
        # SQLite would rather walk through a range than ask its index for a text: it is asked for both.
        keys = [frozenset({key_token(who, one.kind)}) for one in self.ranges for who in one.who]
        return sa.and_(finding.has(self.session, Inbox, [keys, *wanted]), *where)


def tasks_of(
    engine: Engine, session: Session, actor: Actor, view: Literal["mine", "claimable", "all"]
) -> Ranges:
    """What a person has to do or to see to, what their roles may take, or both."""
    keys = seeing.principals(engine, actor)
    own = tuple(key for key in keys if key.startswith("u:"))
    roles = tuple(key for key in keys if key.startswith("r:"))
    ranges = {
        "mine": (Range("work", own), Range("watch", keys)),
        "claimable": (Range("work", roles),),
        "all": (Range("work", keys), Range("watch", keys)),
    }
    return Ranges(session, tuple(one for one in ranges[view] if one.who))


def _labels(engine: Engine, session: Session) -> set[str]:
    versions = session.scalars(sa.select(Version.id)).all()
    return {label for id_ in versions for label in procedures.of_version(engine, session, id_).labels}


def _labelled(labels: set[str], word: str) -> Iterator[frozenset[str]]:
    return (frozenset({finding.label_token(label)}) for label in labels if word in label)


def _narrow(row: Any) -> sa.Select[Any]:
    return sa.select(*(getattr(row, name) for name in _NARROW))


def _first_of_each(
    session: Session, one: Range, where: Sequence[sa.ColumnElement[bool]], order: Order, need: int
) -> sa.Select[Any]:
    """The first of every principal, in one statement that is the same for however many there are."""
    if finding.is_postgresql(session.get_bind().dialect):
        names = sa.cast(sa.literal(list(one.who), postgresql.ARRAY(sa.Text)), postgresql.ARRAY(sa.Text))
        keys = sa.func.unnest(names).table_valued("who", name="principal")
        rows = _narrow(Inbox).where(Inbox.who == keys.c.who, Inbox.kind == one.kind, *where)
        return sa.select(rows.order_by(*order(Inbox)).limit(need).correlate(keys).lateral())
    keys = sa.func.json_each(json.dumps(one.who)).table_valued("value", name="principal")
    ids = sa.select(Inbox.id).where(Inbox.who == keys.c.value, Inbox.kind == one.kind, *where)
    ids = ids.order_by(*order(Inbox)).limit(need).correlate(keys)
    shown = aliased(Inbox)
    return _narrow(shown).select_from(keys.join(shown, shown.id.in_(ids)))
