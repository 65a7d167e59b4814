"""Check the rules by which tasks find a person: they can be read, and name what is there."""

from __future__ import annotations

from lxml import etree

from engine.domain.choosing import RuleRefused, parse_rules, sources
from engine.runtime.expressions import ExpressionRefused, check_expression
from engine.runtime.lint_check import Check
from engine.runtime.reading import HUMAN, Node


def check_assigning(check: Check) -> None:
    """The rules of every lane and every task of a person."""
    for lane in check.diagram.lanes:
        if lane.assign is not None:
            _check(check, check.elements.get(lane.id), lane.assign)
    for node in check.diagram.nodes.values():
        if node.type in HUMAN and "assign" in node.properties:
            _check(check, node, node.properties["assign"])


def _check(check: Check, at: Node | etree._Element | None, text: str) -> None:
    try:
        rules = parse_rules(text)
    except RuleRefused as refused:
        check.add("assign-refused", at, why=(refused.zh, refused.en))
        return
    for source in sources(rules):
        if source.kind == "handler":
            node = check.diagram.nodes.get(source.of)
            if node is None or node.type not in HUMAN:
                check.add("assign-handler", at, name=source.of)
        elif source.kind == "expression":
            try:
                check_expression(source.of)
            except ExpressionRefused as refused:
                check.add("assign-refused", at, why=(refused.message_zh, refused.message_en))
