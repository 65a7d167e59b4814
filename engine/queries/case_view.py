"""The page of one case: its drawings with what is done and active, data, history, papers, what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from engine import asking, procedures, rules
from engine.bundles import DIAGRAM
from engine.cases import may_pause
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.views import CaseLine, CaseView, Paper, StepState, Words
from engine.errors import CaseNotFound
from engine.procedures import Published
from engine.queries import between, seeing, timeline
from engine.queries.case_data import data_of
from engine.queries.case_list import COLUMNS, case_lines
from engine.queries.limits import clock_of
from engine.queries.lines import names_of, role_words
from engine.queries.personal import Veil, veil_of
from engine.queries.task_view import clock_of_task
from engine.store import follow_links, models
from engine.store.models import Case, History, Job, Notice, Subscription, Task
from engine.wiring import Engine

#: Messages to the customer, related cases and failures that one page shows.
MOST = 50


def case_view(engine: Engine, case_id: CaseId, actor: Actor) -> CaseView:
    """A case with all that its page shows; raises :class:`CaseNotFound`, :class:`Forbidden`."""
    with engine.database.look() as session:
        rules.refresh(engine, session)
        case = session.scalars(
            sa.select(Case).where(Case.id == case_id).options(defer(Case.state, raiseload=True))
        ).one_or_none()
        if case is None:
            raise CaseNotFound(case=case_id)
        published = procedures.of_version(engine, session, case.version_id)
        sight = seeing.require_sight(engine, session, case, published, actor)
        veil = veil_of(published, case.data, near=sight.near)
        passed = _passed(session, case.id)
        jobs = _jobs(session, case.id)
        active = _active(engine, session, case, published, jobs)
        is_moved = case.status == "active" and may_pause(engine, session, case, published, actor)
        lawful = between.verbs_over_case(engine, session, case, published, actor)
        link = follow_links.standing(session, case.id) if sight.near else None
        return CaseView(
            case_id=CaseId(case.id),
            number=case.number,
            procedure=case.procedure,
            procedure_name=published.bundle.name,
            version=published.number,
            subject=case.subject,
            site=case.site,
            status=case.status,  # type: ignore[arg-type]
            outcome=_classified(published, veil.text(case.outcome)),
            category=_classified(published, case.category),
            started_at=case.started_at,
            started_by=case.starter_name,
            ended_at=case.ended_at,
            diagrams=_diagrams(published, {process for process, _ in passed} | {s.process for s in active}),
            words={zh: en for bundle in published.bundles.values() for zh, en in bundle.english.items()},
            done_nodes=frozenset(f"{process}/{node}" for process, node in passed),
            active=active,
            data=data_of(engine, session, published, case.data, veil, case.site),
            history=timeline.entries(session, published, case.id, veil),
            attachments=timeline.attachments(session, case.id, veil),
            papers=_papers(session, case.id, published),
            told=_told(session, case.id, veil),
            related=_related(engine, session, case, actor),
            incidents=_incidents(jobs, veil),
            may_cancel="cancel" in lawful,
            may_suspend="suspend" in lawful,
            may_resume="resume" in lawful,
            clocks=timeline.case_clocks(engine, session, case),
            pauses=timeline.pauses(engine, session, case.id),
            may_pause=is_moved and case.paused_at is None,
            may_resume_clocks=is_moved and case.paused_at is not None,
            priority=case.priority,
            verbs=lawful,
            comments=between.comments(session, case.id, veil),
            copies=between.copies(session, case.id),
            may_share=sight.near,
            shared=asking.address(engine, link) if link is not None else None,
        )


def _classified(published: Published, value: str) -> Words:
    """A category or an outcome: the label of the option it is, else a text of the procedure."""
    for bundle in published.bundles.values():
        for form in bundle.forms.values():
            for leaf in form.leaves():
                for option in leaf.options:
                    if option.value == value:
                        return bundle.words(option.label)
    return published.words(value)


def _passed(session: Session, case_id: int) -> set[tuple[str, str]]:
    rows = session.execute(
        sa.select(History.process, History.node)
        .where(
            History.case_id == case_id,
            History.node.is_not(None),
            History.kind.in_(("passed", "completed", "fired")),
        )
        .distinct()
    )
    return {(row.process, row.node) for row in rows}


def _diagrams(published: Published, visited: set[str]) -> dict[str, str]:
    return {
        process: bundle.files[DIAGRAM]
        for process, bundle in published.bundles.items()
        if process == published.procedure or process in visited
    }


# What waits ------------------------------------------------------------------------------------


def _active(
    engine: Engine, session: Session, case: Case, published: Published, jobs: Sequence[Job]
) -> tuple[StepState, ...]:
    return (
        *_open_tasks(engine, session, case, published),
        *_timers(engine, case, published, jobs),
        *_messages(session, case, published),
    )


def _open_tasks(engine: Engine, session: Session, case: Case, published: Published) -> list[StepState]:
    tasks = session.scalars(
        sa.select(Task)
        .where(Task.case_id == case.id, Task.status == "open")
        .order_by(Task.created_at, Task.id)
        .options(defer(Task.draft), defer(Task.answers))
    ).all()
    names = names_of(session, (task.assignee_id for task in tasks))
    return [
        StepState(
            node=task.node,
            name=published.of(task.process).words(task.name),
            kind="task",
            who=_who(engine, task, names),
            due_at=task.due_at,
            task_id=TaskId(task.id),
            clock=clock_of_task(engine, case, task) if task.due_at else None,
            process=task.process,
        )
        for task in tasks
    ]


def _who(engine: Engine, task: Task, names: dict[int, str]) -> Words | None:
    if task.assignee_id is not None:
        name = names.get(task.assignee_id, "")
        return Words(name, name)
    roles = [role_words(engine, str(role)) for role in task.candidates]
    if not roles:
        return None
    return Words("、".join(role.zh for role in roles), ", ".join(role.en for role in roles))


def _jobs(session: Session, case_id: int) -> Sequence[Job]:
    """The timers that a case waits for, and whatever failed in it, by what is due first."""
    waits = (Job.kind == "timer") & Job.status.in_(("armed", "paused"))
    return session.scalars(
        sa.select(Job)
        .where(Job.case_id == case_id, sa.or_(waits, Job.status == "incident"))
        .order_by(Job.due_at, Job.id)
    ).all()


def _timers(engine: Engine, case: Case, published: Published, jobs: Sequence[Job]) -> list[StepState]:
    return [
        StepState(
            node=job.node,
            name=published.node_name(job.process, job.node),
            kind="timer",
            due_at=job.due_at,
            # Of a timer people read the moment itself, which passes at night too.
            clock=replace(clock_of(engine, site=case.site, start=case.started_at, due=job.due_at), left=None),
            process=job.process,
        )
        for job in jobs
        if job.kind == "timer"
    ]


def _messages(session: Session, case: Case, published: Published) -> list[StepState]:
    nodes = session.scalars(
        sa.select(Subscription.node).where(Subscription.case_id == case.id).order_by(Subscription.node)
    )
    states = []
    for node in nodes:
        process = next(
            (name for name, bundle in published.bundles.items() if node in bundle.diagram.nodes),
            published.procedure,
        )
        states.append(
            StepState(node=node, name=published.node_name(process, node), kind="message", process=process)
        )
    return states


# What it left behind -----------------------------------------------------------------------------


def _papers(session: Session, case_id: int, published: Published) -> tuple[Paper, ...]:
    rows = session.execute(
        sa.select(models.Paper.id, models.Paper.process, models.Paper.document, models.Paper.at)
        .where(models.Paper.case_id == case_id)
        .order_by(models.Paper.at, models.Paper.id)
    )
    papers = []
    for row in rows:
        bundle = published.of(row.process)
        declared = bundle.documents.get(row.document, {})
        papers.append(
            Paper(
                id=row.id,
                document=row.document,
                title=bundle.words(declared.get("title", row.document)),
                at=row.at,
                copies=max(1, len(declared.get("copies", ()))),
            )
        )
    return tuple(papers)


def _told(session: Session, case_id: int, veil: Veil) -> tuple[tuple[datetime, Words], ...]:
    rows = session.execute(
        sa.select(Notice.at, Notice.zh, Notice.en)
        .where(Notice.case_id == case_id, Notice.account_id.is_(None))
        .order_by(Notice.at.desc(), Notice.id.desc())
        .limit(MOST)
    )
    return tuple((row.at, Words(veil.text(row.zh), veil.text(row.en))) for row in rows)


def _related(engine: Engine, session: Session, case: Case, actor: Actor) -> tuple[CaseLine, ...]:
    kin = Case.origin_id == case.id
    if case.origin_id is not None:
        kin = sa.or_(kin, Case.id == case.origin_id)
    rows = session.execute(
        sa.select(*COLUMNS)
        .where(kin, seeing.visible(engine, session, actor))
        .order_by(Case.started_at, Case.id)
        .limit(MOST)
    ).all()
    return tuple(case_lines(engine, session, rows))


def _incidents(jobs: Sequence[Job], veil: Veil) -> tuple[str, ...]:
    """Why what failed did, the latest first."""
    failed = [job for job in jobs if job.status == "incident"]
    failed.sort(key=lambda job: (job.done_at is not None, job.done_at, job.id), reverse=True)
    return tuple(veil.text(job.error or "") for job in failed[:MOST])
