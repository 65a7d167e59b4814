"""Nothing a diagram contains keeps a process busy for ever: each bound names the element it was met at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from engine import jobs, tasks
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM
from engine.errors import BoundReached, Misconfigured, RuntimeFailed
from engine.lending import bounds
from engine.procedures import publish
from engine.runtime.scripting import Bounds
from engine.runtime.workflow import Run
from engine.store.models import Job
from engine.wiring import Settings
from tests.engine.test_runtime import drawn, flow, tools, toy
from tests.engine.world import World, changed

START, END = '<bpmn:startEvent id="s"/>', '<bpmn:endEvent id="e"/>'


def script(name: str, text: str) -> str:
    """A script task."""
    return f'<bpmn:scriptTask id="{name}"><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'


def call(name: str, process: str) -> str:
    """A call activity."""
    return f'<bpmn:callActivity id="{name}" calledElement="{process}"/>'


def loop(inside: str) -> str:
    """A process whose element ``x`` is done again and again."""
    return "".join(
        [
            START,
            '<bpmn:exclusiveGateway id="j"/>',
            inside,
            '<bpmn:exclusiveGateway id="g" default="g_j"/>',
            END,
            flow("s", "j"),
            flow("j", "x"),
            flow("x", "g"),
            flow("g", "j"),
            flow("g", "e", "get('stop', False)"),
        ]
    )


def several(inside: str, times: str) -> str:
    """A task that several people do at once."""
    return (
        f'<bpmn:userTask id="x">{inside}<bpmn:multiInstanceLoopCharacteristics>'
        f"<bpmn:loopCardinality>{times}</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
    )


def grow(process: str, **more: Any) -> RuntimeFailed:
    """What goes wrong when the process is started and goes as far as it can."""

    def go() -> None:
        Run.start(drawn(process), {}, tools(**more)).advance()

    with pytest.raises(RuntimeFailed) as stopped:
        go()
    return stopped.value


@pytest.mark.parametrize(
    ("process", "given", "bound", "element"),
    [
        pytest.param(loop(script("x", "n = get('n', 0) + 1")), {"steps": 60}, "steps", "", id="a loop"),
        pytest.param(loop(script("x", "n = 1")), {"seconds": 0.0}, "seconds", "", id="time"),
        pytest.param(
            START + call("x", "p") + END + flow("s", "x") + flow("x", "e"),
            {"depth": 4},
            "depth",
            "",
            id="recursion",
        ),
        pytest.param(
            START + several("", "10_000") + END + flow("s", "x") + flow("x", "e"),
            {},
            "instances",
            "x",
            id="instances",
        ),
        pytest.param(
            START + several("", "30") + END + flow("s", "x") + flow("x", "e"),
            {"live": 20},
            "live",
            "x",
            id="living",
        ),
        pytest.param(
            START
            + script("x", "text = 'many words ' * 900")
            + script("y", "more = text * 9")
            + END
            + flow("s", "x")
            + flow("x", "y")
            + flow("y", "e"),
            {"data": 50_000},
            "data",
            "",
            id="data",
        ),
    ],
)
def test_whoever_reaches_a_bound_is_stopped_at_an_element(
    process: str, given: dict[str, Any], bound: str, element: str
) -> None:
    error = grow(process, bounds=Bounds(**given))
    assert isinstance(error, BoundReached)
    assert error.facts["bound"] == bound
    assert error.facts["element"]
    assert element in ("", error.facts["element"])


def test_an_expression_obeys_the_settings_of_the_installation() -> None:
    given = bounds(Settings(expression_steps=50))
    long = START + script("x", "n = sum([i for i in range(200)])") + END + flow("s", "x") + flow("x", "e")
    error = grow(long, bounds=given)
    assert isinstance(error, BoundReached)
    assert (error.facts["element"], error.facts["reason"]) == ("x", "steps")


@pytest.mark.parametrize("value", [b"\0", object(), float("nan"), {1: 2}, {"a": b"x"}])
def test_a_service_that_answers_what_cannot_be_stored_fails_by_name(value: object) -> None:
    service = (
        '<bpmn:serviceTask id="x"><bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="odd/one"'
        ' resultVariable="got"><spiffworkflow:parameters/></spiffworkflow:serviceTaskOperator>'
        "</bpmn:extensionElements></bpmn:serviceTask>"
    )
    lent = replace(tools(), call=lambda *_: value)
    run = Run.start(drawn(START, service, END, flow("s", "x"), flow("x", "e")), {}, lent)
    with pytest.raises(RuntimeFailed) as stopped:
        run.advance()
    assert stopped.value.facts["element"] == "x"


@pytest.mark.parametrize("payload", [{"a": b"x"}, {"a": {1: 2}}, {"a": float("inf")}])
def test_a_message_that_carries_what_cannot_be_stored_fails_by_name(payload: dict[str, Any]) -> None:
    catch = '<bpmn:message id="m" name="m"/>'
    inside = (
        START
        + '<bpmn:intermediateCatchEvent id="x"><bpmn:messageEventDefinition messageRef="m"/>'
        + "</bpmn:intermediateCatchEvent>"
        + END
        + flow("s", "x")
        + flow("x", "e")
    )
    specification = drawn(inside + "</bpmn:process>" + catch + '<bpmn:process id="q">')
    run = Run.start(specification, {}, tools())
    run.advance()
    snapshot = run.snapshot()
    again = Run.restore(specification, snapshot.state, snapshot.data, tools())
    with pytest.raises(RuntimeFailed) as stopped:
        again.receive(snapshot.awaited[0].id, "m", payload)
    assert stopped.value.facts["element"] == "x"


def test_answers_that_cannot_be_stored_fail_by_name() -> None:
    specification = toy("rework")
    run = Run.start(specification, {}, tools())
    run.advance()
    snapshot = run.snapshot()
    again = Run.restore(specification, snapshot.state, snapshot.data, tools())
    again.complete(snapshot.open_tasks[0].id, {"again": True, "odd": {1, 2}}, by=1)
    with pytest.raises(RuntimeFailed) as stopped:
        again.advance()
    assert stopped.value.facts["element"]


def test_a_timer_without_length_in_a_loop_keeps_nobody_busy_for_ever(world: World) -> None:
    over = """<bpmn:endEvent id="early_over" name="结束">
      <bpmn:incoming>note_early_to_early_over</bpmn:incoming>
    </bpmn:endEvent>"""
    again = """<bpmn:intermediateCatchEvent id="early_over" name="不等"><bpmn:timerEventDefinition>
      <bpmn:timeDate>now()</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
      <bpmn:exclusiveGateway id="more" name="再来？" default="back" />
      <bpmn:endEvent id="enough" name="够了" />
      <bpmn:sequenceFlow id="to_more" sourceRef="early_over" targetRef="more" />
      <bpmn:sequenceFlow id="back" sourceRef="more" targetRef="note_early" />
      <bpmn:sequenceFlow id="stop" sourceRef="more" targetRef="enough">
      <bpmn:conditionExpression>get("stop", False)</bpmn:conditionExpression></bpmn:sequenceFlow>"""
    bundle = changed(world.bundle("alarm"), DIAGRAM, {over: again})
    publish(world.engine, bundle, by=SYSTEM)
    world.engine = replace(world.engine, settings=replace(world.settings, firings=5))
    case, other = world.start("alarm"), world.start("promise")
    world.move("2026-11-02 10:30")
    (job,) = world.look(sa.select(Job).where(Job.case_id == case, Job.status == "incident"))
    assert "element='early_over'" in (job.error or "")
    assert "firings" in (job.error or "")
    assert len(world.case(case).data["order"]) == 6
    assert jobs.run_due(world.engine) == 0
    world.complete(other, "fix")


def test_a_repeating_timer_without_length_fails_by_name() -> None:
    task = (
        '<bpmn:userTask id="x"/><bpmn:boundaryEvent id="b" attachedToRef="x" cancelActivity="false">'
        '<bpmn:timerEventDefinition><bpmn:timeCycle>"R/PT0S"</bpmn:timeCycle></bpmn:timerEventDefinition>'
        '</bpmn:boundaryEvent><bpmn:endEvent id="f"/>'
    )
    error = grow(START + task + END + flow("s", "x") + flow("x", "e") + flow("b", "f"))
    assert error.facts["element"] == "b"


def test_a_setting_that_is_nothing_stops_the_start() -> None:
    assert Settings.from_environment({"GUANJIA_STEPS": "7"}).steps == 7
    for bad in ("0", "-1", "many"):
        with pytest.raises(Misconfigured, match="GUANJIA_LIVE"):
            Settings.from_environment({"GUANJIA_LIVE": bad})


def test_a_person_who_reaches_a_bound_loses_nothing(world: World) -> None:
    case = world.start("rework")
    task, before = world.task(case, "work"), world.everything()
    world.engine = replace(world.engine, settings=replace(world.settings, data_size=10))
    with pytest.raises(BoundReached) as stopped:
        tasks.complete_task(world.engine, task, by=world.people["an"], answers={"again": True})
    assert stopped.value.facts["element"]
    assert world.everything() == before
    world.engine = replace(world.engine, settings=world.settings)
    tasks.complete_task(world.engine, task, by=world.people["an"], answers={"again": False})
    assert world.case(case).status == "ended"


def test_incidents_of_a_bound_name_the_element(world: World) -> None:
    case = world.start("alarm")
    world.engine = replace(world.engine, settings=replace(world.settings, data_size=10, job_attempts=1))
    world.move("2026-11-02 10:30")
    (job,) = world.look(sa.select(Job).where(Job.case_id == case, Job.status == "incident"))
    assert "element=" in (job.error or "")
    assert jobs.run_due(world.engine) == 0
