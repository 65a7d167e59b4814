"""Decisions: every hit policy and every form of a cell, and what is wrong is told at its place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.facts import Finding
from engine.errors import BoundReached, ExpressionFailed, RuntimeFailed
from engine.runtime.deciding import decide
from engine.runtime.decision_cells import compile_cell
from engine.runtime.decision_files import VERSIONS, decisions_in, read
from engine.runtime.decisions import names_of
from engine.runtime.evaluator import Evaluator
from engine.runtime.expression_words import ExpressionRefused
from engine.runtime.lint_codes import RULES
from engine.runtime.lint_decisions import lint_decisions

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def dmn(*decisions: str, namespace: str = DMN, attributes: str = "") -> bytes:
    """A DMN file."""
    head = f'<definitions xmlns="{namespace}" id="d" name="d" namespace="t" {attributes}>'
    return f"{head}{''.join(decisions)}</definitions>".encode()


def text(tag: str, content: str, attributes: str = "") -> str:
    """An element with a text."""
    return f"<{tag} {attributes}><text>{escape(content)}</text></{tag}>"


def output(name: str, values: str = "", default: str = "") -> str:
    """An output column."""
    inside = text("outputValues", values) if values else ""
    inside += text("defaultOutputEntry", default) if default else ""
    return f"<output id={quoteattr(f'o_{name}')} name={quoteattr(name)}>{inside}</output>"


def table(
    *rules: Sequence[str],
    inputs: str = "x",
    outputs: str | Sequence[str] = "y",
    name: str = "fee",
    policy: str = "",
    more: str = "",
    attributes: str = "",
) -> str:
    """A decision with a table: a rule is its cells, inputs first; an output is a name or its XML."""
    columns = outputs.split() if isinstance(outputs, str) else outputs
    inside = "".join(
        f"<input id='i{n}'>{text('inputExpression', e)}</input>" for n, e in enumerate(inputs.split())
    )
    inside += "".join(column if column.startswith("<") else output(column) for column in columns)
    for number, cells in enumerate(rules, 1):
        at = len(inputs.split())
        row = "".join(text("inputEntry", cell, f"id='r{number}i{n}'") for n, cell in enumerate(cells[:at]))
        row += "".join(text("outputEntry", cell, f"id='r{number}o{n}'") for n, cell in enumerate(cells[at:]))
        inside += f"<rule id='r{number}'>\n{row}</rule>"
    hit, _, aggregation = policy.partition("+")
    attributes += f' hitPolicy="{hit}"' if hit else ""
    attributes += f' aggregation="{aggregation}"' if aggregation else ""
    return (
        f"<decision id={quoteattr(name)} name='收费'>{more}"
        f"<decisionTable id='t_{name}' {attributes}>{inside}</decisionTable></decision>"
    )


def formula(name: str, variable: str, expression: str, more: str = "") -> str:
    """A decision that is one expression."""
    named = f'<variable name="{variable}"/>' if variable else ""
    return f'<decision id="{name}">{named}{more}{text("literalExpression", expression)}</decision>'


def requires(*names: str) -> str:
    """Which decisions a decision requires."""
    return "".join(
        f'<informationRequirement id="q{n}"><requiredDecision href="#{name}"/></informationRequirement>'
        for n, name in enumerate(names)
    )


def made(*decisions: str, wanted: str = "fee", **data: Any) -> dict[str, Any]:
    """What a decision of a file gives, which is in order."""
    content = dmn(*decisions)
    assert lint_decisions(content) == ()
    return decide(wanted, decisions_in({"a.dmn": content}), data, {"today": lambda: "2026-11-02"})


def asks(cell: str, value: Any, **data: Any) -> bool:
    """Whether a cell is true of a value."""
    return made(table([cell, "True"], outputs=[output("y", default="False")]), x=value, **data)["y"] is True


# Cells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "true", "false"),
    [
        pytest.param("", [1, "a", None], [], id="empty"),
        pytest.param(" - ", [1, "a", None, []], [], id="a hyphen"),
        pytest.param('"a"', ["a"], ["b", 1, None], id="a text"),
        pytest.param("3", [3, 3.0], [4, "3", None], id="a number"),
        pytest.param("-3", [-3], [3], id="a negative number"),
        pytest.param("None", [None], [0, ""], id="nothing"),
        pytest.param("True", [True], [False, None, "True"], id="true"),
        pytest.param("limit * 2", [20], [10], id="an expression"),
        pytest.param('"甲, 乙"', ["甲, 乙"], ["甲"], id="a comma within quotation marks"),
        pytest.param('"-"', ["-"], ["", None], id="a hyphen within quotation marks"),
        pytest.param('"a", "b"', ["a", "b"], ["c", None], id="alternatives"),
        pytest.param('1, > 5, [2..3), "x"', [1, 6, 2], [5, 3, None], id="alternatives of several kinds"),
        pytest.param("< 5", [4, -1.5], [5, 6, None], id="less"),
        pytest.param("<= 5", [5], [6, None], id="at most"),
        pytest.param("> limit", [11], [10, None], id="greater than a datum"),
        pytest.param(">= 10", [10], [9, None], id="at least"),
        pytest.param('!= "x"', ["y", None, 1], ["x"], id="not equal"),
        pytest.param("== 5", [5], [4], id="equal, written out"),
        pytest.param(">= today()", ["2026-11-02", "2026-12-01"], ["2026-11-01"], id="a date as text"),
        pytest.param("[1..5]", [1, 3, 5], [0, 6, None], id="a range with both ends"),
        pytest.param("(1..5)", [1.1, 4], [1, 5], id="a range without its ends"),
        pytest.param("]1..5[", [2, 4], [1, 5], id="a range without its ends, as in books"),
        pytest.param("[1..5)", [1], [5], id="a range without its upper end"),
        pytest.param("]1..5]", [5], [1], id="a range without its lower end"),
        pytest.param("[0.5..1.5]", [0.5, 1], [2], id="a range of fractions"),
        pytest.param("[-5..-1]", [-5, -1], [0], id="a range below nought"),
        pytest.param('["a".."c"]', ["a", "bb"], ["d", None], id="a range of texts"),
        pytest.param('[1..limits["top"][0]]', [1, 9], [10], id="a range up to a datum within a list"),
        pytest.param("[1..2], ]5..7[, (9..10]", [1, 2, 6, 10], [3, 5, 7, 9], id="several ranges"),
        pytest.param('not("a", "b")', ["c", None], ["a", "b"], id="not"),
        pytest.param("not(]1..5[)", [1, 5, None], [2], id="not a range"),
        pytest.param("not(> 5)", [5, None], [6], id="not greater"),
        pytest.param("not(? > 5)", [5], [6], id="not an expression"),
        pytest.param("not(? > 5) or (? > 9)", [5, 10], [6], id="an expression that begins with not"),
        pytest.param("not(not(1))", [1], [2], id="not not"),
        pytest.param("? % 2 == 0", [2, 0], [1], id="an expression about the value"),
        pytest.param("1 < ? < limit", [2, 9], [1, 10], id="a chain about the value"),
        pytest.param("len(?) > 2, 0", ["abc", [1, 2, 3]], ["ab"], id="a function of the value"),
        pytest.param("? in ('a?', 'b')", ["a?", "b"], ["a"], id="a question mark within quotation marks"),
        pytest.param("limit if ? else 0", [True], [False], id="a truth value"),
        pytest.param('["a", "b"]', [["a", "b"]], ["a", ["b"]], id="a list is a value"),
    ],
)
def test_a_cell_is_true_of(cell: str, true: list[Any], false: list[Any]) -> None:
    data = {"limit": 10, "limits": {"top": [9]}}
    assert [value for value in true if not asks(cell, value, **data)] == []
    assert [value for value in false if asks(cell, value, **data)] == []


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        pytest.param("5 +", "syntax", id="half an expression"),
        pytest.param('"a",', "empty", id="an alternative that is missing"),
        pytest.param("not()", "empty", id="not nothing"),
        pytest.param("<", "empty", id="a comparison with nothing"),
        pytest.param("[1..]", "empty", id="half a range"),
        pytest.param("[1...5]", "construct", id="three dots"),
        pytest.param("[1..5", "syntax", id="a range that is not closed"),
        pytest.param("= 5", "syntax", id="one equals sign"),
        pytest.param("-, 5", "syntax", id="a hyphen among others"),
        pytest.param("true", "foreign-constant", id="true of FEEL"),
        pytest.param('date("2026-01-01")', "function-unknown", id="a function of FEEL"),
        pytest.param("amount > 5", "cell-answer", id="a condition that does not speak of the value"),
        pytest.param("< 5 < 7", "cell-answer", id="two comparisons"),
        pytest.param("not x", "cell-answer", id="not without brackets"),
        pytest.param("1 # one, 2", "construct", id="a remark"),
        pytest.param("__import__('os')", "underscore", id="a way out"),
        pytest.param("(lambda: 1)()", "construct", id="another way out"),
        pytest.param("9" * 4_001, "too-long", id="too long"),
        pytest.param("not(" * 200 + "1" + ")" * 200, "too-deep", id="too deep"),
    ],
)
def test_a_cell_is_refused(cell: str, reason: str) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_cell(cell)
    assert refused.value.reason == reason


@given(st.text(alphabet="[](),.<>=!?-'\"# notax1", max_size=60))
def test_no_text_breaks_the_reading_of_cells(cell: str) -> None:
    with contextlib.suppress(ExpressionRefused):
        compile_cell(cell)


@pytest.mark.parametrize("piece", ["]1,", "[1,", "(1..", "[1..2],", "not(", "'", "{},"])
def test_long_cells_are_read_at_once(piece: str) -> None:
    begun = time.process_time()
    with pytest.raises(ExpressionRefused):
        compile_cell((piece * 4_000)[:4_000])
    assert time.process_time() - begun < 0.5


# Hit policies ------------------------------------------------------------------------------------

#: Three rules that overlap, and one that never applies.
OVER = (["> 0", '"a"', "1"], ["> 5", '"b"', "2"], ["> 5", '"c"', "2"], ["> 1000", '"d"', "9"])


def overlapping(policy: str, x: float, values: str = "", default: str = "") -> Any:
    """What a table with one output gives."""
    rules = [rule[:2] for rule in OVER]
    return made(table(*rules, outputs=[output("y", values, default)], policy=policy), x=x)["y"]


@pytest.mark.parametrize(
    ("policy", "x", "gives"),
    [
        ("", 3, "a"),
        ("", -1, None),
        ("UNIQUE", 3, "a"),
        ("ANY", 3, "a"),
        ("ANY", -1, None),
        ("FIRST", 7, "a"),
        ("FIRST", -1, None),
        ("RULE ORDER", 7, ["a", "b", "c"]),
        ("RULE ORDER", -1, []),
        ("COLLECT", 7, ["a", "b", "c"]),
        ("COLLECT", 3, ["a"]),
        ("COLLECT", -1, []),
        ("COLLECT+COUNT", 7, 3),
        ("COLLECT+COUNT", -1, 0),
        ("COLLECT+MAX", 7, "c"),
        ("COLLECT+MIN", 7, "a"),
        ("COLLECT+MIN", -1, None),
    ],
)
def test_a_hit_policy_gives(policy: str, x: float, gives: Any) -> None:
    assert overlapping(policy, x) == gives


@pytest.mark.parametrize(
    ("policy", "x", "gives"),
    [
        ("PRIORITY", 7, "c"),
        ("PRIORITY", 3, "a"),
        ("PRIORITY", -1, None),
        ("OUTPUT ORDER", 7, ["c", "a", "b"]),
        ("OUTPUT ORDER", -1, []),
    ],
)
def test_the_order_of_the_values_decides(policy: str, x: float, gives: Any) -> None:
    assert overlapping(policy, x, '"d", "c", "a", "b"') == gives


@pytest.mark.parametrize(
    ("aggregation", "gives"), [("SUM", 5), ("MIN", 1), ("MAX", 2), ("COUNT", 3)], ids=lambda value: str(value)
)
def test_what_is_collected_is_drawn_together(aggregation: str, gives: int) -> None:
    rules = [[rule[0], rule[2]] for rule in OVER]
    assert made(table(*rules, policy=f"COLLECT+{aggregation}"), x=7) == {"y": gives}


def test_a_sum_of_nothing_is_nothing() -> None:
    assert made(table(["> 5", "1"], policy="COLLECT+SUM"), x=0) == {"y": None}


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "RULE ORDER", "COLLECT", "COLLECT+MAX"])
def test_when_no_rule_applies_the_default_is_given(policy: str) -> None:
    assert overlapping(policy, -1, default='"other"') == "other"


@pytest.mark.parametrize(
    ("policy", "gives"),
    [
        ("UNIQUE", {"level": "high", "days": 1}),
        ("COLLECT", {"level": ["high"], "days": [1]}),
        ("RULE ORDER", {"level": ["high"], "days": [1]}),
    ],
)
def test_several_outputs_are_given_by_their_names(policy: str, gives: dict[str, Any]) -> None:
    rules = (["> 10", '"high"', "1"], ["<= 10", '"low"', "x + 2"])
    assert made(table(*rules, outputs="level days", policy=policy), x=11) == gives


def test_several_outputs_have_each_their_default() -> None:
    columns = [output("level", default='"none"'), output("days")]
    assert made(table(["> 10", '"high"', "1"], outputs=columns), x=1) == {"level": "none", "days": None}


def test_several_outputs_are_ordered_the_first_before_the_others() -> None:
    columns = [output("level", '"high", "low"'), output("days", "3, 2, 1")]
    rules = (["-", '"low"', "3"], ["-", '"high"', "1"], ["-", '"high"', "2"])
    assert made(table(*rules, outputs=columns, policy="PRIORITY"), x=1) == {"level": "high", "days": 2}
    ordered = made(table(*rules, outputs=columns, policy="OUTPUT ORDER"), x=1)
    assert ordered == {"level": ["high", "high", "low"], "days": [2, 1, 3]}


def test_any_allows_rules_that_agree() -> None:
    assert made(table(["> 0", '"a"'], ["> 5", '"a"'], policy="ANY"), x=7) == {"y": "a"}


def test_an_empty_output_is_nothing() -> None:
    assert made(table(["> 0", "", "1"], outputs="y z"), x=7) == {"y": None, "z": 1}


def test_a_rule_looks_at_all_its_cells() -> None:
    rules = (["> 0", '"甲"', "1"], ["> 0", '"乙"', "2"], ["-", "-", "3"])
    assert made(table(*rules, inputs="x kind", policy="FIRST"), x=1, kind="乙") == {"y": 2}
    assert made(table(*rules, inputs="x kind", policy="FIRST"), x=0, kind="乙") == {"y": 3}


def test_first_does_not_look_behind_the_first() -> None:
    assert made(table(["1", '"a"'], ["? / 0 > 1", '"b"'], policy="FIRST"), x=1) == {"y": "a"}


def test_a_table_without_inputs_and_one_without_rules() -> None:
    assert made(table(['"always"'], inputs="")) == {"y": "always"}
    assert made(table(), x=1) == {"y": None}


def test_a_single_output_without_a_name_is_called_like_the_variable() -> None:
    assert made(table(["-", "1"], outputs=['<output id="o"/>'], more='<variable name="费用"/>'), x=1) == {
        "费用": 1
    }


@pytest.mark.parametrize("namespace", VERSIONS)
def test_every_version_of_the_format_is_read(namespace: str) -> None:
    content = dmn(table(["1", '"a"']), namespace=namespace)
    assert lint_decisions(content) == ()
    assert decide("fee", decisions_in({"a": content}), {"x": 1}, {}) == {"y": "a"}


def test_a_file_as_editors_write_it_is_read() -> None:
    content = f"""<?xml version="1.0" encoding="UTF-8"?>
