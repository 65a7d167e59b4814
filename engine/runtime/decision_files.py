"""Read a DMN 1.1 to 1.3 file safely into decisions, and tell of everything in it that cannot be decided.

A decision with an error is known by its id and not among the decisions; a file that was checked before
it was published has none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lxml import etree

from engine.domain.facts import Finding
from engine.runtime import reading
from engine.runtime.decision_cells import Compiled, compile_cell, compile_expression, compile_values
from engine.runtime.decisions import AGGREGATIONS, POLICIES, RANKING, Decision, Formula, Output, Rule, Table
from engine.runtime.expression_words import ExpressionRefused
from engine.runtime.lint_check import called, finding
from engine.runtime.lint_codes import MAX_ELEMENTS, MAX_SECONDS
from engine.runtime.lint_elements import is_field

#: The namespaces of DMN 1.1, 1.2 and 1.3.
VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
}
#: What may stand in a decision without being its logic.
_BESIDE = frozenset(
    {
        *("description", "extensionElements", "question", "allowedAnswers", "variable"),
        *("informationRequirement", "authorityRequirement", "supportedObjective"),
        *("impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask"),
    }
)
#: What stands beside decisions and would have to be executed.
_ELSEWHERE = frozenset({"businessKnowledgeModel", "decisionService", "import"})
#: Parts of the names of languages that are not this one, yet write plain cells in the same way.
_LANGUAGES = ("feel", "python")

Where = tuple[str, str]
_INPUT: Where = ("输入表达式", "input expression")
_CELL: Where = ("输入单元格", "input cell")
_OUTPUT: Where = ("输出单元格", "output cell")
_DEFAULT: Where = ("默认输出", "default output")
_VALUES: Where = ("输出值次序", "order of output values")
_FORMULA: Where = ("表达式", "expression")

_T = TypeVar("_T")


@dataclass
class DecisionFile:
    """What one file says."""

    #: Those that can be made.
    decisions: dict[str, Decision] = field(default_factory=dict)
    #: The ids of all, those with errors too.
    known: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def decisions_in(files: Mapping[str, bytes]) -> dict[str, Decision]:
    """The decisions of checked files by their ids."""
    return {name: found for content in files.values() for name, found in read(content).decisions.items()}


def read(content: bytes, until: float = float("inf")) -> DecisionFile:
    """Read a DMN file; ``until`` is the thread's processor time at which it gives up. Never raises."""
    told = DecisionFile()
    try:
        _read_into(told, content, until)
    except reading.Unreadable as error:
        most = reading.MAX_BYTES
        told.findings.append(finding(error.code, line=error.line, detail=str(error), most=most))
    except TimeoutError:
        told.findings.append(finding("check-unfinished", most=MAX_SECONDS))
    return told


def _read_into(told: DecisionFile, content: bytes, until: float) -> None:
    if time.thread_time() > until:
        raise TimeoutError
    root = reading.parse_xml(content).getroot()
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in VERSIONS:
        raise reading.Unreadable("not-dmn", f"the root is {root.tag}", reading.line_of(root))
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        told.findings.append(finding("too-many-elements", most=MAX_ELEMENTS))
        return
    _Reader(root, told, until).read()


