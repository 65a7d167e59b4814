"""The migrations make the tables that the models describe."""

from pathlib import Path

from engine.store import migrating
from engine.store.database import standalone


def test_migrations_lead_to_the_models(tmp_path: Path) -> None:
    database = standalone(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    database.upgrade()
    try:
        assert migrating.differences(database.bind) == []
    finally:
        database.bind.dispose()
