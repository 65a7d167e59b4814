"""Mend decisions: every way out of one has a condition, or is the one that is taken otherwise."""

from __future__ import annotations

import ast
import re
from collections import deque

from lxml import etree

from engine.runtime.expression_rules import parse_expression
from engine.runtime.expressions import ExpressionRefused
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import Work, flows_of, label_of, nodes_of, remove, set_condition

_OTHERWISE = re.compile(r"否则|其他|其它|其余|默认|else|otherwise|default", re.IGNORECASE)
_REFUSED = re.compile(
    r"不|否|未|退|驳|拒|无|人工|\bno\b|\bnot\b|reject|den(?:y|ied)|manual|fail", re.IGNORECASE
)
_OPPOSITE = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}


def mend(work: Work) -> None:
    """Mend the decisions of a file."""
    for scope in work.scopes():
        leaving = flows_of(scope)
        for gateway in nodes_of(scope, "exclusiveGateway", "inclusiveGateway"):
            _mend_decision(work, scope, gateway, leaving[gateway.get("id", "")])
        for gateway in nodes_of(scope, "parallelGateway", "eventBasedGateway"):
            for flow in leaving[gateway.get("id", "")]:
                _mend_ignored(work, gateway, flow)


def _mend_decision(
    work: Work, scope: etree._Element, gateway: etree._Element, flows: list[etree._Element]
) -> None:
    default = gateway.get("default")
    conditional = [flow for flow in flows if _condition(flow) and flow.get("id") != default]
    missing = [flow for flow in flows if not _condition(flow) and flow.get("id") != default]
    if len(flows) < 2:
        if default is None and conditional:
            for condition in conditional[0].findall(q("conditionExpression")):
                remove(condition)
            work.done(
                "gateway-without-default",
                gateway,
                "只有一条路，去掉了条件",
                "there is one way only; its condition was taken out",
            )
        return
    if default is None and len(missing) == 1:
        gateway.set("default", missing.pop().get("id", ""))
        work.done(
            "condition-missing",
            gateway,
            "没有条件的连线作为默认连线",
            "the flow without a condition is the default one",
        )
    elif default is None and missing:
        chosen = _best(scope, gateway, missing)
        missing.remove(chosen)
        gateway.set("default", chosen.get("id", ""))
        work.done(
            "condition-missing",
            gateway,
            f"默认走“{_way(scope, chosen)}”",
            f"“{_way(scope, chosen)}” is taken by default",
        )
    elif default is None and conditional:
        _choose_default(work, scope, gateway, conditional)
    for flow in missing:
        set_condition(flow, "False")
        work.done(
            "condition-missing",
            flow,
            "没有条件，暂不走这条路",
            "it had no condition; nothing takes this way for now",
        )
        way = _way(scope, flow)
        work.ask(
            flow,
            f"“{label_of(gateway)}”什么时候走“{way}”？",
            f"when is “{way}” taken at “{label_of(gateway)}”?",
            "False",
        )


def _condition(flow: etree._Element) -> str:
    return (flow.findtext(q("conditionExpression")) or "").strip()


def _way(scope: etree._Element, flow: etree._Element) -> str:
    target = next((n for n in nodes_of(scope) if n.get("id") == flow.get("targetRef")), flow)
    return (flow.get("name") or label_of(target))[:60]


def _choose_default(
    work: Work, scope: etree._Element, gateway: etree._Element, flows: list[etree._Element]
) -> None:
    """All have conditions: the second of a pair of opposites is the default, else somebody must say."""
    if len(flows) == 2 and _are_opposite(_condition(flows[0]), _condition(flows[1])):
        gateway.set("default", flows[1].get("id", ""))
        work.done(
            "gateway-without-default",
            gateway,
            f"默认走“{_way(scope, flows[1])}”",
            f"“{_way(scope, flows[1])}” is taken by default",
        )
        return
    chosen = _best(scope, gateway, flows)
    gateway.set("default", chosen.get("id", ""))
    way = _way(scope, chosen)
    work.done("gateway-without-default", gateway, f"默认走“{way}”", f"“{way}” is taken by default")
    work.ask(
        gateway, "条件都不满足时走哪条路？", "which way is taken when none of the conditions holds?", way
    )


def _best(scope: etree._Element, gateway: etree._Element, flows: list[etree._Element]) -> etree._Element:
    """The way that is safest when nobody knows: it comes to an end, and grants nothing."""
    ending = [flow for flow in flows if _ends(scope, gateway, flow)] or flows
    for pattern in (_OTHERWISE, _REFUSED):
        for flow in ending:
            if pattern.search(_way(scope, flow)):
                return flow
    return ending[-1]


def _ends(scope: etree._Element, gateway: etree._Element, flow: etree._Element) -> bool:
    """Say whether a way comes to an end without coming by the gateway again."""
    leaving = flows_of(scope)
    waiting, seen = deque([flow.get("targetRef", "")]), {gateway.get("id", "")}
    while waiting:
        name = waiting.popleft()
        if name in seen:
            continue
        seen.add(name)
        if not leaving[name]:
            return True
        waiting += [one.get("targetRef", "") for one in leaving[name]]
    return False


def _are_opposite(one: str, other: str) -> bool:
    try:
        first, second = parse_expression(one), parse_expression(other)
    except ExpressionRefused:
        return False
    return _is_denial(first, second) or _is_denial(second, first)


def _is_denial(one: ast.expr, other: ast.expr) -> bool:
    match one, other:
        case ast.UnaryOp(op=ast.Not(), operand=operand), _ if ast.dump(operand) == ast.dump(other):
            return True
        case ast.Compare(left=a, ops=[first], comparators=[b]), ast.Compare(
            left=c, ops=[second], comparators=[d]
        ):
            if ast.dump(a) != ast.dump(c):
                return False
            if ast.dump(b) == ast.dump(d):
                return _OPPOSITE.get(type(first)) is type(second)
            values = {getattr(b, "value", None), getattr(d, "value", None)}
            return isinstance(first, ast.Eq) and isinstance(second, ast.Eq) and values == {True, False}
    return False


def _mend_ignored(work: Work, gateway: etree._Element, flow: etree._Element) -> None:
    condition = flow.find(q("conditionExpression"))
    if condition is None:
        return
    text = _condition(flow)
    remove(condition)
    kind = local(gateway)
    work.done(
        "condition-ignored",
        flow,
        f"{kind} 不看条件，去掉了 {text[:80]}",
        f"a {kind} ignores conditions; {text[:80]} was taken out",
    )
    work.ask(
        flow,
        f"原来写着条件 {text[:120]}；是不是只在满足时才走（包容网关）？",
        f"it had the condition {text[:120]}; is it taken only when that holds (inclusive gateway)?",
        "总是走 / always taken",
    )
