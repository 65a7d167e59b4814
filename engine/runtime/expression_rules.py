"""The grammar of the expression language: parse a text and refuse what is not part of it.

Everything here looks at the text alone; nothing is evaluated.
"""

from __future__ import annotations

import ast
import textwrap
import unicodedata
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache

from engine.runtime.expression_words import LIMITS, METHODS, RESERVED_NAMES, ExpressionRefused

_ALL_METHODS = frozenset().union(*METHODS.values())
_MUTATORS = frozenset(
    {
        *("append", "extend", "insert", "pop", "popitem", "remove", "clear", "sort", "reverse"),
        *("update", "setdefault", "add", "discard"),
    }
)
_FORMATTERS = frozenset(
    {"format", "format_map", "strftime", "center", "ljust", "rjust", "zfill", "expandtabs"}
)
_FOREIGN_CONSTANTS = {"true": "True", "false": "False", "null": "None", "none": "None", "undefined": "None"}

#: What Python says of common slips, and how we say it.
_SYNTAX_HINTS = (
    ("'=='", "：比较要用 =="),
    ("never closed", "：括号没有闭合"),
    ("unmatched", "：多了一个括号"),
    ("does not match", "：括号不配对"),
    ("unterminated", "：引号没有闭合"),
    ("invalid character", "：有不认识的字符，符号和引号要用半角"),
    ("too many nested", "：括号嵌套过深"),
    ("forgot a comma", "：少了逗号或运算符"),
)

