"""Ladders: what happens as a due moment comes near and passes, who is told, by which channel."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from engine.domain.calendars import ALWAYS, WorkCalendar, as_utc
from engine.domain.limits import Limit, parse_limit
from engine.domain.tables import Table
from engine.domain.worktime import add_working_time, working_time_between

Action = Literal["remind", "notify", "escalate", "reassign", "raise"]
#: What a rung does, and so the kinds of its jobs.
ACTIONS: tuple[Action, ...] = get_args(Action)

#: In place of a role: who holds the task, who started the case, who is above those that hold it.
HOLDER, STARTER, MANAGER = "holder", "starter", "manager"
#: Priorities of a case, the lowest first.
PRIORITIES = ("low", "normal", "high", "urgent")
#: What a rung may name its channel; the messages know how to use it.
CHANNELS = frozenset({"page", "mail", "wecom", "dingtalk", "feishu", "webhook"})

_SHARE = re.compile(r"([1-9]\d{0,2})%")
_KEYS = frozenset({"when", "channel", "urgent", *ACTIONS})


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: at ``when``, ``action`` to ``to`` (holder, starter, manager or a role)."""

    #: A share of the time until due (0.8; 1.5 is half of it late), or a limit that starts at the due moment.
    when: float | Limit
    action: Action
    #: For ``raise``: the priority that the case has from then on, if it had a lower one.
    to: str
    #: How it is told, besides the page; "" leaves it to the person's own choice.
    channel: str = ""
    #: Told at night too.
    urgent: bool = False

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
        if self.when > 1:
            return add_working_time(due, total * (self.when - 1), counted)
        return min(add_working_time(start, total * self.when, counted), as_utc(due))

    def counted_in(self, counted: WorkCalendar, calendar: WorkCalendar) -> WorkCalendar:
        """Give the calendar by which its time passes, where its deadline's passes in ``counted``."""
        return self.when.counted_in(calendar) if isinstance(self.when, Limit) else counted

    def when_text(self) -> str:
        """Write when it is reached as a ladder does: ``80%``, ``+2 working hours``."""
        return f"+{self.when.text()}" if isinstance(self.when, Limit) else f"{self.when:.0%}"

    def table(self) -> dict[str, Any]:
        """Write it as :func:`parse_ladder` reads it."""
        told = {"channel": self.channel, "urgent": self.urgent}
        said = {key: value for key, value in told.items() if value}
        return {"when": self.when_text(), self.action: self.to, **said}


def parse_when(text: str) -> float | Limit:
    """Read when a rung is reached; raises ValueError with a sentence.

    >>> parse_when("150%")
    1.5
    """
    if match := _SHARE.fullmatch(text):
        return int(match[1]) / 100
    if not text.startswith("+"):
        raise ValueError(f'{text!r} is neither a share from "1%" to "999%" nor a limit after it, "+2 hours"')
    return parse_limit(text[1:])


def parse_ladder(table: Table, given: object, roles: Collection[str] | None = None) -> tuple[Rung, ...]:
    """Read the rungs of a ladder; raises :class:`Misconfigured` naming the rung.

    With ``roles`` (their ids), those that a rung names must be among them.
    """
    if not isinstance(given, list):
        table.refuse("ladder", f"must be a list, not {given!r}")
    return tuple(_rung(table, f"ladder {number}", values, roles) for number, values in enumerate(given, 1))


def _rung(table: Table, key: str, values: object, roles: Collection[str] | None) -> Rung:
    if not isinstance(values, Mapping):
        table.refuse(key, f'must be like {{ when = "80%", remind = "holder" }}, not {values!r}')
    actions = [action for action in ACTIONS if action in values]
    texts = {name: value for name, value in values.items() if name != "urgent"}
    if not all(isinstance(value, str) for value in texts.values()):
        table.refuse(key, f'must be like {{ when = "80%", remind = "holder" }}, not {values!r}')
    if len(actions) != 1 or "when" not in values or set(values) - _KEYS or not values[actions[0]].strip():
        table.refuse(key, f"must have `when` and one of {', '.join(f'`{action}`' for action in ACTIONS)}")
    urgent = values.get("urgent", False)
    if not isinstance(urgent, bool):
        table.refuse(f"{key}, urgent", f"must be true or false, not {urgent!r}")
    channel = values.get("channel", "")
    if channel and channel not in CHANNELS:
        table.refuse(f"{key}, channel", f"{channel!r} is none of {', '.join(sorted(CHANNELS))}")
    action = actions[0]
    _require_receiver(table, action, values[action], roles)
    try:
        when = parse_when(values["when"])
    except ValueError as error:
        table.refuse(f"{key}, when", str(error))
    return Rung(when, action, values[action], channel, urgent)


def _require_receiver(table: Table, action: Action, to: str, roles: Collection[str] | None) -> None:
    if action == "raise":
        if to not in PRIORITIES[1:]:
            table.refuse("ladder.raise", f"{to!r} is none of {', '.join(PRIORITIES[1:])}")
        return
    people = (MANAGER,) if action == "reassign" else (HOLDER, STARTER, MANAGER)
    if roles is not None and to not in people and to not in roles:
        table.refuse(f"ladder.{action}", f"{to!r} is neither {', '.join(people)} nor a role")
