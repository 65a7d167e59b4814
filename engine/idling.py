"""A task that somebody took and left alone goes back to its roles after so many working hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine import arming, notices, worklist
from engine.domain.views import Words
from engine.domain.worktime import add_working_time
from engine.store import rows, saving
from engine.store.models import Job, Task

if TYPE_CHECKING:
    from engine.steps import Step


def watch(step: Step, task: Task) -> None:
    """Look after a task that was just taken, where the installation says so."""
    if step.engine.settings.idle_hours and task.claimed and task.candidates:
        _arm(step, task, _idle_at(step, step.now))


def look(step: Step, job: Job) -> None:
    """Put a task back that lay idle; look again later at one that did not."""
    task = step.session.get(Task, job.payload["task"])
    if task is None or task.status != "open" or not task.claimed or task.given_how or task.signing:
        return
    if not step.engine.settings.idle_hours:
        return
    due = _idle_at(step, task.touched_at or task.created_at)
    if due > step.now:
        _arm(step, task, due)
        return
    holder = task.assignee_id
    rows.update(step.session, task, assignee_id=None, claimed=False, touched_at=step.now)
    worklist.put_into_inbox(step, task)
    step.tell("task_released", node=task.node, process=task.process, task_id=task.id, idle=True)
    if holder is not None:
        name = step.published.node_name(task.process, task.node)
        said = Words(
            f"“{name.zh}”领取后久未办理，已自动放回，草稿保留",
            f"“{name.en}” lay idle and went back to its roles; your draft is kept",
        )
        notices.tell(step, [holder], said, task=task, kind="released")
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()


def _idle_at(step: Step, since: datetime) -> datetime:
    hours = timedelta(hours=step.engine.settings.idle_hours)
    return add_working_time(since, hours, step.calendar())


def _arm(step: Step, task: Task, due: datetime) -> None:
    """Arm one look at a task; one that stands for this moment is enough."""
    job = arming.job_of(
        step,
        "idle",
        f"{task.id}:idle",
        due,
        node=task.node,
        name=task.name,
        process=task.process,
        payload={"task": task.id},
    )
    worklist.arm_once(step, job)
