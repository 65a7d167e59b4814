"""Procedures that start by themselves: the timer start events of a drawing, and when each is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.errors import RuntimeFailed
from engine.runtime import reading, timing
from engine.runtime.expressions import LIMITS, ExpressionRefused, Limits, evaluate
from engine.runtime.reading import Diagram
from engine.runtime.timing import DueAgain

#: Between two starts: a slip of the pen must not fill a house with cases.
SHORTEST = timedelta(minutes=1)

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class TimerStart:
    """A start event that begins a case when it is due."""

    node: str
    name: str
    expression: str
    #: Again and again; otherwise once.
    repeats: bool


def timer_starts(diagram: Diagram, process: str) -> list[TimerStart]:
    """The timer start events of a process itself, in the order of the file."""
    elements = {found.get("id"): found for found in diagram.tree.getroot().iter(reading.q("startEvent"))}
    found = []
    for node in diagram.nodes.values():
        if node.type != "startEvent" or node.event != "timer" or node.scope or node.process != process:
            continue
        cycle = elements[node.id].find(f".//{reading.q('timeCycle')}")
        repeats = cycle is not None and bool((cycle.text or "").strip())
        found.append(TimerStart(node.id, node.name, node.text.strip(), repeats))
    return found


def due_after(
    start: TimerStart, after: datetime, functions: Functions, due_again: DueAgain, limits: Limits = LIMITS
) -> tuple[datetime, int | None]:
    """When a start is due first after a moment, and how often in all; None is without end.

    ``functions`` are those of that moment. Raises :class:`RuntimeFailed` naming the element.
    """
    lent = {**functions, "every": lambda name: timing.EVERY + name}
    try:
        value = evaluate(start.expression, {}, lent, limits=limits)
        if not start.repeats:
            return timing.ring_after(value, after, due_again), 1
        rings, due = timing.rings_of(value), timing.ring_after(value, after, due_again)
        # By the clock the next moment may be a second away, and the one after it is a day away.
        if due <= after or (str(value)[:1] in "Rr" and due - after < SHORTEST):
            raise RuntimeFailed(
                "Between two starts there must be a minute or more.",
                value=value,
                zh="两次开始之间至少要有一分钟",
                en="between two starts there must be a minute or more",
            )
    except ExpressionRefused as error:
        zh, en = error.message_zh, error.message_en
        raise RuntimeFailed(en, element=start.node, reason=error.reason, zh=zh, en=en) from error
    except RuntimeFailed as error:
        error.facts.setdefault("element", start.node)
        raise
    return due, rings
