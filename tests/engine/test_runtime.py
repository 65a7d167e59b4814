"""Running a case step by step: as the plain library where that is right, and right where it is not."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.facts import OpenTask, Snapshot
from engine.errors import BoundReached, ExpressionFailed, RuntimeFailed, TaskNotFound
from engine.runtime.parsing import Specification, build
from engine.runtime.workflow import Bounds, Run, Tools
from tests.engine.world import FILES

NOW = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">'
)


def tools(**more: Any) -> Tools:
    """What the engine would lend."""
    return Tools(
        now=NOW,
        names={"case": {"no": "X-1"}},
        functions={"due_in": lambda name: "2026-11-05T09:30:00+08:00"},
        call=lambda operator, parameters, data, node, process: f"{operator}!",
        **more,
    )


def toy(*names: str) -> Specification:
    """A toy procedure; those it calls come after it."""
    files = {f"{name}.bpmn": (FILES / "bpmn" / name / f"{name}.bpmn").read_bytes() for name in names}
    return build(names[0], files)


def drawn(*parts: str) -> Specification:
    """A process of the given elements."""
    inside = "".join(parts)
    text = f'{HEAD}<bpmn:process id="p" isExecutable="true">{inside}</bpmn:process></bpmn:definitions>'
    return build("p", {"p.bpmn": text.encode()})


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow."""
    said = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    ends = f'id="{source}_{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {ends}>{said}</bpmn:sequenceFlow>"


class Plain(Run):
    """A run that leaves the task tree as the library makes it."""

    def advance(self) -> None:
        """Go on without compacting."""
        self.workflow.do_engine_steps(did_complete_task=self._passed)
        self._refuse_other_starts()


@dataclass
class Walk:
    """A case walked by hand; a compacted one is saved and restored at every step, as the engine does."""

    specification: Specification
    compacted: bool = True
    data: dict[str, Any] = field(default_factory=dict)
    snapshot: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        """Start."""
        kind = Run if self.compacted else Plain
        self._run = kind.start(self.specification, self.data, tools())
        self._advance()

    def _advance(self) -> None:
        self._run.visited.clear()
        self._run._steps = 0
        self._run.advance()
        self.snapshot = self._run.snapshot()

    @property
    def open(self) -> list[str]:
        """The nodes of the open tasks."""
        return sorted(task.node for task in self.snapshot.open_tasks)

    @property
    def size(self) -> int:
        """How many tasks the saved tree holds."""
        return len(json.loads(self.snapshot.state)["workflow"]["tasks"])

    def complete(self, node: str, which: int = 0, **answers: Any) -> None:
        """Complete an open task of a node."""
        found = [task for task in self.snapshot.open_tasks if task.node == node]
        task: OpenTask = sorted(found, key=lambda task: task.visit)[which]
        if self.compacted:
            self._run = Run.restore(self.specification, self.snapshot.state, self.snapshot.data, tools())
        self._run.complete(task.id, answers, by=1)
        self._advance()


# A join inside a loop -------------------------------------------------------------------------


def test_a_join_in_a_loop_waits_for_both_in_every_round() -> None:
    walk = Walk(toy("errand", "inspection"))
    walk.complete("intake", topic="t")
    sizes = []
    for number in range(6):
        first, second = ("work_a", "work_b") if number % 2 else ("work_b", "work_a")
        walk.complete(first)
        assert walk.open == [second], f"round {number + 1}"
        walk.complete(second)
        assert walk.open == ["review"]
        walk.complete("review", verdict="again")
        assert walk.open == ["work_a", "work_b"]
        sizes.append(walk.size)
    assert sizes[1:] == sizes[1:2] * 5


# The same as the plain library ------------------------------------------------------------------

Block = tuple[Any, ...]
#: A drawing of blocks within blocks: ("task",), ("row", …), ("choice", …), ("both", …), ("again", …).
#: The library is right as long as no parallel block stands in a loop.
BLOCKS = st.recursive(
    st.just(("task",)),
    lambda inner: st.one_of(
        st.tuples(st.just("row"), inner, inner),
        st.tuples(st.just("choice"), inner, inner),
        st.tuples(st.just("both"), inner, inner),
        st.tuples(st.just("again"), inner.filter(lambda block: "both" not in str(block))),
    ),
    max_leaves=6,
)


