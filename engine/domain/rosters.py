"""Read a roster that was pasted from a spreadsheet: who is on duty on which day, from when until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain.views import Words

#: Characters and lines of one paste.
LONGEST, MOST_LINES = 50_000, 500
#: Characters of a shift that is off.
_OFF = frozenset({"", "-", "–", "—", "/", "休", "休息", "off", "OFF", "Off"})
_WHOLE = frozenset({"全天", "24h", "24H", "all day"})
_HOURS = re.compile(r"(?<!\d)(\d{1,2})[:：](\d\d)\s*[-–—~～至到]\s*(次日)?\s*(\d{1,2})[:：](\d\d)(?!\d)")
_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?(?:\s.*)?")
_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
_ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Planned:
    """One shift as it was pasted: a name or login, and the local moments."""

    who: str
    starts_at: datetime
    ends_at: datetime
    line: int


@dataclass(frozen=True)
class Problem:
    """What cannot be read, with its line."""

    line: int
    said: Words


def shift_on(day: date, since: time, until: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments of a shift: one that does not end after it begins ends on the next day.

    >>> shift_on(date(2026, 11, 2), time(20), time(8), ZoneInfo("Asia/Shanghai"))[1].isoformat()
    '2026-11-03T08:00:00+08:00'
    """
    last = day if until > since else day + timedelta(days=1)
    return datetime.combine(day, since, zone), datetime.combine(last, until, zone)


def read_roster(text: str, week: date, zone: ZoneInfo) -> tuple[list[Planned], list[Problem]]:
    """The shifts of a paste, and what of it cannot be read.

    One line a person and one column a day (from ``week``, a Monday, or as the first line says), or one
    line a shift: name, date, hours. Columns are parted by tabs, else by commas.
    """
    lines = text[:LONGEST].splitlines()
    if len(text) > LONGEST or len(lines) > MOST_LINES:
        return [], [Problem(0, Words("粘贴的内容太长", "the paste is too long"))]
    rows = [(number, _cells(line)) for number, line in enumerate(lines, start=1) if line.strip()]
    days = [week + timedelta(days=n) for n in range(7)]
    if rows and (header := _header(rows[0][1][1:], week)):
        days, rows = header, rows[1:]
    planned: list[Planned] = []
    problems: list[Problem] = []
    for number, cells in rows:
        who, rest = cells[0], cells[1:]
        if not who:
            problems.append(Problem(number, Words("这一行没有姓名", "this line has no name")))
            continue
        single = _day(rest[0], week) if len(rest) == 2 else None
        pairs = [(single, rest[1])] if single else list(zip(days, rest, strict=False))
        if len(rest) > len(days) and not single:
            problems.append(Problem(number, Words("这一行的列太多", "this line has too many columns")))
        for day, cell in pairs:
            found = _hours(cell)
            if found is None:
                said = Words(f"看不懂“{cell[:30]}”", f"“{cell[:30]}” is no time")
                problems.append(Problem(number, said))
            for since, until in found or ():
                planned.append(Planned(who, *shift_on(day, since, until, zone), number))
    if not planned and not problems:
        problems.append(Problem(0, Words("没有找到班次", "there is no shift in it")))
    return planned, problems


def overlaps(one: tuple[datetime, datetime], others: Sequence[tuple[datetime, datetime]]) -> bool:
    """Say whether a shift shares time with one of the others."""
    return any(one[0] < other[1] and other[0] < one[1] for other in others)


def _cells(line: str) -> list[str]:
    parts = line.split("\t") if "\t" in line else re.split(r"[,，]", line)
    return [part.strip().strip('"') for part in parts]


def _header(cells: Sequence[str], week: date) -> list[date] | None:
    days = [_day(cell, week) for cell in cells if cell]
    return [day for day in days if day] if days and all(days) else None


def _day(text: str, week: date) -> date | None:
    """A date, with or without its year, or a day of the week."""
    plain = text.strip().casefold()
    if found := _DAY.fullmatch(plain):
        try:
            if found[1]:
                return date(int(found[1]), int(found[2]), int(found[3]))
            # Without a year it is the one nearest to the week.
            near = (date(year, int(found[2]), int(found[3])) for year in (week.year, week.year + 1))
            return min(near, key=lambda day: abs(day - week))
        except ValueError:
            return None
    for index, (zh, en) in enumerate(zip(_WEEKDAYS, _ENGLISH_DAYS, strict=True)):
        if plain in (f"周{zh}", f"星期{zh}", "周天" if zh == "日" else zh) or plain.startswith(en):
            return week + timedelta(days=index)
    return None


def _hours(cell: str) -> list[tuple[time, time]] | None:
    if cell in _OFF:
        return []
    if cell in _WHOLE:
        return [(time(), time())]
    found = []
    for hour, minute, _next, end_hour, end_minute in _HOURS.findall(cell):
        since, until = _clock(hour, minute), _clock(end_hour, end_minute)
        if since is None or until is None:
            return None
        found.append((since, until))
    return found or None


def _clock(hour: str, minute: str) -> time | None:
    hours, minutes = int(hour), int(minute)
    if (hours, minutes) == (24, 0):
        return time()
    return time(hours, minutes) if hours < 24 and minutes < 60 else None
