"""Check every expression of a diagram, and recognise what was written for another engine."""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from engine.domain import recurring
from engine.domain.durations import cycle_of, is_duration
from engine.domain.facts import Fix
from engine.runtime import reading
from engine.runtime.expression_rules import parse_expression, parse_script
from engine.runtime.expressions import ExpressionRefused, check_expression, check_script, names_in
from engine.runtime.lint_check import Check
from engine.runtime.lint_codes import MAX_SECONDS
from engine.runtime.lint_elements import is_deadline
from engine.runtime.lint_starts import check_start
from engine.runtime.reading import BPMN, SPIFF
from engine.runtime.translating import translate

#: What an expression is for: (Chinese, English).
_PLACES = {
    "condition": ("条件", "condition"),
    "script": ("脚本", "script"),
    "timer": ("时间", "time"),
    "parameter": ("服务参数", "service parameter"),
    "property": ("属性", "property"),
    "payload": ("消息内容", "message payload"),
    "correlation": ("消息关联", "message correlation"),
    "loop": ("循环设置", "loop"),
}
_PROPERTIES = frozenset({"due", "assignee", "candidates", "signers", "correlation", "subject", "customer"})
_TIMERS = ("timeDate", "timeDuration", "timeCycle")

_ISO = re.compile(r"(R\d*/)?-?P[\dYMWDTHS.,]*|R-?\d*/\S+|\d{4}-\d\d-\d\d([T ]\S*)?", re.IGNORECASE)
_CRON = re.compile(r"(?=.*[*?/])[\d*?/,\-LW#]+( +[\dA-Za-z*?/,\-#]+){4,6}")
_WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
_FOREIGN_WORDS = re.compile(
    r"&&|\|\||===|!==|!\s*[A-Za-z(]|\bexecution\.|\bvar |\blet |\bconst |\bdef |\bnew |\bprintln\b|;\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Written:
    """An expression as it stands in the file."""

    source: str
    place: str
    #: The element that a finding names.
    owner: etree._Element
    line: int
    #: The element or attribute that holds it.
    tag: str = ""
    #: Elements stand within the text, which whoever reads the text would not see.
    is_broken: bool = False


def check_expressions(check: Check) -> None:
    """Compile every expression with the language that will evaluate it."""
    until = time.thread_time() + MAX_SECONDS
    for written in expressions_of(check.diagram.tree.getroot()):
        if time.thread_time() > until:
            check.add("check-unfinished", most=MAX_SECONDS)
            return
        _check_one(check, written)


def expressions_of(root: etree._Element) -> Iterator[Written]:
    """Every expression of a file."""
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace == BPMN:
            yield from _bpmn_expressions(element, name.localname)
        elif name.namespace == SPIFF:
            yield from _spiff_expressions(element, name.localname)


def names_of(content: bytes) -> frozenset[str]:
    """Every datum that a readable file's expressions name."""
    names: set[str] = set()
    for written in expressions_of(reading.parse(content).getroot()):
        with contextlib.suppress(ExpressionRefused):
            names |= names_in(written.source, script=written.place == "script")
    return frozenset(names - {"case", "actor"})


def trees_of(content: bytes) -> Iterator[ast.AST]:
    """The syntax of every expression and script of a readable file that is one."""
    for written in expressions_of(reading.parse(content).getroot()):
        with contextlib.suppress(ExpressionRefused):
            read = parse_script if written.place == "script" else parse_expression
            yield read(written.source)


def _bpmn_expressions(element: etree._Element, tag: str) -> Iterator[Written]:
    text, line, owner = element.text or "", reading.line_of(element), element.getparent()
    broken = len(element) > 0
    if tag == "conditionExpression" or (tag == "condition" and owner is not None):
        yield Written(text, "condition", _named(element), line, tag, broken)
    elif tag == "script" and (text.strip() or broken):
        yield Written(text, "script", _named(element), line, tag, broken)
    elif tag in _TIMERS and text.strip():
        yield Written(text.strip(), "timer", _named(element), line, tag)
    elif tag in {"loopCardinality", "completionCondition", "loopCondition"} and text.strip():
        yield Written(text, "loop", _named(element), line, tag)
    elif tag in {"formalExpression", "messagePath"} and text.strip() and not _names_people(element):
        yield Written(text, "correlation", _named(element), line, tag)


def _names_people(element: etree._Element) -> bool:
    """Say whether an expression names who does a task, in BPMN's own way, which has no effect here."""
    owner = element.getparent()
    return owner is not None and reading.local(owner) == "resourceAssignmentExpression"


def _spiff_expressions(element: etree._Element, tag: str) -> Iterator[Written]:
    text, line, owner = element.text or "", reading.line_of(element), _named(element)
    if tag == "property" and element.get("name") in _PROPERTIES:
        yield Written(element.get("value", ""), "property", owner, line, element.get("name", ""))
    elif tag == "parameter":
        yield Written(element.get("value", ""), "parameter", owner, line, element.get("id", ""))
    elif tag in {"preScript", "postScript"} and text.strip():
        yield Written(text, "script", owner, line, tag)
    elif tag == "messagePayload":
        yield Written(text, "payload", owner, line, tag)


def _named(element: etree._Element) -> etree._Element:
    """The node, flow, message or process that an expression belongs to."""
    found = element
    while (parent := found.getparent()) is not None:
        found = parent
        tag = reading.local(found)
        if found.get("id") and (tag in reading.NODES or tag in {"sequenceFlow", "process", "message"}):
            return found
        if found.get("id") and tag == "correlationProperty":
            return found
    return element


def _check_one(check: Check, written: Written) -> None:
    element = check.elements.get(written.owner.get("id", ""), written.owner)
    language = (
        next(
            (
                found.get("language")
                for found in written.owner.iter(f"{{{BPMN}}}{written.tag}")
                if found.get("language")
            ),
            "",
        )
        if written.place == "condition"
        else ""
    )
    if language and "python" not in language.lower():
        check.add("script-format", element, line=written.line, format=language)
        return
    if written.place == "timer" and _check_timer_text(check, element, written):
        return
    if written.is_broken:
        zh, en = _PLACES[written.place]
        zh_said, en_said = "文字中间不能有别的元素", "no element may stand within the text"
        check.add(
            "expression",
            element,
            line=written.line,
            where_zh=zh,
            where_en=en,
            detail_zh=zh_said,
            detail_en=en_said,
        )
        return
    try:
        if written.place == "script":
            check_script(written.source)
            tree: ast.AST = parse_script(written.source)
        else:
            check_expression(written.source)
            tree = parse_expression(written.source)
    except ExpressionRefused as refused:
        _tell_refusal(check, element, written, refused)
        return
    _check_names(check, element, written, tree)
    if written.place == "timer" and _check_words(check, element, written, tree):
        _check_timer_value(check, element, written, tree)
        repeats = written.tag == "timeCycle"
        check_start(check, element, written.source, tree, line=written.line, repeats=repeats)


def _tell_refusal(
    check: Check, element: etree._Element, written: Written, refused: ExpressionRefused
) -> None:
    where_zh, where_en = _PLACES[written.place]
    language = foreign_language(written.source)
    if language is not None:
        python = translate(written.source) if written.place != "script" else None
        fix = Fix("rewrite-expression", f"改为 {python}") if python else None
        check.add(
            "foreign-expression",
            element,
            line=written.line,
            fix=fix,
            where_zh=where_zh,
            where_en=where_en,
            language=language,
            text=written.source[:80],
        )
        return
    # The text begins on the line of its element; an expression's leading blank lines were not counted.
    blank = 0 if written.place == "script" else len(written.source) - len(written.source.lstrip())
    within = written.source.count("\n", 0, blank) + (refused.line or 1) - 1
    line = written.line + (within if "\n" in written.source else 0)
    check.add(
        "expression",
        element,
        line=line,
        where_zh=where_zh,
        where_en=where_en,
        detail_zh=refused.message_zh,
        detail_en=refused.message_en,
    )


def foreign_language(source: str) -> str | None:
    """Guess which other language an expression is written in; None when nothing shows it."""
    stripped = source[:4_000].strip()
    if _WRAPPED.fullmatch(stripped) or "${" in stripped or "#{" in stripped:
        return "JUEL"
    if stripped.startswith("=") and not stripped.startswith("=="):
        return "FEEL"
    if _FOREIGN_WORDS.search(stripped):
        return "Groovy/JavaScript"
    return None


def _check_timer_text(check: Check, element: etree._Element, written: Written) -> bool:
    """Tell of a time that lacks its quotation marks; True when something was told."""
    text = written.source[:400]
    if _ISO.fullmatch(text):
        good = is_time(text, cycle=written.tag == "timeCycle")
        fix = Fix("quote-timer", f'加上引号："{text}"') if good else None
        check.add("timer-unquoted", element, line=written.line, fix=fix, text=text)
        return True
    if _CRON.fullmatch(text):
        check.add("timer-cron", element, line=written.line, text=text)
        return True
    return False


def _check_timer_value(check: Check, element: etree._Element, written: Written, tree: ast.AST) -> None:
    """A literal time must be one; what functions and fields give shows when the case runs."""
    match tree:
        case ast.Constant(value=str() as text) if _CRON.fullmatch(text.strip()):
            check.add("timer-cron", element, line=written.line, text=text)
        case ast.Constant(value=str() as text) if is_time(text.strip(), cycle=written.tag == "timeCycle"):
            pass
        case ast.Constant() | ast.BoolOp() | ast.Compare() | ast.List() | ast.Dict() | ast.UnaryOp():
            check.add("timer-invalid", element, line=written.line, text=written.source[:80])
        case ast.BinOp() if not any(isinstance(part, ast.Call | ast.Name) for part in ast.walk(tree)):
            check.add("timer-invalid", element, line=written.line, text=written.source[:80])


def _check_words(check: Check, element: etree._Element, written: Written, tree: ast.AST) -> bool:
    """A word of the calendar with literals must be rightly said; False when it is not."""
    for part in ast.walk(tree):
        try:
            recurring.recurrence_in(part)
        except ValueError as error:
            said, detail = ast.unparse(part)[:80], str(error)[:120]
            check.add("timer-words", element, line=written.line, text=said, detail=detail)
            return False
    return True


def is_time(text: str, *, cycle: bool) -> bool:
    if text[:1] in "Pp" and not cycle:
        return is_duration(text)
    try:
        if cycle:
            return is_duration(cycle_of(text)[1])
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_names(check: Check, element: etree._Element, written: Written, tree: ast.AST) -> None:
    for code, name in unknown_in(check, tree):
        check.add(code, element, line=written.line, name=name)


def unknown_in(check: Check, tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Deadlines and nodes that an expression names in so many words and that do not exist: (code, name)."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="due_in" | "every"), args=[ast.Constant(value=str() as name), *_]):
                if not is_deadline(name, check.around.deadlines):
                    yield "deadline-unknown", name
            case ast.Call(
                func=ast.Name(id="handler" | "visits"), args=[ast.Constant(value=str() as name), *_]
            ):
                if name not in check.diagram.nodes:
                    yield "node-unknown", name
