"""Procedures that start by themselves: do what is due; pause, resume, start now, try again.

What is due is taken up first, in a transaction of its own that counts the attempt: one that ends its worker
each time is an incident in the end too. Then one transaction starts the case and arms the next moment, so
that killed anywhere, nothing starts twice and nothing is lost. Of several moments that passed while nobody
looked, the latest starts one case, whose history names the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from engine import cases, procedures, rules, scheduling
from engine.domain.facts import SYSTEM, Actor, CaseId, Data
from engine.domain.rules import Rules
from engine.domain.views import MovedStart
from engine.errors import Conflict, DatabaseUnavailable, Forbidden, GuanjiaError, NotFound
from engine.procedures import Published
from engine.retrying import again_when_changed, backoff, reason_of
from engine.runtime.starting import TimerStart, timer_starts
from engine.store import beginning, schedule_rows
from engine.store.database import Session
from engine.store.failing import failpoint
from engine.store.models import Case, Schedule
from engine.wiring import Engine

logger = logging.getLogger(__name__)

#: Moments that passed and are counted one by one; after more the next one is worked out from the present.
MISSED = 10_000
#: Of those that passed, how many a history names.
NAMED = 50
#: The name under which a case that started by itself has the moment for which that was.
SCHEDULED_AT = "scheduled_at"


class Turn(NamedTuple):
    """What a schedule does now, and what comes next."""

    due: datetime
    missed: list[datetime]
    #: None when nothing follows.
    following: datetime | None
    left: int | None


# What is due -----------------------------------------------------------------------------------


def run_due(engine: Engine, *, going: Callable[[], bool] = lambda: True) -> int:
    """Start every case that is due to start by itself; how many did."""
    done = 0
    # Most passes find nothing: they write nothing to the disk.
    while _is_due(engine) and going():
        taken = _take(engine)
        if taken is None:
            break
        failpoint("taken")
        done += _attempt(engine, *taken)
    return done


def _is_due(engine: Engine) -> bool:
    with engine.database.look() as session:
        return schedule_rows.is_due(session, engine.now())


@again_when_changed
def _take(engine: Engine) -> tuple[int, int] | None:
    now = engine.now()
    with engine.database.transaction() as session:
        return schedule_rows.take(session, now, now + engine.settings.lease)


def _attempt(engine: Engine, schedule_id: int, attempt: int) -> bool:
    try:
        if attempt > engine.settings.job_attempts:
            # Whoever took it up every time neither finished it nor said why not.
            raise GuanjiaError("The worker ended in the middle of it.")
        return _fire(engine, schedule_id, attempt)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        _put_off(engine, schedule_id, attempt, error)
        logger.error(
            "Schedule %s failed: %s",
            schedule_id,
            error,
            exc_info=error,
            extra={"action": "schedule_failed", "schedule": schedule_id, "attempt": attempt},
        )
        return False


def _fire(engine: Engine, schedule_id: int, attempt: int) -> bool:
    """Start the case and arm the next moment; False when somebody else did."""
    with engine.database.transaction() as session:
        row = schedule_rows.held(session, schedule_id, attempt)
        if row is None:
            return False
        now, standing = engine.now(), rules.refresh(engine, session)
        published = procedures.latest(engine, session, row.procedure)
        turn = _turn(engine, standing, row, _start_of(published, row), now)
        missed = [moment.isoformat() for moment in turn.missed[-NAMED:]]
        said: Data = {
            "schedule": row.node,
            "due": turn.due.isoformat(),
            "late": (now - turn.due).total_seconds(),
        }
        if missed:
            said |= {"missed": missed, "missed_count": len(turn.missed)}
        case = _begin(engine, session, published, row, turn.due, said, SYSTEM)
        row.attempts, row.error = 0, None
        row.left = turn.left
        if turn.following is None:
            row.status = "over"
        else:
            row.since = turn.due if turn.following > turn.due else now
            row.due_at = row.run_at = turn.following
        schedule_rows.arm(session, row)
        schedule_rows.tell(session, row, "fired", SYSTEM, now, case=case.id, number=case.number, **said)
        number, case_id = case.number, case.id
    logger.info("Case %s started by itself", number, extra={"action": "schedule_fired", "case": case_id})
    return True


def _turn(engine: Engine, standing: Rules, row: Schedule, start: TimerStart, now: datetime) -> Turn:
    due, left = row.due_at, row.left
    missed: list[datetime] = []
    while True:
        left = None if left is None else left - 1
        if left == 0 or not start.repeats:
            return Turn(due, missed, None, 0)
        after = due if len(missed) < MISSED else now
        following, _ = scheduling.following(
            engine, standing, start, procedure=row.procedure, site=row.site, after=after
        )
        if following > now:
            return Turn(due, missed, following, left)
        missed.append(due)
        due = following


def _put_off(engine: Engine, schedule_id: int, attempt: int, error: Exception) -> None:
    """Note why it failed, and when it is tried again; after the last try it is an incident."""
    with engine.database.transaction() as session:
        row = schedule_rows.held(session, schedule_id, attempt)
        if row is None:
            return
        now = engine.now()
        if isinstance(error, Conflict):
            row.attempts -= 1
        row.error = reason_of(error)
        if row.attempts >= engine.settings.job_attempts:
            row.status = "incident"
            schedule_rows.tell(session, row, "failed", SYSTEM, now, reason=row.error)
        else:
            row.run_at = now + backoff(row.attempts)
            schedule_rows.arm(session, row)


# When rules change -------------------------------------------------------------------------------


def moving(engine: Engine, session: Session, standing: Rules) -> tuple[MovedStart, ...]:
    """The starts that lie elsewhere by these rules."""
    return tuple(
        MovedStart(
            procedure=row.procedure,
            procedure_name=published.bundle.name,
            site=row.site,
            name=published.node_name(row.procedure, row.node),
            old=row.due_at,
            new=due,
        )
        for row, published, due in _moved(engine, session, standing, schedule_rows.standing(session))
    )


def move(engine: Engine, session: Session, standing: Rules, *, by: Actor) -> None:
    """Move the starts that lie elsewhere by the rules that this transaction changes."""
    rows = schedule_rows.standing(session, lock=True)
    for row, _, due in list(_moved(engine, session, standing, rows)):
        schedule_rows.tell(
            session, row, "moved", by, engine.now(), old=row.due_at.isoformat(), due=due.isoformat()
        )
        row.due_at = row.run_at = due
        schedule_rows.arm(session, row)


def _moved(
    engine: Engine, session: Session, standing: Rules, rows: Sequence[Schedule]
) -> Iterator[tuple[Schedule, Published, datetime]]:
    now = engine.now()
    for row in rows:
        published = procedures.latest(engine, session, row.procedure)
        start, place = _start_of(published, row), {"procedure": row.procedure, "site": row.site}
        # What comes once was said, and what came due before is not moved.
        if not start.repeats or row.due_at <= now:
            continue
        due, _ = scheduling.following(engine, standing, start, after=row.since, **place)
        if due <= now:
            # Nothing becomes due by a change before the present.
            due, _ = scheduling.following(engine, standing, start, after=now, **place)
        if due != row.due_at:
            yield row, published, due


# What people do --------------------------------------------------------------------------------


@again_when_changed
def pause_schedule(engine: Engine, schedule_id: int, *, by: Actor, reason: str = "") -> None:
    """Let a procedure start by itself no more until it is resumed; raises :class:`Forbidden`."""
    with engine.database.transaction() as session:
        row, _ = _owned(engine, session, schedule_id, by)
        if row.status not in ("armed", "incident"):
            raise Conflict("This schedule does not run.", status=row.status)
        row.status = "paused"
        schedule_rows.tell(session, row, "paused", by, engine.now(), reason=reason.strip())


@again_when_changed
def resume_schedule(engine: Engine, schedule_id: int, *, by: Actor) -> None:
    """Let it start by itself again, from the next moment on; what passed meanwhile is left out."""
    with engine.database.transaction() as session:
        row, published = _owned(engine, session, schedule_id, by)
        if row.status != "paused":
            raise Conflict("This schedule does not stand still.", status=row.status)
        now, start = engine.now(), _start_of(published, row)
        row.status, row.attempts, row.error = "armed", 0, None
        if start.repeats:
            standing = rules.refresh(engine, session)
            row.since = now
            row.due_at, _ = scheduling.following(
                engine, standing, start, procedure=row.procedure, site=row.site, after=now
            )
        elif row.due_at <= now:
            row.status = "over"
        row.run_at = row.due_at
        schedule_rows.arm(session, row)
        schedule_rows.tell(session, row, "resumed", by, now, due=row.due_at.isoformat())
    engine.dispatcher.wake()


@again_when_changed
def start_schedule_now(
    engine: Engine, schedule_id: int, *, by: Actor, request_id: str | None = None
) -> CaseId:
    """Start a case at once as the schedule would; its next moment stays.

    The same ``request_id`` a second time gives the case of the first.
    """
    with engine.database.transaction() as session:
        row, published = _owned(engine, session, schedule_id, by)
        if request_id and (before := beginning.case_of_request(session, request_id)):
            return CaseId(before)
        if row.status == "gone":
            raise NotFound(schedule=schedule_id)
        now = engine.now()
        case = _begin(
            engine, session, published, row, now, {"schedule": row.node, "by_hand": True}, by, request_id
        )
        schedule_rows.tell(session, row, "started", by, now, case=case.id, number=case.number)
        case_id = CaseId(case.id)
    engine.dispatcher.wake()
    return case_id


def retry_schedule(engine: Engine, schedule_id: int, *, by: Actor) -> bool:
    """Try again now what failed for good; True when it worked this time."""
    with engine.database.transaction() as session:
        row, _ = _owned(engine, session, schedule_id, by)
        if row.status != "incident":
            raise NotFound(schedule=schedule_id)
        now = engine.now()
        # Taken up in the same transaction: a tick that looks meanwhile does not see it.
        row.status, row.attempts = "armed", engine.settings.job_attempts
        row.run_at = now + engine.settings.lease
        schedule_rows.tell(session, row, "retried", by, now)
    done = _attempt(engine, schedule_id, engine.settings.job_attempts)
    engine.dispatcher.wake()
    return done


def start_of_story(engine: Engine, procedure: str, node: str, site: str) -> CaseId | None:
    """Start a case as the schedule of a start event does when it is due; None when it has none there."""
    with engine.database.transaction() as session:
        row = schedule_rows.found(session, procedure, node, site)
        if row is None or row.status == "gone":
            return None
        published = procedures.latest(engine, session, procedure)
        now = engine.now()
        said = {"schedule": node, "due": now.isoformat(), "late": 0.0}
        case = _begin(engine, session, published, row, now, said, SYSTEM)
        schedule_rows.tell(session, row, "fired", SYSTEM, now, case=case.id, number=case.number, **said)
        return CaseId(case.id)


# Inside ------------------------------------------------------------------------------------------


def _begin(
    engine: Engine,
    session: Session,
    published: Published,
    row: Schedule,
    due: datetime,
    said: Data,
    by: Actor,
    request_id: str | None = None,
) -> Case:
    local = due.astimezone(engine.zone_of(row.site)).isoformat(timespec="minutes")
    case = cases.start_by_schedule(
        engine,
        session,
        published,
        start=row.node,
        site=row.site,
        by=by,
        data={SCHEDULED_AT: local},
        said=said,
        request_id=request_id,
    )
    row.last_at, row.last_case_id = engine.now(), case.id
    return case


def _start_of(published: Published, row: Schedule) -> TimerStart:
    starts = timer_starts(published.bundle.diagram, published.procedure)
    found = next((start for start in starts if start.node == row.node), None)
    if found is None:
        raise NotFound("The procedure has this start no more.", node=row.node)
    return found


def _owned(engine: Engine, session: Session, schedule_id: int, by: Actor) -> tuple[Schedule, Published]:
    row = schedule_rows.locked(session, schedule_id)
    if row is None:
        raise NotFound(schedule=schedule_id)
    published = procedures.latest(engine, session, row.procedure)
    if not published.is_led_by(engine, by, row.site):
        raise Forbidden(schedule=schedule_id)
    return row, published
