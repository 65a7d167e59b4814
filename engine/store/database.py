"""The one place that opens the database, and the two ways through it: a transaction, a look.

SQLite runs with a write-ahead log and ``synchronous=FULL`` (what was acknowledged survives a power
cut); a transaction begins as ``IMMEDIATE``, so that two writers queue instead of failing half way.
PostgreSQL is asked for what SQLite gives by itself: nobody waits for a lock for ever, and nobody who
stands still in the middle of a transaction keeps others from theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from engine.domain.facts import Armed
from engine.errors import CaseChanged, DatabaseUnavailable, Misconfigured
from engine.store import due, migrating
from engine.store.failing import failpoint
from engine.store.models import Model
from engine.store.prepared import CONNECTION, translated

__all__ = ["Database", "Session", "attach", "db", "standalone"]

#: Flask-SQLAlchemy holds the engine and gives Flask-Migrate the tables.
db = SQLAlchemy(metadata=Model.metadata)

#: Seconds that a writer waits for another.
BUSY_TIMEOUT = 15
#: Seconds after which PostgreSQL ends a transaction whose process stands still.
IDLE_TIMEOUT = 60
#: Seconds that a new connection may take.
CONNECT_TIMEOUT = 5
#: What SQLite and PostgreSQL say when two met.
_MET_OTHERS = (
    "locked",
    "deadlock detected",
    "could not serialize",
    "due to lock timeout",
    "UNIQUE constraint",
    "unique constraint",
)
#: How the SQLSTATE begins of what a server says when it is going, not there yet, full, or tired of waiting.
_GONE = ("08", "53", "57P", "25P03")
READ_ONLY = "guanjia_read_only"
#: A session of a transaction that is the database's own to end.
_SESSION: Any = {"expire_on_commit": False, "join_transaction_mode": "rollback_only"}


class Transport(Protocol):
    """What hears of armed jobs in the transaction that arms them."""

    def prepare(self) -> None:
        """Make the tables that it needs itself; safe to repeat."""

    def defer(self, connection: Any, armed: Sequence[Armed]) -> None:
        """Wake somebody when these are due, if and only if the connection's transaction commits."""


@dataclass(frozen=True)
class Database:
    """Sessions for the engine's verbs and looks."""

    bind: sa.Engine
    _read: sessionmaker[Session]
    transport: Transport | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits when the block ends well and leaves no trace when it does not.

        Raises :class:`CaseChanged` when others were quicker: a lock that did not come, a deadlock, a row
        that is there already; :class:`DatabaseUnavailable` when the database went away: in the middle of
        the commit, nobody knows yet whether it happened.
        """
        with (
            in_our_words(),
            self.bind.connect() as connection,
            Session(connection, **_SESSION) as session,
        ):
            begun = connection.begin()
            session.info[CONNECTION] = connection
            yield session
            # What went past the session needs no flush; most steps have nothing else.
            if session.in_transaction():
                session.commit()
            if self.transport is not None and (armed := due.armed(session)):
                self.transport.defer(connection.connection.driver_connection, armed)
            failpoint("commit.before")
            begun.commit()
            failpoint("commit.after")

    @contextmanager
    def savepoint(self, session: Session) -> Iterator[None]:
        """A part of a transaction that leaves no trace when its block does not end well.

        What the session knows is part of it: rows that a failed part read or changed are read anew by the
        next one, and what it armed is forgotten.
        """
        noted = due.armed(session)[:]
        try:
            with in_our_words(), session.begin_nested():
                # The savepoint is made when the session takes the connection up.
                session.connection()
                yield
        except BaseException:
            session.info[due.ARMED] = noted
            raise
        finally:
            session.expunge_all()

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A consistent look that never waits for writers on SQLite.

        Raises :class:`DatabaseUnavailable`.
        """
        with in_our_words(), self._read() as session:
            yield session

    def create(self) -> None:
        """Make the tables at once: for a database that lives as long as a test."""
        migrating.create(self.bind)
        self._prepare_transport()

    def upgrade(self) -> None:
        """Bring the tables to this version; safe to repeat, by several at once, and on an empty database."""
        with in_our_words():
            migrating.upgrade(self.bind)
        self._prepare_transport()

    def _prepare_transport(self) -> None:
        if self.transport is not None:
            self.transport.prepare()


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what the database says into errors of ours: gone, or somebody else was quicker."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise DatabaseUnavailable("All connections to the database are in use.") from error
    except DBAPIError as error:
        if _is_gone(error):
            raise DatabaseUnavailable from error
        if any(sign in str(error.orig) for sign in _MET_OTHERS):
            raise CaseChanged from error
        raise


def _is_gone(error: DBAPIError) -> bool:
    # A connection that never was has no SQLSTATE; SQLite's errors do not know what that is.
    state = getattr(error.orig, "sqlstate", "")
    return error.connection_invalidated or state is None or state.startswith(_GONE)


def attach(app: Flask, url: str) -> Database:
    """Give a Flask application its database; raises :class:`Misconfigured` for a bad URL."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise Misconfigured("GUANJIA_DATABASE_URL is not a database URL.", url=url) from error
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        # A connection is tried before it is used: the server may have been started again meanwhile.
        options = {"pool_pre_ping": True, "connect_args": _arguments(parsed)}
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
        _read=sessionmaker(
            bind.execution_options(**{READ_ONLY: True}), expire_on_commit=False, autoflush=False
        ),
    )


def _arguments(url: sa.URL) -> dict[str, Any]:
    """How PostgreSQL is spoken to; what the URL says itself stays."""
    wanted = {
        "connect_timeout": str(CONNECT_TIMEOUT),
        "application_name": "guanjia",
        "options": f"-c lock_timeout={BUSY_TIMEOUT}s -c idle_in_transaction_session_timeout={IDLE_TIMEOUT}s",
    }
    return {name: value for name, value in wanted.items() if name not in url.query}


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
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        driver.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")
    except driver.Error as error:
        raise translated(connection, "BEGIN", error) from error