_NODES: tuple[type[ast.AST], ...] = (
    *(ast.Expression, ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BoolOp),
    *(ast.UnaryOp, ast.BinOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.Attribute, ast.Call),
    *(ast.keyword, ast.JoinedStr, ast.FormattedValue, ast.ListComp, ast.GeneratorExp, ast.DictComp),
    *(ast.comprehension, ast.expr_context, ast.boolop, ast.cmpop),
    *(ast.Not, ast.USub, ast.UAdd, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
)


def require_functions_known(tree: ast.AST, functions: Container[str], known: Iterable[str]) -> None:
    """Raise :class:`ExpressionRefused` for a call of a function that is not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in functions:
            name = node.func.id
            raise ExpressionRefused("function-unknown", node.lineno, name=name, known=known)


def free_names(tree: ast.AST) -> frozenset[str]:
    """Names that an expression or script reads from outside itself."""
    found: set[str] = set()
    if isinstance(tree, ast.Module):
        assigned: set[str] = set()
        for statement in tree.body:
            if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
                found |= {statement.target.id} - assigned
            if isinstance(statement, ast.Assign | ast.AugAssign):
                found |= _read(statement.value) - assigned
                assigned |= targets_of(statement)
        return frozenset(found)
    return frozenset(_read(tree))


def targets_of(statement: ast.stmt) -> set[str]:
    """The name that a statement assigns."""
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()


@lru_cache(maxsize=2_048)
def parse_expression(source: str) -> ast.expr:
    """Parse one expression; raises :class:`ExpressionRefused`."""
    if not source.strip():
        raise ExpressionRefused("empty")
    _require_plain_text(source, LIMITS.expression)
    tree = _parse(source.strip(), "eval")
    _require_grammar(tree)
    assert isinstance(tree, ast.Expression)
    return tree.body


@lru_cache(maxsize=512)
def parse_script(source: str) -> ast.Module:
    """Parse a script, lines of ``name = expression``; raises :class:`ExpressionRefused`."""
    _require_plain_text(source, LIMITS.script)
    text = textwrap.dedent(source)
    try:
        tree = _parse(text, "exec")
    except ExpressionRefused:
        # Assignments have no blocks, so an indentation is only how the XML was laid out.
        tree = _parse("\n".join(line.lstrip() for line in text.splitlines()), "exec")
    assert isinstance(tree, ast.Module)
    for statement in tree.body:
        _require_assignment(statement)
        assert isinstance(statement, ast.Assign | ast.AugAssign)
        _require_grammar(statement.value)
    return tree


def _parse(source: str, mode: str) -> ast.AST:
    try:
        return ast.parse(source, mode=mode)
    except SyntaxError as error:
        raise _unreadable(error.lineno or 1, error.offset or 1, str(error.msg)) from None
    except (RecursionError, MemoryError):
        raise ExpressionRefused("too-deep", most=LIMITS.nesting) from None
    except ValueError as error:
        raise _unreadable(1, 1, str(error)[:200]) from None


def _unreadable(row: int, column: int, detail: str) -> ExpressionRefused:
    hint = next((chinese for english, chinese in _SYNTAX_HINTS if english in detail), "")
    return ExpressionRefused("syntax", row, row=row, column=column, detail=detail, hint=hint)


def _require_plain_text(source: str, most: int) -> None:
    if len(source) > most:
        raise ExpressionRefused("too-long", length=len(source), most=most)
    for position, character in enumerate(source):
        # Cc: control, Cf: bidirectional marks and other invisible ones, Cs: half of a character.
        if unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in "\t\n\r":
            line = source.count("\n", 0, position) + 1
            raise ExpressionRefused("control-character", line, character=f"U+{ord(character):04X}")


def _require_assignment(statement: ast.stmt) -> None:
    good = (isinstance(statement, ast.Assign) and len(statement.targets) == 1) or (
        isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
    )
    names = targets_of(statement)
    if not good or not names:
        raise ExpressionRefused("not-assignment", statement.lineno)
    name = names.pop()
    if name.startswith("_"):
        raise ExpressionRefused("underscore", statement.lineno, name=name)
    if name in RESERVED_NAMES:
        raise ExpressionRefused("reserved-name", statement.lineno, name=name)


def _require_grammar(tree: ast.AST) -> None:
    called: set[ast.AST] = set()
    for node, depth in _nested(tree):
        line = getattr(node, "lineno", None)
        if depth > LIMITS.nesting:
            raise ExpressionRefused("too-deep", line, most=LIMITS.nesting)
        if not isinstance(node, _NODES):
            if isinstance(node, ast.Starred):
                raise ExpressionRefused("star-arguments", line)
            reason = "operator" if isinstance(node, ast.operator | ast.unaryop) else "construct"
            raise ExpressionRefused(reason, line, construct=type(node).__name__)
        if isinstance(node, ast.Call):
            called.add(node.func)
        _require_node(node, line, is_called=node in called)


def _nested(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Every part with its level, the whole before its parts, without recursion."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _require_node(node: ast.AST, line: int | None, *, is_called: bool) -> None:
    match node:
        case ast.Constant(value=value):
            if not isinstance(value, str | int | float | None):
                raise ExpressionRefused("literal", line, value=type(value).__name__)
            if isinstance(value, int) and value.bit_length() > LIMITS.bits:
                raise ExpressionRefused("size", line)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.startswith("_"):
            raise ExpressionRefused("underscore", line, name=name)
        case ast.Name(id=name) if name in _FOREIGN_CONSTANTS and not is_called:
            raise ExpressionRefused("foreign-constant", line, name=name, right=_FOREIGN_CONSTANTS[name])
        case ast.Attribute(attr=name) if is_called:
            _require_method(name, line)
        case ast.Call(func=func, keywords=keywords):
            if not isinstance(func, ast.Name | ast.Attribute):
                raise ExpressionRefused("construct", line, construct="Call")
            if any(keyword.arg is None for keyword in keywords):
                raise ExpressionRefused("star-arguments", line)
        case ast.Dict(keys=keys) if None in keys:
            raise ExpressionRefused("star-arguments", line)
        case ast.FormattedValue(conversion=conversion, format_spec=spec):
            if spec is not None or conversion != -1:
                raise ExpressionRefused("format", line, what="f-string")
        case ast.Compare(left=left, ops=operators, comparators=right):
            sides = [left, *right]
            for index, operator in enumerate(operators):
                if isinstance(operator, ast.Is | ast.IsNot) and not any(
                    isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, bool))
                    for side in sides[index : index + 2]
                ):
                    raise ExpressionRefused("identity", line)
        case ast.comprehension(is_async=1):
            raise ExpressionRefused("construct", line, construct="async")


def _require_method(name: str, line: int | None) -> None:
    if name in _MUTATORS:
        raise ExpressionRefused("mutator", line, name=name)
    if name in _FORMATTERS:
        raise ExpressionRefused("format", line, what=f"{name}()")
    if name not in _ALL_METHODS:
        raise ExpressionRefused("method-unknown", line, name=name, known=sorted(_ALL_METHODS))


def _read(tree: ast.AST) -> set[str]:
    """Free names of one expression; a comprehension's own variables are not free within it."""
    if isinstance(tree, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        own: set[str] = set()
        found: set[str] = set()
        for generator in tree.generators:
            found |= _read(generator.iter) - own
            own |= {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
            for condition in generator.ifs:
                found |= _read(condition) - own
        parts = [tree.key, tree.value] if isinstance(tree, ast.DictComp) else [tree.elt]
        for part in parts:
            found |= _read(part) - own
        return found
    if isinstance(tree, ast.Name):
        return {tree.id}
    found = set()
    for child in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.Call) and child is tree.func and isinstance(child, ast.Name):
            continue
        found |= _read(child)
    return found
