"""Check a procedure with everything around it: its diagram, forms, registers, papers, translation.

Where the diagram's own rules end (``engine.runtime.linting``), the rules of the house begin: lanes are
roles of the organisation, deadlines are named ones, forms exist and their conditions compile, every
Chinese text has its English.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine import bundles
from engine.bundles import DECISIONS, DIAGRAM, DOCUMENTS, ENGLISH, REGISTERS, Bundle, BundleBroken
from engine.connectors import PARAMETERS
from engine.domain.facts import FileReport, Finding
from engine.domain.masters import has_path
from engine.runtime.expressions import ExpressionRefused, check_expression
from engine.runtime.lint_decisions import lint_decisions
from engine.runtime.linting import lint
from engine.runtime.reading import processes_of
from engine.wiring import Engine
from forms.definition import FormRefused, load
from forms.model import Form, expressions

_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: What a form's and a column's expression may call.
FORM_FUNCTIONS = frozenset({"now", "today", "get", "has", "due_in"})
COLUMN_FUNCTIONS = frozenset({"now", "get", "has", "handler"})


def check_files(engine: Engine, paths: list[Path]) -> list[FileReport]:
    """Check diagrams and decisions: what stands in a procedure's folder with its forms, else by itself.

    A folder stands for the diagrams and decisions in it. Raises FileNotFoundError for a path that is
    not there.
    """
    files = list(_files(paths))
    installed = bundles.procedures_in(engine.settings.bpmn)
    callable_ones = {*installed, *(name for path in files for name in processes_of(path.read_bytes()))}
    given = [path for path in paths if path.suffix == DECISIONS]
    return [_check_file(engine, path, callable_ones, given) for path in files]


def check_bundle(engine: Engine, bundle: Bundle) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful in a procedure's files."""
    try:
        return tuple(_check_bundle(engine, bundle))
    except BundleBroken as error:
        return (
            Finding(
                "error",
                "file-broken",
                f"文件 {error.file} 无法读取：{error}",
                f"The file {error.file} cannot be read: {error}",
            ),
        )


def _check_bundle(engine: Engine, bundle: Bundle) -> Iterator[Finding]:
    content = bundle.files[DIAGRAM].encode()
    found = lint(
        content,
        roles=lambda name: role.id if (role := engine.organisation.role_named(name)) else None,
        deadlines=engine.deadlines.keys(),
        forms={bundle.procedure: bundle.form_documents.keys()},
        called=bundles.procedures_in(engine.settings.bpmn),
        services=PARAMETERS,
        decisions=bundle.decisions,
        masters=engine.masters,
        nodes=engine.settings.nodes,
        nesting=engine.settings.nesting,
    )
    yield from found
    if any(finding.severity == "error" for finding in found):
        return
    if bundle.diagram.process(bundle.procedure) is None:
        yield Finding(
            "error",
            "process-id",
            f"流程的 id 应与文件夹同名（{bundle.procedure}）",
            f"The process id must be the folder's name ({bundle.procedure})",
        )
        return
    yield from _check_sites(engine, bundle)
    yield from _check_forms(engine, bundle)
    yield from _check_answered(bundle)
    yield from _check_registers(bundle)
    yield from _check_papers(bundle)
    yield from _check_english(bundle)


def _check_sites(engine: Engine, bundle: Bundle) -> Iterator[Finding]:
    """A procedure starts by itself at sites that there are."""
    named = (part.strip() for part in bundle.properties.get("schedule_sites", "").split(","))
    for site in named:
        if site and site not in engine.organisation.sites:
            yield _declared(DIAGRAM, "schedule_sites", f"没有站点 {site}", f"there is no site {site}")


def _check_forms(engine: Engine, bundle: Bundle) -> Iterator[Finding]:
    for form_id, document in bundle.form_documents.items():
        try:
            form = load(document)
        except FormRefused as refused:
            for problem in refused.problems:
                yield Finding(
                    "error",
                    f"form-{problem.code}",
                    f"表单 {form_id}（{problem.path}）：{problem.message_zh}",
                    f"Form {form_id} ({problem.path}): {problem.message_en}",
                )
            continue
        yield from _check_expressions(form_id, form)
        yield from _check_lookups(engine, form_id, form)


def _check_expressions(form_id: str, form: Form) -> Iterator[Finding]:
    for expression in expressions(form):
        try:
            check_expression(expression.text, functions=FORM_FUNCTIONS)
        except ExpressionRefused as refused:
            yield Finding(
                "error",
                "form-expression",
                f"表单 {form_id}（{expression.path}）的表达式不能使用：{refused.message_zh}",
                f"Form {form_id} ({expression.path}): an expression cannot be used: {refused.message_en}",
            )


def _check_lookups(engine: Engine, form_id: str, form: Form) -> Iterator[Finding]:
    for above, leaf in form.lookups():
        key = above + leaf.key
        master, _, column = leaf.lookup.partition(".")
        for path in ([column] if column else []) + [said for _, said in leaf.fills]:
            if master in engine.masters and not has_path(engine.masters, master, path):
                yield _lookup(
                    form_id, key, f"主数据 {master} 没有列 {path}", f"{master} has no column {path}"
                )
        if master not in engine.masters:
            yield _lookup(form_id, key, f"没有主数据 {master}", f"there is no master {master}")


