"""How due work reaches workers in other processes: nudges, jobs of Procrastinate on PostgreSQL.

A nudge says only that something is due now, or will be at a moment; whoever gets it does whatever is due.
It is written in the transaction that arms a job, on the same connection: a rollback removes it. What is due
later than :data:`SOON` gets none yet: workers look ahead (:mod:`engine.dispatch.working`), so that a hundred
thousand timers cost nothing but their rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.schema import SchemaManager

from engine.dispatch.work import Work
from engine.dispatch.working import NOW, NUDGE, QUEUE, Worker
from engine.domain.facts import Armed
from engine.errors import DatabaseUnavailable

#: What is due within this time is nudged by the step that arms it.
SOON = timedelta(seconds=20)
#: Nudges of one transaction: each wakes a worker, who does everything that is due.
MOST = 20
#: Whoever makes Procrastinate's tables holds this advisory lock.
_LOCK = 0x6E756467


class Nudger:
    """Writes nudges; workers in processes of their own are woken by them."""

    transport = "procrastinate"

    def __init__(self, address: str, now: Callable[[], datetime]) -> None:
        self.address = address
        self.now = now
        # Never opened: nudges are written on the connections of those who arm jobs.
        self._app = App(connector=SyncPsycopgConnector())

    def prepare(self) -> None:
        """Make Procrastinate's tables where there are none."""
        try:
            with psycopg.connect(self.address, connect_timeout=5) as connection:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                if connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() == (None,):
                    connection.execute(SchemaManager.get_schema())
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable from error

    def defer(self, connection: Any, armed: Sequence[Armed]) -> None:
        """Wake somebody when these are due, if and only if the connection's transaction commits."""
        now = self.now()
        near = sorted((job for job in armed if job.at <= now + SOON), key=lambda job: job.at)
        for job in near[:MOST]:
            self._nudge(connection, job, now)

    def wake(self, at: datetime | None = None) -> None:
        """Nothing to do after a commit: PostgreSQL notifies the workers with it."""

    def start(self, work: Work) -> None:
        """Nothing to do in this process: workers do it."""

    def stop(self) -> None:
        """Nothing runs in this process."""

    def serve(self, work: Work, concurrency: int = 1) -> None:
        """Be a worker until a signal says to stop."""
        Worker(self.address, work, concurrency, self.now).run()

    def _nudge(self, connection: psycopg.Connection[Any], job: Armed, now: datetime) -> None:
        is_due = job.at <= now
        deferrer = self._app.configure_task(
            NUDGE,
            connection=connection,
            queue=QUEUE,
            # Procrastinate lets a job wait for an earlier one with its lock even while that is scheduled
            # for later: only what is due now may have one, and stands before what is not.
            lock=f"case:{job.case_id}" if is_due else None,
            priority=NOW if is_due else 0,
            queueing_lock=f"job:{job.case_id}:{job.key}@{job.at.isoformat()}",
            schedule_at=None if is_due else job.at,
        )
        try:
            with connection.transaction():
                deferrer.defer()
        except AlreadyEnqueued:
            # It was armed for this moment before, and that nudge still waits.
            return
        except ConnectorException as error:
            raise DatabaseUnavailable from error
