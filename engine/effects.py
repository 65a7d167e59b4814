"""What a due job does to its case: fire a timer, climb a ladder, deliver a message, spread a signal."""

from __future__ import annotations

import logging

from engine import cases, climbing, idling, moving, procedures, steps
from engine.domain.facts import Trigger
from engine.errors import GuanjiaError, TaskNotFound
from engine.store import locking, repository, saving
from engine.store.models import Job

logger = logging.getLogger(__name__)


def act(step: steps.Step, job: Job) -> None:
    """Do what a job is about, in the step of its locked case."""
    match job.kind:
        case "timer":
            _fire(step, job)
        case "remind" | "notify" | "escalate" | "reassign" | "raise":
            climbing.climb(step, job)
        case "idle":
            idling.look(step, job)
        case "missed":
            climbing.miss(step, job)
        case "shift":
            moving.shift(step, job.payload["why"], job.payload["detail"])
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
