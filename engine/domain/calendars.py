"""Working calendars: hours for each day of the week, holidays, make-up days (调休), changes of the clocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from engine.domain.tables import Table

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: No calendar opens before the first or after the second, so that a slip like 9999 costs nothing.
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)
#: Days a calendar remembers before it starts anew.
_REMEMBERED = 20_000

_DAY = timedelta(days=1)
_PERIOD = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))")

#: An opening and the closing after it, both UTC.
Opening = tuple[datetime, datetime]


@dataclass(frozen=True)
class Period:
    """Hours of a day by the clock; an end not after the start is on the next day.

    So 22:00-06:00 is a night shift that belongs to the day it starts on, and 24:00 is the next
    day's 00:00.
    """

    start: time
    end: time

    def text(self) -> str:
        """Write it as calendars.toml does."""
        return f"{self.start:%H:%M}-{'24:00' if self.end == time(0) else f'{self.end:%H:%M}'}"

    @property
    def overnight(self) -> bool:
        """True when it ends on the day after, 24:00 included."""
        return self.end <= self.start


@dataclass(frozen=True)
class WorkCalendar:
    """When work is done: hours for each day of the week, without holidays, with make-up days."""

    id: str
    zh: str
    en: str
    zone: ZoneInfo
    #: Periods of Monday to Sunday, in order.
    week: tuple[tuple[Period, ...], ...]
    #: A country of the ``holidays`` package, or "" for work on holidays too.
    country: str = ""
    #: Extra days closed.
    closures: frozenset[date] = frozenset()
    #: Extra days open, with the hours of Monday.
    openings: frozenset[date] = frozenset()
    #: Days with hours of their own, none for closed: what the screens changed.
    special: Mapping[date, tuple[Period, ...]] = field(default_factory=dict, hash=False)
    _days: dict[date, tuple[Opening, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )
    #: year → how long it was open before each of its days, and in all of them.
    _years: dict[int, tuple[timedelta, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )
    #: moment → what `open_until` says of it.
    _moments: dict[datetime, tuple[int, timedelta]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def is_working_day(self, day: date) -> bool:
        """Say whether the calendar opens on a day (a night shift counts for the day it starts on)."""
        return bool(self.periods_on(day))

    def hours_of(self, day: date) -> tuple[Period, ...]:
        """Give a day's periods by the clock, empty when it is closed.

        What is said of the day itself wins: its own hours, closures and openings, then the country's
        holidays and make-up days, then the week. Openings and make-up days have the hours of Monday (of the
        first day of the week with hours, if Monday has none), since they stand in for a weekday.
        """
        if day in self.special:
            return self.special[day]
        if day in self.closures:
            return ()
        if day in self.openings:
            return self._ordinary_hours
        if self.country:
            free, makeup_days = _holidays(self.country, day.year)
            if day in free:
                return ()
            if day in makeup_days:
                return self._ordinary_hours
        return self.week[day.weekday()]

    def with_days(self, special: Mapping[date, tuple[Period, ...]]) -> WorkCalendar:
        """Give this calendar with other days of their own."""
        return self if special == self.special else replace(self, special=special)

    def kind_of(self, day: date) -> Literal["special", "closure", "opening", "holiday", "makeup", "week"]:
        """Say what decides the hours of a day."""
        if day in self.special:
            return "special"
        if day in self.closures or day in self.openings:
            return "closure" if day in self.closures else "opening"
        if self.country:
            free, makeup_days = _holidays(self.country, day.year)
            if day in makeup_days:
                return "makeup"
            if day in free:
                return "holiday"
        return "week"

    def holiday_name(self, day: date, language: str) -> str:
        """Give the name of a public holiday, "" when it is none."""
        return _holiday_names(self.country, day.year, language).get(day, "") if self.country else ""

    @property
    def _ordinary_hours(self) -> tuple[Period, ...]:
        return next((hours for hours in self.week if hours), ())

    def periods_on(self, day: date) -> tuple[Opening, ...]:
        """Give the openings and closings (UTC) of a day, in order and without overlap."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _REMEMBERED:
                self._days.clear()
            known = self._days[day] = self._reckon(day)
        return known

    def open_until(self, moment: datetime) -> tuple[int, timedelta]:
        """Give a year, and how long it was open from its beginning to a moment (UTC)."""
        known = self._moments.get(moment)
        if known is None:
            if len(self._moments) >= _REMEMBERED:
                self._moments.clear()
            known = self._moments[moment] = self._count_until(moment)
        return known

    def open_in_years(self, first: int, end: int) -> timedelta:
        """Give the time that it is open from the first year to the one before ``end``."""
        return sum((self._year(year)[-1] for year in range(first, end)), timedelta())

    def _count_until(self, moment: datetime) -> tuple[int, timedelta]:
        today = self.wall(moment).date()
        # Of the days before yesterday all is over; yesterday's night may not be.
        yesterday = today - _DAY
        passed = self._year(yesterday.year)[yesterday.timetuple().tm_yday - 1]
        for day in (yesterday, today):
            for opens, closes in self.periods_on(day):
                if opens < moment:
                    passed += min(closes, moment) - opens
        return yesterday.year, passed

    def _year(self, year: int) -> tuple[timedelta, ...]:
        known = self._years.get(year)
        if known is None:
            days = range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
            openings = (self._reckon(date.fromordinal(day)) for day in days)
            lengths = (sum((closes - opens for opens, closes in day), timedelta()) for day in openings)
            known = self._years[year] = tuple(accumulate(lengths, initial=timedelta()))
        return known

    def _reckon(self, day: date) -> tuple[Opening, ...]:
        if not FIRST.date() <= day <= LAST.date():
            return ()
        # A make-up day may follow a night shift that the week does not foresee: open once, not twice.
        latest = max((self.at(day - _DAY, p)[1] for p in self.hours_of(day - _DAY)), default=FIRST)
        openings = []
        for period in self.hours_of(day):
            opens, closes = self.at(day, period)
            opens = max(opens, latest)
            # The hour that clocks skip in spring may swallow a period.
            if opens < closes:
                openings.append((opens, closes))
                latest = closes
        return tuple(openings)

    def at(self, day: date, period: Period) -> Opening:
        """Give the instants (UTC) at which a period of a day starts and ends."""
        end = day + _DAY if period.overnight else day
        return self.instant(datetime.combine(day, period.start)), self.instant(
            datetime.combine(end, period.end)
        )

    def instant(self, wall: datetime) -> datetime:
        """Give the instant (UTC) at which the zone's clocks show ``wall`` (a naive datetime).

        An hour that comes twice means the first; an hour that is skipped is read with the offset
        before the change, as RFC 5545 3.3.5 has it.
        """
        return wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def wall(self, moment: datetime) -> datetime:
        """Give what the zone's clocks show at a moment, as a naive datetime."""
        return as_utc(moment).astimezone(self.zone).replace(tzinfo=None)


