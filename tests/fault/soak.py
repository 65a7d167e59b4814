"""Workers are killed every second while people work and timers come due: nothing is lost or done twice.

``make soak`` runs it on PostgreSQL for ``SOAK_SECONDS``; ``test_soak.py`` for a few. It judges what stands in
the database once it is quiet, not how fast that came.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from engine import cases, jobs, tasks
from engine.domain.facts import TaskId
from engine.errors import CaseChanged, DatabaseUnavailable
from engine.store.models import Case, History, Job, Task
from engine.wiring import Engine
from tests.engine import invariants, server
from tests.engine.world import SITE, World

#: A second's timer, a task, three times; in the end a message that nobody waits for.
DRAWING = """
s:start -> wait:catch(timer "PT1S") -> count:script(rings = get("rings", 0) + 1) -> work:user -> more:xor
more -[get("rings", 0) < 3]-> wait
more -*-> say:throw(message soaked) -> e:end
"""
WORKERS = 3
#: Cases that are alive at the same time.
ALIVE = 60
#: Seconds that everything may take to become quiet: several leases, and a worker's time of being missed.
QUIET = 90.0


@dataclass
class Told:
    """What happened, for people to read, and what is wrong, for the judgement."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def soak(folder: Path, seconds: float) -> Told:
    """Let everything happen for so long on a database of its own; say what it came to."""
    with server.beside():
        world = World(folder, clock=lambda: datetime.now(UTC))  # type: ignore[arg-type]
        world.draw("soak", DRAWING)
        # Killed by chance five times in a row, a job would be an incident, as it should.
        settings = replace(world.settings, lease_seconds=2.0, job_attempts=1000)
        world.engine = replace(world.engine, settings=settings)
        world.close()
        told = Told()
        with driver(world, seconds) as drove:
            _kill_workers(world, seconds, told, drove)
        _judge(world.engine, told)
        world.close()
        return told


def _kill_workers(world: World, seconds: float, told: Told, drove: Callable[[], bool]) -> None:
    """Keep three workers, kill one each second; in the end let them finish and stop them gently."""
    workers = [_forked(lambda: _work(world)) for _ in range(WORKERS)]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(1)
        victim = workers.pop(random.randrange(WORKERS))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        told.counts["kills"] += 1
        workers.append(_forked(lambda: _work(world)))
    if not drove():
        told.wrong.append("the driver failed")
    if not _becomes_quiet(world.engine):
        told.wrong.append("it never became quiet")
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    ended = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
    if any(ended):
        told.wrong.append(f"workers that were asked to stop ended with {ended}")


def _work(world: World) -> None:
    world.engine.dispatcher.serve(jobs.due_work(world.engine))


@contextmanager
def driver(world: World, seconds: float) -> Iterator[Callable[[], bool]]:
    """Somebody in a process of their own who starts cases and completes tasks; call to wait for them."""
    child = _forked(lambda: _drive(world, seconds))
    yield lambda: os.waitpid(child, 0)[1] == 0


def _drive(world: World, seconds: float) -> None:
    engine, by = world.engine, world.people["an"]
    ends, started = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        with engine.database.look() as session:
            alive = session.scalar(sa.select(sa.func.count(Case.id)).where(Case.status == "active")) or 0
            found = session.scalars(sa.select(Task.id).where(Task.status == "open").limit(20)).all()
        for _ in range(min(ALIVE - alive, 5)):
            started += 1
            _twice(lambda request: cases.start_case(engine, "soak", by=by, site=SITE, request_id=request))
        for task in found:
            _complete(engine, TaskId(task), world)
        time.sleep(0.02)


def _complete(engine: Engine, task: TaskId, world: World) -> None:
    def complete(request: str) -> object:
        return tasks.complete_task(engine, task, by=world.people["an"], answers={}, request_id=request)

    _twice(complete)


def _twice(act: Callable[[str], object]) -> None:
    """Submit something as a browser does whose answer was lost now and then: the same request once more."""
    request = f"soak {time.monotonic_ns()} {random.random()}"
    first = _patiently(act, request)
    if random.random() < 0.2 and _patiently(act, request) != first:
        raise AssertionError("the same request got two answers")


def _patiently(act: Callable[[str], object], request: str) -> object:
    while True:
        try:
            return act(request)
        except (CaseChanged, DatabaseUnavailable):
            time.sleep(0.05)


def _becomes_quiet(engine: Engine) -> bool:
    """Wait until nothing more is armed: every case waits for a person, or is over."""
    ends = time.monotonic() + QUIET
    while time.monotonic() < ends:
        with engine.database.look() as session:
            if not session.scalar(sa.select(sa.func.count(Job.id)).where(Job.status == "armed")):
                return True
        time.sleep(0.2)
    return False


def _judge(engine: Engine, told: Told) -> None:
    told.wrong += invariants.broken(engine)
    with engine.database.look() as session:
        by_status = dict(session.execute(sa.select(Job.status, sa.func.count()).group_by(Job.status)).all())
        rung = Counter(
            session.scalars(sa.select(Job.case_id).where(Job.kind == "timer", Job.status == "done"))
        )
        fired = Counter(session.scalars(sa.select(History.case_id).where(History.kind == "timer_fired")))
        found = {case.id: case.data.get("rings", 0) for case in session.scalars(sa.select(Case))}
        retried = session.scalar(sa.select(sa.func.count(Job.id)).where(Job.attempts > 1)) or 0
        errors = session.scalars(sa.select(Job.error).where(Job.error.is_not(None))).all()
        completed = Counter(session.scalars(sa.select(History.task_id).where(History.kind == "completed")))
        steps = session.scalar(sa.select(sa.func.sum(Case.revision))) or 0
    counts = {case: number for case, number in found.items() if number}
    if not counts == dict(rung) == dict(fired):
        told.wrong.append("timers, their effects and their history differ")
    if twice := [task for task, number in completed.items() if number > 1]:
        told.wrong.append(f"completed twice: {twice}")
    if set(by_status) - {"done", "cancelled"}:
        told.wrong.append(f"left over: {by_status}")
    told.counts |= Counter(
        cases=len(found), steps=int(steps), tasks=len(completed), timers=sum(rung.values()),
        retried=retried, failed=len(errors),
    )  # fmt: skip


def _forked(act: Callable[[], object]) -> int:
    """Do something in a process of its own; no connection is shared with it."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Soak for ``SOAK_SECONDS`` and say what it came to."""
    os.environ.setdefault(server.VARIABLE, "postgresql+psycopg://postgres@127.0.0.1/postgres")
    with TemporaryDirectory() as folder:
        told = soak(Path(folder), float(os.environ.get("SOAK_SECONDS", "300")))
    said = [", ".join(f"{name} {number}" for name, number in sorted(told.counts.items()))]
    said += [f"wrong: {wrong}" for wrong in told.wrong]
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(1 if told.wrong else 0)


if __name__ == "__main__":
    main()
