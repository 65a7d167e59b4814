"""Moments and spans in words: pure, the present and the zone are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from babel.dates import format_datetime

from engine.domain.views import Clock, Light
from web.words import gettext as _
from web.words import ngettext

#: Working and calendar time that differ by less run together: the clock may tick in the browser.
_TOGETHER = timedelta(minutes=2)
_DAY = timedelta(days=1)
#: From so many days on, hours no longer matter.
_ROUND_FROM = 2


@dataclass(frozen=True)
class ClockWords:
    """A clock as a chip shows it."""

    light: Light
    words: str
    #: "周四 17:30 前"; empty without a due moment.
    before: str
    exact: str
    iso: str
    #: Whether its time runs now, so that the browser may count on.
    ticks: bool


def in_words(at: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    """A moment as people say it: 今天 17:40, 周四 17:30, 3月5日 17:30, 2025年3月5日."""
    there, here = at.astimezone(zone), now.astimezone(zone)
    time = f"{there:%H:%M}"
    days = (there.date() - here.date()).days
    if days == 0:
        return _("今天 %(time)s", time=time)
    if days == 1:
        return _("明天 %(time)s", time=time)
    if days == -1:
        return _("昨天 %(time)s", time=time)
    if 1 < days < 7:
        return format_datetime(there, "EEE HH:mm", locale=_locale(language))
    if there.year == here.year:
        return format_datetime(
            there, "M月d日 HH:mm" if language == "zh" else "d MMM HH:mm", locale=_locale(language)
        )
    return day(there, zone, language)


def exact(at: datetime, zone: tzinfo, language: str) -> str:
    """A moment to the minute, with weekday and year."""
    pattern = "y年M月d日 EEE HH:mm" if language == "zh" else "EEE d MMM y, HH:mm"
    return format_datetime(at.astimezone(zone), pattern, locale=_locale(language))


def day(at: datetime, zone: tzinfo, language: str) -> str:
    """A moment's day, with the year."""
    return format_datetime(
        at.astimezone(zone), "y年M月d日" if language == "zh" else "d MMM y", locale=_locale(language)
    )


def clock_time(at: datetime, zone: tzinfo) -> str:
    """The time of a day."""
    return f"{at.astimezone(zone):%H:%M}"


def span_words(span: timedelta) -> str:
    """A positive span: 40 分, 1 时 10 分, 2 天 3 时."""
    days, rest = divmod(span, _DAY)
    minutes = int(rest.total_seconds() // 60)
    hours, minutes = divmod(minutes, 60)
    if days >= _ROUND_FROM:
        return ngettext("%(num)s 天", "%(num)s 天", round(span / _DAY))
    if days:
        said = ngettext("%(num)s 天", "%(num)s 天", days)
        return _("%(days)s %(h)s 时", days=said, h=hours) if hours else said
    if not hours:
        return _("%(m)s 分", m=minutes)
    return _("%(h)s 时 %(m)s 分", h=hours, m=minutes) if minutes else _("%(h)s 小时", h=hours)


def working_words(span: timedelta, *, working_day: timedelta, days_apart: int) -> str:
    """A positive span of working time: hours within a day, working days beyond: 2 个工作日.

    ``days_apart`` is how many days of the calendar lie between; calendars differ in the length of their
    days, and nobody shall read of a working day that is left until this evening.
    """
    count = min(round(span / working_day), days_apart)
    return ngettext("%(num)s 个工作日", "%(num)s 个工作日", count) if count else span_words(span)


def clock_words(
    clock: Clock, now: datetime, zone: tzinfo, language: str, *, working_day: timedelta
) -> ClockWords:
    """A clock in words: 超时 40 分, 剩 2 个工作日."""
    due = clock.due_at
    if due is None:
        return ClockWords(clock.light, _("无时限"), "", "", "", ticks=False)
    passes = due - now
    left = passes if clock.left is None else clock.left
    if clock.stands:
        passes = left
    together = abs(passes - left) < _TOGETHER and (not clock.stands or abs(left) < _DAY / 2)
    apart = abs((due.astimezone(zone).date() - now.astimezone(zone).date()).days)
    span = (
        span_words(abs(left))
        if together
        else working_words(abs(left), working_day=working_day, days_apart=apart)
    )
    late = passes < timedelta()
    words = _("超时 %(span)s", span=span) if late else _("剩 %(span)s", span=span)
    if clock.stands:
        words = _("停表 · %(left)s", left=words)
    why = clock.why.in_language(language) if clock.why else ""
    said = exact(due, zone, language)
    return ClockWords(
        light=clock.light,
        words=words,
        before=_("%(moment)s 前", moment=in_words(due, now, zone, language)),
        exact=f"{said} · {why}" if why else said,
        iso=due.isoformat(),
        ticks=together and not clock.stands,
    )


def _locale(language: str) -> str:
    return "en_GB" if language == "en" else "zh_Hans_CN"
