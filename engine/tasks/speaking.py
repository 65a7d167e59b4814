"""Say something about a case, put it before others, say how urgent it is (留言, 抄送, 优先级)."""

from __future__ import annotations

from collections.abc import Sequence

from engine import case_clocks, moving, notices
from engine.cases import is_supervisor
from engine.domain.facts import Actor, CaseId, TaskId, UserId
from engine.domain.views import Words
from engine.errors import CaseNotActive, Forbidden, Invalid
from engine.queries import seeing
from engine.retrying import again_when_changed
from engine.steps import Step
from engine.store import between, repository, rows
from engine.store.models import Comment, Copy
from engine.tasks.guards import require_reason
from engine.tasks.opening import colleagues, opened
from engine.wiring import Engine

PRIORITIES = ("low", "normal", "high", "urgent")
#: Characters of a comment.
LONGEST = 2000


@again_when_changed
def copy_case(
    engine: Engine,
    case_id: CaseId,
    *,
    by: Actor,
    people: Sequence[UserId],
    note: str = "",
    task_id: TaskId | None = None,
) -> None:
    """Put a case before colleagues of its site, to know of it (抄送); they see it, personal data masked.

    Who has an unread copy gets no second one. Raises :class:`Forbidden`, :class:`Invalid`.
    """
    with opened(engine, case_id, by=by) as step:
        seeing.require_sight(engine, step.session, step.case, step.published, by)
        chosen = colleagues(step, people)
        fresh = [person.id for person in chosen if _copied(step, person.id, note.strip()[:500], task_id)]
        step.tell("copied", people="、".join(person.name for person in chosen), note=note.strip()[:500])
        said = Words(
            f"{by.name} 把案件 {step.case.number} 抄送给您", f"{by.name} copied {step.case.number} to you"
        )
        notices.tell(step, [person for person in fresh if person != by.id], said, kind="copy")


def mark_copy_read(engine: Engine, case_id: CaseId, *, by: Actor) -> bool:
    """Note that I have read what I have of a case in copy; True when something was unread."""
    if by.id is None:
        return False
    with engine.database.transaction() as session:
        return between.mark_read(session, case_id, by.id, engine.now()) > 0


@again_when_changed
def comment_case(
    engine: Engine,
    case_id: CaseId,
    *,
    by: Actor,
    text: str,
    is_public: bool = False,
    mentions: Sequence[UserId] = (),
    task_id: TaskId | None = None,
) -> None:
    """Say something about a case (留言): to colleagues, or with ``is_public`` to its customer as well.

    Those who are mentioned are told, and have the case in copy. What the customer reads only people near
    the case may say. Raises :class:`Forbidden`, :class:`Invalid`.
    """
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise Invalid("A comment has some text, and not too much.", field="text", most=LONGEST)
    with opened(engine, case_id, by=by) as step:
        sight = seeing.require_sight(engine, step.session, step.case, step.published, by)
        if is_public and not sight.near:
            raise Forbidden(case=case_id)
        named = colleagues(step, mentions) if mentions else []
        step.session.add(
            Comment(
                case_id=case_id,
                task_id=task_id,
                by_id=by.id,
                by=by.name,
                at=step.now,
                text=said,
                is_public=is_public,
                mentions=[person.id for person in named],
            )
        )
        step.tell("commented", public=is_public, people="、".join(person.name for person in named))
        _tell_named(step, by, [person.id for person in named], task_id)
        if is_public:
            process, words = step.published.procedure, Words(said, said)
            notices.send(step, notices.CUSTOMER, words, node="", process=process)
            case_clocks.customer_heard(step)


@again_when_changed
def set_priority(engine: Engine, case_id: CaseId, *, by: Actor, priority: str, reason: str) -> None:
    """Say how urgent a case is: low, normal, high or urgent (优先级), with the reason.

    Its starter may, whoever has one of its tasks, and supervisors. Raises :class:`ReasonMissing`,
    :class:`Invalid`, :class:`Forbidden`, :class:`CaseNotActive`.
    """
    reason = require_reason(reason)
    if priority not in PRIORITIES:
        raise Invalid("There is no such priority.", field="priority", priority=priority)
    with opened(engine, case_id, by=by) as step:
        case = step.case
        if case.status not in ("active", "suspended"):
            raise CaseNotActive(case=case.number, status=case.status)
        if not may_prioritise(step, by):
            raise Forbidden(case=case_id)
        if case.priority != priority:
            step.tell("prioritised", before=case.priority, priority=priority, reason=reason)
            rows.update(step.session, case, priority=priority)
            moving.reclock(step)


def may_prioritise(step: Step, by: Actor) -> bool:
    """Say whether a person may say how urgent a case is."""
    if by.id is not None and by.id == step.case.started_by:
        return True
    if is_supervisor(step.engine, step.case, step.published, by):
        return True
    return by.id is not None and (
        repository.first_open_task_of(step.session, step.case.id, by.id) is not None
    )


def _copied(step: Step, account_id: int, note: str, task_id: TaskId | None) -> bool:
    """Put the case before somebody, unless they have it there unread."""
    standing = between.copy_of(step.session, step.case.id, account_id)
    if standing is not None and standing.read_at is None:
        return False
    step.session.add(
        Copy(
            case_id=step.case.id,
            task_id=task_id,
            account_id=account_id,
            by_id=step.actor.id,
            by=step.actor.name,
            at=step.now,
            note=note,
        )
    )
    return True


def _tell_named(step: Step, by: Actor, people: Sequence[int], task_id: TaskId | None) -> None:
    others = [person for person in people if person != by.id]
    for person in others:
        _copied(step, person, "@", task_id)
    said = Words(
        f"{by.name} 在案件 {step.case.number} 的留言中提到您",
        f"{by.name} mentioned you in a comment on {step.case.number}",
    )
    notices.tell(step, others, said, kind="mention")
