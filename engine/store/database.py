"""The one place that opens the database, and the two ways through it: a transaction, a look.

SQLite runs with a write-ahead log and ``synchronous=FULL`` (what was acknowledged survives a power
cut); a transaction begins as ``IMMEDIATE``, so that two writers queue instead of failing half way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import CaseChanged, Misconfigured
from engine.store import migrating
from engine.store.models import Model

__all__ = ["Database", "Session", "attach", "db", "standalone"]

#: Flask-SQLAlchemy holds the engine and gives Flask-Migrate the tables.
db = SQLAlchemy(metadata=Model.metadata)

#: Seconds that a writer waits for another on SQLite.
BUSY_TIMEOUT = 15
#: What SQLite and PostgreSQL say when two met.
_MET_OTHERS = ("locked", "deadlock detected", "could not serialize", "UNIQUE constraint", "unique constraint")
READ_ONLY = "guanjia_read_only"


@dataclass(frozen=True)
class Database:
    """Sessions for the engine's verbs and looks."""

    bind: sa.Engine
    _write: sessionmaker[Session]
    _read: sessionmaker[Session]

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits when the block ends well and leaves no trace when it does not.

        Raises :class:`CaseChanged` when others were quicker: a lock that did not come, a deadlock, a row
        that is there already.
        """
        try:
            with self._write.begin() as session:
                yield session
        except (OperationalError, IntegrityError) as error:
            if any(sign in str(error.orig) for sign in _MET_OTHERS):
                raise CaseChanged from error
            raise

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A consistent look that never waits for writers on SQLite."""
        with self._read() as session:
            yield session

    def create(self) -> None:
        """Make the tables, at once and without history: for a database that lives as long as a test."""
        Model.metadata.create_all(self.bind)

    def upgrade(self) -> None:
        """Bring the tables to this version; safe to repeat, and on an empty database."""
        migrating.upgrade(self.bind)


def attach(app: Flask, url: str) -> Database:
    """Give a Flask application its database; raises :class:`Misconfigured` for a bad URL."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise Misconfigured("GUANJIA_DATABASE_URL is not a database URL.", url=url) from error
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            # Flask-SQLAlchemy would look for a relative file in Flask's instance folder.
            file = Path(parsed.database).resolve()
            file.parent.mkdir(parents=True, exist_ok=True)
            parsed = parsed.set(database=str(file))
        options = {"connect_args": {"timeout": BUSY_TIMEOUT, "check_same_thread": False}}
        if not parsed.database or parsed.database == ":memory:":
            options["poolclass"] = sa.pool.StaticPool
    app.config["SQLALCHEMY_DATABASE_URI"] = parsed
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        bind = db.engine
    if bind.dialect.name == "sqlite":
        event.listen(bind, "connect", _prepare_sqlite)
        event.listen(bind, "begin", _begin_sqlite)
    return Database(
        bind=bind,
        _write=sessionmaker(bind, expire_on_commit=False),
        _read=sessionmaker(
            bind.execution_options(**{READ_ONLY: True}), expire_on_commit=False, autoflush=False
        ),
    )


def standalone(url: str) -> Database:
    """A database for a process without a web application: a command, a worker."""
    return attach(Flask("guanjia"), url)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # We say BEGIN ourselves, see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # Kilobytes of pages that a connection remembers; the default of two thousand holds no large inbox.
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
