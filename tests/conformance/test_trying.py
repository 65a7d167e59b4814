"""A dry run shows how a drawing goes: every node entered and left, pools that talk, and how it ended."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.errors import Invalid
from engine.trying import dry_run
from tests.drawing import Drawing, many
from web.terminal.diagrams import dry_run as command

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">'
)
ONCE = "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration></bpmn:timerEventDefinition>"


def file(*parts: str) -> bytes:
    """A file of these elements."""
    return f"{HEAD}{''.join(parts)}</bpmn:definitions>".encode()


def process(name: str, *parts: str) -> str:
    """A process that can be executed."""
    return f'<bpmn:process id="{name}" isExecutable="true">{"".join(parts)}</bpmn:process>'


def node(kind: str, name: str, inside: str = "", **attributes: str) -> str:
    """A flow node."""
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{kind} id="{name}" name="{name}"{more}>{inside}</bpmn:{kind}>'


def flows(*names: str) -> str:
    """Sequence flows along a path of nodes."""
    return "".join(
        f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(names)
    )


def event(kind: str, ref: str = "") -> str:
    """An event definition."""
    return f"<bpmn:{kind}EventDefinition{f' {kind}Ref={chr(34)}{ref}{chr(34)}' if ref else ''}/>"


def steps(told: dict[str, Any]) -> list[str]:
    """A trace as words."""
    return [f"{seen['element']} {seen['event']}" for seen in told["trace"]]


def run(content: bytes, answers: dict[str, Any] | None = None, most: int = 100) -> dict[str, Any]:
    """A dry run; its answer can be printed as JSON."""
    told = dry_run(content, answers or {}, most)
    json.dumps(told, allow_nan=False)
    return told


TIMED = file(
    process(
        "p",
        node("startEvent", "s"),
        node("userTask", "a"),
        node("boundaryEvent", "late", ONCE.format('"PT2H"'), attachedToRef="a"),
        node("endEvent", "e"),
        node("endEvent", "gone"),
        flows("s", "a", "e"),
        flows("late", "gone"),
    )
)


def test_every_node_is_entered_and_completed() -> None:
    told = run(TIMED)
    assert told["end"] == "completed"
    assert steps(told) == [
        *("s entered", "s completed", "a entered", "a completed"),
        *("e entered", "e completed"),
    ]


def test_what_is_interrupted_is_cancelled_and_the_timer_fires_at_its_time() -> None:
    told = run(TIMED, {"tasks": {"a": None}})
    assert told["end"] == "completed"
    assert steps(told)[2:] == [
        *("a entered", "late entered", "late fired"),
        *("late completed", "a cancelled", "gone entered", "gone completed"),
    ]
    assert told["trace"][-1]["at"] == "2026-01-05T03:00:00+00:00"


def test_what_fails_is_told_where_it_failed() -> None:
    told = run(
        file(
            process(
                "p",
                node("startEvent", "s"),
                node("scriptTask", "x", "<bpmn:script>y = 1 / get('n', 0)</bpmn:script>"),
                node("endEvent", "e"),
                flows("s", "x", "e"),
            )
        )
    )
    assert told["end"] == "failed"
    assert steps(told)[-2:] == ["x entered", "x failed"]
    (finding,) = [found for found in told["findings"] if found["severity"] == "error"]
    assert (finding["code"], finding["element"]) == ("step-failed", "x")


MESSAGES = '<bpmn:message id="m1" name="order"/><bpmn:message id="m2" name="reply"/>'
POOLS = (
    '<bpmn:collaboration id="c"><bpmn:participant id="pa" processRef="seller"/>'
    '<bpmn:participant id="pb" processRef="buyer"/>'
    '<bpmn:messageFlow id="f1" sourceRef="ask" targetRef="asked"/>'
    '<bpmn:messageFlow id="f2" sourceRef="tell" targetRef="told"/></bpmn:collaboration>'
)
SELLER = process(
    "seller",
    node("startEvent", "asked", event("message", "m1")),
    node("userTask", "pack"),
    node("intermediateThrowEvent", "tell", event("message", "m2")),
    node("endEvent", "sold"),
    flows("asked", "pack", "tell", "sold"),
)
BUYER = process(
    "buyer",
    node("startEvent", "s"),
    node("intermediateThrowEvent", "ask", event("message", "m1")),
    node("intermediateCatchEvent", "told", event("message", "m2")),
    node("endEvent", "e"),
    flows("s", "ask", "told", "e"),
)


def test_pools_talk_and_one_that_begins_with_a_message_waits_for_it() -> None:
    told = run(file(POOLS, MESSAGES, SELLER, BUYER), {"tasks": {"pack": {"box": 1}}})
    assert told["end"] == "completed"
    seen = steps(told)
    assert seen.index("ask completed") < seen.index("asked completed") < seen.index("pack completed")
    assert seen.index("tell completed") < seen.index("told completed") < seen.index("e completed")
    assert told["data"]["box"] == 1
    assert told["open"] == []


def test_what_went_on_as_long_as_it_may_says_where_it_stood() -> None:
    told = run(LOOP, {"tasks": {"a": {"again": True}}}, most=7)
    finding = [found for found in told["findings"] if found["severity"] == "error"][-1]
    assert (finding["code"], finding["element"]) == ("bound-reached", "a")


def test_what_people_miss_does_not_hide_what_the_engine_cannot_read() -> None:
    call = '<bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="x"><spiffworkflow:parameters>'
    call += '<spiffworkflow:parameter value="1"/></spiffworkflow:parameters>'
    call += "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
    parts = (node("startEvent", "s"), node("userTask", "a"), node("serviceTask", "b", call))
    told = run(file(process("p", *parts, node("endEvent", "e"), flows("s", "a", "b", "e"))))
    assert told["end"] == "refused"
    assert {"role-missing", "engine-refused"} <= {found["code"] for found in told["findings"]}


def test_a_message_that_nobody_waited_for_is_lost_and_said_to_be() -> None:
    alone = file(MESSAGES, BUYER)
    told = run(alone)
    assert (told["end"], told["open"]) == ("waiting", ["told"])
    assert "message-unmatched" in {found["code"] for found in told["findings"]}
    answered = run(alone, {"events": [{"message": "reply", "payload": {"price": 3}, "after": 60}]})
    assert answered["end"] == "completed"
    assert answered["data"]["price"] == 3
    assert answered["trace"][-1]["at"] == "2026-01-05T01:01:00+00:00"


def test_a_process_of_one_message_start_begins_by_itself_or_by_the_event() -> None:
    only = file(MESSAGES, SELLER)
    assert run(only)["end"] == "completed"
    told = run(only, {"events": [{"message": "order", "payload": {"what": "锁"}}]})
    assert (told["end"], told["data"]["what"]) == ("completed", "锁")
    assert run(only, {"events": [{"message": "nothing"}]})["end"] == "waiting"


def test_a_signal_reaches_everybody_who_waits_for_it() -> None:
    def waiter(name: str) -> str:
        return process(
            name,
            node("startEvent", f"{name}_s"),
            node("intermediateCatchEvent", f"{name}_w", event("signal", "g")),
            node("endEvent", f"{name}_e"),
            flows(f"{name}_s", f"{name}_w", f"{name}_e"),
        )

    caller = process(
        "p",
        node("startEvent", "s"),
        node("userTask", "a"),
        node("intermediateThrowEvent", "call", event("signal", "g")),
        node("endEvent", "e"),
        flows("s", "a", "call", "e"),
    )
    signal = '<bpmn:signal id="g" name="go"/>'
    told = run(file(signal, caller, waiter("q"), waiter("r")))
    assert told["end"] == "completed"
    assert {"q_w completed", "r_w completed"} <= set(steps(told))
    outside = run(file(signal, waiter("q")), {"events": [{"signal": "go", "after": 5}]})
    assert outside["end"] == "completed"


def test_an_event_that_comes_later_than_a_timer_comes_after_it() -> None:
    content = file(
        MESSAGES,
        process(
            "p",
            node("startEvent", "s"),
            node("eventBasedGateway", "g"),
            node("intermediateCatchEvent", "got", event("message", "m2")),
            node("intermediateCatchEvent", "late", ONCE.format('"PT1H"')),
            node("endEvent", "e1"),
            node("endEvent", "e2"),
            flows("s", "g", "got", "e1"),
            flows("g", "late", "e2"),
        ),
    )
    for after, end in ((60, "e1"), (7200, "e2")):
        told = run(content, {"events": [{"message": "reply", "after": after}]})
        assert told["end"] == "completed"
        assert steps(told)[-1] == f"{end} completed"


LOOP = file(
    process(
        "p",
        node("startEvent", "s"),
        node("exclusiveGateway", "j"),
        node("userTask", "a"),
        node("exclusiveGateway", "g", default="g_e"),
        node("endEvent", "e"),
        flows("s", "j", "a", "g", "e"),
        '<bpmn:sequenceFlow id="back" sourceRef="g" targetRef="j"><bpmn:conditionExpression'
        ' xsi:type="bpmn:tFormalExpression">again</bpmn:conditionExpression></bpmn:sequenceFlow>',
    )
)


def test_a_list_of_answers_is_one_a_visit_and_steps_are_bounded() -> None:
    told = run(LOOP, {"tasks": {"a": [{"again": True}, {"again": True}, {"again": False}]}})
    assert told["end"] == "completed"
    assert steps(told).count("a completed") == 3
    assert run(LOOP, {"tasks": {"a": {"again": True}}}, most=7)["end"] == "bounded"


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"start": []}, id="start"),
        pytest.param({"tasks": {"a": 3}}, id="a task's answers"),
        pytest.param({"events": {}}, id="events"),
        pytest.param({"events": [{"payload": {}}]}, id="an event without a name"),
        pytest.param({"events": [{"message": "m", "after": "soon"}]}, id="after"),
        pytest.param({"events": [{"message": "m", "payload": 1}]}, id="payload"),
    ],
)
def test_answers_of_another_format_are_refused(answers: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        dry_run(LOOP, answers, 10)
    (tmp_path / "p.bpmn").write_bytes(LOOP)
    (tmp_path / "a.json").write_text(json.dumps(answers), encoding="utf-8")
    done = CliRunner().invoke(
        command, [str(tmp_path / "p.bpmn"), "--json", "--answers", str(tmp_path / "a.json")]
    )
    assert done.exit_code == 2


def test_the_command_prints_one_document(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(LOOP)
    done = CliRunner().invoke(command, [str(tmp_path / "p.bpmn"), "--json", "--max-steps", "20"])
    told = json.loads(done.output)
    assert done.exit_code == 0
    assert set(told) == {"end", "trace", "open", "data", "findings"}


def test_an_activity_for_each_of_a_list_nobody_filled_is_done_for_two() -> None:
    drawing = Drawing("s:start -> a:user -> e:end", a=many(over="people", item="person", into="votes"))
    told = run(drawing.xml())
    assert told["end"] == "completed"
    assert steps(told).count("a completed") == 2


def test_the_trace_names_drawn_elements_only() -> None:
    told = run(
        Drawing(
            """
            a:user -> b:user
            a -> c:user
            h:esub {
              x:start(message stop) -> d:user
            }
            """
        ).xml(),
        {"events": [{"message": "stop"}]},
    )
    assert {seen["element"] for seen in told["trace"]} <= {"a", "b", "c", "d", "h", "x"}
    assert "x fired" in steps(told)


def starting() -> bytes:
    """A process that a person begins, or a time."""
    return Drawing(
        """
        s:start -> a:script(n = 1) -> e:end
        t:start(timer every_month("last working day", at="15:00")) -> b:script(m = scheduled_at[0:7]) -> e
        """
    ).xml()


def test_it_begins_at_the_start_event_that_the_answers_name() -> None:
    assert steps(run(starting()))[:2] == ["s entered", "s completed"]
    told = run(starting(), {"at": "t"})
    assert (told["end"], told["data"]["m"]) == ("completed", "2026-01")
    assert "t completed" in steps(told)
    assert "s completed" not in steps(told)
    with pytest.raises(Invalid):
        run(starting(), {"at": "nowhere"})
    with pytest.raises(Invalid):
        run(starting(), {"at": 7})


def test_what_only_a_time_begins_is_begun_by_it() -> None:
    told = run(Drawing('t:start(timer every_day(at="09:00")) -> a:user -> e:end').xml())
    assert told["end"] == "completed"
    assert "t completed" in steps(told)
