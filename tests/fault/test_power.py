"""The power fails: what was acknowledged is there, what was under way is there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.wiring import open_engine
from tests.engine import invariants, server
from tests.engine.world import DATABASE, World, dump

pytestmark = pytest.mark.fault
on_sqlite = pytest.mark.skipif(server.is_asked(), reason="PostgreSQL keeps its own log")

WAL = f"{DATABASE}-wal"
_numbers = count()


def after_a_cut(world: World, files: Path, log: bytes) -> dict[str, Any]:
    """What a database says that comes up with this much of its log; it is sound."""
    folder = world.folder / f"cut {next(_numbers)}"
    folder.mkdir()
    shutil.copyfile(files / DATABASE, folder / DATABASE)
    (folder / WAL).write_bytes(log)
    engine = open_engine(
        replace(world.settings, database_url=f"sqlite:///{folder / DATABASE}"), now=world.clock
    )
    try:
        with engine.database.bind.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert invariants.broken(engine) == []
        with engine.database.look() as session:
            return dump(session)
    finally:
        engine.database.bind.dispose()


def cuts(before: int, after: int) -> Iterator[int]:
    """Lengths at which a log may have been torn while a step was written."""
    yield from (before, before + 1, after - 1, after)
    yield from range(before, after, max(1, (after - before) // 12))


@on_sqlite
def test_torn_anywhere_the_log_gives_the_step_before_or_the_whole_step(world: World) -> None:
    case = world.errand()
    # One connection stays open, so that the log is not written back meanwhile.
    with world.engine.database.bind.connect():
        world.complete(case, "work_a")
        acknowledged, before = world.everything(), (world.folder / WAL).stat().st_size
        world.complete(case, "work_b", by="fei")
        done, log = world.everything(), (world.folder / WAL).read_bytes()
        shutil.copytree(world.folder, world.folder.parent / "kept", ignore=shutil.ignore_patterns("files"))
        files = world.folder.parent / "kept"
    found = []
    for cut in sorted(set(cuts(before, len(log)))):
        for torn in (log[:cut], log[:cut] + b"\x5a" * 512):
            seen = after_a_cut(world, files, torn)
            assert seen in (acknowledged, done)
            found.append(seen == done)
    # Both happened, and nothing that was acknowledged was lost.
    assert True in found
    assert False in found
    shutil.rmtree(files)


def test_what_is_acknowledged_has_reached_the_disk(world: World) -> None:
    # Of its own: that of the tests does not wait for the disk.
    engine = open_engine(world.settings)
    with engine.database.bind.connect() as connection:
        if server.is_asked():
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"
        else:
            full = 2
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.database.bind.dispose()


def test_a_clock_that_jumps_fires_nothing_twice_and_loses_nothing(world: World) -> None:
    case = world.start("alarm")
    begun = world.clock.at
    for day in (3, 1, 2, 5, 4, 2, 6):
        # Back and forth, as after a battery that failed or an hour set wrongly.
        world.clock.at = begun.replace(day=day)
        jobs.run_due(world.engine)
        fired = [entry.node for entry in world.told(case, "timer_fired")]
        assert len(fired) == len(set(fired))
    assert world.case(case).data["order"] == ["early", "later"]
    assert world.jobs(case) == []
