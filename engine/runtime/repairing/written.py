"""Mend every expression: translated where its meaning is certain, else a question with a safe default."""

from __future__ import annotations

import re

from lxml import etree

from engine.runtime import reading
from engine.runtime.expressions import ExpressionRefused, check_script
from engine.runtime.reading import BPMN, SPIFF, local, q
from engine.runtime.repairing.work import (
    Work,
    definitions_of,
    drop,
    foreign_children,
    remove,
    set_condition,
    set_property,
)
from engine.runtime.translating import is_expression, translate, understood
from engine.runtime.translating_scripts import translate_script

#: Words of people who describe a condition: it reads like a name and is none.
_PLAIN = re.compile(
    r"大于|小于|等于|超过|不超|高于|低于|至少|至多|以上|以下|以内|不足|达到|是否|如果|若|否则|其他|其它|当.+时|后$|时$"
)
_YES_NO = frozenset({"yes", "no", "y", "n", "ok", "otherwise", "else", "default", "是", "否", "有", "无"})
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_STARTER = "case.starter"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


#: What holds an expression or a script besides conditions and properties.
_WRITTEN = (
    *(q(tag) for tag in ("script", "condition", "loopCardinality", "completionCondition", "loopCondition")),
    *(q(tag) for tag in reading.TIMES),
    *(f"{{{SPIFF}}}{tag}" for tag in ("preScript", "postScript", "messagePayload", "parameter")),
)
_OF_NODE = re.compile(r"\b(handler|visits)\(\s*([\"'])([^\"']*)\2\s*\)")
_NODE_NAMED = re.compile(r"\b(?:handler|visits)\(\s*[\"']([^\"']*)[\"']")


def mend(work: Work) -> None:
    """Mend the expressions of a file, timers apart."""
    _forget_lost_nodes(work)
    for scope in work.scopes():
        _mend_conditions(work, scope)
    for node in work.nodes():
        for definition in definitions_of(node):
            condition = definition.find(q("condition"))
            if local(definition) == "conditionalEventDefinition":
                _mend_condition_event(work, node, definition, condition)
    _mend_properties(work)
    _mend_extensions(work)
    _mend_paths(work)


def _forget_lost_nodes(work: Work) -> None:
    """What asks for a node that is not there cannot be answered: its owner says what was meant."""
    known = {node.get("id") for node in work.nodes()}

    def is_lost(text: str) -> bool:
        return any(name not in known for name in _NODE_NAMED.findall(text))

    for flow in work.flows():
        if is_lost(text := _condition(flow)):
            _ask_condition(work, flow, text)
    for found in list(work.root.iter(f"{{{SPIFF}}}property")):
        name, text = found.get("name", ""), found.get("value", "")
        if name in _DEFAULTS and is_lost(text):
            _ask_property(work, found, name, text, "node-unknown")


def _mend_conditions(work: Work, scope: etree._Element) -> None:
    flows = list(scope.iterchildren(q("sequenceFlow")))
    words = {
        flow.get("sourceRef", "") + flow.get("id", "")
        for flow in flows
        if _CHINESE.search(_condition(flow)) and _condition(flow).isidentifier()
    }
    for flow in flows:
        condition = flow.find(q("conditionExpression"))
        if condition is None:
            continue
        text = _condition(flow)
        if not text:
            _mend_empty(work, flow, condition)
            continue
        siblings = sum(
            1
            for one in flows
            if one.get("sourceRef") == flow.get("sourceRef")
            and one.get("sourceRef", "") + one.get("id", "") in words
        )
        if text.isidentifier() and _is_wording(text, flow.get("name", ""), siblings):
            _ask_condition(work, flow, text)
            continue
        _mend_condition(work, flow, condition, text)


def _condition(flow: etree._Element) -> str:
    return (flow.findtext(q("conditionExpression")) or "").strip()


def _is_wording(text: str, name: str, siblings: int) -> bool:
    """Say whether a lone name is a label in words rather than a datum."""
    if text in ("True", "False"):
        return False
    lone = text.lower() in _YES_NO or bool(_CHINESE.search(text) and (siblings > 1 or _PLAIN.search(text)))
    return lone or (bool(_CHINESE.search(text)) and text == name.strip())


