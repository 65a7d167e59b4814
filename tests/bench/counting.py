"""Count what is said to SQLite: every statement that a program hands over, ``BEGIN`` too, and commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@dataclass
class Counted:
    """How often."""

    statements: int = 0
    commits: int = 0

    def reset(self) -> None:
        """Begin anew."""
        self.statements = self.commits = 0

    def copy(self) -> Counted:
        """What was counted so far."""
        return replace(self)


@contextmanager
def counting(bind: sa.Engine) -> Iterator[Counted]:
    """Count on every connection that is opened meanwhile."""
    counted = Counted()

    class Cursor(sqlite3.Cursor):
        def execute(self, *args: Any) -> Any:
            counted.statements += 1
            return super().execute(*args)

        def executemany(self, *args: Any) -> Any:
            counted.statements += 1
            return super().executemany(*args)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, *args: Any) -> Any:
            counted.statements += 1
            return super().execute(*args)

        def commit(self) -> None:
            counted.commits += 1
            super().commit()

    def connect(dialect: Any, record: Any, arguments: Any, parameters: Any) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, **parameters, factory=Connection)

    bind.dispose()
    event.listen(bind, "do_connect", connect)
    try:
        yield counted
    finally:
        event.remove(bind, "do_connect", connect)
        bind.dispose()
