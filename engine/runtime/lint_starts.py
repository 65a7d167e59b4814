"""Check what starts a procedure by itself: it is tried, for a moment, before anything is published."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from lxml import etree

from engine.domain import recurring
from engine.domain.calendars import ALWAYS
from engine.domain.worktime import next_at
from engine.errors import RuntimeFailed
from engine.runtime.expressions import names_in
from engine.runtime.lint_check import Check
from engine.runtime.starting import TimerStart, due_after

#: The moment for which a start is tried.
_TRIED = datetime(2026, 1, 5, 1, tzinfo=UTC)
#: What only a case can answer.
_OF_A_CASE = frozenset({"handler", "visits", "department"})


def check_start(
    check: Check, element: etree._Element, source: str, tree: ast.AST, *, line: int, repeats: bool
) -> None:
    """What starts a procedure is worked out while there is no case: it names no data, and gives a moment."""
    node = check.diagram.nodes.get(element.get("id", ""))
    if node is None or (node.type, node.scope) != ("startEvent", None):
        return
    if names := sorted(names_in(source)):
        zh, en = f"那时还没有数据 {names[0]}", f"there is no datum {names[0]} yet"
    elif used := _of_a_case(tree):
        zh, en = f"那时还没有案件，不能用 {used}()", f"there is no case yet to ask {used}() of"
    else:
        try:
            start = TimerStart(node.id, node.name, source, repeats)
            due_after(start, _TRIED, _trial(), lambda name, after: after + timedelta(days=1))
            return
        except (RuntimeFailed, ValueError) as error:
            facts = getattr(error, "facts", {})
            zh, en = str(facts.get("zh") or error), str(facts.get("en") or error)
    check.add("start-timer", element, line=line, text=source[:80], detail_zh=zh, detail_en=en)


def _of_a_case(tree: ast.AST) -> str:
    """A function that only a case can answer."""
    return next(
        (
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OF_A_CASE
        ),
        "",
    )


def _trial() -> dict[str, Callable[..., object]]:
    def later(**span: float) -> str:
        return (_TRIED + timedelta(**span)).isoformat()

    return {
        "due_in": lambda name: later(days=1),
        "working_hours": lambda n: later(hours=n),
        "working_days": lambda n: later(days=n),
        "at": lambda clock: next_at(_TRIED, time.fromisoformat(clock), ALWAYS).isoformat(),
        "now": _TRIED.isoformat,
        "today": lambda: _TRIED.date().isoformat(),
        "get": lambda name, default=None: default,
        "has": lambda name: False,
        **recurring.functions(_TRIED, ALWAYS),
    }