def _mend_empty(work: Work, flow: etree._Element, condition: etree._Element) -> None:
    foreign = next((f for f in foreign_children(flow) if local(f) == "conditionExpression" and f.text), None)
    elsewhere = [str(v) for k, v in condition.attrib.items() if etree.QName(k).namespace not in (None, _XSI)]
    if elsewhere:
        _ask_condition(work, flow, elsewhere[0])
        return
    remove(condition)
    if foreign is not None and (python := understood(foreign.text or "")):
        set_condition(flow, python)
    work.done("expression", flow, "去掉了空的条件", "its empty condition was taken out")


def _mend_condition(work: Work, flow: etree._Element, condition: etree._Element, text: str) -> None:
    language = condition.get("language", "")
    if is_expression(text) and (not language or "python" in language.lower()):
        return
    python = understood(text)
    if python is None:
        _ask_condition(work, flow, text)
        return
    set_condition(flow, python)
    work.done(
        "foreign-expression",
        flow,
        f"条件 {text[:80]} 改写为 {python}",
        f"its condition {text[:80]} is {python} now",
    )


def _ask_condition(work: Work, flow: etree._Element, text: str) -> None:
    set_condition(flow, "False")
    work.done(
        "expression",
        flow,
        "条件没有可靠的对应写法，暂不走这条路",
        "its condition has no certain counterpart; nothing takes this way for now",
    )
    work.ask(
        flow,
        f"原来的条件是“{text[:200]}”；用数据怎么写？",
        f"its condition was “{text[:200]}”; how is it said with data?",
        "False",
    )


def _mend_condition_event(
    work: Work, node: etree._Element, definition: etree._Element, condition: etree._Element | None
) -> None:
    text = (condition.text or "").strip() if condition is not None else ""
    if text and is_expression(text) and not (condition is not None and condition.get("language")):
        return
    if condition is None:
        condition = etree.SubElement(definition, q("condition"))
        condition.set("{http://www.w3.org/2001/XMLSchema-instance}type", "bpmn:tFormalExpression")
        condition.attrib.pop("{http://www.w3.org/2001/XMLSchema-instance}type")
    python = understood(text) if text else None
    drop(condition, "language")
    condition.text = python or "False"
    if python:
        work.done(
            "foreign-expression",
            node,
            f"条件 {text[:80]} 改写为 {python}",
            f"its condition {text[:80]} is {python} now",
        )
        return
    work.done("expression", node, "条件待定", "its condition is still to be said")
    work.ask(
        node,
        f"什么时候发生？原来写的是“{text[:200]}”",
        f"when does it happen? It said “{text[:200]}”",
        "False",
    )


#: property → what stands there when nobody knows better; None: nothing.
_DEFAULTS = {
    "assignee": _STARTER,
    "candidates": None,
    "due": None,
    "subject": None,
    "customer": None,
    "correlation": None,
}


def _mend_properties(work: Work) -> None:
    path = f"{{{SPIFF}}}property"
    for found in list(work.root.iter(path)):
        name, text = found.get("name", ""), found.get("value", "")
        if name not in _DEFAULTS or is_expression(text):
            continue
        owner = next(e for e in found.iterancestors() if etree.QName(e).namespace == BPMN and e.get("id"))
        python = translate(text)
        if python:
            found.set("value", python)
            work.done(
                "foreign-expression",
                owner,
                f"{name} {text[:80]} 改写为 {python}",
                f"its {name} {text[:80]} is {python} now",
            )
            continue
        _ask_property(work, found, name, text, "expression")


def _ask_property(work: Work, found: etree._Element, name: str, text: str, code: str) -> None:
    """Put the default in place of a property that nobody can read, and ask for the right one."""
    owner = next(e for e in found.iterancestors() if etree.QName(e).namespace == BPMN and e.get("id"))
    default = _DEFAULTS[name]
    set_property(owner, name, default)
    if name == "candidates" and not reading.properties_of(owner).get("assignee"):
        set_property(owner, "assignee", _STARTER)
        default = _STARTER
    work.done(
        code, owner, f"{name} 不能用，已换成默认", f"its {name} cannot be used; the default stands there"
    )
    work.ask(
        owner,
        f"{name} 原来是“{text[:120]}”；应当是什么？",
        f"its {name} was “{text[:120]}”; what should it be?",
        default or "无 / none",
    )


