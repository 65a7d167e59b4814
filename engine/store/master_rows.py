"""Rows of masters: found, locked, written with an entry each, and tied to the cases that concern them.

Locks come after those of the case; two verbs that lock rows in opposite order are told apart by
PostgreSQL as a deadlock, and one is done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store.models import CaseAbout, MasterEntry, MasterRow

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def find(session: Session, master: str, site: str, key: str) -> MasterRow | None:
    """The row of a key as it stands."""
    return session.scalars(_of_key(master, site, key)).first()


def by_key(session: Session, master: str, site: str) -> dict[str, MasterRow]:
    """All rows of a master at a place, also those that are no longer valid."""
    rows = session.scalars(sa.select(MasterRow).where(MasterRow.master == master, MasterRow.site == site))
    return {row.key: row for row in rows}


def lock(session: Session, master: str, site: str, key: str) -> MasterRow | None:
    """The row of a key, locked until the transaction ends."""
    # Not against those who only refer to it: a case that concerns it does before it changes it.
    locked = _of_key(master, site, key).with_for_update(key_share=True)
    return session.scalars(locked.execution_options(populate_existing=True)).first()


def lock_or_add(session: Session, master: str, site: str, key: str, *, at: datetime, by: str) -> MasterRow:
    """The same; one that is not there is added without an entry, which :func:`write` makes."""
    found = lock(session, master, site, key)
    if found is not None:
        return found
    insert = _INSERT[session.get_bind().dialect.name]
    session.execute(
        insert(MasterRow)
        .values(master=master, site=site, key=key, values={}, found="", found_all="", at=at, by=by)
        .values(void=False, void_reason="", entries=0)
        .on_conflict_do_nothing(index_elements=["master", "site", "key"])
    )
    # Somebody may have been quicker: theirs is then committed, and this one reads it.
    added = lock(session, master, site, key)
    assert added is not None
    return added


def write(session: Session, row: MasterRow, *, case_id: int | None, file: str = "") -> None:
    """Append the locked row's present values as its next entry."""
    row.entries += 1
    session.flush()
    session.add(
        MasterEntry(
            row_id=row.id,
            seq=row.entries,
            at=row.at,
            by=row.by,
            case_id=case_id,
            file=file,
            values=row.values,
            void=row.void,
            void_reason=row.void_reason,
        )
    )
    if case_id is not None:
        concern(session, case_id, [row.id])


def concern(session: Session, case_id: int, rows: Iterable[int]) -> None:
    """Note that a case concerns rows; once is enough."""
    insert = _INSERT[session.get_bind().dialect.name]
    values = [{"case_id": case_id, "row_id": row} for row in dict.fromkeys(rows)]
    if values:
        session.flush()
        session.execute(insert(CaseAbout).on_conflict_do_nothing(), values)


def listed(
    session: Session, master: str, site: str, *, equal: Mapping[str, Any], most: int
) -> list[MasterRow]:
    """The valid rows whose columns have these values, in the order of their keys."""
    statement = sa.select(MasterRow).where(
        MasterRow.master == master,
        MasterRow.site == site,
        MasterRow.void.is_(False),
        *(_is(MasterRow.values[column], value) for column, value in equal.items()),
    )
    return list(session.scalars(statement.order_by(MasterRow.key).limit(most)))


def _is(column: Any, value: Any) -> sa.ColumnElement[bool]:
    if value is None:
        return column.as_string().is_(None)  # type: ignore[no-any-return]
    if isinstance(value, bool):
        return column.as_boolean() == sa.literal(value)  # type: ignore[no-any-return]
    if isinstance(value, int | float):
        return column.as_float() == value  # type: ignore[no-any-return]
    return column.as_string() == str(value)  # type: ignore[no-any-return]


def _of_key(master: str, site: str, key: str) -> sa.Select[MasterRow]:
    return sa.select(MasterRow).where(
        MasterRow.master == master, MasterRow.site == site, MasterRow.key == key
    )
