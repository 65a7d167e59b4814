"""Tell people: a role, a person, the customer; and put a late task before those who must see to it.

Each telling is a notice in their pages, and what leaves the house besides (see :mod:`engine.outbox`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from engine import outbox
from engine.domain import reach
from engine.domain.assignment import role_key
from engine.domain.facts import Data
from engine.domain.filling import fill
from engine.domain.views import Words
from engine.errors import ServiceFailed
from engine.outbox import Telling
from engine.store import inbox_rows, outgoing, repository, rows
from engine.store.models import Notice, Task

if TYPE_CHECKING:
    from engine.steps import Step

#: A moment as cases keep it: ISO 8601 with an offset.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d:\d\d$")

CUSTOMER = reach.CUSTOMER
STARTER = "starter"
HOLDER = "holder"
TASK = "task"


def filled(step: Step, words: Words, data: Data) -> Words:
    """A text with the data's values in place of ``{field}``; an option shows its label."""
    said = {**data, "case_no": step.case.number, "subject": step.case.subject}
    return Words(_fill(step, words.zh, said, "zh"), _fill(step, words.en, said, "en"))


def send(
    step: Step,
    to: str | int,
    said: Words,
    *,
    node: str,
    process: str,
    task: Task | None = None,
    kind: str = "notice",
    private: Words | None = None,
    urgent: bool = False,
) -> None:
    """Tell ``to`` something; raises :class:`ServiceFailed` when it names nobody there can be.

    ``private`` is what they are told in place of what the case's history keeps.
    """
    told = private or said
    if to == CUSTOMER:
        outgoing.add_notices(step.session, [_notice(step, None, told, None, CUSTOMER)])
        outbox.post(step, Telling(CUSTOMER, told))
        # What was said to one person alone, with their link, is nobody else's to read.
        alone = {"private": True} if private else {}
        step.tell("customer_told", node=node, process=process, zh=said.zh, en=said.en, **alone)
        return
    people = receivers(step, to, task)
    role = step.engine.organisation.role_named(str(to))
    tell(step, people, told, task=task, kind=kind, roles=[role.id] if role else [], urgent=urgent)
    step.tell("told", node=node, process=process, to=to, people=len(people), zh=said.zh, en=said.en)


def tell(
    step: Step,
    people: Iterable[int],
    said: Words,
    *,
    task: Task | None = None,
    kind: str = "notice",
    roles: Iterable[str] = (),
    urgent: bool = False,
) -> None:
    """Tell these people (account ids) something, and the chat groups of these roles."""
    told = list(dict.fromkeys(people))
    outgoing.add_notices(step.session, [_notice(step, person, said, task, kind) for person in told])
    outbox.post(step, Telling(reach.event_of(kind), said, told, tuple(roles), task, urgent))


def opened(step: Step, tasks: Iterable[Task]) -> None:
    """Tell people of tasks that came to them by name, and groups of what came to their roles.

    Nobody is told of what they do themselves next.
    """
    for task in tasks:
        name, number = step.published.node_name(task.process, task.node), step.case.number
        said = Words(f"新任务：{name.zh}（{number}）", f"New task: {name.en} ({number})")
        if task.assignee_id is not None:
            if task.assignee_id != step.actor.id:
                tell(step, [task.assignee_id], said, task=task, kind=TASK)
        else:
            outbox.post(step, Telling(TASK, said, roles=task.candidates, task=task))


def to_sign(step: Step, task: Task, people: Iterable[int]) -> None:
    """Tell those whom the drawing lets sign a task together."""
    name, number = step.published.node_name(task.process, task.node), step.case.number
    said = Words(f"请您签署“{name.zh}”（{number}）", f"Please sign “{name.en}” ({number})")
    tell(step, [person for person in people if person != step.actor.id], said, task=task, kind="sign")


def _notice(step: Step, person: int | None, said: Words, task: Task | None, kind: str) -> Notice:
    return rows.made(
        Notice,
        account_id=person,
        case_id=step.case.id,
        task_id=task.id if task else None,
        at=step.now,
        kind=kind,
        zh=said.zh,
        en=said.en,
    )


def watch(step: Step, task: Task, to: str, said: Words, *, urgent: bool = False) -> str:
    """Put an open task into the inbox of a role, with the reason; give the role it reached.

    A role that nobody holds at the site passes it on to the one above.
    """
    role = step.engine.organisation.role_named(to)
    if role is None:
        raise ServiceFailed("There is no such role.", role=to)
    chain = [role, *step.engine.organisation.supervisors(role.id)]
    holders = repository.holders(step.session, [found.id for found in chain], step.case.site)
    reached = next((found for found in chain if holders.get(found.id)), role)
    watching = inbox_rows.row(
        step.case,
        task,
        step.published.label(task.process, task.name),
        who=role_key(reached.id, step.case.site),
        # Beside its row of work, if it is that role's own: a task is never left with watchers only.
        kind="watch",
        reason={"zh": said.zh, "en": said.en, "at": step.now.isoformat()},
    )
    inbox_rows.watch(step.session, watching)
    node, process = task.node, task.process
    send(step, reached.id, said, node=node, process=process, task=task, kind="escalation", urgent=urgent)
    step.tell(
        "escalated",
        node=task.node,
        process=task.process,
        task_id=task.id,
        to=reached.id,
        zh=said.zh,
        en=said.en,
    )
    return reached.id


def receivers(step: Step, to: str | int, task: Task | None = None) -> list[int]:
    """The ids of the people whom ``to`` means: starter, holder[:node], handler:node, a role here, an id."""
    session, case = step.session, step.case
    if isinstance(to, int) or to.isdecimal():
        account = repository.account(session, int(to))
        return [account.id] if account is not None and account.active else []
    if to == STARTER:
        return [case.started_by] if case.started_by else []
    if to == HOLDER and task is not None:
        return _holders_of(step, task)
    if to.startswith(f"{HOLDER}:"):
        node = to.split(":", 1)[1]
        open_tasks = [t for t in repository.open_tasks(session, case.id) if t.node == node]
        return sorted({person for t in open_tasks for person in _holders_of(step, t)})
    if to.startswith("handler:"):
        person = repository.last_handler(session, case.id, to.split(":", 1)[1])
        return [person] if person is not None else []
    role = step.engine.organisation.role_named(to)
    if role is None:
        raise ServiceFailed("A notice names nobody.", to=to)
    return repository.holders(session, [role.id], case.site).get(role.id, [])


def _holders_of(step: Step, task: Task) -> list[int]:
    if task.assignee_id is not None:
        return [task.assignee_id]
    held = repository.holders(step.session, task.candidates, step.case.site)
    return sorted({person for people in held.values() for person in people})


def _fill(step: Step, template: str, data: Data, language: str) -> str:
    return fill(template, {key: _label(step, key, value, language) for key, value in data.items()})


def _label(step: Step, key: str, value: object, language: str) -> object:
    for bundle in step.published.bundles.values():
        for form in bundle.forms.values():
            for field in form.leaves():
                if field.key == key:
                    for option in field.options:
                        if option.value == value:
                            return bundle.words(option.label).in_language(language)
    return _moment(step, value, language) if isinstance(value, str) else value


def _moment(step: Step, text: str, language: str) -> str:
    if not _MOMENT.match(text):
        return text
    local = datetime.fromisoformat(text).astimezone(step.engine.zone_of(step.case.site))
    return f"{local:%b %d, %H:%M}" if language == "en" else f"{local:%m月%d日 %H:%M}"
