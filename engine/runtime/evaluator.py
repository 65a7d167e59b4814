"""Evaluate a parsed expression: simpleeval's walk, with our own bounds on every step and value."""

from __future__ import annotations

import ast
import operator
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Any

from simpleeval import EvalWithCompoundTypes

from engine.runtime.expression_words import (
    ATTRIBUTES,
    BUILTIN_FUNCTIONS,
    LIMITS,
    METHODS,
    ExpressionRefused,
    Limits,
)

_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("str", (str,)),
    ("list", (list, tuple)),
    ("dict", (dict,)),
    ("date", (date, clock_time)),
    ("timedelta", (timedelta,)),
)
_PLAIN = (int, float, Decimal, date, clock_time, timedelta)
_NUMBERS = (int, float, Decimal)

_HANDLERS = {
    ast.Name: "_eval_name",
    ast.UnaryOp: "_eval_unaryop",
    ast.BinOp: "_eval_binop",
    ast.BoolOp: "_eval_boolop",
    ast.Compare: "_eval_compare",
    ast.IfExp: "_eval_ifexp",
    ast.Call: "_eval_call",
    ast.keyword: "_eval_keyword",
    ast.Subscript: "_eval_subscript",
    ast.Attribute: "_eval_attribute",
    ast.Slice: "_eval_slice",
    ast.JoinedStr: "_eval_joinedstr",
    ast.FormattedValue: "_eval_formattedvalue",
    ast.Constant: "_eval_constant",
    ast.List: "_eval_list",
    ast.Tuple: "_eval_tuple",
    ast.Set: "_eval_set",
    ast.Dict: "_eval_dict",
    ast.ListComp: "_eval_comprehension",
    ast.GeneratorExp: "_eval_comprehension",
    ast.DictComp: "_eval_comprehension",
}


def measure(value: object) -> int:
    """The weight of a value in bytes, roughly; it must be small, all levels together.

    Raises :class:`ExpressionRefused` (``size``) when it is not.

    What is shared is counted each time it appears, so neither a cycle nor a tower of shared lists
    passes. A kind of value that the language does not know is refused as well (``kind``).
    """
    items = characters = 0
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            characters += len(found)
        elif isinstance(found, dict):
            items += len(found)
            if items <= LIMITS.items:
                waiting += found.keys()
                waiting += found.values()
        elif isinstance(found, list | tuple | set | frozenset):
            items += len(found)
            if items <= LIMITS.items:
                waiting += found
        elif isinstance(found, int) and found.bit_length() > LIMITS.bits:
            raise ExpressionRefused("size")
        elif isinstance(found, Decimal) and abs(found.adjusted()) > LIMITS.exponent:
            raise ExpressionRefused("size")  # as a whole number it would have that many digits
        elif found is not None and not isinstance(found, _PLAIN):
            raise ExpressionRefused("kind", what="value", kind=type(found).__name__)
        if items > LIMITS.items or characters > LIMITS.text:
            raise ExpressionRefused("size")
    return 8 * items + characters


