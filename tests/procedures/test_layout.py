"""The layout: random diagrams come out clean, and every shipped drawing reads well."""

from __future__ import annotations

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


def random_drawing(seed: int, *, size: int = 30) -> bytes:
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
            ("userTask", "exclusiveGateway", "parallelGateway", "intermediateCatchEvent", "endEvent", "subProcess"),
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


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_whatever_is_drawn_no_shape_or_line_hides_another(seed: int) -> None:
    drawn = tidy(random_drawing(seed))
    assert hidden(drawn) == {}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_tidying_twice_changes_nothing(seed: int) -> None:
    drawn = tidy(random_drawing(seed, size=15))
    assert tidy(drawn) == drawn