def drawing(block: Block) -> Specification:
    """The block as a process."""
    parts: list[str] = []
    first, last = _draw(block, parts)
    start, end = '<bpmn:startEvent id="begin"/>', '<bpmn:endEvent id="over"/>'
    return drawn(start, *parts, end, flow("begin", first), flow(last, "over"))


def _draw(block: Block, parts: list[str]) -> tuple[str, str]:
    me = f"n{len(parts)}"
    parts.append("")
    at = len(parts) - 1
    inner = [_draw(part, parts) for part in block[1:]]
    match block[0]:
        case "task":
            parts[at] = f'<bpmn:userTask id="{me}" name="{me}"/>'
            return me, me
        case "row":
            parts.append(flow(inner[0][1], inner[1][0]))
            return inner[0][0], inner[1][1]
        case "again":
            into, out = f"{me}i", f"{me}o"
            parts[at] = f'<bpmn:exclusiveGateway id="{into}"/>'
            parts.append(f'<bpmn:exclusiveGateway id="{out}" default="{out}_{me}x"/>')
            # The way out is a gateway of its own, so that a block always has one last node.
            parts.append(f'<bpmn:exclusiveGateway id="{me}x"/>')
            parts += [flow(out, f"{me}x"), flow(out, into, "again")]
            parts += [flow(into, inner[0][0]), flow(inner[0][1], out)]
            return into, f"{me}x"
        case kind:
            tag = "parallelGateway" if kind == "both" else "exclusiveGateway"
            split, join = f"{me}s", f"{me}j"
            default = f' default="{split}_{inner[1][0]}"' if kind == "choice" else ""
            parts[at] = f'<bpmn:{tag} id="{split}"{default}/><bpmn:{tag} id="{join}"/>'
            parts.append(flow(split, inner[0][0], "left" if kind == "choice" else ""))
            parts += [flow(split, inner[1][0]), flow(inner[0][1], join), flow(inner[1][1], join)]
            return split, join


def passed(walk: Walk) -> list[tuple[str, str | None]]:
    """What the last step passed, and from where."""
    return [(v.node, v.came_from) for v in walk.snapshot.visited if v.event == "completed"]


@settings(max_examples=40, derandomize=True)
@given(BLOCKS, st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), max_size=14))
def test_a_compacted_case_does_what_the_plain_library_does(
    block: Block, moves: list[tuple[int, bool, bool]]
) -> None:
    specification = drawing(block)
    first = {"again": False, "left": False}
    ours, plain = Walk(specification, data=first), Walk(specification, compacted=False, data=first)
    for which, again, left in moves:
        assert ours.open == plain.open
        assert ours.snapshot.ended == plain.snapshot.ended
        assert passed(ours) == passed(plain)
        if ours.snapshot.ended:
            break
        node = ours.open[which % len(ours.open)]
        for walk in (ours, plain):
            walk.complete(node, again=again, left=left)
    assert ours.open == plain.open
    assert ours.size <= plain.size


# What a person types is data --------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"typename": "UUID", "value": "x"},
        [{"typename": "datetime", "value": "?"}, {"rows": [{"typename": "set"}]}],
        {"tasks": {}, "spec": None, "root": 1, "state": 8},
    ],
)
def test_data_that_looks_like_a_saved_object_comes_back_as_it_was(value: object) -> None:
    walk = Walk(toy("rework"))
    for _ in range(3):
        walk.complete("work", again=True, note=value)
        assert walk.snapshot.data["note"] == value
        assert json.loads(json.dumps(walk.snapshot.data))["note"] == value


# Failing in a way that helps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "element"),
    [
        pytest.param("missing > 1", "choice", id="a name that is not there"),
        pytest.param("1 / 0 > 1", "choice", id="a division by zero"),
        pytest.param("[1][5] > 1", "choice", id="an index beyond the end"),
    ],
)
def test_an_expression_that_fails_names_its_element(expression: str, element: str) -> None:
    specification = drawn(
        '<bpmn:startEvent id="begin"/>',
        '<bpmn:exclusiveGateway id="choice" name="选择" default="choice_b"/>',
        '<bpmn:userTask id="a" name="a"/><bpmn:userTask id="b" name="b"/><bpmn:endEvent id="over"/>',
        flow("begin", "choice"),
        flow("choice", "a", expression.replace(">", "&gt;")),
        flow("choice", "b"),
        flow("a", "over"),
        flow("b", "over"),
    )
    with pytest.raises(ExpressionFailed) as failed:
        Walk(specification)
    assert failed.value.facts["element"] == element
    assert failed.value.facts["name"] == "选择"


