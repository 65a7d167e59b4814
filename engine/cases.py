"""Start a case, send it a message, suspend, resume and cancel it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from engine import case_clocks, procedures, steps, worklist
from engine.domain.assignment import may_work_on
from engine.domain.facts import SYSTEM, Actor, CaseId, Data, Next, TaskId, Trigger
from engine.errors import BoundReached, CaseNotActive, Forbidden, Invalid, ProcedureNotFound, ReasonMissing
from engine.procedures import Published
from engine.retrying import again_when_changed
from engine.runtime.workflow import Run
from engine.store import beginning, due, inbox_rows, locking, repository, rows, saving
from engine.store.database import Session
from engine.store.models import Case, Subscription
from engine.wiring import Engine

logger = logging.getLogger(__name__)


@again_when_changed
def start_case(
    engine: Engine,
    procedure: str,
    *,
    by: Actor,
    site: str,
    data: Data | None = None,
    request_id: str | None = None,
) -> Next:
    """Start a case by hand; the same ``request_id`` a second time gives the case of the first.

    Raises :class:`ProcedureNotFound`, :class:`Forbidden`, :class:`Invalid` for an unknown site.
    """
    if site not in engine.organisation.sites:
        raise Invalid("There is no such site.", site=site)
    with engine.database.transaction() as session:
        if request_id and (before := beginning.case_of_request(session, request_id)):
            return next_for(session, before, by)
        published = procedures.latest(engine, session, procedure)
        if not any(by.has_role(role, site) for role in published.starters(engine)):
            raise Forbidden(procedure=procedure, site=site)
        step = _open(engine, session, published, by=by, site=site, data=data or {}, request_id=request_id)
        case, following = step.case, next_after(step)
    engine.dispatcher.wake()
    logger.info("Case %s started", case.number, extra={"action": "case_started", "case": case.id})
    return following


def start_by_message(
    engine: Engine,
    session: Session,
    message: str,
    payload: Data,
    *,
    by: Actor,
    site: str,
    origin: Case | None = None,
) -> Case | None:
    """Start a case of the procedure whose start event catches ``message``; None when none does."""
    trigger = Trigger("message", message)
    return next(_start_by(engine, session, trigger, payload, by=by, site=site, origin=origin), None)


def start_by_signal(
    engine: Engine, session: Session, signal: str, *, by: Actor, site: str, origin: Case | None = None
) -> list[Case]:
    """Start a case of every procedure whose start event hears ``signal``."""
    return list(_start_by(engine, session, Trigger("signal", signal), {}, by=by, site=site, origin=origin))


def start_by_schedule(
    engine: Engine,
    session: Session,
    published: Published,
    *,
    start: str,
    site: str,
    by: Actor,
    data: Data,
    said: Data,
    request_id: str | None = None,
) -> Case:
    """Start a case at a timer start event, because it is due or somebody does not wait for it.

    ``said`` is what its history says of why.
    """
    return _open(
        engine,
        session,
        published,
        by=by,
        site=site,
        data=data,
        request_id=request_id,
        start=start,
        said=said,
    ).case


def _start_by(
    engine: Engine,
    session: Session,
    trigger: Trigger,
    data: Data,
    *,
    by: Actor,
    site: str,
    origin: Case | None,
) -> Iterator[Case]:
    for version in repository.latest_versions(session):
        published = procedures.of_version(engine, session, version.id)
        start = published.specification.starts(trigger.kind, trigger.name)
        if start is None:
            continue
        if origin is not None and _ancestors(session, origin, engine.settings.chain):
            raise BoundReached(bound="chain", limit=engine.settings.chain, element=start, name=trigger.name)
        yield _open(
            engine,
            session,
            published,
            by=by,
            site=site,
            data=data,
            start=start,
            trigger=trigger,
            origin=origin,
        ).case


def send_message(
    engine: Engine,
    message: str,
    *,
    payload: Data | None = None,
    correlation: str | None = None,
    by: Actor = SYSTEM,
    site: str | None = None,
) -> list[CaseId]:
    """Give a message to the cases that wait for it, else start one; return the cases it reached.

    Raises :class:`ProcedureNotFound` when nobody waits for it and no procedure starts with it.
    """
    trigger = Trigger("message", message)
    with engine.database.look() as look:
        waiting = [found.case_id for found in repository.subscribers(look, trigger, correlation)]
    if waiting:
        return [
            CaseId(case_id)
            for case_id in dict.fromkeys(waiting)
            if _deliver(engine, case_id, message, payload or {}, correlation, by)
        ]
    with engine.database.transaction() as session:
        place = site or next(iter(engine.organisation.sites))
        case = start_by_message(engine, session, message, payload or {}, by=by, site=place)
        if case is None:
            raise ProcedureNotFound("Nobody waits for this message.", message=message)
    engine.dispatcher.wake()
    return [CaseId(case.id)]


@again_when_changed
def send_signal(engine: Engine, signal: str, *, by: Actor = SYSTEM, site: str | None = None) -> list[CaseId]:
    """Let every case that waits for a signal hear it, and start those that begin with it.

    Waiting cases hear it each in a transaction of its own, as soon as the dispatcher comes to it. Returns
    the cases that it reaches; none is no error: whoever gives a signal does not know who listens.
    """
    with engine.database.transaction() as session:
        place = site or next(iter(engine.organisation.sites))
        started = start_by_signal(engine, session, signal, by=by, site=place)
        heard = pass_on(engine, session, signal, by=by)
    engine.dispatcher.wake()
    return [CaseId(case_id) for case_id in dict.fromkeys([*heard, *(case.id for case in started)])]


def pass_on(
    engine: Engine, session: Session, signal: str, *, by: Actor, thrower: Case | None = None
) -> list[int]:
    """Note for every case that waits for a signal that it has to hear it; which cases those are."""
    # A case hears its own signals in the step that throws them.
    waiting = [
        found.case_id
        for found in repository.subscribers(session, Trigger("signal", signal), None)
        if thrower is None or found.case_id != thrower.id
    ]
    for case_id in dict.fromkeys(waiting):
        case = session.get_one(Case, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        worklist.keep_signal(steps.step_for(engine, session, case, published, by), signal)
    return waiting


def hear(step: steps.Step, signal: str) -> None:
    """Let a locked case hear a signal, if it still waits for it."""
    awaited = repository.subscriptions_of(step.session, step.case.id, Trigger("signal", signal), None)
    if awaited:
        step.tell("signal_heard", node=awaited[0].node, signal=signal)
        steps.take(step, lambda run: run.hear(signal))


def hand_over(step: steps.Step, message: str, payload: Data, correlation: str | None) -> bool:
    """Give a locked case a message, or keep it for a suspended one until it is resumed.

    False when the case does not wait for it (any more).
    """
    if step.case.status == "suspended" and _awaited(step, message, correlation):
        worklist.keep_message(step, message, payload, correlation)
        return True
    return step.case.status == "active" and receive(step, message, payload, correlation)


def receive(step: steps.Step, message: str, payload: Data, correlation: str | None = None) -> bool:
    """Give a locked case a message it waits for; False when it does not any more."""
    awaited = _awaited(step, message, correlation)
    if awaited is None:
        return False
    step.tell("message_received", node=awaited.node, message=message)
    steps.take(step, lambda run: run.receive(awaited.key, message, payload))
    return True


def _awaited(step: steps.Step, message: str, correlation: str | None) -> Subscription | None:
    # Of two events of the case, the one that asks for this very value comes before one that asks for none.
    return next(
        iter(
            sorted(
                repository.subscriptions_of(
                    step.session, step.case.id, Trigger("message", message), correlation
                ),
                key=lambda found: found.correlation is None,
            )
        ),
        None,
    )


@again_when_changed
def cancel_case(engine: Engine, case_id: CaseId, *, by: Actor, reason: str) -> None:
    """End a case before its end. Its starter may while nothing was done; else a supervisor.

    Raises :class:`Forbidden`, :class:`ReasonMissing`, :class:`CaseNotActive`.
    """
    _require_reason(reason)
    with engine.database.transaction() as session:
        case, published = _locked(engine, session, case_id)
        if case.status not in ("active", "suspended"):
            raise CaseNotActive(case=case.number, status=case.status)
        if not may_cancel(engine, session, case, published, by):
            raise Forbidden(case=case.number)
        step = steps.step_for(engine, session, case, published, by)
        step.tell("case_cancelled", reason=reason.strip())
        steps.take(step, Run.cancel)
        rows.update(session, case, status="cancelled", ended_at=step.now, outcome=reason.strip())


@again_when_changed
def suspend_case(engine: Engine, case_id: CaseId, *, by: Actor, reason: str) -> None:
    """Hold a case: nothing of it is due and nobody may act on it until it is resumed."""
    _require_reason(reason)
    with engine.database.transaction() as session:
        case, published = _locked(engine, session, case_id)
        if case.status != "active":
            raise CaseNotActive(case=case.number, status=case.status)
        _require_supervisor(engine, case, published, by)
        rows.update(session, case, status="suspended")
        _note(engine, session, case, published, by, "case_suspended", reason.strip())


@again_when_changed
def resume_case(engine: Engine, case_id: CaseId, *, by: Actor) -> None:
    """Let a suspended case go on; what became due meanwhile happens now."""
    with engine.database.transaction() as session:
        case, published = _locked(engine, session, case_id)
        if case.status != "suspended":
            raise CaseNotActive(case=case.number, status=case.status)
        _require_supervisor(engine, case, published, by)
        rows.update(session, case, status="active")
        due.reconsider(session, case.id)
        _note(engine, session, case, published, by, "case_resumed", "")
    engine.dispatcher.wake()


def may_cancel(engine: Engine, session: Session, case: Case, published: Published, by: Actor) -> bool:
    """Say whether a person may cancel a case."""
    if is_supervisor(engine, case, published, by):
        return True
    return by.id == case.started_by and not repository.anything_done(session, case.id)


def may_pause(engine: Engine, session: Session, case: Case, published: Published, by: Actor) -> bool:
    """Say whether a person may stop the clocks of a case: who has work in it, and who leads them."""
    if is_supervisor(engine, case, published, by):
        return True
    return any(
        may_work_on(by, assignee=task.assignee_id, candidates=task.candidates, site=case.site)
        for task in repository.open_tasks(session, case.id)
    )


def is_supervisor(engine: Engine, case: Case, published: Published, by: Actor) -> bool:
    """Say whether a person holds, at the case's site, a role above one of the procedure's lanes."""
    return published.is_led_by(engine, by, case.site)


def next_for(session: Session, case_id: int, by: Actor) -> Next:
    """The person's own next task in a case, if there is one."""
    task = repository.first_open_task_of(session, case_id, by.id) if by.id is not None else None
    return Next(CaseId(case_id), TaskId(task.id) if task else None)


