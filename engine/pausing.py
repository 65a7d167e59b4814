"""Let the clocks of a case stand still while it waits for somebody outside, and go on."""

from __future__ import annotations

from engine import cases, moving, procedures, steps
from engine.arming import STANDING
from engine.domain.facts import Actor, CaseId
from engine.errors import CaseNotActive, Forbidden, Invalid
from engine.retrying import again_when_changed
from engine.store import case_rows, due, locking, rows, saving
from engine.store.models import Pause
from engine.wiring import Engine

#: Characters of a note.
NOTE_SIZE = 500


@again_when_changed
def pause_case(engine: Engine, case_id: CaseId, *, by: Actor, reason: str, note: str = "") -> None:
    """Let the clocks of a case stand still, for a reason of organisation.toml.

    People may still act on it; what is due of its tasks and its own clocks moves when they go on. Raises
    :class:`Invalid` for an unknown reason, :class:`Forbidden` for whoever has no work in the case and leads
    nobody who has, :class:`CaseNotActive` when it is over, held, or paused already.
    """
    if reason not in engine.organisation.pauses:
        raise Invalid("There is no such reason for a pause.", reason=reason)
    with engine.database.transaction() as session:
        case = locking.lock_case(session, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        if case.status != "active" or case.paused_at is not None:
            raise CaseNotActive(case=case.number, status="paused" if case.paused_at else case.status)
        if not cases.may_pause(engine, session, case, published, by):
            raise Forbidden(case=case.number)
        step = steps.step_for(engine, session, case, published, by)
        rows.update(session, case, paused_at=step.now)
        said = note.strip()[:NOTE_SIZE]
        session.add(
            Pause(case_id=case.id, reason=reason, note=said, by_id=by.id, by=by.name, started_at=step.now)
        )
        case_rows.pause_jobs(session, case.id, STANDING)
        words = engine.organisation.pauses[reason]
        zh, en = (f"{words.zh}：{said}", f"{words.en}: {said}") if said else (words.zh, words.en)
        step.tell("clocks_paused", reason_code=reason, note=said, zh=zh, en=en)
        saving.append_history(session, case, step.told)


@again_when_changed
def resume_clocks(engine: Engine, case_id: CaseId, *, by: Actor, note: str = "") -> list[moving.Move]:
    """Let the clocks of a paused case go on; everything still to come moves by the time that they stood."""
    with engine.database.transaction() as session:
        case = locking.lock_case(session, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        if case.paused_at is None or case.status != "active":
            raise CaseNotActive(case=case.number, status=case.status)
        if not cases.may_pause(engine, session, case, published, by):
            raise Forbidden(case=case.number)
        step = steps.step_for(engine, session, case, published, by)
        since = case.paused_at
        found = moving.moving(engine, session, case, rules=step.rules, resumed=(since, step.now))
        case_rows.end_pause(session, case.id, step.now)
        rows.update(session, case, paused_at=None)
        step.tell("clocks_resumed", since=since.isoformat(), note=note.strip()[:NOTE_SIZE])
        moves = moving.move(step, found, "pause")
        for key, moment in case_rows.arm_paused(session, case.id):
            due.note_armed(session, case.id, key, moment)
        saving.append_history(session, case, step.told)
    engine.dispatcher.wake()
    return moves
