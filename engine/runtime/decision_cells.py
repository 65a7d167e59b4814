"""The cells of a decision table: what an input cell asks of its value, compiled to tests.

.. code-block:: text

    (empty), -              anything
    "a"    3    limit       equal to it
    < 5    >= low    != 0   compared with it
    [1..5]    (1..5)        between the two; a round or reversed bracket leaves its end out
    ? % 2 == 0              an expression about the value, which is written ?
    "a", < 5, [7..9]        one of these
    not("a", "b")           none of these
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.runtime.expression_rules import parse_expression, require_functions_known
from engine.runtime.expression_words import (
    BUILTIN_FUNCTIONS,
    KNOWN_FUNCTIONS,
    LIMITS,
    ExpressionRefused,
)

#: What ``?`` is while Python parses the text: a letter of the same shape, so that places stay right.
VALUE = "ʔ"

_FUNCTIONS = KNOWN_FUNCTIONS | BUILTIN_FUNCTIONS
_COMPARES: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_LEADING = re.compile(r"(<=|>=|==|!=|<|>)(.*)", re.DOTALL)
_NOT = re.compile(r"not\s*\(")


@dataclass(frozen=True)
class Compiled:
    """An expression that has been parsed once, for all cases."""

    source: str
    tree: ast.expr = field(repr=False, compare=False)

    @cached_property
    def literal(self) -> tuple[Any] | None:
        """Its value, alone in a tuple, when it is written in so many words."""
        match self.tree:
            case ast.Constant(value=value):
                return (value,)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return (-number,)
        return None


#: Gives the value of an expression in the table's surroundings.
Evaluate = Callable[[Compiled], Any]


@dataclass(frozen=True)
class Compared:
    """The value stands in a relation to another; nothing is neither less nor greater than anything."""

    relation: str
    other: Compiled

    def holds(self, value: Any, evaluate: Evaluate) -> bool:
        """Say whether it holds of a value."""
        other = evaluate(self.other)
        if self.relation not in ("==", "!=") and (value is None or other is None):
            return False
        return bool(_COMPARES[self.relation](value, other))


@dataclass(frozen=True)
class Between:
    """The value stands between two others."""

    low: Compared
    high: Compared

    def holds(self, value: Any, evaluate: Evaluate) -> bool:
        """Say whether it holds of a value."""
        return self.low.holds(value, evaluate) and self.high.holds(value, evaluate)


@dataclass(frozen=True)
class About:
    """An expression about the value is true."""

    expression: Compiled

    def holds(self, value: Any, evaluate: Evaluate) -> bool:
        """Say whether it holds; the value is among the names that ``evaluate`` knows."""
        return bool(evaluate(self.expression))


@dataclass(frozen=True)
class NoneOf:
    """No test among these holds."""

    tests: tuple[Test, ...]

    def holds(self, value: Any, evaluate: Evaluate) -> bool:
        """Say whether it holds of a value."""
        return not any(test.holds(value, evaluate) for test in self.tests)


Test = Compared | Between | About | NoneOf


@dataclass(frozen=True)
class Cell:
    """An input cell: the tests of which one must hold; without any, it is always true."""

    tests: tuple[Test, ...] = ()

    def holds(self, value: Any, evaluate: Evaluate) -> bool:
        """Say whether the cell is true of a value."""
        return not self.tests or any(test.holds(value, evaluate) for test in self.tests)


def compile_expression(text: str) -> Compiled:
    """Parse an expression; raises :class:`ExpressionRefused`."""
    return _compiled(text, text)


def compile_cell(text: str) -> Cell:
    """Parse an input cell; raises :class:`ExpressionRefused`."""
    if text.strip() in ("", "-"):
        return Cell()
    if len(text) > LIMITS.expression:
        raise ExpressionRefused("too-long", length=len(text), most=LIMITS.expression)
    return Cell(_tests(text, 0))


def compile_values(text: str) -> tuple[Any, ...]:
    """The values of an output in the order in which they stand; raises :class:`ExpressionRefused`."""
    values = []
    for test in compile_cell(text).tests:
        if not isinstance(test, Compared) or test.relation != "==" or test.other.literal is None:
            raise ExpressionRefused("literal", value=text.strip()[:80])
        values.append(test.other.literal[0])
    return tuple(values)


def _tests(text: str, depth: int) -> tuple[Test, ...]:
    if depth > LIMITS.nesting:
        raise ExpressionRefused("too-deep", most=LIMITS.nesting)
    return tuple(_test(piece, depth) for piece in _pieces(text))


def _test(piece: str, depth: int) -> Test:
    piece = piece.strip()
    if (found := _range(piece)) is not None:
        return found
    if (leading := _LEADING.fullmatch(piece)) is not None:
        return Compared(leading[1], _plain(leading[2]))
    if (denied := _NOT.match(piece)) is not None and piece.endswith(")"):
        try:
            return NoneOf(_tests(piece[denied.end() : -1], depth + 1))
        except ExpressionRefused:
            # What begins so may be an expression about the value: not(? > 5) or (? < 2).
            if _closing(piece, denied.end() - 1) == len(piece) - 1:
                raise
    about = _about(piece)
    if about != piece:
        return About(_compiled(piece, about))
    return Compared("==", _plain(piece))


def _plain(text: str) -> Compiled:
    """Something to compare with: a value, not an answer of yes or no that would never equal it."""
    compiled = _compiled(text, text)
    answers = isinstance(compiled.tree, ast.Compare | ast.BoolOp)
    if answers or (isinstance(compiled.tree, ast.UnaryOp) and isinstance(compiled.tree.op, ast.Not)):
        raise ExpressionRefused("cell-answer", text=text.strip()[:80])
    return compiled


def _compiled(source: str, text: str) -> Compiled:
    tree = parse_expression(text)
    require_functions_known(tree, _FUNCTIONS, sorted(_FUNCTIONS))
    return Compiled(source.strip(), tree)


def _range(piece: str) -> Between | None:
    """A range, when a piece is one."""
    if piece[:1] not in ("[", "(", "]") or piece[-1:] not in ("]", ")", "["):
        return None
    inside = piece[1:-1]
    dots = next((at for at, level in _outside(inside) if level == 0 and inside.startswith("..", at)), None)
    if dots is None:
        return None
    if inside.startswith("...", dots):
        raise ExpressionRefused("construct", construct="...")
    low, high = _plain(inside[:dots]), _plain(inside[dots + 2 :])
    return Between(
        Compared(">=" if piece[0] == "[" else ">", low), Compared("<=" if piece[-1] == "]" else "<", high)
    )


def _pieces(text: str) -> Iterator[str]:
    """The alternatives of a cell, between commas that stand in no bracket and no quotation marks."""
    start = 0
    while start <= len(text):
        end = _range_end(text, start)
        if end is None:
            commas = (at for at, level in _outside(text, start) if level == 0 and text[at] == ",")
            end = next(commas, len(text))
        yield text[start:end]
        start = end + 1


def _range_end(text: str, start: int) -> int | None:
    """Where a range that begins here ends: its brackets may be reversed, so they do not pair."""
    first = len(text) - len(text[start:].lstrip())
    if text[first : first + 1] not in ("[", "(", "]"):
        return None
    dots = False
    for at, level in _outside(text, first + 1):
        dots = dots or (level == 0 and text.startswith("..", at))
        closes = (level == -1 and text[at] in "])") or (level == 0 and text[at] == "[")
        if dots and closes and (after := text[at + 1 :].lstrip())[:1] in ("", ","):
            return len(text) - len(after)
        if level < 0:
            return None
    return None


def _closing(text: str, opening: int) -> int | None:
    """Where the bracket that opens here is closed."""
    return next((at for at, level in _outside(text, opening + 1) if level == -1), None)


def _about(text: str) -> str:
    """A text with ``?`` as a name; what stands in quotation marks stays."""
    places = {at for at, _ in _outside(text) if text[at] == "?"}
    return "".join(VALUE if at in places else character for at, character in enumerate(text))


def _outside(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Every place outside quotation marks with how many brackets are open there.

    An opening bracket has the level around it, a closing one too; one that closes what was open
    before ``start`` has -1.
    """
    level, quote, at = 0, "", start
    while at < len(text):
        character = text[at]
        if quote:
            at += 1 if character == "\\" else 0
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#":
            raise ExpressionRefused("construct", construct="#")
        else:
            level -= 1 if character in ")]}" else 0
            yield at, level
            level += 1 if character in "([{" else 0
        at += 1
