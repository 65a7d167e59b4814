"""Lengths of time as manuals grant them: 30 minutes, 3 working days, the end of the working day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, cast

from engine.domain.calendars import ALWAYS, WorkCalendar, as_utc
from engine.domain.worktime import add_working_days, add_working_time, end_of_working_day, next_at

Unit = Literal["minute", "hour", "day", "working hour", "working day", "end of working day", "clock"]

_AMOUNT = re.compile(r"([1-9]\d{0,2}) (minute|hour|day|working hour|working day)s?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
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

    def text(self) -> str:
        """Write it as :func:`parse_limit` reads it."""
        if self.unit == "clock":
            return f"{self.clock:%H:%M}"
        return self.unit if self.unit == "end of working day" else self.words("en")

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
