"""What the verbs between people share: lock a task in its case, tell its history, tell a colleague."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine import notices, procedures, steps, worklist
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.verbs import State
from engine.domain.views import Words
from engine.errors import Invalid
from engine.store import between, locking, repository, rows, saving
from engine.store.models import Account, Task
from engine.tasks.guards import require_lawful
from engine.wiring import Engine


@dataclass(frozen=True)
class Hold:
    """A task that is locked with its case while a verb acts on it."""

    step: steps.Step
    task: Task
    state: State

    def change(self, **values: Any) -> None:
        """Write columns of the task, and that somebody did something with it; show it to whom it is now."""
        rows.update(self.step.session, self.task, touched_at=self.step.now, **values)
        worklist.put_into_inbox(self.step, self.task)

    def note(self, kind: str, **detail: Any) -> None:
        """Add an entry about the task to the history."""
        told = {key: value for key, value in detail.items() if value not in (None, "")}
        self.step.tell(kind, node=self.task.node, process=self.task.process, task_id=self.task.id, **told)

    def tell(self, people: Collection[int | None], kind: str, zh: str, en: str) -> None:
        """Tell people about the task: ``{step}`` is what its step is called, ``{by}`` who acts."""
        step, task = self.step, self.task
        name = step.published.node_name(task.process, task.node)
        who = [person for person in people if person is not None and person != step.actor.id]
        said = {"by": step.actor.name, "case": step.case.number}
        words = Words(zh.format(step=name.zh, **said), en.format(step=name.en, **said))
        notices.tell(step, dict.fromkeys(who), words, task=task, kind=kind)


@contextmanager
def held(engine: Engine, task_id: TaskId, *, by: Actor, verb: str) -> Iterator[Hold]:
    """Lock a task for a verb that is lawful in its state; what is told is written at the end."""
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        state = require_lawful(session, verb, case, task)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        away = by.in_place_of(task.assignee_id, case.procedure)
        step.acts_for = away.name if away else ""
        yield Hold(step, task, state)
        saving.append_history(session, case, step.told)
        step.told.clear()


@contextmanager
def opened(engine: Engine, case_id: CaseId, *, by: Actor) -> Iterator[steps.Step]:
    """Lock a case for a verb that leaves its workflow alone; what is told is written at the end."""
    with engine.database.transaction() as session:
        case = locking.lock_case(session, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        yield step
        saving.append_history(session, case, step.told)
        step.told.clear()


def name_of(step: steps.Step, account_id: int | None) -> str:
    """What a person is called."""
    account = repository.account(step.session, account_id) if account_id is not None else None
    return account.name if account else ""


def colleagues(step: steps.Step, people: Collection[int]) -> list[Account]:
    """These people, each once, in this order; raises :class:`Invalid` for one who does not work here."""
    wanted = list(dict.fromkeys(people))
    found = between.colleagues(step.session, wanted, step.case.site)
    if not wanted or len(found) < len(wanted):
        raise Invalid("Choose people who work at the case's site.", field="people", reason="nobody")
    return [found[person] for person in wanted]
