"""The layout: random diagrams come out clean, and every shipped drawing reads well."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.runtime.layout import measure, tidy
from engine.runtime.reading import BPMN, BPMNDI, DC, NAMESPACES, Unreadable, read

SHIPPED = sorted((Path(__file__).parents[2] / "bpmn").glob("*/*.bpmn"))

WORDS = "投诉受理登记核实派单处理回访归档重大紧急是否合格不满意答复整改验收签字材料费用确认报价巡查报告"


@dataclass
class Drawing:
    """A diagram under construction: lanes with their nodes, and the XML of nodes and flows."""

    lanes: list[list[str]]
    xml: list[str] = field(default_factory=list)
    flows: int = 0

    def node(self, tag: str, name: str = "", *, lane: int = 0, inner: str = "", **attributes: str) -> str:
        """Add a node, give its id."""
        key = f"n{len(self.xml)}"
        said = "".join(f" {word}={quoteattr(value)}" for word, value in attributes.items())
        self.xml.append(f'<bpmn:{tag} id="{key}" name={quoteattr(name)}{said}>{inner}</bpmn:{tag}>')
        if self.lanes:
            self.lanes[lane % len(self.lanes)].append(key)
        return key

    def flow(self, source: str, target: str, name: str = "") -> str:
        """Add a sequence flow, give its id."""
        self.flows += 1
        self.xml.append(
            f'<bpmn:sequenceFlow id="f{self.flows}" name={quoteattr(name)} '
            f'sourceRef="{source}" targetRef="{target}"/>'
        )
        return f"f{self.flows}"

    def file(self) -> bytes:
        """The BPMN file, without any drawing."""
        lanes = "".join(
            f'<bpmn:lane id="lane{i}" name="岗位{i}">'
            + "".join(f"<bpmn:flowNodeRef>{key}</bpmn:flowNodeRef>" for key in keys)
            + "</bpmn:lane>"
            for i, keys in enumerate(self.lanes)
        )
        lane_set = f'<bpmn:laneSet id="lanes">{lanes}</bpmn:laneSet>' if lanes else ""
        return (
            f'<bpmn:definitions xmlns:bpmn="{BPMN}" id="d" targetNamespace="t">\n'
            f'  <bpmn:process id="p" name="流程" isExecutable="true">{lane_set}'
            + "\n".join(self.xml)
            + "</bpmn:process>\n</bpmn:definitions>"
        ).encode()


def some_name(chance: random.Random, most: int) -> str:
    return "".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def random_drawing(seed: int, *, size: int = 18) -> bytes:
    """A procedure such as people draw: a trunk with forks, loops, timers on tasks, sub-processes."""
    chance = random.Random(seed)
    drawing = Drawing([[] for _ in range(chance.randint(0, 6))])
    lane = 0
    nodes = [drawing.node("startEvent", some_name(chance, 6))]
    gateways: list[str] = []
    for _ in range(chance.randint(3, size)):
        if chance.random() < 0.4:
            lane += chance.choice((-2, -1, 1, 2))
        kind = chance.choices(
            (
                "userTask",
                "exclusiveGateway",
                "parallelGateway",
                "intermediateCatchEvent",
                "endEvent",
                "subProcess",
            ),
            (50, 20, 5, 8, 8, 3),
        )[0]
        inner = ""
        if kind == "subProcess":
            n = len(drawing.xml)
            inner = (
                f'<bpmn:startEvent id="i{n}a"/><bpmn:userTask id="i{n}b" name="内部"/>'
                f'<bpmn:sequenceFlow id="i{n}f" sourceRef="i{n}a" targetRef="i{n}b"/>'
            )
        node = drawing.node(kind, some_name(chance, 14 if kind == "userTask" else 9), lane=lane, inner=inner)
        source = chance.choice(nodes[-3:])
        drawing.flow(source, node, some_name(chance, 5) if source in gateways else "")
        if kind in ("exclusiveGateway", "parallelGateway"):
            gateways.append(node)
        if kind != "endEvent":
            nodes.append(node)
        if kind in ("userTask", "subProcess"):
            for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
                timer = drawing.node("boundaryEvent", some_name(chance, 8), lane=lane, attachedToRef=node)
                drawing.flow(timer, chance.choice(nodes[1:] or nodes))
    for gateway in gateways:
        if chance.random() < 0.5:
            drawing.flow(gateway, chance.choice(nodes[1:]), some_name(chance, 8))
    drawing.flow(nodes[-1], drawing.node("endEvent", some_name(chance, 8), lane=lane))
    return drawing.file()


def hidden(content: bytes) -> dict[str, object]:
    """What nobody may ever find in a tidied drawing."""
    found = measure(content)
    return {
        name: pairs
        for name in ("overlaps", "through_shapes", "on_each_other", "off_edge", "undrawn")
        if (pairs := getattr(found, name))
    }


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_whatever_is_drawn_no_shape_or_line_hides_another(seed: int) -> None:
    drawn = tidy(random_drawing(seed))
    assert hidden(drawn) == {}


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_tidying_twice_changes_nothing(seed: int) -> None:
    drawn = tidy(random_drawing(seed, size=15))
    assert tidy(drawn) == drawn


LAID_OUT = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a drawing by hand -->
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:foo="urn:foo" id="d" targetNamespace="t">
  <bpmn:process id="p">
    <bpmn:extensionElements><foo:keep word="me">text</foo:keep></bpmn:extensionElements>
    <bpmn:userTask id="a" name="A"/>
    <bpmn:userTask id="b" name="B"/>
    <bpmn:userTask id="c" name="C"/>
    <bpmn:boundaryEvent id="late" name="late" attachedToRef="c"/>
    <bpmn:sequenceFlow id="ac" sourceRef="a" targetRef="c"/>
    <bpmn:sequenceFlow id="ca" sourceRef="c" targetRef="a"/>
    <bpmn:sequenceFlow id="ab" sourceRef="a" targetRef="b"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="D"><bpmndi:BPMNPlane id="P" bpmnElement="p">
    <bpmndi:BPMNShape id="a_" bpmnElement="a"><dc:Bounds x="0" y="0" width="100" height="80"/>
    </bpmndi:BPMNShape><bpmndi:BPMNShape id="b_" bpmnElement="b">
      <dc:Bounds x="150" y="0" width="100" height="80"/>
      <bpmndi:BPMNLabel><dc:Bounds x="100" y="30" width="40" height="20"/></bpmndi:BPMNLabel>
    </bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="c_" bpmnElement="c"><dc:Bounds x="240" y="0" width="100" height="80"/>
    </bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="l_" bpmnElement="late"><dc:Bounds x="400" y="0" width="36" height="36"/>
    </bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="ac_" bpmnElement="ac"><di:waypoint x="100" y="40"/><di:waypoint x="240" y="40"/>
    </bpmndi:BPMNEdge>
    <bpmndi:BPMNEdge id="ca_" bpmnElement="ca"><di:waypoint x="240" y="41"/><di:waypoint x="100" y="41"/>
    </bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>"""


