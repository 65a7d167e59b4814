"""Limits, ladders and clocks as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.domain import sla
from engine.domain.calendars import ALWAYS, WorkCalendar
from engine.domain.sla import Deadline, Rung
from engine.domain.views import Clock, Words
from engine.queries.lines import role_words
from engine.wiring import Engine

#: Limits that pass around the clock, whatever the calendar.
CALENDAR_TIME = frozenset({"minute", "hour", "day"})

_RECIPIENTS = {sla.HOLDER: Words("办理人", "the holder"), sla.STARTER: Words("发起人", "the starter")}


def calendar_at(engine: Engine, site: str, deadline: Deadline | None) -> WorkCalendar:
    """The calendar of a deadline at a site; a site that the organisation no longer has never closes."""
    if site not in engine.organisation.sites and not (deadline and deadline.calendar):
        return ALWAYS
    return engine.calendar_of(site, deadline)


def clock_of(
    engine: Engine,
    *,
    site: str,
    start: datetime,
    due: datetime | None,
    deadline: str | None = None,
    own_due: bool = False,
    at: datetime | None = None,
) -> Clock:
    """The clock of something due as it stands now, or stood ``at`` the moment it was done.

    ``own_due``: the due moment was given by the procedure, so that the limit's length is not its reason.
    """
    if due is None:
        return Clock(None, None, "none")
    now = at or engine.now()
    named = engine.deadlines.get(deadline) if deadline else None
    calendar = calendar_at(engine, site, named)
    if named is None:
        return Clock(due, sla.time_left(now, due, calendar), sla.light(now, start, due, calendar), deadline)
    why = Words(named.zh, named.en) if own_due else limit_why(named, calendar)
    left = named.time_left(now, due, calendar)
    return Clock(due, left, named.light(now, start, due, calendar), deadline, why)


def limit_words(deadline: Deadline) -> Words:
    """A limit's length: ``3 个工作日``."""
    return Words(deadline.limit.words("zh"), deadline.limit.words("en"))


def limit_why(deadline: Deadline, calendar: WorkCalendar | None = None) -> Words:
    """A limit with its length, where the manual says so, and the calendar it is counted by."""
    by = None if calendar is None or deadline.limit.unit in CALENDAR_TIME else calendar
    length = limit_words(deadline)
    zh = [part for part in (deadline.source, by.zh if by else "") if part]
    en = [part for part in (deadline.source_en or deadline.source, by.en if by else "") if part]
    return Words(
        f"{deadline.zh}：{length.zh}" + (f"（{'，'.join(zh)}）" if zh else ""),
        f"{deadline.en}: {length.en}" + (f" ({', '.join(en)})" if en else ""),
    )


def when_words(rung: Rung) -> Words:
    """When a rung is reached: ``80%``, ``+2 个工作小时``."""
    if isinstance(rung.when, float | int):
        share = f"{rung.when:.0%}"
        return Words(share, share)
    return Words(f"+{rung.when.words('zh')}", f"+{rung.when.words('en')}")


def recipient_words(engine: Engine, to: str) -> Words:
    """Whom a rung tells: the holder, the starter, or a role."""
    return _RECIPIENTS.get(to) or role_words(engine, to)


def ladder_words(engine: Engine, deadline: Deadline) -> tuple[Words, ...]:
    """A deadline's ladder, one text a rung."""
    return tuple(_rung_words(engine, rung) for rung in deadline.ladder)


def rung_why(
    engine: Engine, payload: Mapping[str, Any], *, site: str, start: datetime | None, due: datetime | None
) -> Words:
    """Why a rung's job is there: the limit, when, and whom it tells.

    ``start`` and ``due`` are the task's; the rung is looked up in today's ladder and left out when that
    was changed meanwhile.
    """
    to = recipient_words(engine, str(payload.get("to", "")))
    deadline = engine.deadlines.get(str(payload.get("deadline", "")))
    if deadline is None:
        return Words(f"→ {to.zh}", f"→ {to.en}")
    length = limit_words(deadline)
    when = Words("", "")
    if start is not None and due is not None:
        rungs = deadline.rungs_at(start, due, calendar_at(engine, site, deadline))
        number = payload.get("rung")
        if isinstance(number, int) and 0 <= number < len(rungs):
            rung = rungs[number][1]
            if (rung.action, rung.to) == (payload.get("action"), payload.get("to")):
                words = when_words(rung)
                when = Words(f" · {words.zh}", f" · {words.en}")
    return Words(
        f"{deadline.zh} {length.zh}{when.zh} → {to.zh}", f"{deadline.en} {length.en}{when.en} → {to.en}"
    )


def _rung_words(engine: Engine, rung: Rung) -> Words:
    when, to = when_words(rung), recipient_words(engine, rung.to)
    if rung.action == "remind":
        return Words(f"{when.zh} 提醒{to.zh}", f"{when.en}: remind {to.en}")
    return Words(f"{when.zh} 升级至{to.zh}", f"{when.en}: escalate to {to.en}")
