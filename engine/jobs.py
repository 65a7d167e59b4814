"""What is due: timers to fire, ladders to climb, messages to deliver. One table, one loop.

An attempt is counted, and the job kept from others for a while, in a transaction of its own before the
work: a job that kills its worker each time is an incident in the end too. The work is one transaction:
lock the case, move the job away from ``armed`` (nobody else may), act, save. A failure rolls back; after
the last try the job is an incident that an administrator sees and can retry.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from engine import cases, notices, procedures, steps, worklist
from engine.domain.facts import SYSTEM, Actor, CaseId, Trigger
from engine.domain.views import Words
from engine.errors import (
    BoundReached,
    CaseChanged,
    Conflict,
    Forbidden,
    GuanjiaError,
    NotFound,
    TaskNotFound,
)
from engine.store import locking, repository, saving
from engine.store.models import Job, Task
from engine.wiring import Engine

logger = logging.getLogger(__name__)

#: Seconds before the n-th new try.
BACKOFF = (5, 30, 120, 600, 3600)
#: For how long nobody else takes up a job that somebody took up; far longer than any step takes.
LEASE = timedelta(minutes=5)


def run_due(engine: Engine, *, limit: int = 200) -> int:
    """Do everything that is due, the oldest promise first; return how many were done.

    What is armed meanwhile and due at once is done too, for each case as often as the setting
    ``firings`` says: a timer without length in a loop would keep everybody else waiting for ever.
    """
    done = 0
    again: Counter[int] = Counter()
    with engine.database.look() as session:
        newest = repository.newest_job(session)
    while True:
        with engine.database.look() as session:
            due = repository.due_jobs(session, engine.now(), limit)
        if not due:
            return done
        for job_id, case_id in due:
            again[case_id] += job_id > newest
            if again[case_id] > engine.settings.firings:
                _stop(engine, job_id)
            else:
                done += run_job(engine, job_id, CaseId(case_id))


def next_due(engine: Engine) -> datetime | None:
    """When something is due next."""
    with engine.database.look() as session:
        return repository.next_run(session, engine.now())


def tick(engine: Engine) -> datetime | None:
    """One look of the dispatcher: do what is due, say when to look again."""
    run_due(engine)
    return next_due(engine)


def run_job(engine: Engine, job_id: int, case_id: CaseId) -> bool:
    """Do one job that is due; True when it was done now."""
    attempt = _claim(engine, job_id)
    return attempt is not None and _attempt(engine, job_id, case_id, attempt)


def retry_incident(engine: Engine, job_id: int, *, by: Actor) -> bool:
    """Run an incident's job again, now; True when it worked this time.

    It is one try: another failure is an incident again at once.
    """
    if not by.admin:
        raise Forbidden(job=job_id)
    attempt = engine.settings.job_attempts
    with engine.database.transaction() as session:
        job = session.get(Job, job_id)
        # Taken up in the same statement: a tick that looks meanwhile does not see it.
        if job is None or not repository.claim_incident(session, job_id, attempt, engine.now() + LEASE):
            raise NotFound(job=job_id)
        case_id = job.case_id
    return _attempt(engine, job_id, CaseId(case_id), attempt)


def _claim(engine: Engine, job_id: int) -> int | None:
    """Count an attempt before the work and keep the job; its number, or None when it is not ours."""
    now = engine.now()
    try:
        with engine.database.transaction() as session:
            attempt = repository.claim_job(session, job_id, now, now + LEASE)
            if attempt is None or attempt <= engine.settings.job_attempts:
                return attempt
            # Whoever took it up every time neither finished it nor said why not: it died of it.
            job = session.get_one(Job, job_id)
            job.status, job.done_at, job.attempts = "incident", now, attempt - 1
            job.error = job.error or f"The worker ended in the middle of it. (element={job.node!r})"
    except CaseChanged:
        return None
    logger.error(
        "Job %s ended its worker each time",
        job_id,
        extra={"action": "job_poisonous", "job": job_id, "attempts": attempt - 1},
    )
    return None


def _attempt(engine: Engine, job_id: int, case_id: CaseId, attempt: int) -> bool:
    try:
        with engine.database.transaction() as session:
            case = locking.lock_case(session, case_id)
            job = session.get_one(Job, job_id, populate_existing=True)
            # Somebody stalled beyond the lease finds that another attempt was counted meanwhile.
            if job.status != "armed" or job.attempts != attempt:
                return False
            if case.status != "active" and job.kind not in worklist.SENT:
                _wait_or_cancel(engine, job, case.status)
                return False
            repository.finish_job(session, job_id, "done", engine.now())
            published = procedures.of_version(engine, session, case.version_id)
            step = steps.step_for(engine, session, case, published, SYSTEM)
            _handle(step, job)
    except Exception as error:  # noqa: BLE001 - the edge: whatever it was, it is noted and logged
        _failed(engine, job_id, attempt, error)
        return False
    logger.info(
        "%s of case %s done",
        job.kind.capitalize(),
        case.number,
        extra={"action": f"{job.kind}_done", "case": case.id, "job": job_id},
    )
    return True


def _handle(step: steps.Step, job: Job) -> None:
    match job.kind:
        case "timer":
            _fire(step, job)
        case "remind" | "escalate":
            _climb(step, job)
        case "message":
            _deliver(step, job)
        case "signal":
            _spread(step, job)
        case "hear":
            cases.hear(step, job.payload["signal"])
        case "receive":
            cases.receive(step, job.payload["message"], job.payload["data"], job.payload["correlation"])
        case other:
            raise GuanjiaError("There is no such kind of job.", kind=other)


def _fire(step: steps.Step, job: Job) -> None:
    late = step.now - job.due_at
    step.tell(
        "timer_fired",
        node=job.node,
        process=job.process,
        due=job.due_at.isoformat(),
        late=late.total_seconds(),
    )
    try:
        steps.take(step, lambda run: run.fire(job.key))
    except TaskNotFound:
        # The step that ended its activity also cancels the job; nothing is left to fire.
        logger.warning("Timer %s waits no more", job.id, extra={"action": "timer_gone", "job": job.id})


def _climb(step: steps.Step, job: Job) -> None:
    task = step.session.get(Task, job.payload["task"])
    if task is None or task.status != "open":
        return
    deadline = step.engine.deadlines.get(job.payload["deadline"])
    step_name = step.published.node_name(task.process, task.node)
    said = _reason(step, task, step_name, Words(deadline.zh, deadline.en) if deadline else step_name, job)
    to = job.payload["to"]
    if job.kind == "escalate" and to not in (notices.HOLDER, notices.STARTER):
        notices.watch(step, task, to, said)
    else:
        notices.send(step, to, said, node=task.node, process=task.process, task=task, kind="reminder")
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def _reason(step: steps.Step, task: Task, name: Words, deadline: Words, job: Job) -> Words:
    zone = step.engine.zone_of(step.case.site)
    due = (task.due_at or job.due_at).astimezone(zone)
    late = task.due_at is not None and step.now >= task.due_at
    if late:
        return Words(
            f"“{name.zh}”已超时：应于 {due:%m月%d日 %H:%M} 前完成（{deadline.zh}）",
            f"“{name.en}” is late: it was due by {due:%b %d, %H:%M} ({deadline.en})",
        )
    return Words(
        f"“{name.zh}”即将到期：请于 {due:%m月%d日 %H:%M} 前完成（{deadline.zh}）",
        f"“{name.en}” is due soon: by {due:%b %d, %H:%M} ({deadline.en})",
    )


def _deliver(step: steps.Step, job: Job) -> None:
    message, payload = job.payload["message"], job.payload["data"]
    value = payload.get("correlation")
    correlation = None if value is None else str(value)
    others = dict.fromkeys(
        found.case_id
        for found in repository.subscribers(step.session, Trigger("message", message), correlation)
    )
    for case_id in others:
        case = locking.lock_case(step.session, case_id)
        published = procedures.of_version(step.engine, step.session, case.version_id)
        other = steps.step_for(step.engine, step.session, case, published, step.actor)
        cases.hand_over(other, message, payload, correlation)
    if others:
        return
    started = cases.start_by_message(
        step.engine,
        step.session,
        message,
        payload,
        by=step.actor,
        site=step.case.site,
        origin=step.case,
    )
    step.tell(
        "message_started" if started else "message_unmatched",
        message=message,
        started=started.number if started else None,
        case=started.id if started else None,
    )
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def _spread(step: steps.Step, job: Job) -> None:
    """Let the other cases hear a signal, and begin those that begin with it."""
    signal = job.payload["signal"]
    cases.pass_on(step.engine, step.session, signal, by=step.actor, thrower=step.case)
    started = cases.start_by_signal(
        step.engine, step.session, signal, by=step.actor, site=step.case.site, origin=step.case
    )
    for case in started:
        step.tell("signal_started", signal=signal, started=case.number, case=case.id)
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def _wait_or_cancel(engine: Engine, job: Job, status: str) -> None:
    if status == "suspended":
        # It is looked at again when the case is resumed, or in an hour.
        job.run_at = engine.now() + timedelta(hours=1)
        job.attempts -= 1
    else:
        job.status, job.done_at = "cancelled", engine.now()


def _failed(engine: Engine, job_id: int, attempt: int, error: Exception) -> None:
    with engine.database.transaction() as session:
        job = session.get_one(Job, job_id)
        if job.status != "armed" or job.attempts != attempt:
            return
        if isinstance(error, Conflict):
            job.attempts -= 1
        job.error = str(error)[:2000]
        if job.attempts >= engine.settings.job_attempts:
            job.status, job.done_at = "incident", engine.now()
        else:
            wait = BACKOFF[min(max(job.attempts - 1, 0), len(BACKOFF) - 1)]
            job.run_at = engine.now() + timedelta(seconds=wait)
    logger.error(
        "Job %s failed: %s",
        job_id,
        error,
        exc_info=error,
        extra={"action": "job_failed", "job": job_id, "attempts": job.attempts, "status": job.status},
    )


def _stop(engine: Engine, job_id: int) -> None:
    """Make an incident of a job of a case that goes on and on without time passing."""
    with engine.database.transaction() as session:
        job = session.get_one(Job, job_id)
        if job.status != "armed":
            return
        error = BoundReached(
            bound="firings", limit=engine.settings.firings, element=job.node or None, name=job.name
        )
        job.status, job.done_at, job.error = "incident", engine.now(), str(error)[:2000]
    logger.error(
        "Job %s stopped: its case goes on without time passing",
        job_id,
        extra={"action": "job_stopped", "job": job_id, "case": job.case_id},
    )
