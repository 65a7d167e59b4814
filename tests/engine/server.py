"""The PostgreSQL server of the tests, when ``GUANJIA_TEST_POSTGRESQL`` names one; SQLite otherwise.

The variable holds the URL of a database one may connect to, such as
``postgresql+psycopg://postgres@127.0.0.1/postgres``; the tests make and drop databases of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

VARIABLE = "GUANJIA_TEST_POSTGRESQL"
_NAME = f"guanjia_test_{os.getpid()}"
_kept: set[str] = set()


def is_asked() -> bool:
    """Say whether the tests run on PostgreSQL."""
    return bool(os.environ.get(VARIABLE))


def url() -> str:
    """The URL of the database of the tests."""
    return sa.make_url(os.environ[VARIABLE]).set(database=_NAME).render_as_string(hide_password=False)


def begin_empty() -> None:
    """An empty database."""
    _run(_drop(_NAME), f"CREATE DATABASE {_NAME}")


def keep(name: str) -> None:
    """Keep the database as it is, under a name. Nobody may be connected to it."""
    _kept.add(name)
    _run(_drop(f"{_NAME}_{name}"), f"CREATE DATABASE {_NAME}_{name} TEMPLATE {_NAME}")


def back_to(name: str) -> None:
    """The database as it was kept."""
    _run(_drop(_NAME), f"CREATE DATABASE {_NAME} TEMPLATE {_NAME}_{name}")


def end() -> None:
    """Leave nothing on the server."""
    _run(_drop(_NAME), *(_drop(f"{_NAME}_{name}") for name in _kept))


@contextmanager
def beside() -> Iterator[None]:
    """Another database for what makes its own; those of the tests stay as they are."""
    global _NAME, _kept
    before = _NAME, _kept
    _NAME, _kept = f"{_NAME}_beside", set()
    begin_empty()
    try:
        yield
    finally:
        end()
        _NAME, _kept = before


def _drop(name: str) -> str:
    return f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"


def _run(*statements: str) -> None:
    engine = sa.create_engine(os.environ[VARIABLE], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
