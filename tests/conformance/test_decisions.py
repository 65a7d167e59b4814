"""Business rule tasks: a diagram's decisions are made by the tables beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.domain.facts import Finding
from engine.errors import BoundReached, RuntimeFailed
from engine.runtime.lint_codes import RULES
from engine.runtime.linting import lint
from engine.runtime.scripting import Bounds
from engine.trying import dry_run
from tests.conformance.telling import Case
from tests.drawing import Drawing
from tests.unit.test_deciding import dmn, formula, output, requires, table
from web.terminal import guanjia


def calls(decision: str) -> str:
    """What names a decision in a business rule task."""
    return f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"


LINE = "s:start -> ask:user -> fee:rule -> e:end"
LOOP = """
    s:start -> ask:user -> fee:rule -> g:xor -[charge > 100]-> ask
    g -*-> e:end
"""
FEES = dmn(
    table(
        ["> 500", '"manager"', "amount * 0.9"],
        ["<= 500", '"clerk"', "amount"],
        inputs="amount",
        outputs="who charge",
    )
)


def drawn(text: str = LINE, decision: str = "fee") -> bytes:
    """A diagram whose task ``fee`` makes a decision."""
    return Drawing(text, fee=calls(decision)).xml()


def begun(content: bytes, tables: Mapping[str, bytes], **more: Any) -> Case:
    """A case of a diagram with the tables beside it."""
    errors = [found for found in checked(content, tables) if found.severity == "error"]
    assert errors == []
    case = Case(content, tables={"main.bpmn": tables}, **more)
    case.start()
    return case


def checked(content: bytes, tables: Mapping[str, bytes] | None) -> tuple[Finding, ...]:
    """What the check says of a diagram with the tables beside it."""
    return lint(content, called=frozenset(), decisions=tables)


def test_what_a_decision_gives_is_in_the_case() -> None:
    case = begun(drawn(), {"fees.dmn": FEES})
    assert case.do("ask amount=1000") == ["ask", "fee", "e"]
    assert case.state == "end"
    assert case.snapshot.data == {"amount": 1000, "who": "manager", "charge": 900.0}


def test_gateways_take_what_was_decided_and_each_round_decides_anew() -> None:
    case = begun(drawn(LOOP), {"fees.dmn": FEES})
    assert case.do("ask amount=200") == ["ask", "fee", "g"]
    assert case.state == "ask"
    assert case.do("ask amount=50") == ["ask", "fee", "g", "e"]
    assert case.snapshot.data["charge"] == 50


def test_only_the_decision_that_was_asked_for_is_in_the_case() -> None:
    base = formula("base", "base", "amount * 2")
    fee = table(["> 10", "base + 1"], inputs="base", outputs="charge", more=requires("base"))
    case = begun(drawn(), {"fees.dmn": dmn(fee), "base.dmn": dmn(base)})
    case.do("ask amount=10")
    assert case.snapshot.data == {"amount": 10, "charge": 21}


@pytest.mark.parametrize("kind", ["sub", "tx"])
def test_a_decision_is_made_in_a_sub_process(kind: str) -> None:
    text = f"""
        s:start -> p:{kind} -> e:end
        p:{kind} {{
          s1:start -> ask:user -> fee:rule -> e1:end
        }}
    """
    case = begun(drawn(text), {"fees.dmn": FEES})
    case.do("ask amount=1000")
    assert case.snapshot.data["who"] == "manager"


def test_a_called_procedure_has_tables_of_its_own() -> None:
    caller = Drawing("s:start -> fee:rule -> c:call(other) -> e:end", fee=calls("fee")).xml()
    called = Drawing("s:start -> fee:rule -> e:end", fee=calls("fee")).xml().replace(b'"main"', b'"other"')
    case = Case(
        caller,
        others={"other.bpmn": called},
        tables={
            "main.bpmn": {"fees.dmn": dmn(formula("fee", "mine", "1"))},
            "other.bpmn": {"fees.dmn": dmn(formula("fee", "other", "mine + 1"))},
        },
    )
    case.start()
    assert case.snapshot.data == {"mine": 1, "other": 2}


def test_a_decision_is_made_as_often_as_its_task() -> None:
    each = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true">'
        "<bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
    content = drawn("s:start -> fee:rule -> e:end").replace(
        b"</bpmn:extensionElements>", f"</bpmn:extensionElements>{each}".encode()
    )
    assert each.encode() in content
    tables = {"a.dmn": dmn(formula("fee", "count", 'get("count", 0) + 1'))}
    assert begun(content, tables).snapshot.data == {"count": 3}


def test_a_case_may_be_named_and_functions_called() -> None:
    rule = table(['"X-1"', "now()"], inputs="case.no", outputs="at")
    case = begun(drawn("s:start -> fee:rule -> e:end"), {"a.dmn": dmn(rule)})
    assert case.snapshot.data["at"] == case.now.isoformat()


def test_two_rules_that_apply_fail_at_the_task() -> None:
    case = begun(
        drawn(), {"a.dmn": dmn(table(["> 1", "1"], ["> 2", "2"], inputs="amount", outputs="charge"))}
    )
    before = case.snapshot
    with pytest.raises(RuntimeFailed) as failed:
        case.do("ask amount=3")
    facts = failed.value.facts
    assert (facts["element"], facts["name"], facts["decision"], facts["rules"]) == (
        "fee",
        "fee",
        "fee",
        [1, 2],
    )
    assert case.snapshot is before
    case.do("ask amount=2")
    assert case.snapshot.data["charge"] == 1


def test_a_cell_that_fails_names_the_task_and_the_rule() -> None:
    case = begun(drawn(), {"a.dmn": dmn(table(["-", "amount / 0"], inputs="amount"))})
    with pytest.raises(RuntimeFailed) as failed:
        case.do("ask amount=3")
    assert (failed.value.facts["element"], failed.value.facts["rule"]) == ("fee", 1)


def test_what_cannot_be_kept_fails() -> None:
    case = begun(drawn(), {"a.dmn": dmn(formula("fee", "big", '{"typename": 1}'))})
    with pytest.raises(RuntimeFailed):
        case.do("ask amount=3")


def test_a_decision_is_bounded_by_its_step() -> None:
    slow = table(*(["sum(n for n in range(900)) == ?", "1"] for _ in range(800)), inputs="amount")
    case = begun(drawn(), {"a.dmn": dmn(slow)}, bounds=Bounds(seconds=0.2))
    with pytest.raises(BoundReached) as reached:
        case.do("ask amount=3")
    assert reached.value.facts["element"] == "fee"


# The check ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        pytest.param({}, "decision-unknown", id="no file"),
        pytest.param({"a.dmn": dmn(formula("fees", "x", "1"))}, "decision-unknown", id="another decision"),
        pytest.param({"a.dmn": FEES, "b.dmn": FEES}, "decision-several", id="two files with it"),
        pytest.param(
            {"a.dmn": dmn(table(["5 +", "1"], inputs="amount"))}, "decision-cell", id="a broken cell"
        ),
        pytest.param({"a.dmn": b"<definitions"}, "xml-broken", id="a broken file"),
        pytest.param(
            {"a.dmn": dmn(formula("fee", "x", "1", requires("base")))},
            "decision-unknown",
            id="requires nothing",
        ),
        pytest.param(
            {
                "a.dmn": dmn(formula("fee", "x", "1", requires("base"))),
                "b.dmn": dmn(formula("base", "y", "(")),
            },
            "decision-cell",
            id="requires what is broken",
        ),
        pytest.param(
            {
                "a.dmn": dmn(formula("fee", "x", "1", requires("base"))),
                "b.dmn": dmn(formula("base", "y", "1", requires("fee"))),
            },
            "decision-cycle",
            id="a ring through two files",
        ),
        pytest.param(
            {"a.dmn": dmn(formula("fee", "x", 'due_in("ghost")'))},
            "deadline-unknown",
            id="an unknown deadline",
        ),
        pytest.param(
            {"a.dmn": dmn(formula("fee", "x", 'visits("ghost")'))}, "node-unknown", id="an unknown node"
        ),
    ],
)
def test_a_diagram_is_told_what_is_wrong_with_its_decision(tables: dict[str, bytes], code: str) -> None:
    found = lint(drawn(), called=frozenset(), deadlines=["a"], decisions=tables)
    errors = [one for one in found if one.severity == "error"]
    assert code in {one.code for one in errors}
    assert all(one.line for one in errors)
    elsewhere = [one for one in errors if one.element != "fee" or "dmn" in one.message[:6]]
    assert all(one.message.startswith(tuple(tables)) for one in elsewhere)


def test_files_that_are_not_needed_are_not_told_of() -> None:
    tables = {
        "a.dmn": FEES,
        "b.dmn": b"<broken",
        "c.dmn": dmn(formula("x", "x", "("), formula("x", "x", "1")),
    }
    assert not [one for one in checked(drawn(), tables) if one.severity == "error"]


def test_without_knowing_the_tables_only_the_name_is_asked_for() -> None:
    assert not [one for one in checked(drawn(), None) if one.severity == "error"]
    nameless = Drawing("s:start -> fee:rule -> e:end").xml()
    assert "decision-missing" in {one.code for one in checked(nameless, None)}
    assert "unsupported-decision" not in RULES


# The commands ------------------------------------------------------------------------------------


def told(*arguments: str | Path) -> tuple[Result, Any]:
    """What a command prints."""
    done = CliRunner().invoke(guanjia, [*map(str, arguments), "--json"])
    return done, json.loads(done.output)


def test_lone_files_are_checked_with_what_stands_beside(tmp_path: Path) -> None:
    diagram, fees = tmp_path / "x.bpmn", tmp_path / "fees.dmn"
    diagram.write_bytes(drawn())
    done, report = told("check", diagram)
    assert done.exit_code == 1
    assert "decision-unknown" in {found["code"] for found in report["files"][0]["findings"]}
    fees.write_bytes(FEES)
    assert told("check", diagram)[0].exit_code == 0
    done, report = told("check", fees)
    assert (done.exit_code, report["files"][0]["findings"]) == (0, [])
    done, report = told("check", tmp_path)
    assert [Path(file["file"]).name for file in report["files"]] == ["fees.dmn", "x.bpmn"]


def test_a_decision_that_is_given_need_not_stand_beside(tmp_path: Path) -> None:
    (tmp_path / "x.bpmn").write_bytes(drawn())
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "fees.dmn").write_bytes(FEES)
    assert told("check", tmp_path / "x.bpmn")[0].exit_code == 1
    assert told("check", tmp_path / "x.bpmn", tmp_path / "rules" / "fees.dmn")[0].exit_code == 0


def test_a_broken_decision_is_reported_with_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "fees.dmn"
    broken.write_bytes(dmn("\n", table(["5 +", "1"])))
    done, report = told("check", broken)
    assert done.exit_code == 1
    (found,) = report["files"][0]["findings"]
    assert (found["code"], found["element"], found["line"]) == ("decision-cell", "r1i0", 3)


def test_a_dry_run_decides_by_what_stands_beside(tmp_path: Path) -> None:
    (tmp_path / "x.bpmn").write_bytes(drawn())
    (tmp_path / "fees.dmn").write_bytes(FEES)
    answers = tmp_path / "answers.json"
    answers.write_text('{"tasks": {"ask": {"amount": 600}}}')
    done, report = told("dry-run", tmp_path / "x.bpmn", "--answers", answers)
    assert (done.exit_code, report["end"], report["data"]["who"]) == (0, "completed", "manager")


def test_what_a_dry_run_does_not_know_takes_the_default() -> None:
    fee = table(["> limit", "1"], ['"big"', "2"], inputs="amount", outputs=[output("charge", default="0")])
    report = dry_run(drawn(), {}, 100, decisions_of=lambda name: {"a.dmn": dmn(fee)})
    assert (report["end"], report["data"]["charge"]) == ("completed", 0)


def test_a_dry_run_that_fails_names_the_task() -> None:
    fee = table(["-", "1"], ["-", "2"], inputs="amount")
    report = dry_run(drawn(), {}, 100, decisions_of=lambda name: {"a.dmn": dmn(fee)})
    assert report["end"] == "failed"
    found = report["findings"][-1]
    assert found["element"] == "fee"
    assert "1, 2" in found["message"]
