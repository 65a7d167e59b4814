"""What comes again by the calendar: every month on its last working day at 15:00.

A recurrence is written as a word of the expression language and gives the next moment after another one.
"""

from __future__ import annotations

import ast
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.domain.calendars import LAST, WEEKDAYS, WorkCalendar, as_utc
from engine.domain.worktime import HORIZON
from engine.errors import BoundReached

_DAY = timedelta(days=1)
#: Days that a month is asked for by name.
NAMED_DAYS = ("last day", "first working day", "last working day")
#: What happens when the day is not a working day; without it, it happens all the same.
IF_CLOSED = ("next", "before", "skip")
#: How long a month may be closed altogether.
_LONGEST_CLOSED = 40

_ZH_WEEK = "一二三四五六日"
_EN_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EN_MONTH = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ZH_DAYS = {"last day": "最后一天", "first working day": "第一个工作日", "last working day": "最后一个工作日"}
_ZH_CLOSED = {
    "next": "，遇休息日顺延到下一个工作日",
    "before": "，遇休息日提前到上一个工作日",
    "skip": "，遇休息日不办",
}
_EN_CLOSED = {
    "next": ", or the next working day",
    "before": ", or the working day before",
    "skip": ", unless that is closed",
}


@dataclass(frozen=True)
class Recurrence:
    """A day that comes again, at a time of day."""

    #: every_day, every_working_day, every_week, every_month, every_quarter, every_year
    word: str
    clock: time
    #: Of a week, mon to sun; otherwise a number or one of :data:`NAMED_DAYS`.
    day: str = ""
    #: Of a year.
    month: int = 0
    #: What happens when the day is closed: one of :data:`IF_CLOSED`, or "" for all the same.
    if_closed: str = ""

    def following(self, after: datetime, calendar: WorkCalendar) -> datetime:
        """Give the first moment (UTC) after another; raises :class:`BoundReached` when none comes."""
        moment = as_utc(after)
        first = calendar.wall(moment).date()
        for day in self._days(first, calendar):
            shown = calendar.instant(datetime.combine(day, self.clock))
            if shown > moment:
                return shown
        raise BoundReached("This never comes.", days=HORIZON.days, what=self.word)

    def _days(self, first: date, calendar: WorkCalendar) -> Iterator[date]:
        """The days on which it happens, in order, from a while before ``first``."""
        for nominal in self._nominal(first, calendar):
            day = self._moved(nominal, calendar)
            if day is not None:
                yield day

    def _nominal(self, first: date, calendar: WorkCalendar) -> Iterator[date]:
        last = min(first + HORIZON, LAST.date()).toordinal()
        if self.word in ("every_day", "every_working_day"):
            days = map(date.fromordinal, range(first.toordinal(), last + 1))
            yield from (d for d in days if self.word == "every_day" or calendar.is_working_day(d))
        elif self.word == "every_week":
            # A day that is moved may come from a week that is over.
            start = first.toordinal() - first.weekday() - 7 * 6 + WEEKDAYS.index(self.day)
            yield from map(date.fromordinal, range(start, last + 1, 7))
        else:
            months = range(first.year * 12 + first.month - 3, last // 365 * 12)
            for year, month in ((number // 12, number % 12 + 1) for number in months):
                day = self._day_of(year, month, calendar) if self._is_month(month) else None
                if day is not None:
                    yield day

    def _is_month(self, month: int) -> bool:
        if self.word == "every_year":
            return month == self.month
        if self.word == "every_quarter":
            # The last day of a quarter is that of its third month.
            return month % 3 == (0 if self.day.startswith("last") else 1)
        return True

    def _day_of(self, year: int, month: int, calendar: WorkCalendar) -> date | None:
        length = monthrange(year, month)[1]
        if self.day not in NAMED_DAYS:
            return date(year, month, min(int(self.day), length))
        if self.day == "last day":
            return date(year, month, length)
        days = range(1, length + 1) if self.day.startswith("first") else range(length, 0, -1)
        working = (day for day in days if calendar.is_working_day(date(year, month, day)))
        found = next(working, None)
        return None if found is None else date(year, month, found)

    def _moved(self, day: date, calendar: WorkCalendar) -> date | None:
        if not self.if_closed or calendar.is_working_day(day):
            return day
        if self.if_closed == "skip":
            return None
        step = _DAY if self.if_closed == "next" else -_DAY
        days = (day + step * ahead for ahead in range(1, _LONGEST_CLOSED))
        return next((other for other in days if calendar.is_working_day(other)), None)

    def words(self, lang: str) -> str:
        """Say it in ``zh`` or ``en``: ``每月最后一个工作日 15:00``."""
        if lang == "en":
            return f"{self._english()}{_EN_CLOSED.get(self.if_closed, '')}, at {self.clock:%H:%M}"
        return f"{self._chinese()} {self.clock:%H:%M}{_ZH_CLOSED.get(self.if_closed, '')}"

    def _chinese(self) -> str:
        day = _ZH_DAYS.get(self.day, f" {self.day} 日")
        match self.word:
            case "every_day":
                return "每天"
            case "every_working_day":
                return "每个工作日"
            case "every_week":
                return f"每周{_ZH_WEEK[WEEKDAYS.index(self.day)]}"
            case "every_year":
                return f"每年 {self.month} 月{day}"
            case "every_quarter":
                first = "首月" if self.day not in NAMED_DAYS else ""
                return f"每季度{first}{day}"
            case _:
                return f"每月{day}"

    def _english(self) -> str:
        day = f"the {self.day}" if self.day in NAMED_DAYS else f"day {self.day}"
        match self.word:
            case "every_day":
                return "every day"
            case "every_working_day":
                return "every working day"
            case "every_week":
                return f"every {_EN_WEEK[WEEKDAYS.index(self.day)]}"
            case "every_year":
                return f"every year on {day} of {_EN_MONTH[self.month - 1]}"
            case "every_quarter":
                first = " of its first month" if self.day not in NAMED_DAYS else ""
                return f"every quarter on {day}{first}"
            case _:
                return f"every month on {day}"


# The words ---------------------------------------------------------------------------------------


def every_day(at: str) -> Recurrence:
    """Every day."""
    return Recurrence("every_day", _clock(at))


def every_working_day(at: str) -> Recurrence:
    """Every day on which work is done."""
    return Recurrence("every_working_day", _clock(at))


def every_week(day: str, at: str, if_closed: str = "") -> Recurrence:
    """Every week on one of its days, mon to sun."""
    if day not in WEEKDAYS:
        raise ValueError(f"{day!r} is no day of the week; write one of {', '.join(WEEKDAYS)}")
    return Recurrence("every_week", _clock(at), day, if_closed=_closed(if_closed))


def every_month(day: int | str, at: str, if_closed: str = "") -> Recurrence:
    """Every month: on the 31st, that is its last day where it has no 31st."""
    return Recurrence("every_month", _clock(at), _day(day), if_closed=_closed(if_closed))


def every_quarter(day: int | str, at: str, if_closed: str = "") -> Recurrence:
    """Every quarter: on a day of its first month, or its last day or first or last working day."""
    return Recurrence("every_quarter", _clock(at), _day(day), if_closed=_closed(if_closed))


def every_year(month: int, day: int | str, at: str, if_closed: str = "") -> Recurrence:
    """Every year, in one of its months."""
    if not isinstance(month, int) or isinstance(month, bool) or not 1 <= month <= 12:
        raise ValueError(f"{month!r} is no month; write 1 to 12")
    return Recurrence("every_year", _clock(at), _day(day), month, _closed(if_closed))


WORDS: dict[str, Callable[..., Recurrence]] = {
    word.__name__: word
    for word in (every_day, every_working_day, every_week, every_month, every_quarter, every_year)
}


def functions(now: datetime, calendar: WorkCalendar) -> dict[str, Callable[..., str]]:
    """The words as an expression has them: each gives the next moment after ``now``, as ISO text."""

    def lent(word: Callable[..., Recurrence]) -> Callable[..., str]:
        return lambda *said, **named: word(*said, **named).following(now, calendar).isoformat()

    return {name: lent(word) for name, word in WORDS.items()}


def recurrence_of(expression: str) -> Recurrence | None:
    """The recurrence that an expression is in so many words; None when it is something else.

    Raises ValueError with a sentence when it is one of the words, and wrongly said.

    >>> recurrence_of('every_month("last working day", at="15:00")').words("zh")
    '每月最后一个工作日 15:00'
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return recurrence_in(tree)


def recurrence_in(tree: ast.AST) -> Recurrence | None:
    """The same of an expression that was parsed."""
    match tree:
        case ast.Call(func=ast.Name(id=name)) if name in WORDS:
            values = [*tree.args, *(keyword.value for keyword in tree.keywords)]
            if not all(isinstance(value, ast.Constant) for value in values):
                return None
            said = [value.value for value in tree.args if isinstance(value, ast.Constant)]
            named = {
                keyword.arg: keyword.value.value
                for keyword in tree.keywords
                if keyword.arg and isinstance(keyword.value, ast.Constant)
            }
            try:
                return WORDS[name](*said, **named)
            except TypeError as error:
                raise ValueError(str(error)) from error
    return None


def _clock(text: str) -> time:
    try:
        if isinstance(text, str) and len(text) == 5:
            return time.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no time of day; write it as 09:00")


def _day(day: int | str) -> str:
    if isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 31:
        return str(day)
    if isinstance(day, str) and day in NAMED_DAYS:
        return day
    raise ValueError(f"{day!r} is no day of a month; write 1 to 31, or one of {', '.join(NAMED_DAYS)}")


def _closed(said: str) -> str:
    if said and said not in IF_CLOSED:
        raise ValueError(f"if_closed is {said!r}; write one of {', '.join(IF_CLOSED)}")
    return said
