"""Climb a rung of a ladder: tell people, put a late task before others, give it to them, make it urgent."""

from __future__ import annotations

from engine import moving, notices, steps, worklist
from engine.case_clocks import CLOCK_WORDS
from engine.domain.ladders import MANAGER, PRIORITIES
from engine.domain.views import Words
from engine.store import case_rows, repository, rows, saving
from engine.store.models import CaseClock, Job, Task


def climb(step: steps.Step, job: Job) -> None:
    """Do what a rung says: of a task while it is open, of a case's clock while it runs."""
    if "clock_id" in job.payload:
        clock = case_rows.clock(step.session, job.payload["clock_id"])
        if clock is None or clock.met_at is not None or clock.dropped_at is not None:
            return
        tasks = case_rows.open_tasks(step.session, step.case.id)
        said = _of_clock(step, clock)
    else:
        task = step.session.get(Task, job.payload["task"])
        if task is None or task.status != "open":
            return
        tasks, said = [task], _of_task(step, task, job)
    _act(step, job, tasks, said)
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def miss(step: steps.Step, job: Job) -> None:
    """Tell that a case's own clock was missed."""
    clock = case_rows.clock(step.session, job.payload["clock_id"])
    if clock is None or clock.met_at is not None or clock.dropped_at is not None:
        return
    step.tell("clock_missed", clock=clock.kind, deadline=clock.deadline, due=clock.due_at.isoformat())
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def _act(step: steps.Step, job: Job, tasks: list[Task], said: Words) -> None:
    to = str(job.payload["to"])
    if job.kind == "raise":
        _raise(step, to, said)
    elif job.kind == "reassign":
        for task in tasks:
            _reassign(step, task, _role(step, task, to), said)
    elif job.kind == "escalate" and to not in (notices.HOLDER, notices.STARTER):
        for task in tasks:
            notices.watch(step, task, _role(step, task, to), said, urgent=bool(job.payload.get("urgent")))
        if not tasks:
            _tell(step, to, said, None, job)
    else:
        # Of a case's clock, all who hold something of it; of a task, its own.
        for task in tasks if to in (notices.HOLDER, MANAGER) else tasks[:1]:
            _tell(step, to, said, task, job)
        if not tasks and to not in (notices.HOLDER, MANAGER):
            _tell(step, to, said, None, job)


def _tell(step: steps.Step, to: str, said: Words, task: Task | None, job: Job) -> None:
    receiver = _role(step, task, to) if task is not None else to
    if receiver == MANAGER:
        return
    kind = "notice" if job.kind == "notify" else "reminder"
    process = task.process if task else job.process
    node, urgent = task.node if task else "", bool(job.payload.get("urgent"))
    notices.send(step, receiver, said, node=node, process=process, task=task, kind=kind, urgent=urgent)


def _role(step: steps.Step, task: Task, to: str) -> str:
    """Whom a rung means: for ``manager`` the role above those that have the task, else what it says."""
    if to != MANAGER:
        return to
    mine = task.role or next(iter(task.candidates), "")
    above = step.engine.organisation.supervisors(mine)
    return above[0].id if above else mine or notices.STARTER


def _reassign(step: steps.Step, task: Task, to: str, said: Words) -> None:
    """Give an open task to a role, or to the one above it that somebody holds here."""
    organisation = step.engine.organisation
    chain = [to, *(role.id for role in organisation.supervisors(to))]
    holders = repository.holders(step.session, chain, step.case.site)
    reached = next((role for role in chain if holders.get(role)), None)
    if reached is None:
        return
    rows.update(
        step.session,
        task,
        assignee_id=None,
        candidates=[reached],
        claimed=False,
        assigned_because="ladder",
        why={"zh": said.zh, "en": said.en},
        given_by=None,
        given_how=None,
    )
    worklist.put_into_inbox(step, task)
    step.tell(
        "task_reassigned",
        node=task.node,
        process=task.process,
        task_id=task.id,
        to=reached,
        zh=said.zh,
        en=said.en,
    )
    notices.send(step, reached, said, node=task.node, process=task.process, task=task, kind="escalation")


def _raise(step: steps.Step, priority: str, said: Words) -> None:
    """Make a case more urgent, if it is less, and ask its deadlines anew."""
    was = step.case.priority
    if PRIORITIES.index(was) >= PRIORITIES.index(priority):
        return
    rows.update(step.session, step.case, priority=priority)
    step.tell("priority_raised", was=was, priority=priority, zh=said.zh, en=said.en)
    moving.reclock(step)


def _of_clock(step: steps.Step, clock: CaseClock) -> Words:
    zone = step.engine.zone_of(step.case.site)
    due, name = clock.due_at.astimezone(zone), CLOCK_WORDS[clock.kind]
    number = step.case.number
    if step.now >= clock.due_at:
        return Words(
            f"案件 {number} 的{name.zh}已超时：应于 {due:%m月%d日 %H:%M} 前完成",
            f"{name.en} of case {number} is late: it was due by {due:%b %d, %H:%M}",
        )
    return Words(
        f"案件 {number} 的{name.zh}即将到期：请于 {due:%m月%d日 %H:%M} 前完成",
        f"{name.en} of case {number} is due soon: by {due:%b %d, %H:%M}",
    )


def _of_task(step: steps.Step, task: Task, job: Job) -> Words:
    name = step.published.node_name(task.process, task.node)
    found = step.engine.deadlines.get(job.payload["deadline"])
    deadline = Words(found.zh, found.en) if found else name
    zone = step.engine.zone_of(step.case.site)
    due = (task.due_at or job.due_at).astimezone(zone)
    if task.due_at is not None and step.now >= task.due_at:
        return Words(
            f"“{name.zh}”已超时：应于 {due:%m月%d日 %H:%M} 前完成（{deadline.zh}）",
            f"“{name.en}” is late: it was due by {due:%b %d, %H:%M} ({deadline.en})",
        )
    return Words(
        f"“{name.zh}”即将到期：请于 {due:%m月%d日 %H:%M} 前完成（{deadline.zh}）",
        f"“{name.en}” is due soon: by {due:%b %d, %H:%M} ({deadline.en})",
    )
