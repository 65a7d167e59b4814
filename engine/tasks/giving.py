"""Give a task to somebody else: hand it over, let it be prepared, take it back, decline it, reassign it.

Its deadline stays what it was, and what was typed goes along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.answers import Asking
from engine.cases import is_supervisor
from engine.domain.facts import Actor, Data, TaskId, UserId
from engine.errors import Forbidden, Invalid
from engine.queries.seeing import with_supervisors
from engine.retrying import again_when_changed
from engine.store import between, repository
from engine.store.models import Account
from engine.tasks import signed
from engine.tasks.drafting import DRAFT_SIZE, draft_of
from engine.tasks.guards import require_holder, require_reason
from engine.tasks.opening import Hold, colleagues, held, name_of
from engine.wiring import Engine
from forms.parsing import MultiMap


@again_when_changed
def transfer_task(engine: Engine, task_id: TaskId, *, by: Actor, to: UserId, reason: str) -> None:
    """Hand my task over to somebody who holds one of its roles at the site, or a role above one (转办).

    They may decline it. Raises :class:`ReasonMissing`, :class:`Forbidden`, :class:`NotPossibleNow`, and
    :class:`Invalid` for somebody who may not have it.
    """
    reason = require_reason(reason)
    with held(engine, task_id, by=by, verb="transfer") as hold:
        require_holder(hold.step.case, hold.task, by)
        person = _successor(hold, to)
        hold.change(assignee_id=person.id, given_by=hold.task.assignee_id, given_how="transfer")
        hold.note("task_transferred", to=person.name, reason=reason)
        hold.tell([person.id], "transfer", "{by} 把“{step}”转给您办理", "{by} handed “{step}” over to you")


@again_when_changed
def decline_task(engine: Engine, task_id: TaskId, *, by: Actor, reason: str) -> None:
    """Give a task that was handed over to me back to whoever gave it (退还).

    Where the giver is not there any more it goes to its roles.
    """
    reason = require_reason(reason)
    with held(engine, task_id, by=by, verb="decline") as hold:
        require_holder(hold.step.case, hold.task, by)
        giver = repository.account(hold.step.session, hold.task.given_by or 0)
        back = giver.id if giver is not None and (giver.active or not hold.task.candidates) else None
        hold.change(assignee_id=back, given_by=None, given_how=None, claimed=hold.task.claimed and bool(back))
        hold.note("task_declined", to=giver.name if giver and back else "", reason=reason)
        hold.tell([back], "declined", "{by} 退还了“{step}”", "{by} declined “{step}”")


@again_when_changed
def reassign_task(engine: Engine, task_id: TaskId, *, by: Actor, to: UserId, reason: str) -> None:
    """Let somebody of the site do a task, whoever has it now: what a supervisor decides (改派).

    Whoever signs it still signs it. Raises as :func:`transfer_task`.
    """
    reason = require_reason(reason)
    with held(engine, task_id, by=by, verb="reassign") as hold:
        if not is_supervisor(hold.step.engine, hold.step.case, hold.step.published, by):
            raise Forbidden(task=task_id)
        (person,) = colleagues(hold.step, [to])
        before = hold.task.assignee_id
        if person.id == before:
            raise Invalid("This person has the task already.", field="to", reason="same")
        hold.change(assignee_id=person.id, given_by=None, given_how=None, claimed=False)
        hold.note("task_reassigned", to=person.name, held_by=name_of(hold.step, before), reason=reason)
        hold.tell([person.id], "transfer", "{by} 把“{step}”改派给您办理", "{by} gave “{step}” to you")
        hold.tell([before], "transfer", "{by} 把“{step}”改派给了别人", "{by} gave “{step}” to somebody else")


@again_when_changed
def delegate_task(engine: Engine, task_id: TaskId, *, by: Actor, to: UserId, reason: str) -> None:
    """Let a colleague of the site prepare my task; it stays mine and comes back to me (委派)."""
    reason = require_reason(reason)
    with held(engine, task_id, by=by, verb="delegate") as hold:
        require_holder(hold.step.case, hold.task, by)
        (person,) = colleagues(hold.step, [to])
        if person.id == hold.task.assignee_id:
            raise Invalid("This person has the task already.", field="to", reason="same")
        hold.change(assignee_id=person.id, given_by=hold.task.assignee_id, given_how="delegate")
        hold.note("task_delegated", to=person.name, reason=reason)
        hold.tell(
            [person.id], "delegate", "{by} 请您代拟“{step}”，填好后交回", "{by} asks you to prepare “{step}”"
        )


@again_when_changed
def hand_back_task(
    engine: Engine,
    task_id: TaskId,
    *,
    by: Actor,
    answers: Mapping[str, Any] | MultiMap | None = None,
    opinion: str = "",
) -> None:
    """Give what I prepared back to the task's owner, as a draft, with what I think of it (交回)."""
    with held(engine, task_id, by=by, verb="hand_back") as hold:
        require_holder(hold.step.case, hold.task, by)
        step, task = hold.step, hold.task
        form = Asking(engine, step.session, step.case, task, step.published, by).form
        typed: Data = draft_of(answers, form) if answers is not None else {}
        if len(json.dumps(typed, ensure_ascii=False)) > DRAFT_SIZE:
            raise Invalid("The draft is too large to be kept.", limit=DRAFT_SIZE)
        kept = {"draft": typed, "draft_at": hold.step.now, "draft_by": by.id} if typed else {}
        owner = hold.task.given_by
        hold.change(assignee_id=owner, given_by=None, given_how=None, **kept)
        hold.note("task_handed_back", to=name_of(hold.step, owner), note=opinion.strip()[:500])
        hold.tell([owner], "handed_back", "{by} 交回了“{step}”", "{by} handed “{step}” back to you")


@again_when_changed
def recall_task(engine: Engine, task_id: TaskId, *, by: Actor) -> None:
    """Take back what I let somebody prepare, or what I completed and waits for signers (收回)."""
    with held(engine, task_id, by=by, verb="recall") as hold:
        if hold.state == "signing":
            signed.take_back(hold, by)
            hold.note("task_recalled")
            return
        owner = hold.task.given_by
        if owner != by.id and not by.in_place_of(owner, hold.step.case.procedure):
            raise Forbidden(task=task_id)
        before = hold.task.assignee_id
        hold.change(assignee_id=owner, given_by=None, given_how=None)
        hold.note("task_recalled", held_by=name_of(hold.step, before))
        hold.tell([before], "declined", "{by} 收回了“{step}”", "{by} took “{step}” back")


def _successor(hold: Hold, to: UserId) -> Account:
    """The person, if they hold one of the task's roles at the site, or a role above one."""
    step, task = hold.step, hold.task
    asked = {str(role) for role in task.candidates} | ({task.role} if task.role else set())
    roles = with_supervisors(step.engine, asked)
    if to == task.assignee_id:
        raise Invalid("This person has the task already.", field="to", reason="same")
    holders = repository.holders(step.session, roles, step.case.site) if roles else {}
    if not any(to in people for people in holders.values()):
        raise Invalid("This person holds none of the task's roles here.", field="to", reason="role")
    return between.colleagues(step.session, [to], step.case.site)[to]