class _Reader:
    """One file while it is read."""

    def __init__(self, root: etree._Element, told: DecisionFile, until: float) -> None:
        self.root = root
        self.told = told
        self.until = until
        self.namespace = etree.QName(root).namespace

    def read(self) -> None:
        """Read every decision."""
        self._require_language(self.root)
        for element in self._children(self.root):
            kind = reading.local(element)
            if kind == "decision":
                self._decision(element)
            elif kind in _ELSEWHERE:
                self._add("decision-unsupported", element, kind=kind)

    def _decision(self, element: etree._Element) -> None:
        name = element.get("id", "")
        if not name:
            self._shape(element, "决策没有 id", "the decision has no id")
            return
        if name in self.told.known:
            self._add("decision-several", element, name=name)
            return
        self.told.known.add(name)
        before = len(self.told.findings)
        logic = self._logic(element)
        required = tuple(self._required(element))
        if logic is not None and len(self.told.findings) == before:
            label = element.get("name", "")
            self.told.decisions[name] = Decision(name, label, reading.line_of(element), logic, required)

    def _required(self, element: etree._Element) -> Iterator[str]:
        for requirement in self._children(element, "informationRequirement"):
            for required in self._children(requirement, "requiredDecision"):
                yield required.get("href", "").rpartition("#")[2]

    def _logic(self, element: etree._Element) -> Table | Formula | None:
        found = [child for child in self._children(element) if reading.local(child) not in _BESIDE]
        kinds = {reading.local(child): child for child in found}
        for kind in kinds.keys() - {"decisionTable", "literalExpression"}:
            self._add("decision-unsupported", kinds[kind] if kinds[kind].get("id") else element, kind=kind)
            return None
        if len(found) != 1:
            self._shape(
                element,
                f"要有一张决策表或一个表达式，这里有 {len(found)} 个",
                f"a decision has one table or one expression; here are {len(found)}",
            )
            return None
        if "decisionTable" in kinds:
            return self._table(element, found[0])
        return self._formula(element, found[0])

    def _formula(self, decision: etree._Element, element: etree._Element) -> Formula | None:
        self._require_language(element)
        name = self._variable(decision)
        if not name:
            self._shape(decision, "表达式的结果没有名称（variable）", "its result has no name (variable)")
        expression = self._compiled(compile_expression, element, _FORMULA)
        if expression is None or not self._is_writable(decision, name):
            return None
        return Formula(name, expression)

    def _table(self, decision: etree._Element, element: etree._Element) -> Table | None:
        policy = element.get("hitPolicy") or "UNIQUE"
        aggregation = element.get("aggregation") or None
        columns = list(self._children(element, "output"))
        self._check_policy(element, policy, aggregation, len(columns))
        inputs = [self._input(found) for found in self._children(element, "input")]
        outputs = [self._output(decision, found, policy, len(columns)) for found in columns]
        if not outputs:
            self._shape(element, "决策表没有输出列", "the table has no output")
        if policy in RANKING and outputs and not any(output and output.values for output in outputs):
            self._policy(
                element,
                f"{policy} 要写明输出值的次序（outputValues）",
                f"{policy} needs the values of an output in their order (outputValues)",
            )
        self._require_different(element, [output.name for output in outputs if output])
        rules = [
            self._rule(found, number, len(inputs), outputs)
            for number, found in enumerate(self._children(element, "rule"), 1)
        ]
        # Whatever is missing here was told above, and keeps the decision from being made.
        return Table(
            inputs=tuple(found for found in inputs if found),
            outputs=tuple(found for found in outputs if found),
            rules=tuple(found for found in rules if found),
            policy=policy,
            aggregation=aggregation,
        )

    def _check_policy(
        self, element: etree._Element, policy: str, aggregation: str | None, outputs: int
    ) -> None:
        if policy not in POLICIES:
            self._policy(element, f"没有命中策略 {policy}", f"there is no hit policy {policy}")
        elif aggregation is not None and aggregation not in AGGREGATIONS:
            self._policy(element, f"没有汇总方式 {aggregation}", f"there is no aggregation {aggregation}")
        elif aggregation is not None and policy != "COLLECT":
            self._policy(
                element,
                f"只有 COLLECT 可以汇总（{aggregation}）",
                f"only COLLECT has an aggregation ({aggregation})",
            )
        elif aggregation is not None and outputs > 1:
            self._policy(
                element,
                f"有 {outputs} 个输出列，不能汇总（{aggregation}）",
                f"a table with {outputs} outputs has no aggregation ({aggregation})",
            )

    def _input(self, element: etree._Element) -> Compiled | None:
        expression = next(self._children(element, "inputExpression"), None)
        if expression is None:
            self._shape(element, "输入列没有表达式", "the input has no expression")
            return None
        self._require_language(expression)
        return self._compiled(compile_expression, expression, _INPUT, element)

    def _output(
        self, decision: etree._Element, element: etree._Element, policy: str, columns: int
    ) -> Output | None:
        name = (element.get("name") or "").strip() or (self._variable(decision) if columns == 1 else "")
        if not name:
            self._shape(element, "输出列没有名称", "the output has no name")
            return None
        if not self._is_writable(element, name):
            return None
        default = next(self._children(element, "defaultOutputEntry"), None)
        values = next(self._children(element, "outputValues"), None) if policy in RANKING else None
        return Output(
            name=name,
            default=None if default is None else self._value(default, _DEFAULT, element),
            values=() if values is None else self._compiled(compile_values, values, _VALUES, element) or (),
        )

    def _rule(
        self, element: etree._Element, number: int, inputs: int, outputs: list[Output | None]
    ) -> Rule | None:
        if time.thread_time() > self.until:
            raise TimeoutError
        cells = list(self._children(element, "inputEntry"))
        given = list(self._children(element, "outputEntry"))
        if (len(cells), len(given)) != (inputs, len(outputs)):
            self._shape(
                element,
                f"第 {number} 条规则有 {len(cells)} 个输入和 {len(given)} 个输出，"
                f"应有 {inputs} 个和 {len(outputs)} 个",
                f"rule {number} has {len(cells)} inputs and {len(given)} outputs in place of"
                f" {inputs} and {len(outputs)}",
            )
            return None
        tests = [self._compiled(compile_cell, cell, _CELL, element, number) for cell in cells]
        values = [self._value(cell, _OUTPUT, element, number) for cell in given]
        for output, value, cell in zip(outputs, values, given, strict=True):
            if output is not None and output.values:
                self._check_ranked(element, number, output, value, cell)
        return Rule(
            id=element.get("id", ""),
            number=number,
            cells=tuple(test for test in tests if test),
            outputs=tuple(values),
        )

    def _check_ranked(
        self,
        element: etree._Element,
        number: int,
        output: Output,
        value: Compiled | None,
        cell: etree._Element,
    ) -> None:
        """What a rule gives must have its place in the order, as far as it is written in so many words."""
        written = value.literal if value is not None else (None,) if self._is_empty(cell) else None
        if written and written[0] not in output.values:
            shown = value.source if value is not None else "-"
            zh = f"第 {number} 条规则的 {shown} 不在输出值次序之列"
            en = f"{shown} of rule {number} is not among the output's values"
            self._policy(element, zh, en, line=reading.line_of(cell))

    # Parts -----------------------------------------------------------------------------------------

    def _children(self, parent: etree._Element, tag: str = "*") -> Iterator[etree._Element]:
        yield from parent.iterchildren(f"{{{self.namespace}}}{tag}")

    def _variable(self, decision: etree._Element) -> str:
        found = next(self._children(decision, "variable"), None)
        return (found.get("name") or "").strip() if found is not None else ""

    def _text(self, element: etree._Element) -> tuple[str, int]:
        found = next(self._children(element, "text"), None)
        return (found.text or "", reading.line_of(found)) if found is not None else ("", 0)

    def _is_empty(self, element: etree._Element) -> bool:
        return self._text(element)[0].strip() in ("", "-")

    def _value(
        self, element: etree._Element, where: Where, owner: etree._Element, number: int | None = None
    ) -> Compiled | None:
        """An expression, or None where nothing is written."""
        if self._is_empty(element):
            return None
        return self._compiled(compile_expression, element, where, owner, number)

    def _compiled(
        self,
        how: Callable[[str], _T],
        element: etree._Element,
        where: Where,
        owner: etree._Element | None = None,
        number: int | None = None,
    ) -> _T | None:
        """Compile what stands in an element; what is refused is told at the element or its owner."""
        if number is not None:
            self._require_language(element)
        text, line = self._text(element)
        try:
            return how(text)
        except ExpressionRefused as refused:
            zh, en = where
            self._add(
                "decision-cell",
                element if element.get("id") or owner is None else owner,
                line=line or reading.line_of(element),
                where=(f"第 {number} 条规则的{zh}", f"{en} of rule {number}") if number else where,
                text=text.strip()[:80],
                detail=(refused.message_zh, refused.message_en),
            )
            return None

    def _require_language(self, element: etree._Element) -> None:
        language = element.get("expressionLanguage", "")
        if language and not any(part in language.lower() for part in _LANGUAGES):
            self._add("decision-unsupported", element, kind=f"expressionLanguage {language}")
        if next(self._children(element, "importedValues"), None) is not None:
            self._add("decision-unsupported", element, kind="importedValues")

    def _is_writable(self, element: etree._Element, name: str) -> bool:
        if name and not is_field(name):
            self._add("field-reserved", element, name=name)
        return bool(name) and is_field(name)

    def _require_different(self, element: etree._Element, names: list[str]) -> None:
        twice = {name for name in names if names.count(name) > 1}
        for name in sorted(twice):
            self._shape(element, f"不止一个输出列叫 {name}", f"more than one output is called {name}")

    # Findings --------------------------------------------------------------------------------------

    def _shape(self, element: etree._Element, zh: str, en: str) -> None:
        self._add("decision-shape", element, detail=(zh, en))

    def _policy(self, element: etree._Element, zh: str, en: str, line: int | None = None) -> None:
        self._add("decision-hit-policy", element, line=line, detail=(zh, en))

    def _add(self, code: str, element: etree._Element, line: int | None = None, **facts: Any) -> None:
        around = [element, *element.iterancestors()]
        name = next((found.get("id", "") for found in around if found.get("id")), "")
        # Cells and rules have ids that editors make up; people know the decision's name.
        named = (found.get("name") or found.get("label") for found in around if found is not self.root)
        label = next((found for found in named if found), "")
        self.told.findings.append(
            finding(
                code,
                element=name or None,
                line=line or reading.line_of(element),
                at=called(label, name or reading.local(element)),
                **facts,
            )
        )
