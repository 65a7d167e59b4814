"""Check the tasks that people sign together: their rule can be read, and nothing else stands in its way."""

from __future__ import annotations

from engine.domain.signing import parse_rule
from engine.errors import Invalid
from engine.runtime.lint_check import Check
from engine.runtime.reading import HUMAN, Node

#: What a task that is signed has no use for: nobody holds it.
_OTHERS = ("form", "assignee", "assign")


def check_signing(check: Check) -> None:
    """Every task of a person with signers, or with a rule for them."""
    for node in check.diagram.nodes.values():
        if node.type in HUMAN and ("signers" in node.properties or "sign_rule" in node.properties):
            for zh, en in _problems(node):
                check.add("sign-refused", node, why_zh=zh, why_en=en)


def _problems(node: Node) -> list[tuple[str, str]]:
    properties, found = node.properties, []
    if not properties.get("signers"):
        found.append(("写了 sign_rule，没有写 signers", "it has a sign_rule and no signers"))
    rule = properties.get("sign_rule", "all")
    try:
        parse_rule(rule)
    except Invalid:
        zh = f"sign_rule“{rule}”不是规则：可写 all、any、2、60% 或 weight 5"
        found.append((zh, f"sign_rule {rule!r} is no rule: all, any, 2, 60% or weight 5"))
    for name in _OTHERS:
        if properties.get(name):
            zh = f"会签任务没有办理人，不能写 {name}"
            found.append((zh, f"nobody holds a task that is signed, so {name} has no place"))
    return found
