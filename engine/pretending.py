"""What a dry run has in place of people, calendars and services: answers, instants and numbers made up."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain import recurring
from engine.domain.calendars import always
from engine.domain.facts import Data, OpenTask
from engine.runtime.data_references import lists_of
from engine.runtime.lint_expressions import trees_of
from engine.runtime.scripting import Bounds
from engine.runtime.workflow import Tools
from forms.model import Field, Form

#: The calendar of a dry run: there is none, every day is worked.
PLAIN = always()
#: Where every dry run begins: a Monday morning.
BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

FormOf = Callable[[str, str], Form | None]


def plausible_answers(task: OpenTask, form: Form | None, data: Data, now: datetime) -> Data:
    """Answers to a task that nobody gave any for: what is there already, else a sample of each field."""
    if form is None:
        return {}
    return {leaf.key: _sample(leaf, data, now) for leaf in form.leaves() if not leaf.readonly}


def _sample(leaf: Field, data: Data, now: datetime) -> Any:
    if data.get(leaf.key) not in (None, ""):
        return data[leaf.key]
    if leaf.options:
        first = leaf.options[0].value
        return [first] if leaf.is_many else first
    moment = now.isoformat()
    samples = {
        "checkbox": True,
        "number": leaf.min or 1,
        "datetime": {"date": moment[:10], "time": moment[11:16]}.get(leaf.subtype, moment),
    }
    return [] if leaf.is_many or leaf.is_rows else samples.get(leaf.type, leaf.label)


def nothing_yet(contents: Iterable[bytes], names: Iterable[str]) -> Data:
    """What is read of data that nobody has filled: nothing, in the kind that an expression compares it with.

    Zero where it is compared with numbers, an empty list where its items are counted, else None; a list of
    two that an activity is done for, which with nothing would not be done at all.
    """
    found: Data = dict.fromkeys(names)
    for content in contents:
        found.update({name: ["1", "2"] for name in lists_of(content)})
        for tree in trees_of(content):
            for node in ast.walk(tree):
                for part, kind in _compared(node):
                    _fill(found, part, kind)
    return found


def _compared(node: ast.AST) -> Iterable[tuple[ast.expr, type]]:
    """The parts of an expression that only make sense as a number, a text or a list, with that kind."""
    match node:
        case ast.Compare(left=left, ops=operators, comparators=rest):
            sides = [left, *rest]
            for operator, one, other in zip(operators, sides, rest, strict=False):
                if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                    kind = str if any(isinstance(getattr(s, "value", 0), str) for s in (one, other)) else int
                    yield from ((one, kind), (other, kind))
                elif isinstance(operator, ast.In | ast.NotIn):
                    yield other, list
        case ast.BinOp(left=left, right=right):
            kind = str if any(_is_text(part) for part in ast.walk(node)) else int
            yield from ((left, kind), (right, kind))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand, int
        case ast.Call(func=ast.Name(id="len" | "sorted" | "any" | "all" | "sum" | "list"), args=[one]):
            yield one, list
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method not in ("get", "items", "keys"):
            yield value, str
        case ast.comprehension(iter=items):
            yield items, list


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def _fill(found: Data, part: ast.expr, kind: type) -> None:
    """Put the empty value of a kind where a name, or a key within it, has none yet."""
    keys: list[str] = []
    while isinstance(part, ast.Attribute):
        keys.insert(0, part.attr)
        part = part.value
    if not isinstance(part, ast.Name) or part.id not in found:
        return
    place, key = found, part.id
    for following in keys:
        if place[key] is None:
            place[key] = {}
        if not isinstance(place[key], dict):
            return
        place, key = place[key], following
        place.setdefault(key, None)
    if place[key] is None:
        place[key] = kind()


class Numbers:
    """Numbers that a dry run issues: ``DRY-0001`` and so on."""

    def __init__(self) -> None:
        self.last = 0

    def issue(self) -> str:
        """The next one."""
        self.last += 1
        return f"DRY-{self.last:04d}"


def pretended_tools(process: str, now: datetime, numbers: Numbers, bounds: Bounds) -> Tools:
    """What the engine lends to a run, without an engine: a deadline is a day, a service answers nothing."""

    def call(operator: str, parameters: Data, data: Data, node: str, process: str) -> Any:
        return numbers.issue() if operator == "number/issue" else None

    def later(**span: float) -> str:
        return (now + timedelta(**span)).isoformat()

    return Tools(
        now=now,
        names={"case": _case(process)},
        functions={
            "due_in": lambda name: later(days=1),
            "working_hours": lambda n: later(hours=n),
            "working_days": lambda n: later(days=n),
            "at": lambda clock: later(hours=8),
            **recurring.functions(now, PLAIN),
            "now": now.isoformat,
            "today": lambda: now.date().isoformat(),
            "department": lambda name: [name],
        },
        due_again=lambda name, after: after + timedelta(days=1),
        bounds=bounds,
        call=call,
    )


def _case(process: str) -> Mapping[str, Any]:
    return {
        "no": "DRY-0001",
        "site": "dry-run",
        "starter": 1,
        "started_at": BEGIN.isoformat(),
        "procedure": process,
    }
