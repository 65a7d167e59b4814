"""What screens changed in deadlines and calendars, and the number that says that something did."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Closure, DeadlineChange, Series
from engine.store.prepared import Prepared
from engine.store.rows import table_of

#: The series that counts the changes, and under what name a session keeps the last of them.
SERIES = RULES = "rules"

series = table_of(Series)
#: The revision of the rules, as a part of a statement that reads something else.
LATEST = sa.func.coalesce(
    sa.select(series.c.last).where(series.c.id == sa.literal_column(f"'{SERIES}'")).scalar_subquery(),
    sa.literal_column("0"),
).label(RULES)
_LATEST = Prepared(sa.select(LATEST))


def seen(session: Session) -> int | None:
    """The revision that this transaction saw when it locked its case; None when it locked none."""
    found: int | None = session.info.get(RULES)
    return found


def latest(session: Session) -> int:
    """The revision of the rules."""
    return int(_LATEST.rows(session)[0][RULES])


def changes(session: Session) -> list[DeadlineChange]:
    """Every change of a deadline, in order."""
    return list(session.scalars(sa.select(DeadlineChange).order_by(DeadlineChange.id)))


def days(session: Session) -> list[Closure]:
    """The days of calendars that have hours of their own."""
    return list(session.scalars(sa.select(Closure).order_by(Closure.day, Closure.id)))


def forget_day(session: Session, calendar: str, day: str) -> None:
    """Take back what was said of a day of a calendar."""
    session.execute(sa.delete(Closure).where(Closure.calendar == calendar, Closure.day == day))
