"""The migrations make the tables that the models describe."""

from pathlib import Path

import sqlalchemy as sa

from engine.store import migrating
from engine.store.database import standalone


def test_migrations_lead_to_the_models(tmp_path: Path) -> None:
    database = standalone(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    database.upgrade()
    try:
        assert migrating.differences(database.bind) == []
    finally:
        database.bind.dispose()


OLD = """
INSERT INTO procedure_version
    (id, procedure, number, digest, files, calls, published_at, published_by, note)
    VALUES (1, 'p', 1, '', '{}', '{}', '2026-11-02', 'x', '');
INSERT INTO "case"
    (id, number, procedure, version_id, status, subject, site, category, outcome, started_at,
    starter_name, revision, state, data)
    VALUES (7, 'GJ-1', 'p', 1, 'active', '', 'hq', '', '', '2026-11-02', 'an', 1, '', '{}');
INSERT INTO subscription VALUES ('k', 'paid', 7, 'wait', 'A-1')
"""


def test_what_cases_wait_for_outlives_the_second_migration(tmp_path: Path) -> None:
    database = standalone(f"sqlite:///{tmp_path / 'old.sqlite'}")
    try:
        migrating.upgrade(database.bind, "0001")
        with database.bind.begin() as connection:
            for statement in OLD.split(";"):
                connection.execute(sa.text(statement))
        migrating.upgrade(database.bind)
        with database.bind.connect() as connection:
            found = connection.execute(sa.text("SELECT * FROM subscription")).all()
        assert [tuple(row) for row in found] == [("k", "message", "paid", 7, "wait", "A-1")]
    finally:
        database.bind.dispose()