def test_a_decision_without_a_way_out_names_its_gateway() -> None:
    specification = drawn(
        '<bpmn:startEvent id="begin"/><bpmn:exclusiveGateway id="choice"/><bpmn:endEvent id="over"/>',
        '<bpmn:userTask id="a" name="a"/>',
        flow("begin", "choice"),
        flow("choice", "a", "1 &gt; 2"),
        flow("choice", "over", "2 &gt; 3"),
        flow("a", "over"),
    )
    with pytest.raises(RuntimeFailed) as failed:
        Walk(specification)
    assert failed.value.facts["element"] == "choice"


def test_a_script_that_fails_names_its_element() -> None:
    specification = drawn(
        '<bpmn:startEvent id="begin"/><bpmn:endEvent id="over"/>',
        '<bpmn:scriptTask id="reckon"><bpmn:script>x = gone + 1</bpmn:script></bpmn:scriptTask>',
        flow("begin", "reckon"),
        flow("reckon", "over"),
    )
    with pytest.raises(ExpressionFailed) as failed:
        Walk(specification)
    assert failed.value.facts["element"] == "reckon"


def endless(extra: str = "") -> Specification:
    """A loop that nothing waits in."""
    return drawn(
        '<bpmn:startEvent id="begin"/><bpmn:exclusiveGateway id="into"/>',
        f'<bpmn:scriptTask id="turn"><bpmn:script>n = get("n", 0) + 1{extra}</bpmn:script></bpmn:scriptTask>',
        '<bpmn:exclusiveGateway id="out" default="out_over"/><bpmn:endEvent id="over"/>',
        flow("begin", "into"),
        flow("into", "turn"),
        flow("turn", "out"),
        flow("out", "into", "n &gt; 0"),
        flow("out", "over"),
    )


def test_an_endless_loop_is_stopped_soon_and_named() -> None:
    specification = endless()
    began = time.process_time()
    with pytest.raises(BoundReached) as stopped:
        Walk(specification)
    assert time.process_time() - began < 2
    assert stopped.value.facts["bound"] == "steps"
    assert stopped.value.facts["element"] in {"into", "turn", "out"}


def test_data_cannot_grow_without_end() -> None:
    began = time.process_time()
    with pytest.raises(BoundReached):
        Walk(endless('\ntext = get("text", "x") + get("text", "x")'))
    assert time.process_time() - began < 2


def test_a_case_has_no_more_data_than_its_bound() -> None:
    run = Run.start(toy("rework"), {"note": "x" * 200}, tools(bounds=Bounds(data=100)))
    with pytest.raises(BoundReached) as stopped:
        run.advance()
    assert stopped.value.facts["bound"] == "data"


def test_what_waits_for_nothing_is_an_error_that_names_where() -> None:
    walk = Walk(toy("knot"))
    with pytest.raises(RuntimeFailed) as stuck:
        walk.complete("first", straight=False)
    assert stuck.value.facts["element"] == "join"


def test_a_task_is_completed_once_and_a_timer_fired_only_while_it_waits() -> None:
    walk = Walk(toy("errand", "inspection"))
    (task,) = walk.snapshot.open_tasks
    walk.complete("intake", topic="t")
    run = Run.restore(walk.specification, walk.snapshot.state, walk.snapshot.data, tools())
    with pytest.raises(TaskNotFound):
        run.complete(task.id, {}, by=1)
    with pytest.raises(TaskNotFound):
        run.fire(task.id)
    with pytest.raises(TaskNotFound):
        run.receive(task.id, "nothing", {})


def test_a_state_is_saved_as_it_was_loaded() -> None:
    walk = Walk(toy("errand", "inspection"))
    walk.complete("intake", topic="t")
    walk.complete("work_a")
    again = Run.restore(walk.specification, walk.snapshot.state, walk.snapshot.data, tools()).snapshot()
    assert json.loads(again.state) == json.loads(walk.snapshot.state)
    assert again.open_tasks == walk.snapshot.open_tasks
    assert again.timers == walk.snapshot.timers
