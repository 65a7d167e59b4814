"""The rules of time as screens show them: every named deadline with its changes, calendars month by month."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures, rules
from engine.arming import when_words
from engine.domain.calendars import WorkCalendar
from engine.domain.ladders import Rung, parse_ladder
from engine.domain.limits import Limit, parse_limit
from engine.domain.rules import Rules, Scope
from engine.domain.sla import Deadline
from engine.domain.tables import Table
from engine.domain.views import (
    CalendarDay,
    CalendarLine,
    CalendarView,
    ChangeLine,
    DeadlineRow,
    DeadlineView,
    LadderLine,
    Words,
)
from engine.errors import NotFound
from engine.queries.limits import action_words, recipient_words
from engine.store import ruling
from engine.store.models import Closure, DeadlineChange, Version
from engine.wiring import Engine

#: Hours that stand for none.
CLOSED = Words("休息", "Closed")


def deadline_rows(engine: Engine) -> list[DeadlineRow]:
    """Every named deadline: the manual's figure, what counts everywhere, how many changes hold."""
    with engine.database.look() as session:
        standing = rules.refresh(engine, session)
    return [_row(engine, standing, deadline) for deadline in standing.deadlines.values()]


def deadline_view(engine: Engine, name: str) -> DeadlineView:
    """One deadline with the history of its changes, the latest first; raises :class:`NotFound`."""
    with engine.database.look() as session:
        standing = rules.refresh(engine, session)
        found = standing.deadlines.get(name)
        if found is None:
            raise NotFound("There is no such deadline.", deadline=name)
        rows = session.scalars(
            sa.select(DeadlineChange)
            .where(DeadlineChange.deadline == name)
            .order_by(DeadlineChange.id.desc())
        ).all()
        holding = {change.scope for change in standing.changes.get(name, ())}
        seen: set[Scope] = set()
        changes = []
        for row in rows:
            scope = Scope(row.procedure, row.priority, row.site)
            is_empty = not row.limit and row.ladder is None
            changes.append(_change(engine, session, row, holds=scope in holding - seen and not is_empty))
            seen.add(scope)
        everywhere = standing.deadline(name, Scope()) or found
        return DeadlineView(
            row=_row(engine, standing, found),
            source=Words(found.source, found.source_en or found.source),
            clause=Words(found.clause, found.clause_en or found.clause),
            calendar=_calendar_words(standing, found),
            ladder=_ladder(engine, found.ladder),
            ladder_now=_ladder(engine, everywhere.ladder),
            ladder_text=tuple(ladder_line(rung) for rung in everywhere.ladder),
            changes=tuple(changes),
        )


def ladder_line(rung: Rung) -> str:
    """A rung as somebody types it in a line: ``80% remind holder``, ``100% escalate chief mail urgent``."""
    return " ".join(
        filter(
            None,
            (f"{rung.when_text()}:", rung.action, rung.to, rung.channel, "urgent" if rung.urgent else ""),
        )
    )


def _row(engine: Engine, standing: Rules, found: Deadline) -> DeadlineRow:
    everywhere = standing.deadline(found.name, Scope()) or found
    return DeadlineRow(
        name=found.name,
        words=Words(found.zh, found.en),
        basis=found.basis,
        limit=_limit(found.limit),
        limit_now=_limit(everywhere.limit),
        limit_text=everywhere.limit.text(),
        changes=sum(
            1 for change in standing.changes.get(found.name, ()) if change.limit or change.ladder is not None
        ),
    )


def _limit(limit: Limit) -> Words:
    return Words(limit.words("zh"), limit.words("en"))


def _calendar_words(standing: Rules, found: Deadline) -> Words:
    calendar = standing.calendars.get(found.calendar)
    return Words(calendar.zh, calendar.en) if calendar else Words("站点的日历", "the site’s calendar")


