"""Time limits: what a manual grants, when it is due, who hears of it, and the light it shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, cast

from engine.domain.calendars import ALWAYS, WorkCalendar, as_utc
from engine.domain.tables import Table
from engine.domain.views import Light
from engine.domain.worktime import (
    add_working_days,
    add_working_time,
    end_of_working_day,
    next_at,
    working_time_between,
)

Unit = Literal["minute", "hour", "day", "working hour", "working day", "end of working day", "clock"]
Action = Literal["remind", "escalate"]
Basis = Literal["given", "blank"]

#: In place of a role in a ladder: who holds the task, who started the case.
HOLDER, STARTER = "holder", "starter"
#: The light turns amber when this share of the time is left, or this much of it.
AMBER_SHARE, AMBER_TIME = 0.2, timedelta(hours=1)

_AMOUNT = re.compile(r"([1-9]\d{0,2}) (minute|hour|day|working hour|working day)s?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SHARE = re.compile(r"([1-9]\d?|100)%")
_ZH = {"minute": "分钟", "hour": "小时", "day": "天", "working hour": "个工作小时", "working day": "个工作日"}


@dataclass(frozen=True)
class Limit:
    """A length of time, or a point of the working day; :func:`parse_limit` reads it."""

    unit: Unit
    #: How many units; 1 for the two points of a day.
    amount: int = 1
    #: For ``clock``: the time of day.
    clock: time = time(0)

    def after(self, start: datetime, calendar: WorkCalendar) -> datetime:
        """Give the moment (UTC) this limit sets for what starts at ``start``.

        Minutes and hours are elapsed time; days end at the same clock time in the calendar's zone.
        """
        match self.unit:
            case "minute":
                return as_utc(start) + timedelta(minutes=self.amount)
            case "hour":
                return as_utc(start) + timedelta(hours=self.amount)
            case "day":
                return calendar.instant(calendar.wall(start) + timedelta(days=self.amount))
            case "working hour":
                return add_working_time(start, timedelta(hours=self.amount), calendar)
            case "working day":
                return add_working_days(start, self.amount, calendar)
            case "end of working day":
                return end_of_working_day(start, calendar)
            case "clock":
                return next_at(start, self.clock, calendar)

    def counted_in(self, calendar: WorkCalendar) -> WorkCalendar:
        """Give the calendar by which its time passes: around the clock for calendar time."""
        return ALWAYS if self.unit in ("minute", "hour", "day") else calendar

    def words(self, lang: str) -> str:
        """Say it in ``zh`` or ``en``: ``3 个工作日``, ``3 working days``."""
        if self.unit == "clock":
            return f"工作日 {self.clock:%H:%M}" if lang != "en" else f"{self.clock:%H:%M} on a working day"
        if self.unit == "end of working day":
            return "工作日结束前" if lang != "en" else "end of working day"
        if lang != "en":
            return f"{self.amount} {_ZH[self.unit]}"
        return f"{self.amount} {self.unit}{'s' if self.amount > 1 else ''}"


def parse_limit(text: str) -> Limit:
    """Read a limit such as ``3 working days`` or ``17:30``; raises ValueError with a sentence.

    >>> parse_limit("3 working days").words("zh")
    '3 个工作日'
    """
    said = " ".join(text.split())
    if said == "end of working day":
        return Limit("end of working day")
    if match := _CLOCK.fullmatch(said):
        return Limit("clock", clock=time(int(match[1]), int(match[2])))
    if match := _AMOUNT.fullmatch(said):
        return Limit(cast("Unit", match[2]), int(match[1]))
    raise ValueError(
        f"{text!r} is not a limit; write 30 minutes, 12 hours, 7 days, 4 working hours, 3 working days "
        "(1 to 999), end of working day, or a time of day such as 17:30"
    )


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: at ``when``, ``action`` to ``to`` (holder, starter or a role)."""

    #: A share of the time until due (0.8), or a limit that starts at the due moment.
    when: float | Limit
    action: Action
    to: str

    def at(self, start: datetime, due: datetime, counted: WorkCalendar, calendar: WorkCalendar) -> datetime:
        """Give its moment (UTC); a share is of the time that passes in ``counted``."""
        if isinstance(self.when, Limit):
            return self.when.after(due, calendar)
        if self.when == 1 or due <= start:
            return as_utc(due)
        total = working_time_between(start, due, counted)
        if not total:
            # Due while closed, as 17:30 in an office that shuts at 17:00: all there is is the wait.
            counted, total = ALWAYS, due - start
        return min(add_working_time(start, total * self.when, counted), as_utc(due))


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
        deadline = _deadline(name, table)
        if calendars is not None and deadline.calendar and deadline.calendar not in calendars:
            table.refuse("calendar", f"{deadline.calendar!r} is not in calendars.toml")
        for rung in deadline.ladder:
            if roles is not None and rung.to not in (HOLDER, STARTER) and rung.to not in roles:
                table.refuse(f"ladder.{rung.action}", f"{rung.to!r} is neither holder, starter nor a role")
        found[name] = deadline
    return found


def _deadline(name: str, table: Table) -> Deadline:
    table.only(
        "zh", "en", "limit", "source", "source_en", "clause", "clause_en", "basis", "calendar", "ladder"
    )
    basis = table.text("basis")
    if basis not in ("given", "blank"):
        table.refuse("basis", f"must be given or blank, not {basis!r}")
    ladder = table.values.get("ladder", [])
    if not isinstance(ladder, list):
        table.refuse("ladder", f"must be a list, not {ladder!r}")
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
        ladder=tuple(_rung(table, f"ladder {number}", values) for number, values in enumerate(ladder, 1)),
    )


def _rung(table: Table, key: str, values: object) -> Rung:
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        table.refuse(key, f'must be like {{ when = "80%", remind = "holder" }}, not {values!r}')
    actions = [action for action in ("remind", "escalate") if action in values]
    if len(actions) != 1 or set(values) != {"when", actions[0]} or not values[actions[0]].strip():
        table.refuse(key, "must have `when` and one of `remind` and `escalate`")
    action = cast("Action", actions[0])
    return Rung(_when(table, f"{key}, when", values["when"]), action, values[action])


def _when(table: Table, key: str, text: str) -> float | Limit:
    if match := _SHARE.fullmatch(text):
        return int(match[1]) / 100
    if not text.startswith("+"):
        table.refuse(key, f'{text!r} is neither a share from "1%" to "100%" nor a limit after it, "+2 hours"')
    return _limit(table, key, text[1:])


def _limit(table: Table, key: str, text: str) -> Limit:
    try:
        return parse_limit(text)
    except ValueError as error:
        table.refuse(key, str(error))
