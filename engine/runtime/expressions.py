"""The small, safe, bounded language of conditions, scripts, timers and parameters.

One evaluator for all of them, never ``eval`` or ``exec``: :func:`check_expression` and
:func:`check_script` when a procedure is published, :func:`evaluate` and :func:`execute` when it
runs, :class:`ExpressionEnvironment` where SpiffWorkflow asks. The language itself is described in
``docs/reference/expressions.md``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

from engine.errors import BoundReached, ExpressionFailed, RuntimeFailed
from engine.runtime.evaluator import Evaluator, measure
from engine.runtime.expression_rules import (
    free_names,
    parse_expression,
    parse_script,
    require_functions_known,
    targets_of,
)
from engine.runtime.expression_words import (
    BOUNDS,
    BUILTIN_FUNCTIONS,
    KNOWN_FUNCTIONS,
    LIMITS,
    RESERVED_NAMES,
    ExpressionRefused,
    Limits,
)

__all__ = [
    "BUILTIN_FUNCTIONS",
    "KNOWN_FUNCTIONS",
    "LIMITS",
    "RESERVED_NAMES",
    "ExpressionEnvironment",
    "ExpressionRefused",
    "Limits",
    "assigned_in",
    "check_expression",
    "check_script",
    "evaluate",
    "evaluate_parsed",
    "execute",
    "names_in",
    "to_json",
]

Functions = Mapping[str, Callable[..., object]]


def check_expression(source: str, *, functions: frozenset[str] = KNOWN_FUNCTIONS) -> None:
    """Raise :class:`ExpressionRefused` unless ``source`` is an expression of the language.

    ``functions`` are the names that may be called besides those of the language itself.
    """
    tree = parse_expression(source)
    require_functions_known(tree, functions | BUILTIN_FUNCTIONS, sorted(functions | BUILTIN_FUNCTIONS))


def check_script(source: str, *, functions: frozenset[str] = KNOWN_FUNCTIONS) -> None:
    """Raise :class:`ExpressionRefused` unless ``source`` is lines of ``name = expression``."""
    tree = parse_script(source)
    require_functions_known(tree, functions | BUILTIN_FUNCTIONS, sorted(functions | BUILTIN_FUNCTIONS))


def names_in(source: str, script: bool = False) -> frozenset[str]:
    """The data that an expression or a script reads; raises :class:`ExpressionRefused`.

    Functions that are called, a comprehension's own variables and what an earlier line of the same
    script assigned are not among them.

    >>> sorted(names_in("len(items) > limit and case.no"))
    ['case', 'items', 'limit']
    """
    return free_names(parse_script(source) if script else parse_expression(source))


def assigned_in(source: str) -> frozenset[str]:
    """The names that a script assigns; raises :class:`ExpressionRefused`."""
    return frozenset().union(*(targets_of(statement) for statement in parse_script(source).body))


def evaluate(
    source: str, names: Mapping[str, object], functions: Functions, *, limits: Limits = LIMITS
) -> object:
    """The value of an expression.

    ``names`` are the data it may read, ``functions`` what it may call besides the language's own.
    The value may share lists and dicts with ``names``; :func:`to_json` gives a copy. Raises
    ``ExpressionFailed`` (facts ``source``, ``reason``, ``line``, ``zh``, ``en``), and
    ``BoundReached`` with the same facts when a limit stopped it.

    >>> evaluate("amount * 2 if urgent else amount", {"amount": 21, "urgent": True}, {})
    42
    """
    evaluator = Evaluator(names, functions, limits)
    with _telling(source, evaluator):
        return evaluator.result(parse_expression(source))


def evaluate_parsed(
    tree: ast.expr,
    source: str,
    names: Mapping[str, object],
    functions: Functions,
    *,
    limits: Limits = LIMITS,
) -> object:
    """The value of an expression that was parsed before; everything else as in :func:`evaluate`."""
    evaluator = Evaluator(names, functions, limits)
    with _telling(source, evaluator):
        return evaluator.result(tree)


def execute(
    source: str, names: Mapping[str, object], functions: Functions, *, limits: Limits = LIMITS
) -> dict[str, Any]:
    """Run a script and return what it assigned, as JSON values; ``names`` stay as they are.

    Raises like :func:`evaluate`; then nothing was assigned.

    >>> execute("total = price * 3\\ntotal += 1", {"price": 2}, {})
    {'total': 7}
    """
    work = dict(names)
    assigned: dict[str, Any] = {}
    evaluator = Evaluator(work, functions, limits)
    with _telling(source, evaluator):
        for statement in parse_script(source).body:
            assert isinstance(statement, ast.Assign | ast.AugAssign)
            evaluator.line = statement.lineno
            value = evaluator.result(statement.value)
            (name,) = targets_of(statement)
            if isinstance(statement, ast.AugAssign):
                before = evaluator.result(ast.copy_location(ast.Name(name, ast.Load()), statement))
                value = evaluator.combine(type(statement.op), before, value)
            work[name] = assigned[name] = to_json(value)
            evaluator.forget(name)
        measure(assigned)
    return assigned


def to_json(value: object) -> Any:
    """A copy of ``value`` made of JSON values only.

    Dates and times become ISO text, tuples and sets lists, decimals text. Anything else, a number
    that is not finite, a key that is not text, a text that cannot be stored, and the key
    ``typename`` (with which a saved case could not be read again) raise
    :class:`ExpressionRefused` (``not-json``).
    """
    measure(value)
    try:
        return _to_json(value)
    except RecursionError:
        raise ExpressionRefused("too-deep", most=LIMITS.nesting) from None


def _to_json(value: object) -> Any:
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case str():
            return _storable(value)
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return [_to_json(item) for item in value]
        case set() | frozenset():
            return [
                _to_json(item) for item in sorted(value, key=lambda item: (type(item).__name__, str(item)))
            ]
        case dict():
            return {_key(key): _to_json(item) for key, item in value.items()}
        case _:
            raise ExpressionRefused("not-json", detail=f"{type(value).__name__} {value!s:.40}")


def _key(key: object) -> str:
    if not isinstance(key, str) or key == "typename":
        raise ExpressionRefused("not-json", detail=f"{{{key!r:.40}: …}}")
    return _storable(key)


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ExpressionRefused("not-json", detail=ascii(text)[:40])
    return str(text)


@contextmanager
def _telling(source: str, evaluator: Evaluator) -> Iterator[None]:
    """Turn whatever goes wrong into the engine's own errors, with the place."""
    try:
        yield
    except RuntimeFailed:
        raise
    except ExpressionRefused as error:
        raise _failure(source, error.line or evaluator.line, error) from None
    except ZeroDivisionError as error:
        raise _failure(source, evaluator.line, ExpressionRefused("zero")) from error
    except (RecursionError, MemoryError) as error:
        refused = ExpressionRefused("too-deep", most=LIMITS.nesting)
        raise _failure(source, evaluator.line, refused) from error
    except Exception as error:
        refused = ExpressionRefused("failed", detail=str(error)[:200] or type(error).__name__)
        raise _failure(source, evaluator.line, refused) from error


