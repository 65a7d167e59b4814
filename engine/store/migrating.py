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


def upgrade(bind: sa.Engine, to: str = "head") -> None:
    """Run the migrations that the database has not seen, up to one; safe to repeat."""
    with bind.begin() as connection:
        command.upgrade(_config(connection), to)
        if to == "head":
            finding.prepare(connection, FOUND)


def revise(bind: sa.Engine, number: str, message: str) -> None:
    """Write migration ``number`` (``0002``) from the database to the models, for a developer to read."""
    with bind.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def differences(bind: sa.Engine) -> list[object]:
    """What the database's tables lack to be those of the models."""
    with bind.connect() as connection:
        options = {"compare_type": True, "include_name": finding.is_of_models}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Model.metadata))


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