class Evaluator(EvalWithCompoundTypes):
    """One evaluation: counts its steps and time, measures every value it makes.

    Data are looked up in ``names`` and functions in ``functions``; neither hides the other. What goes
    wrong is an :class:`ExpressionRefused` or whatever Python or a function raises.
    """

    def __init__(
        self,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]],
        limits: Limits = LIMITS,
    ) -> None:
        # Not the parent's own __init__: it silences warnings for the whole interpreter while it
        # runs, which is not safe in threads, and offers types and operators that we do not.
        self.names = names
        self.functions = {**_FUNCTIONS, **functions}
        self.operators = _OPERATORS
        self.nodes = {kind: getattr(self, handler) for kind, handler in _HANDLERS.items()}
        self.line = 1
        self._steps = 0
        self.limits = limits
        self._until = time.thread_time() + limits.seconds
        self._made = 0
        self._measured: set[str] = set()

    def result(self, tree: ast.expr) -> object:
        """The value of an expression; may be called again, within the same budget."""
        return self._eval(tree)

    def _eval(self, node: Any) -> Any:
        self._steps += 1
        if self._steps > self.limits.steps:
            raise ExpressionRefused("steps", most=self.limits.steps)
        if time.thread_time() > self._until:
            raise ExpressionRefused("time", most=self.limits.seconds)
        self.line = getattr(node, "lineno", self.line)
        return self.nodes[type(node)](node)

    def _bounded(self, value: Any) -> Any:
        """A value that was made here: small itself, and not too much together with all others."""
        self._made += measure(value)
        if self._made > self.limits.made:
            raise ExpressionRefused("size")
        return value

    def _eval_name(self, node: ast.Name) -> Any:
        name = node.id
        if name not in self.names:
            if name in self.functions:
                raise ExpressionRefused("function-not-called", name=name)
            raise ExpressionRefused("name-unknown", name=name, known=self.names)
        value = self.names[name]
        if name not in self._measured:
            measure(value)
            self._measured.add(name)
        return value

    def forget(self, name: str) -> None:
        """Measure a name's value again, since it was assigned."""
        self._measured.discard(name)

    def _eval_call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            function = self._method(node.func)
        elif isinstance(node.func, ast.Name) and node.func.id in self.functions:
            function = self.functions[node.func.id]
        else:
            name = node.func.id if isinstance(node.func, ast.Name) else type(node.func).__name__
            raise ExpressionRefused("function-unknown", name=name, known=self.functions)
        arguments = [self._eval(argument) for argument in node.args]
        named = {keyword.arg: self._eval(keyword.value) for keyword in node.keywords if keyword.arg}
        return self._bounded(function(*arguments, **named))

    def _method(self, node: ast.Attribute) -> Callable[..., object]:
        owner, name = self._eval(node.value), node.attr
        if name not in METHODS.get(_kind(owner), ()):
            raise ExpressionRefused("kind", what=f"{name}()", kind=type(owner).__name__)
        if isinstance(owner, str) and name == "replace":
            return lambda old, new: _replace(owner, old, new)
        if isinstance(owner, str) and name == "join":
            return lambda parts: _join(owner, parts)
        if isinstance(owner, dict) and name != "get":
            return lambda: list(getattr(owner, name)())
        return getattr(owner, name)  # type: ignore[no-any-return]

    def _eval_attribute(self, node: ast.Attribute) -> Any:
        owner, name = self._eval(node.value), node.attr
        if isinstance(owner, dict):
            if name in owner:
                return owner[name]
            raise ExpressionRefused("key-unknown", name=name, known=owner)
        if name in ATTRIBUTES.get(_kind(owner), ()):
            return getattr(owner, name)
        raise ExpressionRefused("kind", what=f".{name}", kind=type(owner).__name__)

    def _eval_subscript(self, node: ast.Subscript) -> Any:
        owner, key = self._eval(node.value), self._eval(node.slice)
        if not isinstance(owner, str | list | tuple | dict):
            raise ExpressionRefused("kind", what="[…]", kind=type(owner).__name__)
        try:
            return self._bounded(owner[key]) if isinstance(key, slice) else owner[key]
        except KeyError:
            raise ExpressionRefused("key-unknown", name=key, known=owner) from None
        except IndexError:
            raise ExpressionRefused("index", name=key) from None

    def _eval_binop(self, node: ast.BinOp) -> Any:
        return self._bounded(super()._eval_binop(node))

    def _eval_list(self, node: ast.List) -> Any:
        return self._bounded(super()._eval_list(node))

    def _eval_tuple(self, node: ast.Tuple) -> Any:
        return self._bounded(super()._eval_tuple(node))

    def _eval_set(self, node: ast.Set) -> Any:
        return self._bounded(super()._eval_set(node))

    def _eval_dict(self, node: ast.Dict) -> Any:
        return self._bounded(super()._eval_dict(node))

    def _eval_comprehension(self, node: Any) -> Any:
        return self._bounded(super()._eval_comprehension(node))

    def _eval_joinedstr(self, node: ast.JoinedStr) -> Any:
        return self._bounded(_join("", [_text(self._eval(part)) for part in node.values]))

    def _eval_formattedvalue(self, node: ast.FormattedValue) -> Any:
        if node.format_spec is not None or node.conversion != -1:
            raise ExpressionRefused("format", what="f-string")
        return self._eval(node.value)

    def combine(self, kind: type[ast.operator], left: object, right: object) -> object:
        """Apply one operator to two values, for ``name += expression``."""
        return self._bounded(self.operators[kind](left, right))


def _kind(value: object) -> str:
    return next((name for name, kinds in _KINDS if isinstance(value, kinds)), "")


def _join(separator: str, parts: Any) -> str:
    if len(separator) * len(parts) + sum(map(len, parts)) > LIMITS.text:
        raise ExpressionRefused("size")
    return separator.join(parts)


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > LIMITS.text:
        raise ExpressionRefused("size")
    return text.replace(old, new)


def _multiply(left: Any, right: Any) -> Any:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(times, int):
            most = LIMITS.text if isinstance(sequence, str) else LIMITS.items
            if len(sequence) * times > most:
                raise ExpressionRefused("size")
    return left * right


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(base, int | float) or not isinstance(exponent, int | float):
        raise ExpressionRefused("kind", what="**", kind=f"{type(base).__name__}, {type(exponent).__name__}")
    if abs(exponent) > LIMITS.exponent:
        raise ExpressionRefused("size")
    # A negative base with a fractional exponent gives a complex number; measuring refuses it.
    return base**exponent


def _remainder(left: Any, right: Any) -> Any:
    if not isinstance(left, int | float | Decimal | timedelta):
        raise ExpressionRefused("format", what="%")
    return left % right


def _sum(values: Any, start: Any = 0) -> Any:
    numbers = list(values)
    # Adding lists or texts up copies them over and over.
    for number in [*numbers, start]:
        if not isinstance(number, (*_NUMBERS, timedelta)):
            raise ExpressionRefused("kind", what="sum()", kind=type(number).__name__)
    return sum(numbers, start)


def _round(number: Any, digits: int | None = None) -> Any:
    if digits is not None and abs(digits) > LIMITS.exponent:
        raise ExpressionRefused("size")
    return round(number, digits)


def _range(*bounds: int) -> list[int]:
    if any(isinstance(bound, int) and bound.bit_length() > 60 for bound in bounds):
        raise ExpressionRefused("size")
    numbers = range(*bounds)
    if len(numbers) > LIMITS.items:
        raise ExpressionRefused("size")
    return list(numbers)


def _text(value: object = "") -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _remainder,
    ast.Pow: _power,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_FUNCTIONS: dict[str, Callable[..., object]] = {
    "len": len,
    "sum": _sum,
    "min": min,
    "max": max,
    "abs": abs,
    "round": _round,
    "int": int,
    "float": float,
    "str": _text,
    "bool": bool,
    "sorted": sorted,
    "any": any,
    "all": all,
    "range": _range,
    "list": list,
    "dict": dict,
}
assert _FUNCTIONS.keys() == BUILTIN_FUNCTIONS
