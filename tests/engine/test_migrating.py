"""A database of an earlier version becomes one of this version, with everything that is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import undefer

from engine.store import finding, inbox_rows, migrating
from engine.store.database import Database, standalone
from engine.store.models import FOUND, NEVER, Case, Inbox
from tests.bench import inbox as bench
from tests.engine import server

#: One case of the second version with two open tasks; one was escalated, the other has no due moment.
OLD = """
INSERT INTO procedure_version
    (id, procedure, number, digest, files, calls, published_at, published_by, note)
    VALUES (1, 'repair', 1, '', '{}', '{}', '2026-11-02', 'x', '');
INSERT INTO "case"
    (id, number, procedure, version_id, status, subject, site, category, outcome, started_at,
    starter_name, revision, state, data)
    VALUES (7, 'BX-2026-00007', 'repair', 1, 'active', '采购灯泡', 'hq', '', '', '2026-11-02', 'an',
    1, '', '{}');
INSERT INTO task (id, case_id, process, node, name, candidates, properties, status, visit, local,
    assigned_because, claimed, created_at, due_at)
    VALUES ('a', 7, 'repair', 'fix', '维修', '["clerk"]', '{}', 'open', 1, '{}', 'lane', FALSE,
    '2026-11-02 01:00:00', '2026-11-03 02:00:00');
INSERT INTO task (id, case_id, process, node, name, candidates, properties, status, visit, local,
    assigned_because, claimed, created_at)
    VALUES ('b', 7, 'repair', 'check', '检查', '["clerk"]', '{}', 'open', 1, '{}', 'lane', FALSE,
    '2026-11-02 01:00:00');
INSERT INTO inbox (who, task_id, due_at, kind, search)
    VALUES ('r:clerk@hq', 'a', '2026-11-03 02:00:00', 'work',
    'BX-2026-00007 采购灯泡 维修 Repair 报修 Repairs');
INSERT INTO inbox (who, task_id, due_at, kind, reason, search)
    VALUES ('r:chief@hq', 'a', '2026-11-03 02:00:00', 'watch', '{"zh": "迟"}',
    'BX-2026-00007 旧主题 维修');
INSERT INTO inbox (who, task_id, kind, search)
    VALUES ('r:clerk@hq', 'b', 'work', 'BX-2026-00007 旧主题 检查 Check 报修 Repairs')
"""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    """A database of the second version."""
    with bench.database(os.environ.get(server.VARIABLE), tmp_path) as url:
        found = standalone(url)
        migrating.upgrade(found.bind, "0002")
        with found.bind.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SET LOCAL timezone = 'UTC'"))
            for statement in OLD.split(";\n"):
                connection.exec_driver_sql(statement)
        yield found
        found.bind.dispose()


def test_open_tasks_keep_their_places_and_are_found(old: Database) -> None:
    old.upgrade()
    assert migrating.differences(old.bind) == []
    due, created = (datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((3, 2), (2, 1)))
    with old.look() as session:
        rows = session.scalars(
            sa.select(Inbox).options(undefer(Inbox.tokens)).order_by(Inbox.task_id, Inbox.who)
        )
        found = {(row.who, row.task_id, row.kind): row for row in rows}
        assert {
            key: (row.due_at, row.created_at, row.procedure, row.number) for key, row in found.items()
        } == {
            ("r:chief@hq", "a", "watch"): (due, created, "repair", "BX-2026-00007"),
            ("r:clerk@hq", "a", "work"): (due, created, "repair", "BX-2026-00007"),
            ("r:clerk@hq", "b", "work"): (NEVER, created, "repair", "BX-2026-00007"),
        }
        assert found["r:chief@hq", "a", "watch"].reason == {"zh": "迟"}
        labels = {"a": "维修 repair 报修 repairs", "b": "检查 check 报修 repairs"}
        pieces = inbox_rows.case_tokens("BX-2026-00007", "采购灯泡")
        for (who, task, kind), row in found.items():
            assert row.search == f"bx-2026-00007 采购灯泡 {labels[task]}"
            own = {finding.label_token(labels[task]), inbox_rows.key_token(who, kind)}
            assert row.tokens == pieces | own
        for model, count in ((Case, 1), (Inbox, 3)):
            for text, hits in (("采购", count), ("00007", count), ("旧主", 0)):
                found_ids = session.scalars(finding.newest(session, model.__table__, finding.pieces_of(text)))
                assert len(found_ids.all()) == hits


def test_what_a_copied_table_lost_of_its_index_comes_back(old: Database, tmp_path: Path) -> None:
    old.upgrade()
    with old.bind.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP INDEX find_inbox")
        else:
            connection.exec_driver_sql("DROP TRIGGER find_inbox_delete")
    old.upgrade()
    with bench.database(os.environ.get(server.VARIABLE), tmp_path / "fresh") as url:
        fresh = standalone(url)
        fresh.create()
        assert _index(old) == _index(fresh)
        fresh.bind.dispose()


def _index(database: Database) -> list[tuple[str, ...]]:
    is_postgresql = finding.is_postgresql(database.bind.dialect)
    named = (
        "indexname, indexdef FROM pg_indexes WHERE indexname"
        if is_postgresql
        else "name, sql FROM sqlite_master WHERE name"
    )
    with database.bind.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT {named} IN ({', '.join(map(repr, _NAMES))})")
        found = sorted(tuple(row) for row in rows)
    assert len(found) == len(FOUND) * (1 if is_postgresql else 4)
    return found


_NAMES = [
    f"{finding.PREFIX}{table}{what}" for table in FOUND for what in ("", "_insert", "_delete", "_update")
]