def _failure(source: str, line: int, refused: ExpressionRefused) -> RuntimeFailed:
    kind = BoundReached if refused.reason in BOUNDS else ExpressionFailed
    return kind(
        refused.message_en,
        source=source[:400],
        reason=refused.reason,
        line=line,
        zh=refused.message_zh,
        en=refused.message_en,
    )


class ExpressionEnvironment(BasePythonScriptEngineEnvironment):
    """Where SpiffWorkflow evaluates and executes: the language above and nothing else.

    ``functions`` are given once. In a call's external context, what can be called is a further
    function and the rest are data, which stand before the case's own of the same name.
    """

    def __init__(self, functions: Functions) -> None:
        super().__init__({})
        self.functions = dict(functions)

    def evaluate(
        self, expression: str, context: Mapping[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value of an expression as JSON values, dates as ISO text."""
        names, functions = self._split(context, external_context)
        value = evaluate(expression, names, functions)
        with _telling(expression, Evaluator(names, functions)):
            return to_json(value)

    def execute(
        self, script: str, context: dict[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> bool:
        """Run a script on the data of a task; when it fails the data are as they were."""
        names, functions = self._split(context, external_context)
        context.update(execute(script, names, functions))
        return True

    def _split(
        self, context: Mapping[str, Any], external: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any], dict[str, Callable[..., object]]]:
        names = dict(context)
        functions = dict(self.functions)
        for name, value in (external or {}).items():
            if callable(value):
                functions[name] = value
            else:
                names[name] = value
        return names, functions
