"""Change a deadline or a day of a calendar from a screen, and move what that moves.

A preview lists every moment with its old and its new place. Saving writes the change and moves everything
in one transaction, case by case in the order of their ids; where very many cases are concerned, each is
left as a job of the same transaction, so that either all of them will be moved or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from engine import moving, procedures, rules, schedules, steps
from engine.arming import job_of
from engine.case_clocks import CLOCK_WORDS
from engine.domain.calendars import parse_hours
from engine.domain.facts import Actor, CaseId, Data
from engine.domain.ladders import PRIORITIES, parse_ladder
from engine.domain.limits import parse_limit
from engine.domain.rules import Change, Rules, Scope
from engine.domain.tables import Table
from engine.domain.views import Moved, MovedLine, Words
from engine.errors import Forbidden, Invalid, Misconfigured, NotFound, ReasonMissing
from engine.retrying import again_when_changed
from engine.store import case_rows, rows, ruling
from engine.store.database import Session
from engine.store.models import Case, Closure, DeadlineChange, Job
from engine.wiring import Engine

#: Cases that are moved at once; more are left to jobs.
AT_ONCE = 200
#: Lines that a preview shows.
SHOWN = 200


@dataclass(frozen=True)
class NewLimit:
    """A change of a deadline as somebody typed it; an empty limit without ladder takes earlier ones back."""

    deadline: str
    limit: str = ""
    ladder: Sequence[Mapping[str, Any]] | None = None
    procedure: str = ""
    priority: str = ""
    site: str = ""
    reason: str = ""
    #: Open tasks and running clocks get it too; otherwise only what begins from now on.
    open_too: bool = False

    @property
    def scope(self) -> Scope:
        """Where it holds."""
        return Scope(self.procedure, self.priority, self.site)


# Days of calendars -----------------------------------------------------------------------------


def preview_day(engine: Engine, calendar: str, day: date, *, hours: Sequence[str] | None, by: Actor) -> Moved:
    """What moves when a day of a calendar has these hours (none: closed; None: those of its file again).

    Raises :class:`Invalid` for hours that cannot be read, :class:`Forbidden` for whoever is no administrator.
    """
    _require_admin(by)
    _require_day(engine, calendar, hours)
    with engine.database.look() as session:
        changed = _with_day(engine, rules.refresh(engine, session), calendar, day, hours)
        cases = case_rows.running_after(session, _begins(engine, calendar, day))
        found = _listed(engine, session, cases, changed, None)
        return replace(found, starts=schedules.moving(engine, session, changed))


@again_when_changed
def set_day(
    engine: Engine,
    calendar: str,
    day: date,
    *,
    hours: Sequence[str] | None,
    by: Actor,
    name: str = "",
) -> int:
    """Give a day of a calendar other hours, and move what that moves; how many cases it may concern."""
    _require_admin(by)
    _require_day(engine, calendar, hours)
    now = engine.now()
    with engine.database.transaction() as session:
        ruling.forget_day(session, calendar, day.isoformat())
        if hours is not None:
            session.add(
                Closure(
                    calendar=calendar,
                    day=day.isoformat(),
                    hours=list(hours),
                    name=name.strip(),
                    by_id=by.id,
                    by=by.name,
                    at=now,
                )
            )
        schedules.move(engine, session, rules.changed(engine, session), by=by)
        detail = {"calendar": calendar, "day": day.isoformat(), "closed": hours == [] or hours == ()}
        begins = _begins(engine, calendar, day)
        cases = case_rows.running_after(session, begins)
        _move_all(engine, session, cases, by, "calendar", detail)
    _sweep(engine, begins, by, detail)
    engine.dispatcher.wake()
    return len(cases)


def _begins(engine: Engine, calendar: str, day: date) -> datetime:
    # What is due before the day begins is not touched by it.
    return datetime.combine(day, time(0), engine.calendars[calendar].zone).astimezone(UTC)


def _with_day(
    engine: Engine, standing: Rules, calendar: str, day: date, hours: Sequence[str] | None
) -> Rules:
    days = {name: dict(found.special) for name, found in standing.calendars.items()}
    days[calendar].pop(day, None)
    if hours is not None:
        days[calendar][day] = parse_hours(hours)
    return standing.with_days(days, standing.revision)


def _require_day(engine: Engine, calendar: str, hours: Sequence[str] | None) -> None:
    if calendar not in engine.calendars:
        raise NotFound("There is no such calendar.", calendar=calendar)
    try:
        parse_hours(hours or ())
    except Misconfigured as error:
        raise Invalid("The hours cannot be read.", hours=", ".join(hours or ())) from error


# Deadlines -------------------------------------------------------------------------------------


def preview_deadline(engine: Engine, new: NewLimit, *, by: Actor) -> Moved:
    """What of open tasks and running clocks moves when a deadline changes; nothing if only new ones get it.

    Raises :class:`Invalid` naming what is not right, :class:`Forbidden`.
    """
    change = _require_change(engine, new, by)
    with engine.database.look() as session:
        standing = rules.refresh(engine, session)
        told = [*map(rules.change_of, ruling.changes(session)), change]
        changed = standing.with_changes(told, standing.revision)
        starts = schedules.moving(engine, session, changed)
        if not new.open_too:
            return Moved((), 0, 0, starts)
        cases = case_rows.running_with(session, new.deadline)
        found = _listed(engine, session, cases, changed, frozenset({new.deadline}))
        return replace(found, starts=starts)


@again_when_changed
def change_deadline(engine: Engine, new: NewLimit, *, by: Actor) -> int:
    """Change a deadline from now on; how many cases it may concern. Nothing of its history is lost."""
    change = _require_change(engine, new, by)
    if not new.reason.strip():
        raise ReasonMissing
    with engine.database.transaction() as session:
        session.add(
            DeadlineChange(
                deadline=new.deadline,
                procedure=new.procedure,
                priority=new.priority,
                site=new.site,
                limit=change.limit.text() if change.limit else "",
                ladder=None if change.ladder is None else [rung.table() for rung in change.ladder],
                reason=new.reason.strip(),
                by_id=by.id,
                by=by.name,
                at=engine.now(),
            )
        )
        schedules.move(engine, session, rules.changed(engine, session), by=by)
        if not new.open_too:
            return 0
        cases = case_rows.running_with(session, new.deadline)
        _move_all(engine, session, cases, by, "deadline", {"deadline": new.deadline})
    engine.dispatcher.wake()
    return len(cases)


def may_change_deadline(engine: Engine, by: Actor, *, procedure: str = "", site: str = "") -> bool:
    """Say whether a person may change deadlines: administrators all, who leads a procedure its own."""
    if by.admin:
        return True
    if not procedure:
        return False
    with engine.database.look() as session:
        return procedures.latest(engine, session, procedure).is_led_by(engine, by, site)


def _require_change(engine: Engine, new: NewLimit, by: Actor) -> Change:
    if new.deadline not in engine.deadlines:
        raise NotFound("There is no such deadline.", deadline=new.deadline)
    if new.priority and new.priority not in PRIORITIES:
        raise Invalid("There is no such priority.", priority=new.priority)
    if new.site and new.site not in engine.organisation.sites:
        raise Invalid("There is no such site.", site=new.site)
    if not may_change_deadline(engine, by, procedure=new.procedure, site=new.site):
        raise Forbidden(deadline=new.deadline)
    try:
        limit = parse_limit(new.limit) if new.limit.strip() else None
    except ValueError as error:
        raise Invalid("This is not a limit.", limit=new.limit) from error
    table = Table("deadline_change", new.deadline, {})
    try:
        ladder = (
            None
            if new.ladder is None
            else parse_ladder(table, [dict(rung) for rung in new.ladder], engine.organisation.roles)
        )
    except Misconfigured as error:
        raise Invalid("This is not a ladder.", ladder=str(error)) from error
    return Change(new.deadline, new.scope, limit, ladder)


# Moving ------------------------------------------------------------------------------------------


def _move_all(
    engine: Engine, session: Session, cases: Sequence[int], by: Actor, why: str, detail: Data
) -> None:
    """Move cases in the order of their ids, or leave each to a job when they are very many."""
    if len(cases) <= AT_ONCE:
        for case_id in cases:
            moving.shift_case(engine, session, case_id, by, why, detail)
        return
    now = engine.now()
    key = f"{why}:{rules.refresh(engine, session).revision}"
    for case_id in cases:
        case = session.get_one(Case, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        rows.add(session, Job, [job_of(step, "shift", key, now, payload={"why": why, "detail": detail})])


def _sweep(engine: Engine, begins: datetime, by: Actor, detail: Data) -> None:
    """Move what others saved by the old calendar while the new one was being written."""
    with engine.database.transaction() as session:
        cases = case_rows.running_after(session, begins)
        if len(cases) <= AT_ONCE:
            _move_all(engine, session, cases, by, "calendar", detail)


def _listed(
    engine: Engine, session: Session, cases: Iterable[int], changed: Rules, anew: frozenset[str] | None
) -> Moved:
    lines: list[MovedLine] = []
    moments = 0
    moved = set()
    for line in _lines(engine, session, cases, changed, anew):
        moments += 1
        moved.add(line.case_id)
        if len(lines) < SHOWN:
            lines.append(line)
    return Moved(tuple(lines), moments, len(moved))


def _lines(
    engine: Engine, session: Session, cases: Iterable[int], changed: Rules, anew: frozenset[str] | None
) -> Iterator[MovedLine]:
    for case_id in cases:
        case = session.get_one(Case, case_id)
        published = procedures.of_version(engine, session, case.version_id)
        for one in moving.moving(engine, session, case, rules=changed, anew=anew).moves():
            if one.old == one.new:
                continue
            clock = CLOCK_WORDS.get(one.clock or one.what)
            name = published.node_name(one.process, one.node) if one.node else clock
            yield MovedLine(
                case_id=CaseId(case.id),
                case_number=case.number,
                subject=case.subject,
                kind=one.kind,
                name=name or Words(case.subject, case.subject),
                what=one.what,
                old=one.old,
                new=one.new,
            )
        session.expunge(case)


def _require_admin(by: Actor) -> None:
    if not by.admin:
        raise Forbidden
