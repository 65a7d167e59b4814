"""The page of one task: who may do what with it, its form and data, its clock, the history beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from engine import asking, procedures, rules
from engine.bundles import Bundle
from engine.domain.assignment import may_work_on
from engine.domain.facts import Actor, CaseId, TaskId, UserId
from engine.domain.verbs import VERBS
from engine.domain.views import AnswerAsked, Clock, TaskHead, TaskView
from engine.errors import TaskNotFound
from engine.queries import between, seeing, timeline
from engine.queries.case_data import data_of
from engine.queries.inbox import escalations
from engine.queries.limits import clock_of
from engine.queries.lines import names_of, role_words, sent_back_of
from engine.queries.personal import veil_of
from engine.store import answer_links
from engine.store.models import Case, Task
from engine.wiring import Engine
from forms.model import labels


def task_view(engine: Engine, task_id: TaskId, actor: Actor) -> TaskView:
    """A task with all that its page shows; raises :class:`TaskNotFound`, :class:`Forbidden`."""
    with engine.database.look() as session:
        rules.refresh(engine, session)
        case, task = fetch(session, task_id)
        published = procedures.of_version(engine, session, case.version_id)
        sight = seeing.require_sight(engine, session, case, published, actor)
        data = {**case.data, **task.local}
        veil = veil_of(published, data, near=sight.near)
        bundle = published.of(task.process)
        form, form_words = _form(bundle, task.properties.get("form", ""))
        help_text = task.properties.get("help", "")
        clause = task.properties.get("clause", "")
        is_live = task.status == "open" and case.status == "active"
        is_theirs = is_live and may_work_on(
            actor,
            assignee=task.assignee_id,
            candidates=task.candidates,
            site=case.site,
            procedure=case.procedure,
        )
        away = actor.in_place_of(task.assignee_id, case.procedure) if is_live else None
        of_signing = between.Signed(task.id, task.signing, task.assignee_id, case.procedure)
        turn = between.to_sign(session, actor, [of_signing])
        escalated = escalations(engine, session, actor, [task.id]).get(task.id)
        names = names_of(session, [task.assignee_id, task.given_by])
        state = between.state_of(case, task)
        may_take = (is_theirs and state == "offered") or (
            state in VERBS["claim"].moves and escalated is not None and task.assignee_id != actor.id
        )
        may_draft = is_theirs and state in VERBS["draft"].moves
        answers = between.submitted(task) if task.answers is None else task.answers
        return TaskView(
            task_id=TaskId(task.id),
            case_id=CaseId(case.id),
            case_number=case.number,
            procedure=case.procedure,
            procedure_name=published.bundle.name,
            process=task.process,
            version=published.number,
            subject=case.subject,
            node=task.node,
            step_name=bundle.words(task.name),
            site=case.site,
            role=task.role,
            role_name=role_words(engine, task.role) if task.role else None,
            assignee_id=UserId(task.assignee_id) if task.assignee_id is not None else None,
            assignee=names.get(task.assignee_id or 0),
            status=task.status,  # type: ignore[arg-type]
            case_status=case.status,  # type: ignore[arg-type]
            created_at=task.created_at,
            done_at=task.done_at,
            done_by=task.done_by_name,
            clock=clock_of_task(engine, case, task),
            ladder=timeline.ladder(session, engine, case.id, task=task.id) if task.status == "open" else (),
            clause=bundle.words(clause) if clause else None,
            source=bundle.words(task.properties.get("source", "")),
            help=bundle.words(help_text) if help_text else None,
            form=form,
            form_words=form_words,
            data=veil.data(data),
            known=data_of(engine, session, published, data, veil, case.site),
            # What is half typed concerns only those who may finish it.
            draft=task.draft if may_draft or _was_theirs(task, actor) else None,
            draft_at=task.draft_at if may_draft else None,
            answers=None if answers is None else veil.data(answers),
            may_claim=may_take,
            may_release=is_theirs and task.claimed and state == "held",
            may_complete=is_theirs and state in VERBS["complete"].moves,
            may_draft=may_draft,
            state=state,
            verbs=between.verbs_over_task(
                engine, session, case, task, published, actor, signs=task.id in turn
            ),
            signs_for=turn.get(task.id),
            given_by=names.get(task.given_by or 0),
            signing=between.signing_of(session, task, veil),
            urged=task.urged,
            priority=case.priority,
            comments=between.comments(session, case.id, veil),
            stands_in=away.name if away else None,
            escalated=escalated,
            asked=_asked(engine, session, task) if is_theirs and "answer_link" in task.properties else None,
            sent_back=sent_back_of(published, task.sent_back),
            called_back=task.called_back,
            history=timeline.entries(session, published, case.id, veil),
            attachments=timeline.attachments(session, case.id, veil),
            clocks=timeline.case_clocks(engine, session, case) if task.status == "open" else (),
            paused=next(iter(timeline.pauses(engine, session, case.id)), None) if case.paused_at else None,
        )


def _asked(engine: Engine, session: Session, task: Task) -> AnswerAsked | None:
    link = answer_links.of_task(session, task.id)
    if link is None or link.ends_at <= engine.now():
        return None
    name = link.name or names_of(session, [link.account_id]).get(link.account_id or 0, "")
    return AnswerAsked(asking.address(engine, link), name, link.contact, link.ends_at)


def task_head(engine: Engine, task_id: TaskId) -> TaskHead:
    """What a task is and asks, for whoever is to be let through by the verb that follows.

    Raises :class:`TaskNotFound`.
    """
    with engine.database.look() as session:
        found = session.execute(_HEAD, {"task": task_id}).one_or_none()
        if found is None:
            raise TaskNotFound(task=task_id)
        bundle = procedures.of_version(engine, session, found.version_id).of(found.process)
        return TaskHead(
            task_id=TaskId(found.id),
            case_id=CaseId(found.case_id),
            case_number=found.number,
            step_name=bundle.words(found.name),
            form=bundle.form_documents.get(found.properties.get("form", "")),
        )


_HEAD = (
    sa.select(Task.id, Task.case_id, Task.process, Task.name, Task.properties, Case.number, Case.version_id)
    .join(Case, Case.id == Task.case_id)
    .where(Task.id == sa.bindparam("task"))
)


def clock_of_task(engine: Engine, case: Case, task: Task) -> Clock:
    """A task's clock, as it stands, or stood when it was done or the case was paused."""
    return clock_of(
        engine,
        site=case.site,
        start=task.created_at,
        due=task.due_at,
        deadline=task.deadline,
        own_due=bool(task.properties.get("due")) and not task.limit,
        limit=task.limit,
        at=task.done_at,
        paused=case.paused_at,
    )


def _was_theirs(task: Task, actor: Actor) -> bool:
    """Say whether somebody had begun what was called back."""
    return task.called_back is not None and task.draft_by == actor.id


def fetch(session: Session, task_id: TaskId) -> tuple[Case, Task]:
    """A task with its case, without the case's state; raises :class:`TaskNotFound`."""
    row = session.execute(
        sa.select(Case, Task)
        .join(Task, Task.case_id == Case.id)
        .where(Task.id == task_id)
        .options(defer(Case.state, raiseload=True))
    ).one_or_none()
    if row is None:
        raise TaskNotFound(task=task_id)
    return row.Case, row.Task


def _form(bundle: Bundle, form_id: str) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
    if form_id not in bundle.forms:
        return None, {}
    words = [bundle.words(text) for text in labels(bundle.forms[form_id])]
    return bundle.form_documents[form_id], {said.zh: said.en for said in words}
