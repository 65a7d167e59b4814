"""Keep the rules of time of this process true: what another one changed on a screen counts from its commit.

A number in the database counts the changes. It is read with the lock of every case, so that it costs a
step no statement, and guards the step when it is saved.
"""

from __future__ import annotations

from datetime import date

from engine.domain.calendars import Period, parse_hours
from engine.domain.ladders import parse_ladder
from engine.domain.limits import parse_limit
from engine.domain.rules import Change, Rules, Scope
from engine.domain.tables import Table
from engine.store import beginning, ruling
from engine.store.database import Session
from engine.store.models import DeadlineChange
from engine.wiring import Engine

#: Under what name a session keeps the rules that it changed.
OWN = "own_rules"


def refresh(engine: Engine, session: Session) -> Rules:
    """Read the rules anew if somebody changed them; give them as they stand."""
    changed = own(session)
    if changed is not None:
        return changed
    revision = ruling.seen(session)
    if revision is None:
        revision = ruling.latest(session)
    book = engine.book
    if book.now.revision != revision:
        book.now = read(engine, session, revision)
    return book.now


def own(session: Session) -> Rules | None:
    """The rules that this very transaction changed; nobody else knows them before its commit."""
    found: Rules | None = session.info.get(OWN)
    return found


def changed(engine: Engine, session: Session) -> Rules:
    """Count a change of this transaction, and let it see the rules as they are from now on."""
    session.flush()
    found = read(engine, session, beginning.count_change(session))
    session.info[OWN] = found
    return found


def read(engine: Engine, session: Session, revision: int) -> Rules:
    """The files' rules with everything that screens changed."""
    special: dict[str, dict[date, tuple[Period, ...]]] = {}
    for day in ruling.days(session):
        special.setdefault(day.calendar, {})[date.fromisoformat(day.day)] = parse_hours(day.hours)
    told = [change_of(row) for row in ruling.changes(session)]
    return engine.book.files.with_days(special, revision).with_changes(told, revision)


def change_of(row: DeadlineChange) -> Change:
    """What a row changes."""
    table = Table("deadline_change", row.deadline, {})
    return Change(
        deadline=row.deadline,
        scope=Scope(row.procedure, row.priority, row.site),
        limit=parse_limit(row.limit) if row.limit else None,
        ladder=None if row.ladder is None else parse_ladder(table, row.ladder),
    )
