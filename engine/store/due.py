"""The rows of what is due: list, take up, put off, finish; and what a transaction armed.

``due_at`` is the promise, ``run_at`` when it is looked at (again): never earlier. Nobody takes up a job
while an earlier one of its case is armed and has not failed yet: a case's promises keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine.domain.facts import Armed, CaseId, Taken
from engine.store.models import Job
from engine.store.prepared import Prepared
from engine.store.rows import columns_of, given, loaded, set_to, table_of

_job = table_of(Job)

#: Where a session keeps what was armed in its transaction.
ARMED = "armed"
#: How many times as many jobs are looked at as are taken up.
WINDOW = 4


# What a transaction arms ---------------------------------------------------------------------


def note_armed(session: Session, case_id: int, key: str, at: datetime) -> None:
    """Note that a job was armed, or put off, for ``at``: the dispatcher hears of it with the commit."""
    session.info.setdefault(ARMED, []).append(Armed(CaseId(case_id), key, at))


def has_job(session: Session, job: Job) -> bool:
    """Say whether the case has a job of this kind, key and moment."""
    same = sa.select(Job.id).where(
        Job.case_id == job.case_id, Job.kind == job.kind, Job.key == job.key, Job.due_at == job.due_at
    )
    return session.scalar(same.limit(1)) is not None


def armed(session: Session) -> list[Armed]:
    """What was armed in this transaction so far."""
    found: list[Armed] = session.info.get(ARMED, [])
    return found


# Looking -------------------------------------------------------------------------------------


def listed(session: Session, now: datetime, limit: int) -> list[tuple[int, int]]:
    """(job id, case id) of what is due, the oldest promise first.

    What stands behind a job of its case that somebody has under way, or that is put off, is not listed.
    """
    rows = session.execute(
        sa.select(Job.id, Job.case_id)
        .where(*_is_due(now), ~_is_behind(now))
        .order_by(Job.due_at, Job.id)
        .limit(limit)
    )
    return [(row.id, row.case_id) for row in rows]


def next_run(session: Session, now: datetime) -> datetime | None:
    """When the next job is to run that can; what stands behind another has to wait for that."""
    # In two parts, each a range of the index: what is far ahead may be a hundred thousand rows.
    waiting = session.scalar(
        sa.select(sa.func.min(Job.run_at)).where(Job.status == "armed", Job.due_at <= now, ~_is_behind(now))
    )
    ahead = session.scalar(sa.select(sa.func.min(Job.due_at)).where(Job.status == "armed", Job.due_at > now))
    return min((moment for moment in (waiting, ahead) if moment is not None), default=None)


def coming(session: Session, until: datetime, limit: int) -> list[datetime]:
    """When the jobs run that are to run until then, the earliest first; overdue ones too."""
    return list(
        session.scalars(
            sa.select(Job.run_at)
            .where(Job.status == "armed", Job.due_at <= until, Job.run_at <= until)
            .order_by(Job.due_at)
            .limit(limit)
        )
    )


def newest(session: Session) -> int:
    """The highest id of all jobs; whatever is armed from now on has a higher one."""
    return session.scalar(sa.select(sa.func.max(Job.id))) or 0


# Taking up -----------------------------------------------------------------------------------


def take(session: Session, now: datetime, until: datetime, limit: int) -> list[Taken]:
    """Take up jobs of different cases, the oldest promise first, and count the attempt.

    Nobody else takes them ``until`` then. What was tried before is taken by itself: whatever ended its
    worker must not take others with it a second time.
    """
    found = _first_of_their_cases(session, now, limit)
    fresh = [row.id for row in found if row.attempts == 0 and row.error is None]
    if not found or fresh[:1] == [found[0].id]:
        # At most one of a case: a second one comes after it.
        return _count(session, fresh, until)
    return _count(session, [found[0].id], until)


def _first_of_their_cases(
    session: Session, now: datetime, limit: int
) -> Sequence[sa.Row[int, int, int, str | None]]:
    """The oldest jobs that are due and whose cases have none before them, locked."""
    due = (
        sa.select(Job.id, Job.case_id, Job.attempts, Job.error)
        .where(*_is_due(now))
        .order_by(Job.due_at, Job.id)
        # Who comes second on PostgreSQL passes by; on SQLite there is no second.
        .with_for_update(of=Job, skip_locked=True)
    )
    oldest = session.execute(due.limit(limit * WINDOW)).all()
    first = _firsts(session, {row.case_id for row in oldest}, now)
    free = [row for row in oldest if row.error is not None or row.id == first.get(row.case_id)]
    if free or len(oldest) < limit * WINDOW:
        return free[:limit]
    # All of the window stand behind others: look at everything that is due, which takes longer.
    return session.execute(due.where(~_comes_after(aliased(Job), now)).limit(limit)).all()


def _firsts(session: Session, cases: set[int], now: datetime) -> dict[int, int]:
    """case id → its job that comes first, whoever has it."""
    rows = session.execute(
        sa.select(Job.case_id, Job.id)
        .where(Job.case_id.in_(cases), Job.status == "armed", Job.error.is_(None), Job.due_at <= now)
        .order_by(Job.due_at.desc(), Job.id.desc())
    )
    return {row.case_id: row.id for row in rows}


def take_one(session: Session, job_id: int, now: datetime, until: datetime) -> Taken | None:
    """Take up one job that is due; None when somebody else has it or did it, or another comes first."""
    free = [*_is_due(now), ~_comes_after(aliased(Job), now)]
    chosen = session.scalars(
        sa.select(Job.id).where(Job.id == job_id, *free).with_for_update(of=Job, skip_locked=True)
    ).all()
    return next(iter(_count(session, list(chosen), until)), None)


def take_incident(session: Session, job_id: int, attempt: int, until: datetime) -> Taken | None:
    """Arm an incident's job for one more attempt, kept from others ``until`` then; None when it is none."""
    case_id = session.scalar(
        sa.update(Job)
        .where(Job.id == job_id, Job.status == "incident")
        .values(status="armed", attempts=attempt, run_at=until, done_at=None)
        .returning(Job.case_id)
        .execution_options(synchronize_session=False)
    )
    return None if case_id is None else Taken(job_id, CaseId(case_id), attempt)


