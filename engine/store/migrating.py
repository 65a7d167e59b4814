"""Bring a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from engine.store import finding
from engine.store.models import FOUND, Model

FOLDER = Path(__file__).resolve().parent / "migrations"
#: Whoever changes tables on PostgreSQL holds this advisory lock.
LOCK = 0x6775616E


def upgrade(bind: sa.Engine, to: str = "head") -> None:
    """Run the migrations that the database has not seen, up to one; safe to repeat, by several at once."""
    with bind.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Two processes that start at the same moment migrate one after the other, however long it takes.
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        command.upgrade(_config(connection), to)
        if to == "head":
            finding.prepare(connection, FOUND)


def create(bind: sa.Engine) -> None:
    """Make the tables of this version in an empty database at once, not by one migration after another."""
    with bind.begin() as connection:
        Model.metadata.create_all(connection)
        command.stamp(_config(connection), "head")


def revise(bind: sa.Engine, number: str, message: str) -> None:
    """Write migration ``number`` (``0002``) from the database to the models, for a developer to read."""
    with bind.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def revision(bind: sa.Engine) -> str | None:
    """The migration that a database saw last; None for one without tables."""
    with bind.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences(bind: sa.Engine) -> list[object]:
    """What the database's tables lack to be those of the models."""
    with bind.connect() as connection:
        options = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Model.metadata))


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether a table or an index is of the models, not the transport's own or what finds texts."""
    is_others = kind == "table" and (name or "").startswith("procrastinate_")
    return not is_others and finding.is_of_models(name, kind, _parents)


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