@pytest.mark.parametrize(
    ("what", "found"),
    [
        pytest.param("overlaps", (("b", "c"),), id="two tasks overlap"),
        pytest.param("through_shapes", (("ac", "b"), ("ca", "b")), id="lines run through a task"),
        pytest.param("on_each_other", (("ac", "ca"),), id="two lines look like one"),
        pytest.param("labels_hit", (("b", "ac"), ("b", "ca")), id="a name stands on lines"),
        pytest.param("off_edge", (("late", "c"),), id="a boundary event is not on its host"),
        pytest.param("back_flows", ("ca",), id="a flow runs to the left"),
        pytest.param("undrawn", ("ab",), id="a flow is not drawn"),
    ],
)
def test_measuring_finds_what_a_reader_stumbles_over(what: str, found: object) -> None:
    assert getattr(measure(LAID_OUT), what) == found


def test_crossings_are_counted_once_a_pair_of_pieces() -> None:
    crossed = LAID_OUT.replace(
        b'<di:waypoint x="240" y="41"/><di:waypoint x="100" y="41"/>',
        b'<di:waypoint x="120" y="10"/><di:waypoint x="120" y="90"/>',
    )
    assert measure(crossed).crossings == (("ac", "ca"),)


def test_tidying_mends_a_bad_drawing() -> None:
    assert measure(tidy(LAID_OUT)).is_clean