def _count(session: Session, job_ids: list[int], until: datetime) -> list[Taken]:
    if not job_ids:
        return []
    rows = session.execute(
        sa.update(Job)
        .where(Job.id.in_(job_ids), Job.status == "armed")
        .values(attempts=Job.attempts + 1, run_at=until)
        .returning(Job.id, Job.case_id, Job.attempts)
        .execution_options(synchronize_session=False)
    )
    counted = {row.id: Taken(row.id, CaseId(row.case_id), row.attempts) for row in rows}
    return [counted[job_id] for job_id in job_ids if job_id in counted]


# Ending --------------------------------------------------------------------------------------


def held(session: Session, taken: Taken) -> Job | None:
    """The row of a job that somebody took up, locked, as long as it is still theirs.

    Somebody stalled beyond the lease finds that another attempt was counted meanwhile.
    """
    job = session.get(Job, taken.job_id, with_for_update=True, populate_existing=True)
    return job if job is not None and (job.status, job.attempts) == ("armed", taken.attempt) else None


_DONE = Prepared(
    sa.update(_job)
    .where(_job.c.id == given("job"), _job.c.status == "armed", _job.c.attempts == given("attempt"))
    .values(set_to("done_at") | {"status": "done"})
    .returning(*columns_of(Job))
)


def done(session: Session, taken: Taken, at: datetime) -> Job | None:
    """Move a job that somebody took up to done, if it is still theirs; whoever gets it acts."""
    found = _DONE.rows(session, _job=taken.job_id, _attempt=taken.attempt, done_at=at)
    return loaded(Job, found[0]) if found else None


def finish(session: Session, job: Job, status: str, at: datetime) -> None:
    """Move a job that one holds away from armed."""
    job.status, job.done_at = status, at
    session.flush()


def give_back(session: Session, taken: list[Taken], now: datetime) -> None:
    """Let others take up at once what is still armed; the attempt stays counted."""
    for job in taken:
        session.execute(
            sa.update(Job)
            .where(Job.id == job.job_id, Job.status == "armed", Job.attempts == job.attempt)
            .values(run_at=sa.case((Job.due_at > now, Job.due_at), else_=now))
            .execution_options(synchronize_session=False)
        )


def reconsider(session: Session, case_id: int) -> None:
    """Let the armed jobs of a case run at the moment they promised again."""
    promised = session.execute(
        sa.update(Job)
        .where(Job.case_id == case_id, Job.status == "armed")
        .values(run_at=Job.due_at)
        .returning(Job.key, Job.due_at)
        .execution_options(synchronize_session=False)
    )
    for key, due in promised:
        note_armed(session, case_id, key, due)


# ---------------------------------------------------------------------------------------------


def _is_due(now: datetime) -> list[sa.ColumnElement[bool]]:
    # run_at is never before due_at, and due_at is what stands in the index with the status.
    return [Job.status == "armed", Job.due_at <= now, Job.run_at <= now]


def _comes_after(earlier: type[Job], now: datetime, *more: sa.ColumnElement[bool]) -> sa.Exists:
    """Something of the same case was due earlier and has not failed yet.

    One that failed has lost its place; the others need not wait for it.
    """
    return sa.exists().where(
        earlier.case_id == Job.case_id,
        earlier.status == "armed",
        earlier.error.is_(None),
        earlier.due_at <= now,
        sa.or_(earlier.due_at < Job.due_at, sa.and_(earlier.due_at == Job.due_at, earlier.id < Job.id)),
        *more,
    )


def _is_behind(now: datetime) -> sa.Exists:
    """Something earlier of the same case is under way with somebody, or put off."""
    earlier = aliased(Job)
    return _comes_after(earlier, now, earlier.run_at > now)
