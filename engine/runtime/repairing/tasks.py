"""Mend the work of the engine: services, scripts, decisions and calls that were another engine's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lxml import etree

from engine.runtime.decision_files import read
from engine.runtime.lint_elements import is_field
from engine.runtime.reading import SPIFF, local, q
from engine.runtime.repairing.work import (
    BY_HAND,
    Work,
    definitions_of,
    extensions_of,
    foreign_attribute,
    foreign_children,
    keep,
    nodes_of,
    remove,
    retag,
)
from engine.runtime.translating import translate
from engine.runtime.translating_scripts import translate_script

_FORMATS = frozenset({"", "python", "text/python", "text/x-python", "application/python"})
_OPERATOR = f"{q('extensionElements')}/{{{SPIFF}}}serviceTaskOperator"
#: Where other engines say what a service does.
_SERVICES = (
    "class",
    "delegateExpression",
    "expression",
    "topic",
    "type",
    "taskName",
    "serviceimplementation",
)


def mend(work: Work) -> None:
    """Mend tasks that nobody can do here."""
    for node in work.nodes("serviceTask"):
        _mend_service(work, node)
    for node in work.nodes("sendTask"):
        _mend_send(work, node)
    for node in work.nodes("scriptTask"):
        _mend_script(work, node)
    for node in work.nodes("businessRuleTask"):
        _mend_decision(work, node)
    own = {process.get("id", ""): process for process in work.root.iterchildren(q("process"))}
    for node in work.nodes("callActivity"):
        _mend_call(work, node, own)
    for operator in work.root.iter(f"{{{SPIFF}}}serviceTaskOperator"):
        _mend_result(work, operator)


def by_hand(work: Work, node: etree._Element, code: str, zh: str, en: str) -> None:
    """Let a person do what was a machine's; what the other engine needs for it stays."""
    what = local(node)
    for child in list(node.iterchildren(q("script"))):
        remove(child)
    keep(node, "implementation")
    retag(node, "userTask")
    work.done(code, node, f"{what} 改为人工任务", f"the {what} is a person’s now")
    work.ask(node, zh, en, BY_HAND)


def _mend_service(work: Work, node: etree._Element) -> None:
    operator = node.find(_OPERATOR)
    name = operator.get("id", "") if operator is not None else ""
    services = work.beside.services
    if operator is not None and name:
        if services is None:
            return
        needed = services.get(name)
        if needed is not None:
            given = {parameter.get("id") for parameter in operator.iter(f"{{{SPIFF}}}parameter")}
            missing = (
                [one for one in sorted(needed) if one not in given] if isinstance(needed, Iterable) else []
            )
            if not missing:
                return
            said = ", ".join(missing)
            by_hand(
                work,
                node,
                "service-parameter",
                f"服务 {name} 缺少参数 {said}，值是什么？",
                f"the service {name} lacks {said}; what is it?",
            )
            return
        by_hand(
            work,
            node,
            "service-unknown",
            f"没有服务 {name}；这一步怎么做？",
            f"there is no service {name}; how is this done?",
        )
        return
    said = _service_of(node)
    was_zh = f"原来调用 {said}；" if said else ""
    was_en = f"it called {said}; " if said else ""
    by_hand(
        work,
        node,
        "service-missing",
        f"{was_zh}这里用哪个服务（serviceTaskOperator），还是由人做？",
        f"{was_en}which service (serviceTaskOperator) does it here, or does a person?",
    )


def _service_of(node: etree._Element) -> str:
    found = foreign_attribute(node, *_SERVICES)
    if found is None:
        found = next((c.get("type") for c in foreign_children(node) if local(c) == "taskDefinition"), None)
    return (found or node.get("operationRef") or "")[:120]


def _mend_send(work: Work, node: etree._Element) -> None:
    if node.get("messageRef") or not _service_of(node):
        return
    by_hand(
        work,
        node,
        "message-missing",
        f"原来用 {_service_of(node)} 发送；现在发什么消息，还是由人发？",
        f"{_service_of(node)} sent it; which message is sent here, or does a person send it?",
    )


