"""Moments that timers are due at: what the value of a timer's expression says, from a moment on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from engine.domain.durations import cycle_of, duration_of
from engine.errors import RuntimeFailed

#: Marks the text that the function ``every()`` gives to a repeating timer.
EVERY = "every "
#: Between two rings of a repeating timer.
SHORTEST = timedelta(seconds=1)

#: When a repeating deadline is due again: (name, after) → instant.
DueAgain = Callable[[str, datetime], datetime]


def instant(value: Any, after: datetime) -> datetime:
    """The instant that a date gives, or a duration after a moment; raises :class:`RuntimeFailed`."""
    try:
        text = str(value).strip()
        if text.upper().startswith("P"):
            return duration_of(text).after(after)
        due = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise RuntimeFailed("A timer does not give an instant or a duration.", value=value) from error
    return due if due.tzinfo else due.replace(tzinfo=after.tzinfo)


def ring_after(value: Any, after: datetime, due_again: DueAgain) -> datetime:
    """When a timer rings next; raises :class:`RuntimeFailed`."""
    if isinstance(value, str) and value.startswith(EVERY):
        return due_again(value.removeprefix(EVERY), after)
    return instant(str(value).split("/")[-1], after)


def ring_again(value: Any, after: datetime, due_again: DueAgain) -> datetime:
    """When a timer that repeats rings next; one without length would ring for ever at the same moment."""
    due = ring_after(value, after, due_again)
    if due - after < SHORTEST:
        raise RuntimeFailed("A timer that repeats needs a period of a second or more.", value=value)
    return due


def rings_of(value: Any) -> int | None:
    """How often a repeating timer rings; None is without end. Raises :class:`RuntimeFailed`."""
    if not (isinstance(value, str) and value.upper().startswith("R")):
        return None
    try:
        return cycle_of(value.strip())[0]
    except ValueError as error:
        raise RuntimeFailed("A repeating timer does not repeat.", value=value) from error