def _lookup(form_id: str, key: str, zh: str, en: str) -> Finding:
    return Finding("error", "form-lookup", f"表单 {form_id} 的 {key}：{zh}", f"Form {form_id}, {key}: {en}")


def _check_answered(bundle: Bundle) -> Iterator[Finding]:
    """What is filled in quickly or answered by link has a form that allows it."""
    nodes = bundle.diagram.nodes
    quick = bundle.properties.get("quick_start", "")
    if quick and not (quick in nodes and nodes[quick].properties.get("form")):
        yield _declared(
            DIAGRAM, "quick_start", f"没有带表单的步骤 {quick}", f"there is no step {quick} with a form"
        )
    for node in nodes.values():
        key = node.properties.get("answer_link", "")
        document = bundle.form_documents.get(node.properties.get("form", ""))
        if not key or document is None:
            continue
        form = bundle.forms[node.properties["form"]]
        field = form.field(key)
        if field is None or not field.options:
            yield _declared(DIAGRAM, node.id, f"表单没有选项字段 {key}", f"its form has no choice {key}")
        for leaf in form.leaves():
            if leaf.required and leaf.key != key and not (leaf.default or leaf.show or leaf.readonly):
                yield _declared(
                    DIAGRAM,
                    node.id,
                    f"必填的 {leaf.key} 无法用链接答复",
                    f"{leaf.key} must be filled in, which a link cannot",
                )


def _check_registers(bundle: Bundle) -> Iterator[Finding]:
    for register in bundle.registers.values():
        missing = [key for key in ("title", "columns", "readers") if not register.get(key)]
        if missing:
            yield _declared(REGISTERS, register["id"], f"缺少 {missing}", f"lacks {missing}")
        board, keys = register.get("board"), {column.get("key") for column in register.get("columns", [])}
        if board and (
            strange := sorted(
                {board.get("since"), board.get("until"), *board.get("columns", [])} - keys, key=str
            )
        ):
            yield _declared(
                REGISTERS, f"{register['id']}.board", f"没有列 {strange}", f"there are no columns {strange}"
            )
        for column in register.get("columns", []):
            if "value" not in column:
                continue
            try:
                check_expression(column["value"], functions=COLUMN_FUNCTIONS)
            except ExpressionRefused as refused:
                yield _declared(
                    REGISTERS,
                    f"{register['id']}.{column.get('key')}",
                    refused.message_zh,
                    refused.message_en,
                )


def _check_papers(bundle: Bundle) -> Iterator[Finding]:
    for paper in bundle.documents.values():
        missing = [key for key in ("title", "blocks") if not paper.get(key)]
        if missing:
            yield _declared(DOCUMENTS, paper["id"], f"缺少 {missing}", f"lacks {missing}")


def _declared(file: str, name: str, zh: str, en: str) -> Finding:
    return Finding("error", "declaration", f"{file} 的 {name}：{zh}", f"{name} of {file}: {en}")


def _check_english(bundle: Bundle) -> Iterator[Finding]:
    missing = sorted({text for text in bundle.texts() if _CHINESE.search(text)} - bundle.english.keys())
    for text in missing:
        short = text if len(text) <= 40 else text[:40] + "…"
        yield Finding(
            "warning",
            "untranslated",
            f"“{short}”没有英文，请补充到 translations/{ENGLISH}",
            f"“{short}” has no English; add it to translations/{ENGLISH}",
        )


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([*path.rglob("*.bpmn"), *path.rglob(f"*{DECISIONS}")])
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(path)


def _decisions_for(path: Path, given: list[Path]) -> dict[str, bytes]:
    """The files of decisions that a file may refer to: those beside it, and those given with it."""
    found = bundles.decisions_in(path.parent)
    here = path.resolve().parent
    found |= {str(other): other.read_bytes() for other in given if other.resolve().parent != here}
    found.pop(path.name, None)
    return found


def _check_file(engine: Engine, path: Path, called: Container[str], given: list[Path]) -> FileReport:
    beside = _decisions_for(path, given)
    if path.suffix == DECISIONS:
        return FileReport(str(path), lint_decisions(path.read_bytes(), beside))
    alone = partial(lint, services=PARAMETERS, called=called, decisions=beside)
    folder = path.resolve().parent
    at_home = path.stem == folder.name and folder.parent == engine.settings.bpmn.resolve()
    if not at_home:
        return FileReport(str(path), alone(path.read_bytes()))
    try:
        bundle = bundles.from_folders(engine.settings.bpmn, engine.settings.forms, path.stem)
    except BundleBroken:
        # Not even text: the diagram's own check says where.
        return FileReport(str(path), alone(path.read_bytes()))
    return FileReport(str(path), check_bundle(engine, bundle))


def report_json(reports: list[FileReport]) -> Mapping[str, Any]:
    """The reports as ``guanjia check --json`` prints them."""
    return {
        "files": [
            {
                "file": report.file,
                "deployable": report.deployable,
                "findings": [
                    {
                        "severity": finding.severity,
                        "code": finding.code,
                        "element": finding.element,
                        "line": finding.line,
                        "message": finding.message,
                        "message_en": finding.message_en,
                        "fix": (
                            {"code": finding.fix.code, "label": finding.fix.label} if finding.fix else None
                        ),
                    }
                    for finding in report.findings
                ],
            }
            for report in reports
        ]
    }