def _mend_script(work: Work, node: etree._Element) -> None:
    script = node.find(q("script"))
    source = (script.text or "").strip() if script is not None else ""
    declared = node.get("scriptFormat", "").strip().lower()
    zeebe = next((c for c in foreign_children(node) if local(c) == "script" and c.get("expression")), None)
    if not source and zeebe is not None:
        _mend_zeebe_script(work, node, zeebe)
        return
    if not source:
        by_hand(
            work,
            node,
            "script-missing",
            "脚本是空的；这一步做什么？",
            "the script is empty; what is done here?",
        )
        return
    if declared in _FORMATS:
        return
    python = translate_script(source)
    if python is None:
        python = "\n".join(["# " + line.strip() for line in source.splitlines() if line.strip()][:60])
        work.ask(
            node,
            f"原来的脚本（{declared}）没有可靠的对应写法，留作注释；要算出哪些数据？",
            f"the script ({declared}) has no certain counterpart and is a remark now; what does it compute?",
            "不计算 / nothing",
        )
        node.attrib.pop("scriptFormat")
        work.done("script-format", node, f"{declared} 脚本留作注释", f"the {declared} script is a remark now")
    else:
        node.attrib.pop("scriptFormat")
        work.done(
            "script-format",
            node,
            f"{declared} 脚本已改写：{_line(python)}",
            f"the {declared} script was rewritten: {_line(python)}",
        )
    if script is not None:
        script.text = python


def _line(text: str) -> str:
    return "; ".join(text.splitlines())[:120]


def _mend_zeebe_script(work: Work, node: etree._Element, zeebe: etree._Element) -> None:
    value = translate("=" + zeebe.get("expression", "").removeprefix("="))
    name = zeebe.get("resultVariable", "")
    if value is None or not is_field(name) or not name.isidentifier():
        said = zeebe.get("expression", "")[:120]
        by_hand(
            work,
            node,
            "script-missing",
            f"原来计算 {said}；这一步做什么？",
            f"it computed {said}; what is done here?",
        )
        return
    for old in node.iterchildren(q("script")):
        remove(old)
    script = etree.SubElement(node, q("script"))
    script.text = f"{name} = {value}"
    work.done(
        "script-missing",
        node,
        f"脚本取自 zeebe:script：{script.text}",
        f"its script was taken from zeebe:script: {script.text}",
    )


def _mend_decision(work: Work, node: etree._Element) -> None:
    holder = node.find(f"{q('extensionElements')}/{{{SPIFF}}}calledDecisionId")
    named = (holder.text or "").strip() if holder is not None else ""
    wanted = (
        named or foreign_attribute(node, "decisionRef", "decisionTableReferenceKey") or _called_decision(node)
    )
    beside = work.beside.decisions
    known: set[str] = set().union(*(read(file).decisions for file in beside.values())) if beside else set()
    if named and (beside is None or named in known):
        return
    if wanted in known and wanted:
        text = etree.SubElement(
            extensions_of(node), f"{{{SPIFF}}}calledDecisionId", nsmap={"spiffworkflow": SPIFF}
        )
        text.text = wanted
        work.done("decision-missing", node, f"由决策 {wanted} 决定", f"the decision {wanted} decides")
        return
    if holder is not None:
        remove(holder)
    code = "decision-unknown" if wanted else "decision-missing"
    by_hand(
        work,
        node,
        code,
        f"没有决策文件（{wanted or '未指定'}）；由谁、按什么规则决定？",
        f"there is no decision ({wanted or 'none is named'}); who decides, by which rules?",
    )


def _called_decision(node: etree._Element) -> str:
    return next((c.get("decisionId", "") for c in foreign_children(node) if local(c) == "calledDecision"), "")


def _mend_call(work: Work, node: etree._Element, own: Mapping[str, etree._Element]) -> None:
    called = node.get("calledElement", "")
    starts = nodes_of(own[called], "startEvent") if called in own else []
    if starts and all(definitions_of(start) for start in starts):
        by_hand(
            work,
            node,
            "call-start",
            f"流程 {called} 只由消息或信号开始，不能调用；要不要改为发送消息？",
            f"{called} begins with a message or a signal only and cannot be called; is a message sent?",
        )
        return
    if not called:
        called = next(
            (c.get("processId", "") for c in foreign_children(node) if local(c) == "calledElement"), ""
        )
        if called in own or (called and work.beside.called is not None and called in work.beside.called):
            node.set("calledElement", called)
            work.done("reference-missing", node, f"调用 {called}", f"it calls {called}")
            return
    elif called in own or work.beside.called is None or called in work.beside.called:
        return
    code = "call-unknown" if called else "reference-missing"
    by_hand(
        work,
        node,
        code,
        f"没有流程 {called or '（未指定）'}；这一步由哪个流程做？",
        f"there is no procedure {called or '(none is named)'}; which procedure does this?",
    )


def free_name(name: str) -> str:
    """A name that a datum may have, near one that it may not."""
    return (re.sub(r"^_+", "", name) or "value") + "_"


def _mend_result(work: Work, operator: etree._Element) -> None:
    name = operator.get("resultVariable", "").strip()
    if name and not is_field(name):
        new = free_name(name)
        operator.set("resultVariable", new)
        owner = next((e for e in operator.iterancestors() if e.get("id") and local(e) == "serviceTask"), None)
        work.done(
            "field-reserved", owner, f"结果名称 {name} 改为 {new}", f"the result {name} is called {new} now"
        )
