"""Nudges of Procrastinate: there if and only if what they are about is there; a lost one is missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from procrastinate import App, PsycopgConnector
from psycopg.rows import tuple_row

from engine import cases, jobs
from engine.dispatch import Work, dispatcher_for
from engine.dispatch.working import LOOK, NUDGE, QUEUE, Worker, nudges_for
from engine.domain.facts import SYSTEM
from engine.errors import Misconfigured
from engine.retrying import BACKOFF
from tests.engine import server
from tests.engine.world import World
from tests.fault.processes import BEFORE_COMMIT, killed

pytestmark = pytest.mark.fault
postgresql = pytest.mark.skipif(not server.is_asked(), reason="Procrastinate needs PostgreSQL")

SAYS = "s:start -> say:throw(message heard) -> a:user -> e:end"
#: Due in five seconds, and in a day.
WAITS = 's:start -> a:user -> e:end\nt:beside(a, timer "PT5S") -> f:end\nu:beside(a, timer "P1D") -> g:end'


class Queue:
    """Procrastinate's own rows."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives, if it gives anything."""
        with psycopg.connect(self.address, row_factory=tuple_row) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def nudges(self) -> list[tuple[str | None, datetime | None]]:
        """(lock, moment) of each nudge that waits."""
        found = self.ask(
            "SELECT lock, scheduled_at FROM procrastinate_jobs"
            f" WHERE task_name = '{NUDGE}' AND status = 'todo' ORDER BY id"
        )
        return [(lock, at) for lock, at in found]

    def empty(self) -> None:
        """Lose them all."""
        self.ask("DELETE FROM procrastinate_jobs")


@pytest.fixture
def queue(world: World) -> Queue:
    """The queue of a world in which the machine's own clock is shown: Procrastinate asks the server's."""
    world.clock.at = datetime.now(UTC)
    world.draw("says", SAYS)
    world.draw("waits", WAITS)
    address = sa.make_url(server.url()).set(drivername="postgresql").render_as_string(hide_password=False)
    return Queue(address)


def worker(world: World, queue: Queue) -> Worker:
    """A worker that is not running."""
    return Worker(queue.address, jobs.due_work(world.engine), 1, world.clock)


def look(world: World, queue: Queue) -> None:
    """Let one worker look for what woke nobody."""

    async def looked() -> None:
        app = App(connector=PsycopgConnector(conninfo=queue.address))
        async with app.open_async():
            await worker(world, queue).look(app)

    asyncio.run(looked())


@postgresql
def test_what_is_due_now_is_nudged_with_its_case_locked(world: World, queue: Queue) -> None:
    case = world.start("says")
    assert queue.nudges() == [(f"case:{case}", None)]


@postgresql
def test_what_is_due_soon_is_nudged_for_its_moment_and_what_is_far_ahead_is_not(
    world: World, queue: Queue
) -> None:
    world.start("waits")
    assert queue.nudges() == [(None, world.clock.at + timedelta(seconds=5))]


@postgresql
def test_a_step_that_is_killed_before_its_commit_nudges_nobody(world: World, queue: Queue) -> None:
    assert killed(world, lambda: world.start("says"), BEFORE_COMMIT)
    world.reopen()
    assert queue.nudges() == []


@postgresql
def test_the_same_job_for_the_same_moment_is_nudged_once(world: World, queue: Queue) -> None:
    case = world.start("waits")
    cases.suspend_case(world.engine, case, by=SYSTEM, reason="等")
    cases.resume_case(world.engine, case, by=SYSTEM)
    assert len(queue.nudges()) == 1
    assert world.case(case).status == "active"


