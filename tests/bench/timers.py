"""Timers: how late they fire beside a hundred thousand armed ones, and how fast a burst is worked off."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import psycopg
import sqlalchemy as sa

from engine import jobs
from engine.domain.facts import CaseId
from engine.store.models import Case, Job, Version
from tests.engine import server
from tests.engine.world import World
from tests.fault.processes import apart

#: A timer; when it fires, somebody has something to do.
PROCEDURE = 's:start -> wait:catch(timer "P30D") -> work:user -> e:end'
ARMED = 100_000
EACH_SECOND, SECONDS = 100, 20
BURST = 5_000
#: The PostgreSQL server, when one was named.
SERVER: str | None = None
#: Seconds that the machine's commits are counted.
FLOOR = 4.0


def world_of(folder: Path) -> World:
    """A world on the true clock."""
    world = World(folder, clock=lambda: datetime.now(UTC))  # type: ignore[arg-type]
    world.draw("bench", PROCEDURE)
    return world


def started(world: World, cases: int) -> list[CaseId]:
    """So many cases that wait for their timers."""
    return [world.start("bench") for _ in range(cases)]


def due(world: World, cases: list[CaseId], moments: list[datetime]) -> None:
    """Let the timers of cases be due at these moments."""
    with world.engine.database.transaction() as session:
        session.execute(
            sa.update(Job.__table__)
            .where(Job.case_id == sa.bindparam("case"), Job.status == "armed")
            .values(due_at=sa.bindparam("at"), run_at=sa.bindparam("at")),
            [{"case": case, "at": at} for case, at in zip(cases, moments, strict=True)],
        )


# How late ------------------------------------------------------------------------------------


def lag(folder: Path) -> dict[str, float]:
    """Seconds from the promise to the commit, the 99th of a hundred, on SQLite in one process."""
    world = world_of(folder)
    cases = started(world, EACH_SECOND * SECONDS)
    _arm_others(world)
    begins = datetime.now(UTC) + timedelta(seconds=3)
    gap = timedelta(seconds=1) / EACH_SECOND
    due(world, cases, [begins + gap * number for number in range(len(cases))])
    world.engine.dispatcher.start(jobs.due_work(world.engine))
    _until(lambda: _left(world, cases) == 0, SECONDS + 60)
    world.engine.dispatcher.stop()
    late = [
        (done - promised).total_seconds()
        for done, promised in world.rows(
            sa.select(Job.done_at, Job.due_at).where(Job.status == "done", Job.case_id.in_(cases))
        )
    ]
    world.close()
    return {"timers.lag_p50_s": median(late), "timers.lag_p99_s": quantiles(late, n=100)[98]}


def _arm_others(world: World) -> None:
    """A hundred thousand timers of other cases, all due in a year."""
    at = datetime.now(UTC) + timedelta(days=365)
    with world.engine.database.transaction() as session:
        version = session.scalars(sa.select(Version.id).where(Version.procedure == "bench")).one()
        shared = {
            "procedure": "bench",
            "version_id": version,
            "status": "active",
            "subject": "",
            "site": "hq",
        }
        more = {"started_at": at, "starter_name": "", "state": "", "data": {}, "tokens": frozenset()}
        first = 1_000_000
        ids = range(first, first + ARMED)
        session.execute(sa.insert(Case), [{"id": key, "number": f"N-{key}", **shared, **more} for key in ids])
        timer = {"kind": "timer", "node": "wait", "name": "", "process": "bench", "payload": {}}
        session.execute(
            sa.insert(Job),
            [
                {"case_id": key, "key": str(key), "due_at": at, "run_at": at, "status": "armed", **timer}
                for key in ids
            ],
        )


def _left(world: World, cases: list[CaseId]) -> int:
    (found,) = world.look(sa.select(sa.func.count()).where(Job.status == "armed", Job.case_id.in_(cases)))
    return int(found)


def _until(holds: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never ended"
        time.sleep(0.2)


# How fast ------------------------------------------------------------------------------------


def burst(folder: Path) -> dict[str, float]:
    """Timers that are due at once, on PostgreSQL: by one worker, by two, beside the machine's commits."""
    with server.beside():
        world = world_of(folder)
        floor = _floor(world)
        one = _rate(world, workers=1, count=BURST // 2)
        two = _rate(world, workers=2, count=BURST)
        world.close()
    return {
        "timers.floor_per_s": floor,
        "timers.one_worker_per_s": one,
        "timers.two_workers_per_s": two,
        "timers.burst_vs_floor": two / floor,
        "scale.two_workers": two / one,
    }


def _rate(world: World, *, workers: int, count: int) -> float:
    """Timers a second, from the moment at which all are due to the last commit."""
    cases = started(world, count)
    working = [apart(world, partial(_work, world)) for _ in range(workers)]
    # Each is there, idle, before anything is due.
    time.sleep(4)
    begun = datetime.now(UTC)
    due(world, cases, [begun] * count)
    world.engine.dispatcher.wake()
    _until(lambda: _left(world, cases) == 0, 300)
    (ended,) = world.look(sa.select(sa.func.max(Job.done_at)).where(Job.case_id.in_(cases)))
    for child in working:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    return count / (ended - begun).total_seconds()


def _work(world: World) -> None:
    world.engine.dispatcher.serve(jobs.due_work(world.engine))


def _floor(world: World) -> float:
    """Commits a second of two processes that do nothing else, each changing one row of its own."""
    address = world.engine.database.bind.url.set(drivername="postgresql").render_as_string(False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor (id int PRIMARY KEY, n int)")
        connection.execute("INSERT INTO floor VALUES (1, 0), (2, 0)")
    children = [apart(world, partial(_commit, address, row)) for row in (1, 2)]
    for child in children:
        os.waitpid(child, 0)
    with psycopg.connect(address) as connection, suppress(TypeError):
        (counted,) = connection.execute("SELECT sum(n) FROM floor").fetchone() or (0,)
        return float(counted) / FLOOR
    return 0.0


def _commit(address: str, row: int) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        ends = time.monotonic() + FLOOR
        while time.monotonic() < ends:
            connection.execute("UPDATE floor SET n = n + 1 WHERE id = %s", [row])


def measure(folder: Path) -> dict[str, float]:
    """Every figure of timers; those of PostgreSQL where a server was named."""
    (folder / "lag").mkdir()
    (folder / "burst").mkdir()
    figures = lag(folder / "lag")
    if SERVER is None:
        print("timers: bursts are left out, no PostgreSQL was named", file=sys.stderr)
        return figures
    os.environ[server.VARIABLE] = SERVER
    try:
        return figures | burst(folder / "burst")
    finally:
        del os.environ[server.VARIABLE]