def test_tidying_keeps_everything_but_the_drawing() -> None:
    drawn = tidy(LAID_OUT)
    assert b"<!-- a drawing by hand -->" in drawn
    before, after = (etree.fromstring(content) for content in (LAID_OUT, drawn))
    for root in (before, after):
        root.remove(root.find("bpmndi:BPMNDiagram", NAMESPACES))
        root[-1].tail = None
    assert etree.tostring(before, method="c14n") == etree.tostring(after, method="c14n")


def bounds_of(content: bytes) -> dict[str, tuple[int, ...]]:
    return {
        shape.get("bpmnElement"): tuple(int(shape[0].get(side)) for side in ("x", "y", "width", "height"))
        for shape in etree.fromstring(content).iter(f"{{{BPMNDI}}}BPMNShape")
        if shape[0].tag == f"{{{DC}}}Bounds"
    }


def test_a_process_with_lanes_gets_a_pool_and_every_node_stands_in_its_lane() -> None:
    drawn = tidy(next(d for d in map(random_drawing, itertools.count()) if d.count(b"<bpmn:lane ") > 3))
    diagram, bounds = read(drawn), bounds_of(drawn)
    participants = diagram.tree.getroot().findall("bpmn:collaboration/bpmn:participant", NAMESPACES)
    assert [(p.get("name"), p.get("processRef")) for p in participants] == [("流程", "p")]
    for lane in diagram.lanes:
        x, y, width, height = bounds[lane.id]
        for node in lane.nodes:
            nx, ny, nw, nh = bounds[node]
            assert x <= nx
            assert nx + nw <= x + width
            assert y <= ny
            assert ny + nh <= y + height


def test_a_process_without_lanes_stays_without_a_pool() -> None:
    assert b"collaboration" not in tidy(LAID_OUT)


def test_reading_goes_from_left_to_right_and_only_loops_go_back() -> None:
    drawing = Drawing([[], []])
    start, work = drawing.node("startEvent"), drawing.node("userTask", "办理", lane=1)
    ask, end = drawing.node("exclusiveGateway", "满意？"), drawing.node("endEvent")
    for source, target in ((start, work), (work, ask), (ask, end)):
        drawing.flow(source, target)
    again = drawing.flow(ask, work, "不满意")
    found = measure(tidy(drawing.file()))
    assert found.is_clean
    assert found.back_flows == (again,)
    assert found.crossings == ()


def test_a_straight_way_is_drawn_straight() -> None:
    drawing = Drawing([[]])
    nodes = [drawing.node("startEvent"), *(drawing.node("userTask", f"第{i}步") for i in range(4))]
    for source, target in itertools.pairwise(nodes):
        drawing.flow(source, target)
    edges = etree.fromstring(tidy(drawing.file())).iter(f"{{{BPMNDI}}}BPMNEdge")
    assert len({point.get("y") for edge in edges for point in edge}) == 1


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("", id="nothing at all"),
        pytest.param('<bpmn:process id="p"/>', id="an empty process"),
        pytest.param('<bpmn:process id="p"/><bpmn:process id="q"/>', id="two processes without pools"),
        pytest.param(
            '<bpmn:process id="p"><bpmn:userTask id="a"/>'
            '<bpmn:sequenceFlow id="f" sourceRef="a" targetRef="a"/></bpmn:process>',
            id="a task that leads to itself",
        ),
        pytest.param(
            '<bpmn:collaboration id="c"><bpmn:participant id="P" processRef="p"/><bpmn:participant id="Q"/>'
            '<bpmn:messageFlow id="m" sourceRef="Q" targetRef="a"/></bpmn:collaboration>'
            '<bpmn:process id="p"><bpmn:userTask id="a"/></bpmn:process>',
            id="a closed pool that sends a message",
        ),
    ],
)
def test_odd_files_are_drawn_too(inside: str) -> None:
    content = f'<bpmn:definitions xmlns:bpmn="{BPMN}" id="d">{inside}</bpmn:definitions>'.encode()
    drawn = tidy(content)
    assert hidden(drawn) == {}
    assert tidy(drawn) == drawn


def test_what_is_not_bpmn_is_refused() -> None:
    with pytest.raises(Unreadable):
        tidy(b"<html/>")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_drawing_reads_well(file: Path) -> None:
    content = file.read_bytes()
    found = measure(content)
    assert not found.undrawn, f"run `guanjia tidy {file.name}`"
    assert found.is_clean
    assert len(found.crossings) <= len(read(content).flows) / 2
