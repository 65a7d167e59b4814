"""A worker: a process that does due work when Procrastinate wakes it, and looks after what woke nobody.

A nudge that is lost (its worker was killed, the database was restored) must not lose work. Every few seconds
one of the workers looks: it removes nudges whose worker is gone, and nudges for what is overdue or comes
near. When the database goes away a worker waits for it and goes on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status

from engine.dispatch.work import Work

logger = logging.getLogger(__name__)

QUEUE = "guanjia"
NUDGE = "guanjia.nudge"
LOOK = "guanjia.look"
#: Priority of what is due now; what is due later has none, and a look comes before both.
NOW, FIRST = 1, 2
#: Every five seconds, by one of all workers.
LOOKS = "* * * * * */5"
#: Seconds that a look looks ahead; several times the pause between two looks.
AHEAD = 20.0
#: Jobs that one nudge of a look stands for, and nudges for one second at most: enough to wake everybody.
SHARE, MOST = 20, 10
#: Seconds without a sign of life after which a worker counts as gone.
STALLED = 30.0
#: Seconds between two questions for nudges whose moment has come.
POLL = 0.5
#: A worker that was woken stays when more is due within so many seconds, at most for so long in all.
NEAR, STAY = 1.0, 5.0
#: Seconds before a worker tries again to reach a database that went away.
PAUSE = 1.0


class Worker:
    """Does due work until it is told to stop; a batch that runs then ends first."""

    def __init__(self, address: str, work: Work, concurrency: int, now: Callable[[], datetime]) -> None:
        self.address = address
        self.work = work
        self.concurrency = concurrency
        self.now = now
        self._stopped = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        asyncio.run(self._until_signalled())

    def is_going(self) -> bool:
        """True until it is told to stop."""
        return not self._stopped.is_set()

    def do(self) -> None:
        """What a nudge means: do whatever is due, and what is due in a moment."""
        ends = time.monotonic() + STAY
        while self.is_going():
            following = self.work.do(self.is_going)
            if following is None:
                return
            wait = max((following - self.now()).total_seconds(), 0.02)
            if wait > NEAR or time.monotonic() + wait > ends:
                return
            self._stopped.wait(wait)

    async def look(self, app: App) -> None:
        """Remove the nudges of workers that are gone; nudge for what is overdue or comes near."""
        await app.job_manager.prune_stalled_workers(STALLED)
        for nudge in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            logger.warning("A worker left nudge %s", nudge.id, extra={"action": "nudge_swept"})
            if nudge.id is not None:
                await app.job_manager.finish_job_by_id_async(nudge.id, Status.FAILED, delete_job=True)
        for moment, number in nudges_for(await asyncio.to_thread(self.work.coming, AHEAD), self.now()):
            with suppress(AlreadyEnqueued):
                await app.configure_task(
                    NUDGE,
                    queue=QUEUE,
                    priority=0 if moment else NOW,
                    queueing_lock=f"due:{moment.isoformat(timespec='seconds') if moment else 'now'}:{number}",
                    schedule_at=moment,
                ).defer_async()

    def _app(self) -> App:
        app = App(
            connector=PsycopgConnector(
                conninfo=self.address, min_size=1, max_size=self.concurrency + 3, timeout=5
            )
        )
        app.task(name=NUDGE, queue=QUEUE)(self.do)

        @app.periodic(cron=LOOKS)
        @app.task(name=LOOK, queue=QUEUE, priority=FIRST, queueing_lock=LOOK)
        async def look(timestamp: int) -> None:
            await self.look(app)

        return app

    async def _until_signalled(self) -> None:
        running = asyncio.create_task(self._work())

        def stop() -> None:
            self._stopped.set()
            running.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await running

    async def _work(self) -> None:
        while True:
            try:
                app = self._app()
                async with app.open_async():
                    logger.info("Working", extra={"action": "worker_started"})
                    # Cancelled, it ends what runs; it returns by itself when it loses the database.
                    await app.run_worker_async(**self._options())
            except (ConnectorException, psycopg.OperationalError) as error:
                logger.warning("The database is away: %s", error, extra={"action": "worker_waits"})
            await asyncio.sleep(PAUSE)

    def _options(self) -> dict[str, Any]:
        return {
            "queues": [QUEUE],
            "concurrency": self.concurrency,
            # Our own rows say what was done; nothing here is worth keeping.
            "delete_jobs": "always",
            "fetch_job_polling_interval": POLL,
            "stalled_worker_timeout": STALLED,
            "install_signal_handlers": False,
        }


def nudges_for(coming: list[datetime], now: datetime) -> list[tuple[datetime | None, int]]:
    """Which nudges wake enough workers: (moment, number), None for now.

    Jobs of one second share theirs, twenty a nudge; more than ten wake nobody else.
    """
    earliest: dict[datetime | None, datetime | None] = {}
    jobs: Counter[datetime | None] = Counter()
    for at in coming:
        second = at.replace(microsecond=0) if at > now else None
        earliest.setdefault(second, at if second else None)
        jobs[second] += 1
    return [
        (earliest[second], number)
        for second, count in jobs.items()
        for number in range(min(ceil(count / SHARE), MOST))
    ]
