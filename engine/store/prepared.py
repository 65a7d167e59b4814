"""Statements that every step executes: built and compiled once, executed past the session's ceremony.

Building and compiling a statement takes longer than SQLite takes to execute it. A :class:`Prepared` does
both once for each kind of database, and hands it to the driver; what goes in and comes out passes through
the columns' own types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session

from engine.store.failing import failpoint

Values = Mapping[str, Any]
#: Under what name a session keeps the connection of its one transaction.
CONNECTION = "connection"
_Convert = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Compiled:
    text: str
    #: (parameter, how its value is given to the driver), in the order of the text
    parameters: tuple[tuple[str, _Convert], ...]
    #: What the statement itself says.
    fixed: Values
    positional: bool
    reads: bool
    #: (column, how its value is read)
    columns: tuple[tuple[str, _Convert], ...]

    def bound(self, values: Values) -> Any:
        """The parameters of one execution as the driver takes them."""
        values = {**self.fixed, **values} if self.fixed else values
        if self.positional:
            return [convert(values[name]) if convert else values[name] for name, convert in self.parameters]
        return {name: convert(values[name]) if convert else values[name] for name, convert in self.parameters}

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        """A row of the result by the names of its columns."""
        pairs = zip(self.columns, row, strict=True)
        return {name: convert(value) if convert else value for (name, convert), value in pairs}


@dataclass
class Prepared:
    """A statement; what differs from one execution to the next is a ``bindparam`` of it."""

    statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
    _compiled: dict[str, _Compiled] = field(default_factory=dict, init=False, repr=False)

    def rows(self, session: Session, **values: Any) -> list[dict[str, Any]]:
        """What a query gives, or a writing statement returns: each row by the labels of its columns."""
        with self._cursor(session) as (cursor, compiled):
            cursor.execute(compiled.text, compiled.bound(values))
            return [compiled.read(row) for row in cursor.fetchall()]

    def run(self, session: Session, **values: Any) -> int:
        """Execute once; how many rows it changed."""
        with self._cursor(session) as (cursor, compiled):
            cursor.execute(compiled.text, compiled.bound(values))
            return int(cursor.rowcount)

    def run_all(self, session: Session, many: Sequence[Values]) -> None:
        """Execute for each of these; nothing at all when there are none."""
        if len(many) == 1:
            # PostgreSQL's driver begins a pipeline for several, which one pays for in vain.
            self.run(session, **many[0])
        elif many:
            with self._cursor(session) as (cursor, compiled):
                cursor.executemany(compiled.text, [compiled.bound(values) for values in many])

    def _cursor(self, session: Session) -> _Cursor:
        connection = connection_of(session)
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = _compile(self.statement, connection.dialect)
        return _Cursor(connection, compiled)


class _Cursor:
    """The driver's own cursor; what it raises is what SQLAlchemy would have made of it."""

    __slots__ = ("compiled", "connection", "cursor")

    def __init__(self, connection: Connection, compiled: _Compiled) -> None:
        self.connection, self.compiled = connection, compiled

    def __enter__(self) -> tuple[Any, _Compiled]:
        self.cursor = self.connection.connection.cursor()
        if not self.compiled.reads:
            failpoint("write")
        return self.cursor, self.compiled

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.cursor.close()
        if isinstance(error, self.connection.dialect.loaded_dbapi.Error):
            raise translated(self.connection, self.compiled.text, error) from error


def translated(connection: Connection, text: str, error: Exception) -> BaseException:
    """What SQLAlchemy raises when its driver raises ``error``; a connection that is gone is given up."""
    driver = connection.connection.driver_connection
    if connection.dialect.is_disconnect(error, driver, None):  # type: ignore[arg-type]
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(text, None, error, connection.dialect.loaded_dbapi.Error)


def connection_of(session: Session) -> Connection:
    """The connection of a session's one transaction, looked up once."""
    found: Connection | None = session.info.get(CONNECTION)
    if found is None:
        found = session.info[CONNECTION] = session.connection()
    return found


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup if compiled.positional else compiled.binds
    reads = isinstance(statement, sa.Select)
    columns = statement.selected_columns if reads else statement.exported_columns
    return _Compiled(
        text=str(compiled),
        reads=reads,
        parameters=tuple((name, _writer(compiled.binds[name], dialect)) for name in names),
        fixed={name: found.value for name, found in compiled.binds.items() if not found.required},
        positional=compiled.positional,
        columns=tuple(
            (str(column.key), column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in columns
        ),
    )


def _writer(found: sa.BindParameter[Any], dialect: Dialect) -> _Convert:
    convert: _Convert = found.type.dialect_impl(dialect).bind_processor(dialect)
    return convert
