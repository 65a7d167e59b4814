"""Limits, ladders and clocks as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.domain import sla
from engine.domain.calendars import ALWAYS, WorkCalendar
from engine.domain.sla import Deadline, Rung, parse_limit
from engine.domain.views import Clock, Words
from engine.queries.lines import role_words
from engine.wiring import Engine

#: Limits that pass around the clock, whatever the calendar.
CALENDAR_TIME = frozenset({"minute", "hour", "day"})

_RECIPIENTS = {
    sla.HOLDER: Words("办理人", "the holder"),
    sla.STARTER: Words("发起人", "the starter"),
    sla.MANAGER: Words("办理人的上级", "the role above the holder"),
    "low": Words("低", "low"),
    "normal": Words("普通", "normal"),
    "high": Words("高", "high"),
    "urgent": Words("紧急", "urgent"),
}
#: What rungs do: before whom it is done.
_ACTIONS = {
    "remind": Words("提醒{}", "remind {}"),
    "notify": Words("通知{}", "notify {}"),
    "escalate": Words("升级至{}", "escalate to {}"),
    "reassign": Words("改派给{}", "give it to {}"),
    "raise": Words("优先级提为{}", "raise the priority to {}"),
}


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
    limit: str = "",
    at: datetime | None = None,
    paused: datetime | None = None,
) -> Clock:
    """The clock of something due as it stands now, or stood ``at`` the moment it was done.

    ``own_due``: the due moment was given by the procedure, so that the limit's length is not its reason;
    ``limit``: the one that it was given, if a screen changed the deadline's since.
    """
    if due is None:
        return Clock(None, None, "none")
    now, stands = at or paused or engine.now(), at is None and paused is not None
    named = engine.deadlines.get(deadline) if deadline else None
    if named is not None and limit:
        named = replace(named, limit=parse_limit(limit))
    calendar = calendar_at(engine, site, named)
    if named is None:
        return Clock(
            due,
            sla.time_left(now, due, calendar),
            sla.light(now, start, due, calendar),
            deadline,
            None,
            stands,
        )
    why = Words(named.zh, named.en) if own_due else limit_why(named, calendar)
    left = named.time_left(now, due, calendar)
    return Clock(due, left, named.light(now, start, due, calendar), deadline, why, stands)


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


def rung_why(engine: Engine, payload: Mapping[str, Any]) -> Words:
    """Why a rung's job is there: the deadline, when, and what it does to whom."""
    to = recipient_words(engine, str(payload.get("to", "")))
    deadline = engine.deadlines.get(str(payload.get("deadline", "")))
    name = Words(deadline.zh, deadline.en) if deadline else Words("", "")
    when = Words(str(payload.get("when", "")), str(payload.get("when_en", "")))
    said = action_words(str(payload.get("action", "")), to) if payload.get("action") else Words("到期", "due")
    return Words(
        " · ".join(filter(None, (name.zh, when.zh, said.zh))),
        " · ".join(filter(None, (name.en, when.en, said.en))),
    )


def action_words(action: str, to: Words) -> Words:
    """What a rung does: remind the holder, escalate to the manager."""
    said = _ACTIONS.get(action, Words("→ {}", "→ {}"))
    return Words(said.zh.format(to.zh), said.en.format(to.en))


def _rung_words(engine: Engine, rung: Rung) -> Words:
    when, said = when_words(rung), action_words(rung.action, recipient_words(engine, rung.to))
    return Words(f"{when.zh} {said.zh}", f"{when.en}: {said.en}")
