"""A task that somebody holds goes to another, or back to the queue of its roles; told and kept in history."""

from __future__ import annotations

from engine import notices, worklist
from engine.domain.views import Words
from engine.queries.seeing import with_supervisors
from engine.steps import Step
from engine.store import repository, rows, saving
from engine.store.models import Account, Task


def hand(step: Step, task: Task, to: Account | None, *, held_by: str, because: Words) -> None:
    """Give an open task to somebody, or (None) back to its roles; ``because`` says why to who gets it."""
    rows.update(
        step.session,
        task,
        assignee_id=to.id if to else None,
        claimed=False,
        **({} if task.given_how == "delegate" else {"given_by": None, "given_how": None}),
    )
    worklist.put_into_inbox(step, task)
    tell(step, task, to, held_by=held_by, because=because)


def tell(
    step: Step, task: Task, to: Account | None, *, held_by: str, because: Words, role: str = "holder"
) -> None:
    """Keep in the case's history that a task went to another, and tell them."""
    step.tell(
        "task_handed_over",
        node=task.node,
        process=task.process,
        task_id=task.id,
        held_by=held_by,
        to=to.name if to else "",
        role=role,
    )
    saving.append_history(step.session, step.case, step.told)
    if to is not None:
        name = step.published.node_name(task.process, task.node)
        said = Words(
            f"{because.zh}，“{name.zh}”交接给您（{step.case.number}）",
            f"{because.en}; “{name.en}” of {step.case.number} is yours now",
        )
        notices.tell(step, [to.id], said, task=task, kind="transfer")


def may_have(step: Step, task: Task, account_id: int) -> bool:
    """Say whether somebody has one of the roles of a task, or one above, at its site."""
    asked = {str(role) for role in task.candidates} | ({task.role} if task.role else set())
    roles = with_supervisors(step.engine, asked)
    held = repository.holders(step.session, roles, step.case.site) if roles else {}
    return not roles or any(account_id in people for people in held.values())