<dmn:definitions xmlns:dmn="{DMN}" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
    xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" id="d" name="DRD" namespace="http://example.org"
    expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/">
  <dmn:itemDefinition id="item" name="t"><dmn:typeRef>string</dmn:typeRef></dmn:itemDefinition>
  <dmn:inputData id="in" name="season"/><dmn:knowledgeSource id="ks" name="手册"/>
  <dmn:decision id="dish" name="菜">
    <dmn:variable id="v" name="dish"/>
    <dmn:informationRequirement id="q"><dmn:requiredInput href="#in"/></dmn:informationRequirement>
    <dmn:authorityRequirement id="au"><dmn:requiredAuthority href="#ks"/></dmn:authorityRequirement>
    <dmn:decisionTable id="t" hitPolicy="UNIQUE" outputLabel="菜" biodi:annotationsWidth="9">
      <dmn:input id="i" label="季节" biodi:width="192"><dmn:inputExpression id="ie" typeRef="string">
        <dmn:text>season</dmn:text></dmn:inputExpression>
        <dmn:inputValues id="iv"><dmn:text>"Winter","Summer"</dmn:text></dmn:inputValues></dmn:input>
      <dmn:output id="o" label="菜" name="desired dish" typeRef="string">
        <dmn:outputValues id="ov"><dmn:text>[1..2]</dmn:text></dmn:outputValues></dmn:output>
      <dmn:annotation name="注"/>
      <dmn:rule id="r"><dmn:description>冬天</dmn:description>
        <dmn:inputEntry id="a"><dmn:text>"Winter"</dmn:text></dmn:inputEntry>
        <dmn:outputEntry id="b"><dmn:text>"Roast"</dmn:text></dmn:outputEntry>
        <dmn:annotationEntry><dmn:text>热</dmn:text></dmn:annotationEntry></dmn:rule>
    </dmn:decisionTable>
  </dmn:decision>
  <dmndi:DMNDI><dmndi:DMNDiagram id="dia"/></dmndi:DMNDI>