@postgresql
def test_what_is_due_now_does_not_wait_for_what_its_case_has_scheduled(world: World, queue: Queue) -> None:
    world.draw("both", 's:start -> a:user -> b:throw(message heard) -> c:user -> e:end\n'
               't:beside(a, timer "PT5S") -> f:end')  # fmt: skip
    case = world.start("both")
    world.complete(case, "a")
    (lock, moment), fetched = queue.nudges()[-1], queue.ask(
        f"SELECT lock, scheduled_at FROM procrastinate_fetch_job_v2(ARRAY['{QUEUE}']::varchar[], NULL)"
    )  # fmt: skip
    assert fetched == [(lock, moment)] == [(f"case:{case}", None)]


@postgresql
def test_a_nudge_that_was_lost_is_written_again(world: World, queue: Queue) -> None:
    world.start("says")
    world.start("waits")
    queue.empty()
    look(world, queue)
    now, soon = queue.nudges()
    assert now == (None, None)
    assert soon == (None, world.clock.at + timedelta(seconds=5))
    # Whoever looks next finds that they wait.
    look(world, queue)
    assert queue.nudges() == [now, soon]
    assert jobs.run_due(world.engine) == 1


@postgresql
def test_a_nudge_whose_worker_is_gone_is_swept_and_its_work_nudged_again(world: World, queue: Queue) -> None:
    world.start("says")
    ((gone,),) = queue.ask("SELECT worker_id FROM procrastinate_register_worker_v1()")
    queue.ask(f"SELECT procrastinate_fetch_job_v2(ARRAY['{QUEUE}']::varchar[], {gone})")
    assert queue.nudges() == []
    look(world, queue)
    # It may still be at it: nobody takes its nudge away, another one wakes somebody else.
    assert queue.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(1,)]
    queue.ask("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    look(world, queue)
    assert queue.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]
    assert queue.nudges() == [(None, None)]
    assert queue.ask("SELECT count(*) FROM procrastinate_workers") == [(0,)]


@postgresql
def test_a_job_that_failed_is_nudged_for_its_next_try(world: World, queue: Queue) -> None:
    world.draw("fails", 's:start -> w:catch(timer "PT1S") -> x:script(n = 1 / get("zero", 0)) -> e:end')
    world.start("fails")
    world.clock.at += timedelta(seconds=1)
    queue.empty()
    assert jobs.run_due(world.engine) == 0
    assert queue.nudges() == [(None, world.clock.at + timedelta(seconds=BACKOFF[0]))]
    world.clock.at -= timedelta(seconds=1)


def test_jobs_of_one_second_share_their_nudges() -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    late = [now - timedelta(hours=1)] * 25
    soon = [now + timedelta(seconds=3, microseconds=tenth) for tenth in (100, 200)]
    burst = [now + timedelta(seconds=9)] * 5000
    assert nudges_for([*late, *soon, *burst], now) == [
        (None, 0),
        (None, 1),
        (soon[0], 0),
        *((burst[0], number) for number in range(10)),
    ]


@pytest.mark.parametrize(
    ("transport", "url", "chosen"),
    [
        ("", "sqlite:///x.sqlite", "local"),
        ("", "postgresql+psycopg://x/y", "procrastinate"),
        ("local", "postgresql+psycopg://x/y", "local"),
        ("procrastinate", "sqlite:///x.sqlite", None),
        ("pigeons", "postgresql+psycopg://x/y", None),
    ],
)
def test_the_database_says_which_transport_unless_the_setting_does(
    transport: str, url: str, chosen: str | None
) -> None:
    def choose() -> str:
        return dispatcher_for(transport, sa.make_url(url), 5.0, lambda: datetime.now(UTC)).transport

    if chosen is None:
        with pytest.raises(Misconfigured, match="GUANJIA_TRANSPORT"):
            choose()
    else:
        assert choose() == chosen


def test_the_look_is_one_of_all_workers() -> None:
    nothing = Work(tick=lambda *, going: None, coming=lambda seconds: [])
    app = Worker("postgresql://nowhere/x", nothing, 1, lambda: datetime.now(UTC))._app()
    assert {found.task.name for found in app.periodic_registry.periodic_tasks.values()} == {LOOK}
