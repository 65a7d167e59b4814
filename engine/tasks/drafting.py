"""What was typed into a task's form and is not sent yet; and the form as it stands for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine import procedures
from engine.answers import Asking, FormState
from engine.domain.facts import Actor, Data, TaskId
from engine.errors import Invalid
from engine.retrying import again_when_changed
from engine.steps import Step
from engine.store import locking, repository, rows
from engine.store.models import Task
from engine.tasks.guards import require_may_complete
from engine.wiring import Engine
from forms.model import Form
from forms.parsing import MultiMap, flatten

#: Characters of a draft as JSON.
DRAFT_SIZE = 65_536


@again_when_changed
def save_draft(engine: Engine, task_id: TaskId, *, by: Actor, typed: Data) -> None:
    """Keep what was typed, as it was typed; raises :class:`Invalid` when it is too much."""
    if len(json.dumps(typed, ensure_ascii=False)) > DRAFT_SIZE:
        raise Invalid("The draft is too large to be kept.", limit=DRAFT_SIZE)
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        require_may_complete(session, case, task, by, verb="draft")
        now = engine.now()
        rows.update(session, task, draft=typed, draft_at=now, draft_by=by.id, touched_at=now)


def form_fields(
    engine: Engine,
    task_id: TaskId,
    actor: Actor,
    typed: Mapping[str, Any] | MultiMap | None = None,
    *,
    judge: bool = False,
) -> FormState | None:
    """A task's form as it stands for a person: typed, else drafted, else its first values.

    None for a task that is a confirmation. Raises as :func:`complete_task`.
    """
    with engine.database.look() as session:
        case, task = repository.case_of_task(session, task_id)
        require_may_complete(session, case, task, actor, verb="draft")
        published = procedures.of_version(engine, session, case.version_id)
        if typed is None and task.draft is not None:
            typed = _Typed(task.draft)
        return Asking(engine, session, case, task, published, actor).state(typed, judge=judge)


def first_answers(engine: Engine, task_id: TaskId, actor: Actor) -> Data:
    """What a task's form begins with, as answers: what its page sends when nothing is changed."""
    with engine.database.look() as session:
        case, task = repository.case_of_task(session, task_id)
        published = procedures.of_version(engine, session, case.version_id)
        asking = Asking(engine, session, case, task, published, actor)
        return asking.first_values(asking.form) if asking.form else {}


def keep(engine: Engine, task_id: TaskId, by: Actor, answers: Mapping[str, Any] | MultiMap) -> None:
    """Keep what could not be accepted, when it was typed into a form."""
    typed = draft_of(answers)
    if hasattr(answers, "getlist") and len(json.dumps(typed, ensure_ascii=False)) <= DRAFT_SIZE:
        save_draft(engine, task_id, by=by, typed=typed)


def draft_of(answers: Mapping[str, Any] | MultiMap, form: Form | None = None) -> Data:
    """What was sent, as a draft keeps it: without the page's own names, values as a form shows them."""
    if form is not None and not hasattr(answers, "getlist"):
        return dict(flatten(form, answers))
    getlist = getattr(answers, "getlist", None)
    return {
        name: getlist(name) if getlist else answers[name]  # type: ignore[index]
        for name in answers.keys()  # noqa: SIM118  # a multimap need not be iterable
        if not name.startswith("_") and name != "csrf_token"
    }


def typed_of(step: Step, task: Task, answers: Data) -> Data:
    """Answers as a form would send them, to be the draft of a task that asks the same."""
    form = step.published.of(task.process).forms.get(task.properties.get("form", ""))
    if form is None:
        return {}
    texts = flatten(form, answers, zone=step.engine.zone_of(step.case.site))
    return {name: [text] if isinstance(text, str) else text for name, text in texts.items()}


class _Typed(dict[str, Any]):
    """A kept draft as the multimap it was."""

    def getlist(self, key: str) -> list[str]:
        """All texts of a name."""
        value = self.get(key, [])
        return list(value) if isinstance(value, list) else [value]