</dmn:definitions>""".encode()
    assert lint_decisions(content) == ()
    assert decide("dish", decisions_in({"a": content}), {"season": "Winter"}, {}) == {"desired dish": "Roast"}


# Agreement with a plain reference ----------------------------------------------------------------

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 3)), max_size=6)


def expected(policy: str, hits: list[int]) -> Any:
    """The reference: the outputs of the rules that apply, in their order, under a policy."""
    if policy in ("UNIQUE", "ANY"):
        fine = len(hits) <= 1 if policy == "UNIQUE" else len(set(hits)) <= 1
        return (hits[0] if hits else None) if fine else RuntimeFailed
    plain: dict[str, Any] = {
        "FIRST": hits[0] if hits else None,
        "PRIORITY": max(hits) if hits else None,
        "RULE ORDER": hits,
        "COLLECT": hits,
        "OUTPUT ORDER": sorted(hits, reverse=True),
        "COLLECT+SUM": sum(hits) if hits else None,
        "COLLECT+MIN": min(hits) if hits else None,
        "COLLECT+MAX": max(hits) if hits else None,
        "COLLECT+COUNT": len(hits),
    }
    return plain[policy]


POLICIES = (
    *("UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER"),
    *("COLLECT", "COLLECT+SUM", "COLLECT+MIN", "COLLECT+MAX", "COLLECT+COUNT"),
)


@given(rows=ROWS, x=st.integers(-4, 4), policy=st.sampled_from(POLICIES))
def test_a_random_table_gives_what_the_reference_gives(
    rows: list[tuple[int, int, int]], x: int, policy: str
) -> None:
    content = dmn(
        table(
            *([f"[{low}..{high}]", str(value)] for low, high, value in rows),
            outputs=[output("y", "3, 2, 1, 0")],
            policy=policy,
        )
    )
    assert lint_decisions(content) == ()
    hits = [value for low, high, value in rows if low <= x <= high]
    try:
        gives = decide("fee", decisions_in({"a": content}), {"x": x}, {})["y"]
    except RuntimeFailed:
        gives = RuntimeFailed
    assert gives == expected(policy, hits)


# Decisions that require others -------------------------------------------------------------------


def test_what_is_required_is_decided_first() -> None:
    risk = table(["> 10", '"high"'], ["<= 10", '"low"'], outputs="risk", name="risk")
    base = formula("base", "基价", "x * 2")
    fee = table(['"high"', "基价 + 100"], ['"low"', "基价"], inputs="risk", more=requires("risk", "base"))
    assert made(fee, risk, base, x=11) == {"y": 122}
    assert made(fee, risk, base, x=1) == {"y": 2}


def test_what_several_require_is_decided_once() -> None:
    layers = [
        formula(f"n{n}", f"v{n}", f"v{n - 1} + 1", requires(f"n{n - 1}", f"n{max(0, n - 2)}"))
        for n in range(1, 40)
    ]
    assert made(formula("n0", "v0", "x"), *layers, wanted="n39", x=1) == {"v39": 40}


def test_a_formula_is_a_decision() -> None:
    assert made(formula("fee", "费用", "x * 2 if x > 1 else 0"), x=3) == {"费用": 6}


def test_inputs_only_name_data() -> None:
    named = '<informationRequirement id="q"><requiredInput href="#in"/></informationRequirement>'
    assert made('<inputData id="in" name="x"/>', table(["1", '"a"'], more=named), x=1) == {"y": "a"}


def test_the_names_that_decisions_read() -> None:
    risk = table(["> low", '"high"'], outputs="risk", name="risk")
    fee = table(['"high"', "base + 1"], inputs="risk", more=requires("risk"))
    assert names_of(decisions_in({"a": dmn(fee, risk)}).values()) == {"x", "low", "base"}


# What fails when it is decided -------------------------------------------------------------------


def failure(*decisions: str, **data: Any) -> RuntimeFailed:
    """How a decision fails that is in order."""
    with pytest.raises(RuntimeFailed) as failed:
        made(*decisions, **data)
    assert failed.value.facts["decision"]
    return failed.value


def test_unique_fails_when_two_rules_apply() -> None:
    error = failure(table(*(rule[:2] for rule in OVER), policy="UNIQUE"), x=7)
    assert error.facts["rules"] == [1, 2, 3]
    assert "1, 2, 3" in str(error.facts["zh"])


def test_any_fails_when_rules_differ() -> None:
    error = failure(table(*(rule[:2] for rule in OVER), policy="ANY"), x=7)
    assert error.facts["rules"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("decision", "rule"),
    [
        pytest.param(table(['"a"', "1"], ["< 5", "2"]), 2, id="a text less than a number"),
        pytest.param(table(["missing", "1"]), 1, id="a datum that is not there"),
        pytest.param(table(["-", "x.price"]), 1, id="an output that cannot be computed"),
        pytest.param(table(["-", "1 / 0"], policy="COLLECT+SUM"), 1, id="an output divided by nought"),
        pytest.param(
            table(["-", "x"], outputs=[output("y", '"a"')], policy="PRIORITY"),
            1,
            id="a value out of the order",
        ),
    ],
)
def test_a_failure_names_its_rule(decision: str, rule: int) -> None:
    error = failure(decision, x="x")
    assert (error.facts["decision"], error.facts["rule"]) == ("fee", rule)


def test_what_is_no_number_has_no_sum() -> None:
    assert "SUM" in str(failure(table(["-", '"a"'], policy="COLLECT+SUM"), x=1).facts["en"])


def test_an_input_that_is_not_there_fails() -> None:
    assert isinstance(failure(table(["-", "1"])), ExpressionFailed)


def test_a_decision_is_bounded() -> None:
    slow = table(*(["sum(n for n in range(900)) == ?", "1"] for _ in range(300)))
    decisions = decisions_in({"a": dmn(slow)})
    begun = time.thread_time()
    with pytest.raises(BoundReached) as reached:
        decide("fee", decisions, {"x": 1}, {}, until=begun + 0.1)
    assert time.thread_time() - begun < 1
    assert reached.value.facts["decision"] == "fee"


def test_what_a_decision_gives_is_bounded() -> None:
    long = table(*(["-", "'x' * 90_000"] for _ in range(100)), policy="COLLECT")
    error = failure(long, x=1)
    assert isinstance(error, BoundReached)
    assert (error.facts["bound"], error.facts["decision"]) == ("size", "fee")


def test_literal_cells_are_not_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    decisions = decisions_in({"a": dmn(table(*([str(n), str(n)] for n in range(50))))})
    asked = []
    result = Evaluator.result
    monkeypatch.setattr(Evaluator, "result", lambda self, tree: asked.append(tree) or result(self, tree))
    assert decide("fee", decisions, {"x": 49}, {}) == {"y": 49}
    assert len(asked) == 1


def test_decisions_that_were_not_checked_fail_with_a_reason() -> None:
    ring = decisions_in(
        {"a": dmn(formula("fee", "a", "1", requires("b")), formula("b", "b", "1", requires("fee")))}
    )
    with pytest.raises(RuntimeFailed, match="require each other"):
        decide("fee", ring, {}, {})
    with pytest.raises(RuntimeFailed, match="no decision"):
        decide("other", ring, {}, {})


# What is told when it is checked -----------------------------------------------------------------


def only(content: bytes, code: str) -> Finding:
    """The one finding of a file, said in both languages and at a place."""
    (found,) = lint_decisions(content)
    assert (found.severity, found.code) == ("error", code)
    assert found.message
    assert found.message_en.isascii() or "“" in found.message_en
    return found


GOOD = table(["1", '"a"'])
BAD = [
    pytest.param(table(["5 +", "1"]), "decision-cell", "r1i0", id="an input cell"),
    pytest.param(table(["5", "open('x')"]), "decision-cell", "r1o0", id="an output cell"),
    pytest.param(table(["1", "1"], inputs="x+"), "decision-cell", "i0", id="an input expression"),
    pytest.param(
        table(["1", "1"], outputs=[output("y", default="1 +")]), "decision-cell", "o_y", id="a default"
    ),
    pytest.param(formula("fee", "y", ""), "decision-cell", "fee", id="an empty formula"),
    pytest.param(
        table(["1", "1", "1"], outputs=[output("y", "1, 2"), output("z", "[1..5]")], policy="PRIORITY"),
        "decision-cell",
        "o_z",
        id="an order that is a range",
    ),
    pytest.param(table(policy="LAST"), "decision-hit-policy", "t_fee", id="an unknown policy"),
    pytest.param(
        table(policy="COLLECT+AVERAGE"), "decision-hit-policy", "t_fee", id="an unknown aggregation"
    ),
    pytest.param(table(policy="FIRST+SUM"), "decision-hit-policy", "t_fee", id="a sum of the first"),
    pytest.param(
        table(outputs="a b", policy="COLLECT+SUM"), "decision-hit-policy", "t_fee", id="a sum of two outputs"
    ),
    pytest.param(table(policy="PRIORITY"), "decision-hit-policy", "t_fee", id="a priority without order"),
    pytest.param(
        table(["1", "7"], outputs=[output("y", "1, 2")], policy="OUTPUT ORDER"),
        "decision-hit-policy",
        "r1",
        id="a value that is not in the order",
    ),
    pytest.param(
        table(["1", ""], outputs=[output("y", "1, 2")], policy="PRIORITY"),
        "decision-hit-policy",
        "r1",
        id="an empty cell where there is an order",
    ),
    pytest.param(table(["1"]), "decision-shape", "r1", id="a cell too few"),
    pytest.param(table(["1", "2", "3"]), "decision-shape", "r1", id="a cell too many"),
    pytest.param(table(["1"], outputs=""), "decision-shape", "t_fee", id="no output"),
    pytest.param(table(outputs="y y"), "decision-shape", "t_fee", id="the same output twice"),
    pytest.param(table(outputs=["<output id='o'/>"]), "decision-shape", "o", id="an output without a name"),
    pytest.param(formula("fee", "", "1"), "decision-shape", "fee", id="a formula without a name"),
    pytest.param('<decision id="fee"/>', "decision-shape", "fee", id="no logic"),
    pytest.param(table(outputs="case"), "field-reserved", "o_case", id="a reserved name"),
    pytest.param(GOOD + GOOD, "decision-several", "fee", id="the same decision twice"),
    pytest.param(GOOD.replace('id="fee"', ""), "decision-shape", "d", id="a decision without an id"),
    pytest.param(
        table(["1", "1"], more=requires("ghost")), "decision-unknown", "fee", id="requires nothing there"
    ),
    pytest.param(
        formula("a", "a", "1", requires("b")) + formula("b", "b", "1", requires("a")),
        "decision-cycle",
        None,
        id="a ring",
    ),
    pytest.param(formula("a", "a", "1", requires("a")), "decision-cycle", "a", id="requires itself"),
    *(
        pytest.param(f'<decision id="fee"><{kind} id="k"/></decision>', "decision-unsupported", "k", id=kind)
        for kind in ("context", "functionDefinition", "invocation", "relation", "list", "conditional")
    ),
    pytest.param(
        '<decision id="fee"><knowledgeRequirement/></decision>', "decision-unsupported", "fee", id="knowledge"
    ),
    pytest.param('<businessKnowledgeModel id="k"/>', "decision-unsupported", "k", id="a knowledge model"),
    pytest.param('<decisionService id="k"/>', "decision-unsupported", "k", id="a decision service"),
    pytest.param(
        table(["1", "1"]).replace("<inputEntry", '<inputEntry expressionLanguage="groovy"'),
        "decision-unsupported",
        "r1i0",
        id="another language",
    ),
]


@pytest.mark.parametrize(("decisions", "code", "element"), BAD)
def test_what_cannot_be_decided_is_told_at_its_place(decisions: str, code: str, element: str | None) -> None:
    found = only(dmn(decisions), code)
    assert found.line
    assert element is None or found.element == element


def test_a_finding_gives_the_line_of_its_cell() -> None:
    found = only(dmn("\n\n", table(["1", "1"], ["<", "1"])), "decision-cell")
    assert found.line == 5
    assert "规则" in found.message
    assert "rule 2" in found.message_en


@pytest.mark.parametrize("content", [b"", b"<a", b"<html/>", b"<!DOCTYPE d []><d/>", b"<a>" * 400_000])
def test_what_is_no_decision_file_is_told(content: bytes) -> None:
    (found,) = lint_decisions(content)
    assert found.severity == "error"
    assert read(content).decisions == {}


def test_a_file_of_another_format_is_told() -> None:
    only(dmn(GOOD, namespace="https://www.omg.org/spec/DMN/20230324/MODEL/"), "not-dmn")


def test_entities_are_not_read() -> None:
    content = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + dmn(table(["1", "&x;"]))
    assert [found.code for found in lint_decisions(content)] == ["xml-doctype"]


def test_too_many_elements_are_refused() -> None:
    only(dmn("<a/>" * 20_001), "too-many-elements")


def test_a_large_table_is_checked_at_once() -> None:
    content = dmn(table(*([f"> {n}", str(n)] for n in range(2_000)), policy="FIRST"))
    begun = time.process_time()
    assert lint_decisions(content) == ()
    assert time.process_time() - begun < 2
    assert decide("fee", decisions_in({"a": content}), {"x": 0}, {}) == {"y": None}


def test_a_file_that_would_take_too_long_is_not_finished() -> None:
    cell = "+".join(["x"] * 70)
    content = dmn(table(*([cell + f"+{n}", "1"] for n in range(2_800))))
    begun = time.process_time()
    assert "check-unfinished" in {found.code for found in lint_decisions(content)}
    assert time.process_time() - begun < 2


def test_what_is_required_may_stand_beside() -> None:
    content = dmn(table(["1", "1"], more=requires("base")))
    assert lint_decisions(content, {"b.dmn": dmn(formula("base", "base", "1"))}) == ()
    assert [f.code for f in lint_decisions(content, {"b.dmn": dmn(formula("case", "b", "1"))})] == [
        "decision-unknown"
    ]


def test_every_code_of_decisions_is_tried() -> None:
    tried = {str(found.values[1]) for found in BAD} | {"not-dmn", "decision-missing"}
    assert {code for code in RULES if code.startswith("decision-") or code == "not-dmn"} <= tried