def _mend_extensions(work: Work) -> None:
    for found in list(work.root.iter(f"{{{SPIFF}}}parameter", f"{{{SPIFF}}}messagePayload")):
        is_parameter = local(found) == "parameter"
        text = found.get("value", "") if is_parameter else found.text or ""
        if is_expression(text):
            continue
        owner = next(e for e in found.iterancestors() if etree.QName(e).namespace == BPMN and e.get("id"))
        python = translate(text)
        value = python or ("None" if is_parameter else "{}")
        if is_parameter:
            found.set("value", value)
        else:
            found.text = value
        if python:
            work.done(
                "foreign-expression", owner, f"{text[:80]} 改写为 {python}", f"{text[:80]} is {python} now"
            )
            continue
        what = found.get("id", "") or "messagePayload"
        work.done(
            "expression",
            owner,
            f"{what} 写法不对，已换成默认",
            f"its {what} could not be read; the default stands there",
        )
        work.ask(
            owner,
            f"{what} 原来是“{text[:120]}”；应当是什么？",
            f"its {what} was “{text[:120]}”; what should it be?",
            value,
        )
    _mend_broken(work)
    _forget_other_nodes(work)
    for script in [
        *work.root.iter(f"{{{SPIFF}}}preScript", f"{{{SPIFF}}}postScript"),
        *work.root.iter(q("script")),
    ]:
        _mend_script(work, script)


def _forget_other_nodes(work: Work) -> None:
    """Elsewhere too: nobody did a task that is not there, and it was never done."""
    known = {node.get("id") for node in work.nodes()}

    def settled(found: re.Match[str]) -> str:
        return found[0] if found[3] in known else {"handler": "None", "visits": "0"}[found[1]]

    for element in work.root.iter(*_WRITTEN):
        for text in (element.text or "", element.get("value", "")):
            new = _OF_NODE.sub(settled, text)
            if new == text:
                continue
            if element.text == text:
                element.text = new
            else:
                element.set("value", new)
            owner = next(e for e in (element, *element.iterancestors()) if e.get("id"))
            work.done("node-unknown", owner, f"改写为 {new[:80]}", f"it says {new[:80]} now")
            work.ask(
                owner,
                f"原来写的是 {text[:120]}，其中的节点不存在；指的是哪一步？",
                f"it said {text[:120]}, which names a node that does not exist; which step is meant?",
                new[:120],
            )


def _mend_broken(work: Work) -> None:
    """Make a text whole that elements stand in."""
    for text in list(work.root.iter(q("script"), q("conditionExpression"), q("condition"))):
        if len(text) == 0:
            continue
        whole = "".join(str(part) for part in text.itertext())
        for child in list(text):
            text.remove(child)
        text.text = whole
        owner = next((e for e in text.iterancestors() if e.get("id")), None)
        work.done("expression", owner, "去掉了文字中间的元素", "the elements within its text were taken out")


def _mend_script(work: Work, script: etree._Element) -> None:
    text = (script.text or "").strip()
    try:
        if text:
            check_script(text)
    except ExpressionRefused:
        owner = next(e for e in script.iterancestors() if etree.QName(e).namespace == BPMN and e.get("id"))
        python = translate_script(text)
        script.text = python or "\n".join(
            "# " + line.strip() for line in text.splitlines()[:60] if line.strip()
        )
        if python:
            work.done("foreign-expression", owner, "脚本已改写", "its script was rewritten")
            return
        script.text = _harmless(script.text)
        work.done("expression", owner, "脚本留作注释", "its script is a remark now")
        work.ask(
            owner,
            f"脚本“{' '.join(text.split())[:120]}”不能用；要算出哪些数据？",
            f"the script “{' '.join(text.split())[:120]}” cannot be used; what does it compute?",
            "不计算 / nothing",
        )


def _harmless(remark: str) -> str:
    try:
        check_script(remark)
    except ExpressionRefused:
        return "# -"
    return remark


def _mend_paths(work: Work) -> None:
    for path in list(work.root.iter(q("messagePath"), q("formalExpression"))):
        text = path.text or ""
        above = {local(parent) for parent in path.iterancestors()}
        if not text.strip() or "resourceAssignmentExpression" in above or is_expression(text):
            continue
        owner = next((e for e in path.iterancestors() if e.get("id")), None)
        python = translate(text)
        path.text = python or "None"
        if owner is None:
            continue
        if python:
            work.done(
                "foreign-expression", owner, f"{text[:80]} 改写为 {python}", f"{text[:80]} is {python} now"
            )
        else:
            work.done("expression", owner, "表达式待定", "the expression is still to be said")
            work.ask(owner, f"“{text[:120]}”应当怎么写？", f"how should “{text[:120]}” be said?", "None")
