"""What lists share: pages, search that reads no wildcard out of a text, names of people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.domain.views import MANY, SentBack, Words
from engine.procedures import Published
from engine.store.models import Account
from engine.wiring import Engine

#: A column, or an expression over columns.
Searchable = sa.ColumnElement[Any] | InstrumentedAttribute[Any]

#: Rows of one page at most.
LARGEST = 500
#: Words of a search that are looked at, and characters of each.
MOST_WORDS, LONGEST_WORD = 8, 100


def paged(
    session: Session, statement: sa.Select[*tuple[Any, ...]], *, page: int, size: int
) -> tuple[list[Any], int, int, int]:
    """One page of a statement: its rows, the total, and page and size as they were taken."""
    page, size = within(page, size)
    total = session.scalar(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = session.execute(statement.limit(size).offset((page - 1) * size)).all() if total else []
    return list(rows), total, page, size


def within(page: int, size: int) -> tuple[int, int]:
    """Page and size as they are taken."""
    return max(1, page), min(max(1, size), LARGEST)


def count_some(session: Session, statement: sa.Select[*tuple[Any, ...]]) -> int:
    """How many rows a statement has, up to MANY and one more."""
    some = statement.order_by(None).limit(MANY + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def words_of(text: str) -> list[str]:
    """The words of a search, as many and as long as are looked at."""
    return [word[:LONGEST_WORD] for word in text.split()[:MOST_WORDS]]


def matches(
    text: str, *columns: sa.ColumnElement[Any] | InstrumentedAttribute[Any]
) -> sa.ColumnElement[bool]:
    """Every word of a text stands in one of the columns; ``%`` and ``_`` are themselves, case is ignored."""
    found = (
        sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words_of(text)
    )
    return sa.and_(sa.true(), *found)


def names_of(session: Session, ids: Iterable[object]) -> dict[int, str]:
    """The names of people by account id; what is no id of anybody is left out."""
    wanted = {number for number in map(account_id, ids) if number is not None}
    if not wanted:
        return {}
    rows = session.execute(sa.select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def account_id(value: object) -> int | None:
    """The account id that a datum holds, as a number or its text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def sent_back_of(published: Published, said: dict[str, Any] | None) -> SentBack | None:
    """That a task was sent back, as its row says it."""
    if not said:
        return None
    return SentBack(
        by=said["by"],
        at=datetime.fromisoformat(said["at"]),
        step=published.node_name(said["process"], said["from"]),
        reason=said["reason"],
    )


def role_words(engine: Engine, role: str) -> Words:
    """What people call a role; an unknown one stands for itself."""
    found = engine.organisation.roles.get(role)
    return Words(found.zh, found.en) if found else Words(role, role)


def department_words(engine: Engine, department: str) -> Words:
    """What people call a department; an unknown one stands for itself."""
    found = engine.organisation.departments.get(department)
    return Words(found.zh, found.en) if found else Words(department, department)