def next_after(step: steps.Step) -> Next:
    """The next task of whoever took a step in its case, if there is one."""
    if step.has_others:
        return next_for(step.session, step.case.id, step.actor)
    own = (task.id for task in step.opened if step.actor.id is not None and task.assignee_id == step.actor.id)
    found = next(own, None)
    return Next(CaseId(step.case.id), TaskId(found) if found else None)


def _ancestors(session: Session, case: Case, most: int) -> bool:
    """Say whether a case stands at the end of a chain of ``most`` cases that began one another."""
    found: Case | None = case
    for _ in range(most):
        if found is None or found.origin_id is None:
            return False
        found = session.get(Case, found.origin_id)
    return True


def _open(
    engine: Engine,
    session: Session,
    published: Published,
    *,
    by: Actor,
    site: str,
    data: Data,
    request_id: str | None = None,
    start: str | None = None,
    trigger: Trigger | None = None,
    origin: Case | None = None,
    said: Data | None = None,
) -> steps.Step:
    now = engine.now()
    year = now.astimezone(engine.zone_of(site)).year
    letters = published.bundle.properties.get("series", "GJ")
    count = beginning.next_in_series(session, f"case:{letters}:{year}")
    number, subject = f"{letters}-{year}-{count:05d}", published.bundle.name.zh
    case = beginning.add_case(
        session,
        number=number,
        procedure=published.procedure,
        version_id=published.version_id,
        status="active",
        subject=subject,
        tokens=inbox_rows.case_tokens(number, subject),
        site=site,
        started_at=now,
        started_by=by.id,
        starter_name=by.name,
        origin_id=origin.id if origin else None,
        request_id=request_id,
        state="",
        data={},
    )
    step = steps.step_for(engine, session, case, published, by)
    about: Data = {trigger.kind: trigger.name} if trigger else said or {}
    step.tell("case_started", origin=origin.number if origin else None, **about)
    case_clocks.arm(step)
    steps.begin(step, data, at=start)
    return step


def _deliver(
    engine: Engine, case_id: int, message: str, payload: Data, correlation: str | None, by: Actor
) -> bool:
    with engine.database.transaction() as session:
        case, published = _locked(engine, session, CaseId(case_id))
        return hand_over(steps.step_for(engine, session, case, published, by), message, payload, correlation)


def _locked(engine: Engine, session: Session, case_id: CaseId) -> tuple[Case, Published]:
    case = locking.lock_case(session, case_id)
    return case, procedures.of_version(engine, session, case.version_id)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def _require_supervisor(engine: Engine, case: Case, published: Published, by: Actor) -> None:
    if not is_supervisor(engine, case, published, by):
        raise Forbidden(case=case.number)


def _note(
    engine: Engine, session: Session, case: Case, published: Published, by: Actor, kind: str, reason: str
) -> None:
    step = steps.step_for(engine, session, case, published, by)
    step.tell(kind, reason=reason)
    saving.append_history(session, case, step.told)
