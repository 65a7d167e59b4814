"""Time limits: what a manual grants, when it is due, who hears of it, and the light it shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from engine.domain.calendars import WorkCalendar
from engine.domain.ladders import HOLDER, MANAGER, STARTER, Action, Rung, parse_ladder
from engine.domain.limits import Limit, Unit, parse_limit
from engine.domain.tables import Table
from engine.domain.views import Light
from engine.domain.worktime import working_time_between

__all__ = [
    "HOLDER",
    "MANAGER",
    "STARTER",
    "Action",
    "Basis",
    "Deadline",
    "Limit",
    "Rung",
    "Unit",
    "lateness",
    "light",
    "parse_deadlines",
    "parse_limit",
    "time_left",
]

Basis = Literal["given", "blank"]

#: The light turns amber when this share of the time is left, or this much of it.
AMBER_SHARE, AMBER_TIME = 0.2, timedelta(hours=1)


@dataclass(frozen=True)
class Deadline:
    """A named limit with where it comes from and what happens as it comes near and passes."""

    name: str
    zh: str
    en: str
    limit: Limit
    source: str = ""
    source_en: str = ""
    clause: str = ""
    clause_en: str = ""
    #: given: the manual's own figure; blank: the manual left it open, the figure is our proposal.
    basis: Basis = "blank"
    #: The id of the calendar it is counted by; "" for that of the case's site.
    calendar: str = ""
    ladder: tuple[Rung, ...] = ()

    def due(self, start: datetime, calendar: WorkCalendar) -> datetime:
        """Give the moment (UTC) at which what starts at ``start`` is due."""
        return self.limit.after(start, calendar)

    def rungs_at(self, start: datetime, due: datetime, calendar: WorkCalendar) -> list[tuple[datetime, Rung]]:
        """Give the ladder with its moments (UTC), earliest first."""
        counted = self.limit.counted_in(calendar)
        moments = [(rung.at(start, due, counted, calendar), rung) for rung in self.ladder]
        return sorted(moments, key=lambda timed: timed[0])

    def light(self, now: datetime, start: datetime, due: datetime, calendar: WorkCalendar) -> Light:
        """Give the light in the kind of time the limit is counted in; see :func:`light`."""
        return light(now, start, due, self.limit.counted_in(calendar))

    def time_left(self, now: datetime, due: datetime, calendar: WorkCalendar) -> timedelta:
        """Give the time left in the kind of time the limit is counted in, negative when late."""
        return time_left(now, due, self.limit.counted_in(calendar))


# The state of a clock ----------------------------------------------------------------------


def light(now: datetime, start: datetime, due: datetime | None, calendar: WorkCalendar) -> Light:
    """Give the traffic light of something due.

    ``none`` when nothing is due; ``red`` once the due moment has passed; ``amber`` in the last fifth
    of its working time or the last working hour; else ``green``.
    """
    if due is None:
        return "none"
    if now > due:
        return "red"
    left = working_time_between(now, due, calendar)
    if left <= AMBER_TIME or left <= working_time_between(start, due, calendar) * AMBER_SHARE:
        return "amber"
    return "green"


def time_left(now: datetime, due: datetime, calendar: WorkCalendar) -> timedelta:
    """Give the open time until ``due``, negative when it has passed."""
    return working_time_between(now, due, calendar)


def lateness(now: datetime, due: datetime, calendar: WorkCalendar) -> timedelta:
    """Give the open time by which ``now`` has passed ``due``; none when it has not."""
    return max(timedelta(), working_time_between(due, now, calendar))


# Reading deadlines.toml --------------------------------------------------------------------


def parse_deadlines(
    toml: Mapping[str, object],
    *,
    roles: Collection[str] | None = None,
    calendars: Collection[str] | None = None,
) -> dict[str, Deadline]:
    """Read the tables of ``deadlines.toml``; raises :class:`Misconfigured` naming deadline and key.

    With ``roles`` and ``calendars`` (their ids), what a deadline names must be among them.
    """
    found = {}
    for name, values in toml.items():
        table = Table("deadlines.toml", name, values)
        deadline = _deadline(name, table, roles)
        if calendars is not None and deadline.calendar and deadline.calendar not in calendars:
            table.refuse("calendar", f"{deadline.calendar!r} is not in calendars.toml")
        found[name] = deadline
    return found


def _deadline(name: str, table: Table, roles: Collection[str] | None) -> Deadline:
    table.only(
        "zh", "en", "limit", "source", "source_en", "clause", "clause_en", "basis", "calendar", "ladder"
    )
    basis = table.text("basis")
    if basis not in ("given", "blank"):
        table.refuse("basis", f"must be given or blank, not {basis!r}")
    return Deadline(
        name=name,
        zh=table.text("zh"),
        en=table.text("en"),
        limit=_limit(table, "limit", table.text("limit")),
        source=table.text("source", ""),
        source_en=table.text("source_en", ""),
        clause=table.text("clause", ""),
        clause_en=table.text("clause_en", ""),
        basis=cast("Basis", basis),
        calendar=table.text("calendar", ""),
        ladder=parse_ladder(table, table.values.get("ladder", []), roles),
    )


def _limit(table: Table, key: str, text: str) -> Limit:
    try:
        return parse_limit(text)
    except ValueError as error:
        table.refuse(key, str(error))
