"""Check a BPMN file before it is published: everything that would not run right, with its place.

The rules stand in ``lint_structure`` (shape), ``lint_elements`` (what elements ask for),
``lint_compensation``, ``lint_assigning``, ``lint_expressions`` and ``lint_decisions``; ``lint_codes`` holds
every finding's words, ``lint_check`` the check under way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Mapping
from copy import deepcopy

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import VALIDATOR

from engine.domain.facts import Finding
from engine.domain.masters import Master
from engine.runtime import reading
from engine.runtime.elements import ProcedureParser
from engine.runtime.lint_assigning import check_assigning
from engine.runtime.lint_check import Check, Surroundings, called, finding
from engine.runtime.lint_codes import MAX_ELEMENTS, MAX_FINDINGS, MAX_NESTING, MAX_NODES
from engine.runtime.lint_compensation import check_compensation
from engine.runtime.lint_decisions import check_decisions
from engine.runtime.lint_elements import check_people, check_size, check_support, check_work
from engine.runtime.lint_expressions import check_expressions
from engine.runtime.lint_masters import check_masters
from engine.runtime.lint_signing import check_signing
from engine.runtime.lint_structure import (
    check_gateways,
    check_identity,
    check_links,
    check_paths,
    check_references,
    check_rings,
    check_scopes,
)
from engine.runtime.normalising import normalise
from engine.runtime.parsing import make_executable

logger = logging.getLogger(__name__)

_SEVERITIES = {"error": 0, "warning": 1, "info": 2}
_XML_HINTS = (
    ("encoding", "文字编码与声明的不一致，请存成 UTF-8"),
    ("Start tag expected", "开头不是 XML，也许是别的文件改了名"),
    ("amplification", "实体展开过大"),
    ("Excessive depth", "元素嵌套过深"),
    ("invalid character", "有不允许的控制字符"),
    ("invalid xmlChar", "有不允许的字符编号"),
    ("Premature end", "文件不完整，也许没有传完"),
    ("mismatch", "标签没有配对"),
    ("expected", "标签或属性没有写完"),
)
_SCHEMA_HINTS = (
    ("This element is not expected", "这里不能有这个元素"),
    ("Missing child element", "缺少下级元素"),
    ("is required but missing", "缺少必要的属性"),
    ("is not allowed", "不能有这个属性"),
    ("is not a valid value", "值的写法不对"),
    ("not accepted by the pattern", "值的写法不对"),
    ("not an element of the set", "值不在允许之列"),
)
#: What keeps a diagram from being published and is nothing to the engine, which may try it all the same.
BESIDE_THE_ENGINE = frozenset({"role-missing", "role-unknown", "process-several"})
#: The validator is built once and keeps the errors of its last file, so one file at a time.
_validating = threading.Lock()


def lint(
    content: bytes,
    *,
    roles: Callable[[str], str | None] | None = None,
    deadlines: Container[str] | None = None,
    forms: Mapping[str, Container[str]] | None = None,
    called: Container[str] | None = None,
    services: Mapping[str, Container[str]] | None = None,
    decisions: Mapping[str, bytes] | None = None,
    masters: Mapping[str, Master] | None = None,
    nodes: int = MAX_NODES,
    nesting: int = MAX_NESTING,
) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful in a BPMN file; empty when it is in order.

    ``roles`` gives the role id for an id, name or alias of a lane, or None; ``deadlines`` are the
    names of ``deadlines.toml``; ``forms`` maps a process id to its form ids; ``called`` are the
    procedures that may be called; ``services`` maps a service operator to the parameters that it
    cannot do without; ``decisions`` are the DMN files beside it by their names; ``masters``
    those that services may name; ``nodes`` and ``nesting`` are bounds of the drawing. What is None is not
    checked. Errors come first, in the order of the file; no input makes it raise, and none takes
    longer than two seconds.
    """
    try:
        around = Surroundings(roles, deadlines, forms, called, services, decisions, masters, nodes, nesting)
        found = _check(content, around)
    except Exception as error:
        logger.exception("Could not check a diagram", extra={"action": "lint_failed", "bytes": len(content)})
        found = [finding("check-failed", detail=f"{type(error).__name__}: {error}")]
    ordered = sorted(dict.fromkeys(found), key=lambda f: (_SEVERITIES[f.severity], f.line or 0))
    if len(ordered) > MAX_FINDINGS:
        ordered = [*ordered[:MAX_FINDINGS], finding("too-many-findings", most=MAX_FINDINGS)]
    return tuple(ordered)