def always(zone: str = "Asia/Shanghai") -> WorkCalendar:
    """Make the calendar that never closes, 7×24; its days begin at midnight in ``zone``."""
    whole_day = (Period(time(0), time(0)),)
    return WorkCalendar(
        id="always", zh="全天候 7×24", en="Around the clock, 7×24", zone=ZoneInfo(zone), week=(whole_day,) * 7
    )


#: The calendar of calendar time.
ALWAYS = always()


def as_utc(moment: datetime) -> datetime:
    """Give an aware moment in UTC, kept within FIRST and LAST; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    if moment.year < FIRST.year:
        return FIRST
    if moment.year > LAST.year:
        return LAST
    return moment.astimezone(UTC)


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    # One object a year, never shared: the package's own object grows while it is asked, and a
    # second thread would see a year that is half there.
    found = holidays.country_holidays(country, years=year)
    makeup_days = getattr(found, "weekend_workdays", ())
    return frozenset(found), frozenset(day for day in makeup_days if day.year == year)


@lru_cache(maxsize=64)
def _holiday_names(country: str, year: int, language: str) -> dict[date, str]:
    known = holidays.country_holidays(country, years=year).supported_languages
    wanted = next((code for code in known if code.lower().startswith(language)), None)
    return dict(holidays.country_holidays(country, years=year, language=wanted))


# Reading calendars.toml --------------------------------------------------------------------


def parse_calendars(toml: Mapping[str, object]) -> dict[str, WorkCalendar]:
    """Read the tables of ``calendars.toml``; raises :class:`Misconfigured` naming calendar and key."""
    return {name: _calendar(name, Table("calendars.toml", name, values)) for name, values in toml.items()}


def _calendar(name: str, table: Table) -> WorkCalendar:
    table.only("zh", "en", "timezone", "holidays", "week", "closures", "openings")
    closures, openings = _dates(table, "closures"), _dates(table, "openings")
    if both := closures & openings:
        table.refuse("openings", f"{min(both)} stands among the closures too")
    return WorkCalendar(
        id=name,
        zh=table.text("zh"),
        en=table.text("en"),
        zone=_zone(table),
        week=_week(table),
        country=_country(table),
        closures=closures,
        openings=openings,
    )


def _zone(table: Table) -> ZoneInfo:
    name = table.text("timezone")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        table.refuse("timezone", f"{name!r} is not a time zone such as Asia/Shanghai")


def _country(table: Table) -> str:
    country = table.text("holidays", "")
    if country and country not in holidays.list_supported_countries():
        table.refuse("holidays", f"{country!r} is not a country of the holidays package, such as CN")
    return country


def _dates(table: Table, key: str) -> frozenset[date]:
    found = table.values.get(key, [])
    if not isinstance(found, list):
        table.refuse(key, f"must be a list of days, not {found!r}")
    days = set()
    for item in found:
        try:
            # TOML has dates of its own; a moment is none.
            days.add(item if type(item) is date else date.fromisoformat(item))
        except (TypeError, ValueError):
            table.refuse(key, f'{item!r} is not a day such as "2026-12-24"')
    return frozenset(days)


def _week(table: Table) -> tuple[tuple[Period, ...], ...]:
    if "week" not in table.values:
        table.refuse("week", "is missing")
    given = table.values["week"]
    if not isinstance(given, Mapping):
        table.refuse("week", f"must be a table of mon to sun, not {given!r}")
    for key in given:
        if key not in WEEKDAYS:
            table.refuse(f"week.{key}", f"is not a day of the week; they are {', '.join(WEEKDAYS)}")
    week = tuple(_periods(table, f"week.{key}", given.get(key, [])) for key in WEEKDAYS)
    if not any(week):
        table.refuse("week", "no day has hours; a calendar that never opens would stop every clock")
    for index, key in enumerate(WEEKDAYS):
        before, hours = week[index - 1], week[index]
        if before and hours and before[-1].overnight and before[-1].end > hours[0].start:
            table.refuse(f"week.{key}", f"starts before the night of {WEEKDAYS[index - 1]} is over")
    return week


def _periods(table: Table, key: str, given: object) -> tuple[Period, ...]:
    if not isinstance(given, list):
        table.refuse(key, f'must be a list of hours such as ["09:00-12:00"], not {given!r}')
    periods = tuple(_period(table, key, item) for item in given)
    for earlier, later in pairwise(periods):
        if earlier.overnight or later.start < earlier.end:
            table.refuse(key, "the hours must follow one another without overlap")
    return periods


def parse_hours(given: Sequence[str]) -> tuple[Period, ...]:
    """Read the hours of a day, such as ``09:00-12:00``; raises :class:`Misconfigured` for a wrong one."""
    return _periods(Table("calendars", "day", {}), "hours", list(given))


def _period(table: Table, key: str, given: object) -> Period:
    match = _PERIOD.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        table.refuse(key, f'{given!r} is not a period such as "09:00-12:00" or "18:00-24:00"')
    hour, minute, end_hour, end_minute, midnight = match.groups()
    start = time(int(hour), int(minute))
    if midnight:
        return Period(start, time(0))
    end = time(int(end_hour), int(end_minute))
    if end == start:
        table.refuse(key, f'{given!r} has no length; a whole day is "00:00-24:00"')
    return Period(start, end)
