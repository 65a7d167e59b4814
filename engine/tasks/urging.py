"""Urge whoever has a task (催办): not too often, counted, and after some times before the supervisor."""

from __future__ import annotations

from datetime import timedelta

from engine import notices
from engine.cases import is_supervisor
from engine.domain.facts import Actor, TaskId
from engine.domain.views import Words
from engine.errors import Forbidden, TooSoon
from engine.retrying import again_when_changed
from engine.store import between, rows
from engine.tasks import signed
from engine.tasks.opening import Hold, held
from engine.wiring import Engine


@again_when_changed
def urge_task(engine: Engine, task_id: TaskId, *, by: Actor, note: str = "") -> None:
    """Urge whoever has an open task: its starter may, people who have its case in copy, and supervisors.

    The setting ``urge_minutes`` says how soon the same person may again (else :class:`TooSoon` with the
    fact ``until``), ``urges`` how often until it is put before the role's supervisor. Raises
    :class:`Forbidden`.
    """
    with held(engine, task_id, by=by, verb="urge") as hold:
        _require_may_urge(hold, by)
        _require_not_too_soon(hold, by)
        step, task = hold.step, hold.task
        count = task.urged + 1
        rows.update(step.session, task, urged=count, urged_at=step.now)
        hold.note("urged", times=count, note=note.strip()[:500])
        _tell(hold, note.strip()[:200])
        if count == step.engine.settings.urges:
            _escalate(hold, count)


def may_urge(hold: Hold, by: Actor) -> bool:
    """Say whether a person may urge a task."""
    step = hold.step
    if by.id is not None and by.id == step.case.started_by:
        return True
    if is_supervisor(step.engine, step.case, step.published, by):
        return True
    return by.id is not None and between.copy_of(step.session, step.case.id, by.id) is not None


def _require_may_urge(hold: Hold, by: Actor) -> None:
    if not may_urge(hold, by):
        raise Forbidden(task=hold.task.id)


def _require_not_too_soon(hold: Hold, by: Actor) -> None:
    step = hold.step
    last = between.last_urged(step.session, step.case.id, hold.task.id, by.id) if by.id is not None else None
    until = last + timedelta(minutes=step.engine.settings.urge_minutes) if last else None
    if until is not None and step.now < until:
        raise TooSoon(task=hold.task.id, until=until)


def _tell(hold: Hold, note: str) -> None:
    step, task = hold.step, hold.task
    if hold.state == "signing":
        found = between.signers(step.session, task.id)
        people = [one.account_id for place in signed.places(task) for one in between.in_turn(found, place)]
    else:
        people = notices.receivers(step, notices.HOLDER, task)
    # A note may have braces of its own.
    said = note.replace("{", "{{").replace("}", "}}")
    zh, en = (f"：{said}", f": {said}") if said else ("", "")
    hold.tell(people, "urge", "{by} 催办“{step}”（{case}）" + zh, "{by} urges “{step}” ({case})" + en)


def _escalate(hold: Hold, count: int) -> None:
    """Put the task before the role above its own."""
    step, task = hold.step, hold.task
    roles = [task.role] if task.role else [str(role) for role in task.candidates]
    above = next((up for role in roles for up in step.engine.organisation.supervisors(role)), None)
    if above is None:
        return
    name = step.published.node_name(task.process, task.node)
    said = Words(f"“{name.zh}”已被催办 {count} 次", f"“{name.en}” was urged {count} times")
    notices.watch(step, task, above.id, said)
