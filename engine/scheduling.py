"""When procedures start by themselves: each timer start of a live version is a row with its next moment.

Publishing arms them in its own transaction, one for each site; a change of a calendar or a deadline works
them out again in the transaction that saves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from engine import rules
from engine.domain import recurring
from engine.domain.calendars import WorkCalendar
from engine.domain.facts import Actor
from engine.domain.rules import Rules, Scope
from engine.domain.sla import Deadline
from engine.domain.worktime import add_working_days, add_working_time, next_at
from engine.errors import ExpressionFailed
from engine.runtime.reading import Diagram
from engine.runtime.starting import TimerStart, due_after, timer_starts
from engine.store import schedule_rows
from engine.store.database import Session
from engine.store.models import Schedule
from engine.wiring import Engine

#: The property of a process that names the sites at which it starts by itself.
SITES = "schedule_sites"


@dataclass(frozen=True)
class Moments:
    """The functions of the expression language that give a moment, at one moment and one place."""

    engine: Engine
    rules: Rules
    #: Procedure, priority and site for which deadlines are asked.
    scope: Scope
    now: datetime

    def calendar(self, deadline: Deadline | None = None) -> WorkCalendar:
        """The calendar that a deadline counts by; without one, that of the site."""
        named = deadline.calendar if deadline is not None and deadline.calendar else ""
        return self.rules.calendars[named or self.engine.organisation.sites[self.scope.site].calendar]

    def deadline(self, name: str) -> Deadline:
        """A deadline as it counts here; raises :class:`ExpressionFailed` when there is none."""
        found = self.rules.deadline(name, self.scope)
        if found is None:
            raise ExpressionFailed("There is no deadline of this name.", deadline=name)
        return found

    def due_again(self, name: str, after: datetime) -> datetime:
        """When a deadline is due that begins at a moment."""
        deadline = self.deadline(name)
        return deadline.due(after, self.calendar(deadline))

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions."""
        now, calendar = self.now, self.calendar()
        local = now.astimezone(calendar.zone)
        return {
            "due_in": lambda name: self.due_again(name, now).isoformat(),
            "working_hours": lambda n: add_working_time(now, timedelta(hours=n), calendar).isoformat(),
            "working_days": lambda n: add_working_days(now, n, calendar).isoformat(),
            "at": lambda clock: next_at(now, time.fromisoformat(clock), calendar).isoformat(),
            **recurring.functions(now, calendar),
            "now": lambda: local.isoformat(timespec="minutes"),
            "today": lambda: local.date().isoformat(),
        }


def following(
    engine: Engine, standing: Rules, start: TimerStart, *, procedure: str, site: str, after: datetime
) -> tuple[datetime, int | None]:
    """When a start is due next after a moment, and how often in all; raises :class:`RuntimeFailed`."""
    moments = Moments(engine, standing, Scope(procedure, "normal", site), after)
    return due_after(start, after, moments.functions(), moments.due_again)


def sites_of(engine: Engine, properties: Mapping[str, str]) -> list[str]:
    """The sites at which a procedure starts by itself: those it names, else all."""
    named = [part.strip() for part in properties.get(SITES, "").split(",") if part.strip()]
    return [site for site in engine.organisation.sites if not named or site in named]


def arm(
    engine: Engine,
    session: Session,
    procedure: str,
    diagram: Diagram,
    properties: Mapping[str, str],
    *,
    by: Actor,
    version: int,
) -> None:
    """Arm the timer starts of a procedure's live version; those that it has no more are gone.

    What is said as before keeps its moment, and stands still if it stood still. What has come due and was
    not done yet is done by the new version, so that publishing loses nothing.
    """
    starts = timer_starts(diagram, procedure)
    before = {(row.node, row.site): row for row in schedule_rows.of_procedure(session, procedure)}
    if not starts and not before:
        return
    standing, now = rules.refresh(engine, session), engine.now()
    wanted = {(start.node, site): start for start in starts for site in sites_of(engine, properties)}
    for (node, site), start in wanted.items():
        row = before.get((node, site))
        if row is not None and row.status != "gone" and row.expression == start.expression:
            if row.status == "incident":
                row.status, row.attempts, row.run_at, row.error = "armed", 0, row.due_at, None
                schedule_rows.arm(session, row)
            continue
        due, left = following(engine, standing, start, procedure=procedure, site=site, after=now)
        if row is None:
            row = Schedule(procedure=procedure, node=node, site=site, status="armed", attempts=0)
        elif start.repeats and row.status in ("armed", "incident") and row.due_at <= now:
            due = row.due_at
        row.expression, row.since, row.left = start.expression, now, left
        row.due_at = row.run_at = due
        row.attempts, row.error = 0, None
        if row.status != "paused":
            # A moment that lies behind already, and comes once, does not come again.
            row.status = "over" if not start.repeats and due <= now else "armed"
        schedule_rows.arm(session, row)
        schedule_rows.tell(session, row, "armed", by, now, version=version, due=due.isoformat())
    for place, row in before.items():
        if place not in wanted and row.status != "gone":
            row.status = "gone"
            schedule_rows.tell(session, row, "gone", by, now, version=version)
