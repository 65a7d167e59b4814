"""How due work reaches the handler in one process: one APScheduler tick, woken early.

The scheduler holds nothing but the tick: what is due stands in the database, so that a restart loses
nothing and two processes cannot both believe they own a timer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from engine.dispatch.work import Work
from engine.domain.facts import Armed
from engine.errors import Misconfigured

JOB = "run-due"


class Ticker:
    """Does due work every so many seconds, and as soon as somebody wakes it."""

    transport = "local"

    def __init__(self, tick_seconds: float) -> None:
        self.tick_seconds = tick_seconds
        self._scheduler: BackgroundScheduler | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """True while ticks happen."""
        return self._scheduler is not None

    def prepare(self) -> None:
        """Nothing to prepare: it has no tables."""

    def defer(self, connection: Any, armed: Sequence[Armed]) -> None:
        """Nothing to do within a transaction: it is woken after the commit."""

    def start(self, work: Work) -> None:
        """Begin to tick."""
        with self._lock:
            if self._scheduler is not None:
                return
            self._scheduler = BackgroundScheduler(timezone=UTC)
            self._scheduler.add_job(
                self._tick,
                "interval",
                args=[work],
                id=JOB,
                seconds=self.tick_seconds,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC),
            )
            self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a batch that runs now ends first."""
        with self._lock:
            scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=True)

    def serve(self, work: Work, concurrency: int = 1) -> None:
        """There is no worker beside the process that ticks."""
        raise Misconfigured(
            "The transport is local: `guanjia serve` does due work itself. Workers need PostgreSQL "
            "and GUANJIA_TRANSPORT=procrastinate."
        )

    def wake(self, at: datetime | None = None) -> None:
        """Tick at ``at``, or now; without a running scheduler this does nothing: the rows wait."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        job = scheduler.get_job(JOB)
        moment = max(at or datetime.now(UTC), datetime.now(UTC))
        if job is not None and (job.next_run_time is None or moment < job.next_run_time):
            job.modify(next_run_time=moment)

    def _tick(self, work: Work) -> None:
        following = work.do(lambda: self.running)
        if following is not None and following < datetime.now(UTC) + timedelta(seconds=self.tick_seconds):
            self.wake(following)
