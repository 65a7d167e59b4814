"""What is due: timers to fire, ladders to climb, messages to deliver, procedures to start. One loop.

Up to twenty jobs of different cases are taken up together. Their attempts are counted, and they are kept
from others for a while, in a transaction of its own before the work: a job that kills its worker each time
is an incident in the end too. The work is one transaction with a savepoint for each: lock the case, move
the job away from ``armed`` (nobody else may), act, save. A failure rolls back to its savepoint; after the
last try the job is an incident that an administrator sees and can retry.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from engine import deliveries, effects, procedures, schedules, steps, worklist
from engine.dispatch import Work
from engine.domain.facts import SYSTEM, Actor, Taken
from engine.errors import BoundReached, CaseChanged, Conflict, DatabaseUnavailable, Forbidden, NotFound
from engine.retrying import again_when_changed, backoff, reason_of
from engine.store import due, locking, schedule_rows
from engine.store.database import Session
from engine.store.failing import failpoint
from engine.store.models import Job
from engine.wiring import Engine

logger = logging.getLogger(__name__)

#: Jobs that are done in one transaction: what a commit costs is shared by them.
BATCH = 20
#: How long a suspended case's job waits before somebody looks again.
SUSPENDED = timedelta(hours=1)
#: Jobs that one look ahead sees at most; the next look sees the others.
COMING = 10_000
#: Seconds of one pass: whoever wakes the worker gets it back in between.
PASS = 60.0


@dataclass
class Outcome:
    """What became of a job that was taken up, told once its transaction is committed."""

    taken: Taken
    kind: str = ""
    #: The number of its case.
    case: str = ""
    error: Exception | None = None
    status: str = "armed"


def run_due(engine: Engine, *, going: Callable[[], bool] = lambda: True) -> int:
    """Do everything that is due, the oldest promise first; return how many were done.

    What is armed meanwhile and due at once is done too, for each case as often as the setting
    ``firings`` says: a timer without length in a loop would go on for ever. Ends between two batches
    when ``going`` says so, or after a minute.
    """
    _settle(engine)
    # What starts by itself comes first: what it arms may be due at once.
    done = schedules.run_due(engine, going=going)
    again: Counter[int] = Counter()
    with engine.database.look() as session:
        newest = due.newest(session)
    ends = time.monotonic() + PASS
    while going() and time.monotonic() < ends:
        taken = _take(engine)
        if not taken:
            break
        failpoint("taken")
        again.update(job.case_id for job in taken if job.job_id > newest)
        done += _work(engine, [job for job in taken if not _stopped(engine, job, again[job.case_id])])
    return done


def next_due(engine: Engine) -> datetime | None:
    """When something is due next, a delivery too."""
    return min((at for at in (_next_job(engine), deliveries.next_due(engine)) if at), default=None)


def _next_job(engine: Engine) -> datetime | None:
    now = engine.now()
    with engine.database.look() as session:
        moments = (due.next_run(session, now), schedule_rows.next_run(session))
    return min((at for at in moments if at), default=None)


def tick(engine: Engine, *, going: Callable[[], bool] = lambda: True) -> datetime | None:
    """One look of the dispatcher: do what is due, say when to look again.

    Deliveries leave beside it: a mail server that is slow keeps no timer waiting.
    """
    deliveries.send_beside(engine, going=going)
    run_due(engine, going=going)
    return next_due(engine)


def due_work(engine: Engine) -> Work:
    """What the dispatcher has done: the work that is due, without knowing what it is."""
    return Work(tick=partial(tick, engine), coming=partial(coming, engine))


def coming(engine: Engine, seconds: float) -> list[datetime]:
    """When jobs run that are overdue or run within so many seconds, the earliest first."""
    until = engine.now() + timedelta(seconds=seconds)
    with engine.database.look() as session:
        rows = (due.coming(session, until, COMING), schedule_rows.coming(session, until, COMING))
        return sorted([*rows[0], *rows[1], *deliveries.coming(session, until, COMING)])


def lateness(engine: Engine) -> timedelta:
    """How long the job that was to run first has been waiting; nothing when none is overdue."""
    following = _next_job(engine)
    return max(engine.now() - following, timedelta()) if following else timedelta()


def run_job(engine: Engine, job_id: int) -> bool:
    """Do one job that is due; True when it was done now."""
    now = engine.now()
    with engine.database.transaction() as session:
        taken = due.take_one(session, job_id, now, now + engine.settings.lease)
    return taken is not None and _work(engine, [taken]) == 1


def retry_incident(engine: Engine, job_id: int, *, by: Actor) -> bool:
    """Run an incident's job again, now; True when it worked this time.

    It is one try: another failure is an incident again at once.
    """
    if not by.admin:
        raise Forbidden(job=job_id)
    with engine.database.transaction() as session:
        # Taken up in the same statement: a tick that looks meanwhile does not see it.
        until = engine.now() + engine.settings.lease
        taken = due.take_incident(session, job_id, engine.settings.job_attempts, until)
        if taken is None:
            raise NotFound(job=job_id)
    return _work(engine, [taken]) == 1


@again_when_changed
def _take(engine: Engine) -> list[Taken]:
    """Take up what is due, and count the attempts before the work."""
    now, taken = engine.now(), []
    try:
        with engine.database.transaction() as session:
            taken = due.take(session, now, now + engine.settings.lease, BATCH)
    except DatabaseUnavailable:
        engine.unsettled.extend(taken)
        raise
    return taken


def _stopped(engine: Engine, taken: Taken, again: int) -> bool:
    """Make an incident of a job that ends its worker each time, or that comes again and again; else False."""
    firings = engine.settings.firings
    if taken.attempt > engine.settings.job_attempts:
        _stop(engine, taken, _deadly)
    elif again > firings:
        _stop(engine, taken, partial(_endless, firings))
    else:
        return False
    return True


def _deadly(job: Job) -> str:
    # Whoever took it up every time neither finished it nor said why not: it died of it.
    return job.error or f"The worker ended in the middle of it. (element={job.node!r})"


def _endless(firings: int, job: Job) -> str:
    return str(BoundReached(bound="firings", limit=firings, element=job.node or None, name=job.name))


def _stop(engine: Engine, taken: Taken, why: Callable[[Job], str]) -> None:
    with engine.database.transaction() as session:
        job = due.held(session, taken)
        if job is None:
            return
        job.attempts -= 1
        job.error = why(job)
        due.finish(session, job, "incident", engine.now())
    logger.error(
        "Job %s stopped: %s",
        taken.job_id,
        job.error,
        extra={"action": "job_stopped", "job": taken.job_id, "case": taken.case_id},
    )


def _work(engine: Engine, taken: list[Taken]) -> int:
    """Do jobs that were taken up, all of them in one transaction; how many were done."""
    if not taken:
        return 0
    try:
        with engine.database.transaction() as session:
            outcomes = [_attempt(engine, session, job) for job in taken]
    except DatabaseUnavailable:
        engine.unsettled.extend(taken)
        raise
    except CaseChanged as error:
        # The transaction as a whole met others: none of it happened.
        with engine.database.transaction() as session:
            outcomes = [_put_off(engine, session, job, error) for job in taken]
    _log(outcomes)
    return sum(outcome.status == "done" for outcome in outcomes)


def _attempt(engine: Engine, session: Session, taken: Taken) -> Outcome:
    """Do one job, or nothing of it."""
    try:
        with engine.database.savepoint(session):
            return _do(engine, session, taken)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the edge: whatever it was, it is noted and logged
        return _put_off(engine, session, taken, error)


def _do(engine: Engine, session: Session, taken: Taken) -> Outcome:
    case = locking.lock_case(session, taken.case_id)
    if case.status != "active" and _waits(engine, session, taken, case.status):
        return Outcome(taken)
    job = due.done(session, taken, engine.now())
    if job is None:
        return Outcome(taken)
    published = procedures.of_version(engine, session, case.version_id)
    effects.act(steps.step_for(engine, session, case, published, SYSTEM), job)
    return Outcome(taken, job.kind, case.number, status="done")


def _waits(engine: Engine, session: Session, taken: Taken, status: str) -> bool:
    """Put off, or cancel, what a case that does not go on keeps from being done; False for what it sent."""
    job = due.held(session, taken)
    if job is None or job.kind in worklist.SENT:
        return False
    if status == "suspended":
        # It is looked at again when the case is resumed.
        job.run_at = engine.now() + SUSPENDED
        job.attempts -= 1
    else:
        due.finish(session, job, "cancelled", engine.now())
    return True


def _put_off(engine: Engine, session: Session, taken: Taken, error: Exception) -> Outcome:
    """Note why a job failed, and when it is tried again; after the last try it is an incident."""
    with engine.database.savepoint(session):
        job = due.held(session, taken)
        if job is None:
            return Outcome(taken, error=error)
        if isinstance(error, Conflict):
            job.attempts -= 1
        job.error = reason_of(error)
        if job.attempts >= engine.settings.job_attempts:
            due.finish(session, job, "incident", engine.now())
        else:
            job.run_at = engine.now() + backoff(job.attempts)
            due.note_armed(session, job.case_id, job.key, job.run_at)
        return Outcome(taken, job.kind, error=error, status=job.status)


def _settle(engine: Engine) -> None:
    """Let what was under way when the database went away be tried again, unless it was done after all."""
    taken, engine.unsettled[:] = list(engine.unsettled), []
    if not taken:
        return
    try:
        with engine.database.transaction() as session:
            due.give_back(session, taken, engine.now())
    except DatabaseUnavailable:
        engine.unsettled.extend(taken)
        raise


def _log(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        keys: dict[str, object] = {"case": outcome.taken.case_id, "job": outcome.taken.job_id}
        if outcome.error is not None:
            logger.error(
                "Job %s failed: %s",
                outcome.taken.job_id,
                outcome.error,
                exc_info=outcome.error,
                extra={"action": "job_failed", "attempt": outcome.taken.attempt} | keys,
            )
        elif outcome.status == "done":
            logger.info(
                "%s of case %s done",
                outcome.kind.capitalize(),
                outcome.case,
                extra={"action": f"{outcome.kind}_done"} | keys,
            )