def _check(content: bytes, around: Surroundings) -> list[Finding]:
    try:
        tree = reading.parse(content)
    except reading.Unreadable as error:
        detail = (_said(str(error), _XML_HINTS), str(error))
        return [finding(error.code, line=error.line, detail=detail, most=reading.MAX_BYTES)]
    if sum(1 for _ in tree.getroot().iter()) > MAX_ELEMENTS:
        return [finding("too-many-elements", most=MAX_ELEMENTS)]
    check = Check(reading.read_tree(tree), around)
    schema = _schema_findings(tree)
    if check_size(check):
        for rule in (
            check_identity,
            check_references,
            check_links,
            check_scopes,
            check_rings,
            check_paths,
            check_gateways,
            check_support,
            check_compensation,
            check_people,
            check_assigning,
            check_signing,
            check_work,
            check_decisions,
            check_masters,
            check_expressions,
        ):
            rule(check)
    errors = {found.code for found in [*check.findings, *schema] if found.severity == "error"}
    if errors <= BESIDE_THE_ENGINE:
        _check_engine(check, content)
    # Our own sentence is better than the schema's where both speak of the same element.
    told = {(found.element, found.line) for found in check.findings if found.severity == "error"}
    return check.findings + [found for found in schema if (found.element, found.line) not in told]


def _check_engine(check: Check, content: bytes) -> None:
    """Let the engine itself read what no rule objects to: whatever it refuses is found here at the latest."""
    parser = ProcedureParser()
    try:
        tree = reading.parse(content)
        called_ones = {node.called for node in check.diagram.nodes.values() if node.called}
        make_executable(tree, called_ones)
        normalise(tree)
        parser.add_bpmn_xml(tree.getroot(), filename="")
        parser.find_all_specs()
        for process in check.diagram.processes:
            if process.executable or process.id in called_ones:
                BpmnWorkflow(parser.get_spec(process.id), {})
    except Exception as error:  # noqa: BLE001 - the library raises many kinds, each means that it cannot run this
        element = check.elements.get(str(getattr(error, "id", "")))
        detail = str(error).replace("\n", " ") or type(error).__name__
        if element is None:
            check.findings.append(finding("engine-refused", at=called("", "process"), detail=detail))
        else:
            check.add("engine-refused", element, detail=detail)


def schema_errors(tree: etree._ElementTree) -> list[tuple[int, str | None, str]]:
    """What the schema of BPMN 2.0 says, at most twenty sentences: (line, path, message)."""
    # A tree of its own, since the validator rewrites what it is given.
    copy = deepcopy(tree)
    with _validating:
        VALIDATOR.preprocess(copy)
        if VALIDATOR.validator.validate(copy):
            return []
        return [(entry.line, entry.path, entry.message) for entry in VALIDATOR.validator.error_log][:20]


def _schema_findings(tree: etree._ElementTree) -> list[Finding]:
    return [_schema_finding(tree, line, path, message) for line, path, message in schema_errors(tree)]


def _schema_finding(tree: etree._ElementTree, line: int, path: str | None, message: str) -> Finding:
    element = _at(tree, path)
    while element is not None and not element.get("id"):
        element = element.getparent()
    plain = message.replace(f"{{{reading.BPMN}}}", "")
    name = element.get("name", "") if element is not None else ""
    element_id = element.get("id", "") if element is not None else ""
    return finding(
        "schema",
        element=element_id or None,
        line=line,
        at=called(name, element_id or "XML"),
        detail=(_said(plain, _SCHEMA_HINTS), plain),
    )


def _said(english: str, hints: tuple[tuple[str, str], ...]) -> str:
    """What an XML library says, in Chinese as far as we know its sentences."""
    chinese = next((zh for part, zh in hints if part in english), "")
    return f"{chinese}；{english}" if chinese else english


def _at(tree: etree._ElementTree, path: str | None) -> etree._Element | None:
    if not path:
        return None
    names = {prefix: uri for prefix, uri in tree.getroot().nsmap.items() if prefix}
    try:
        found = tree.xpath(path, namespaces=names)
    except etree.XPathError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None