def _ladder(engine: Engine, rungs: Sequence[Rung]) -> tuple[LadderLine, ...]:
    lines = []
    for rung in rungs:
        to = recipient_words(engine, rung.to)
        lines.append(LadderLine(None, rung.action, action_words(rung.action, to), when_words(rung)))
    return tuple(lines)


def _change(engine: Engine, session: Session, row: DeadlineChange, *, holds: bool) -> ChangeLine:
    site = engine.organisation.sites.get(row.site)
    table = Table("deadline_change", row.deadline, {})
    return ChangeLine(
        at=row.at,
        by=row.by,
        reason=row.reason,
        limit=_limit(parse_limit(row.limit)) if row.limit else None,
        ladder=None if row.ladder is None else _ladder(engine, parse_ladder(table, row.ladder)),
        procedure=_procedure_words(engine, session, row.procedure),
        priority=row.priority,
        site=Words(site.zh, site.en) if site else Words(row.site, row.site),
        holds=holds,
    )


def _procedure_words(engine: Engine, session: Session, procedure: str) -> Words:
    if not procedure:
        return Words("", "")
    newest = sa.select(sa.func.max(Version.id)).where(Version.procedure == procedure)
    version_id = session.scalar(newest)
    if version_id is None:
        return Words(procedure, procedure)
    return procedures.of_version(engine, session, version_id).bundle.name


# Calendars ---------------------------------------------------------------------------------------


def calendar_lines(engine: Engine) -> list[CalendarLine]:
    """Every calendar: its hours in words, the sites and deadlines that count by it."""
    with engine.database.look() as session:
        standing = rules.refresh(engine, session)
    return [_line(engine, standing, calendar) for calendar in standing.calendars.values()]


def calendar_month(engine: Engine, name: str, year: int, month: int) -> CalendarView:
    """A calendar in a month, in weeks from Monday, each day in words; raises :class:`NotFound`."""
    with engine.database.look() as session:
        standing = rules.refresh(engine, session)
        closures = {row.day: row for row in ruling.days(session) if row.calendar == name}
    calendar = standing.calendars.get(name)
    if calendar is None or not 1970 < year < 2199 or not 1 <= month <= 12:
        raise NotFound("There is no such calendar or month.", calendar=name)
    today = calendar.wall(engine.now()).date()
    weeks = tuple(
        tuple(_day(calendar, day, month, today, closures.get(day.isoformat())) for day in week)
        for week in Calendar().monthdatescalendar(year, month)
    )
    return CalendarView(_line(engine, standing, calendar), year, month, weeks)


def _line(engine: Engine, standing: Rules, calendar: WorkCalendar) -> CalendarLine:
    sites = [site for site in engine.organisation.sites.values() if site.calendar == calendar.id]
    named = [deadline for deadline in standing.deadlines.values() if deadline.calendar == calendar.id]
    return CalendarLine(
        id=calendar.id,
        words=Words(calendar.zh, calendar.en),
        zone=str(calendar.zone),
        country=calendar.country,
        week=tuple("  ".join(period.text() for period in hours) for hours in calendar.week),
        sites=tuple(Words(site.zh, site.en) for site in sites),
        deadlines=len(named),
        changed=len(calendar.special),
    )


def _day(calendar: WorkCalendar, day: date, month: int, today: date, closure: Closure | None) -> CalendarDay:
    hours = calendar.hours_of(day)
    return CalendarDay(
        day=day,
        in_month=day.month == month,
        is_today=day == today,
        kind=calendar.kind_of(day),
        hours=tuple(period.text() for period in hours),
        usual=tuple(period.text() for period in calendar.with_days({}).hours_of(day)),
        holiday=Words(calendar.holiday_name(day, "zh"), calendar.holiday_name(day, "en")),
        name=closure.name if closure else "",
        by=closure.by if closure else "",
        at=_at(closure),
    )


def _at(closure: Closure | None) -> datetime | None:
    return closure.at if closure else None
