"""Check what services ask of the masters: each master, column and choice that is written out is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.domain.masters import Master
from engine.runtime import reading
from engine.runtime.expression_rules import parse_expression
from engine.runtime.expressions import ExpressionRefused
from engine.runtime.lint_check import Check
from engine.runtime.reading import Node

#: Parameters whose keys are columns.
_COLUMNS = ("set", "where", "expect")


def check_masters(check: Check) -> None:
    """Compare the parameters of each master's service with the masters that there are."""
    masters = check.around.masters
    if masters is None:
        return
    for node in check.diagram.nodes.values():
        for parameters in _of_masters(check.elements.get(node.id)):
            _check_one(check, node, parameters, masters)


def _check_one(
    check: Check, node: Node, parameters: Mapping[str, ast.expr], masters: Mapping[str, Master]
) -> None:
    for name in _texts(parameters.get("master")):
        master = masters.get(name)
        if master is None:
            check.add("master-unknown", node, name=name, known=", ".join(sorted(masters)))
            continue
        for parameter in _COLUMNS:
            for column, value in _pairs(parameters.get(parameter)):
                if column not in master.columns:
                    known = ", ".join(master.columns)
                    check.add("master-column", node, name=column, master=name, known=known)
                    continue
                for said in _texts(value):
                    options = master.columns[column].options
                    if options is not None and said not in options:
                        known = ", ".join(options)
                        check.add("master-value", node, name=said, column=column, master=name, known=known)


def _of_masters(element: etree._Element | None) -> Iterator[dict[str, ast.expr]]:
    """The parameters of a node's services that are about masters and can be read."""
    extensions = element.find(reading.q("extensionElements")) if element is not None else None
    if extensions is None:
        return
    for operator in extensions.iterchildren(f"{{{reading.SPIFF}}}serviceTaskOperator"):
        if not operator.get("id", "").startswith("master/"):
            continue
        found: dict[str, ast.expr] = {}
        for one in operator.iter(f"{{{reading.SPIFF}}}parameter"):
            try:
                found[one.get("id", "")] = parse_expression(one.get("value", ""))
            except ExpressionRefused:
                # The check of expressions says so.
                continue
        yield found


def _texts(expression: ast.expr | None) -> Iterator[str]:
    """The texts that an expression is written out to give: itself, or either side of a choice."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from _texts(expression.body)
        yield from _texts(expression.orelse)


def _pairs(expression: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """The keys and values of a dict that is written out, or of either side of a choice."""
    if isinstance(expression, ast.IfExp):
        yield from _pairs(expression.body)
        yield from _pairs(expression.orelse)
    elif isinstance(expression, ast.Dict):
        for key, value in zip(expression.keys, expression.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
