"""Checking a diagram: what is right passes, and every kind of wrong is told at its place."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.facts import Finding
from engine.domain.masters import parse_masters
from engine.runtime import lint_expressions
from engine.runtime.lint_codes import MAX_NODES, RULES
from engine.runtime.lint_expressions import foreign_language
from engine.runtime.linting import lint
from engine.runtime.parsing import build
from engine.runtime.translating import translate

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t" id="d">
"""
SCRIPTED = (
    "<bpmn:extensionElements>"
    "<spiffworkflow:preScript>n = 1</spiffworkflow:preScript></bpmn:extensionElements>"
)
LANES = '<bpmn:laneSet id="ls"><bpmn:lane id="l1" name="客务代表">{refs}</bpmn:lane></bpmn:laneSet>'
ROLES = {"客务代表": "cs_rep", "cs_rep": "cs_rep"}
SERVICES = {"register/write": ["register"], "number/issue": ["series"], "master/change": ["master"]}
MASTERS = parse_masters(
    {
        "cards.json": {
            "id": "cards",
            "title": "卡",
            "title_en": "Cards",
            "key": "no",
            "readers": ["clerk"],
            "columns": [
                {"key": "no", "label": "卡号", "label_en": "No."},
                {
                    "key": "state",
                    "label": "状态",
                    "label_en": "State",
                    "type": "choice",
                    "options": [{"value": "in", "label": "在", "label_en": "In"}],
                },
            ],
        }
    },
    roles={"clerk": None},
)


def extended(inside: str) -> str:
    """Extension elements."""
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"


def props(**values: str) -> str:
    """Extension elements with properties."""
    inside = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in values.items()
    )
    return extended(f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>")


def user(node_id: str, name: str = "办理", more: str = "", **values: str) -> str:
    """A user task in order, unless its properties say otherwise."""
    properties = props(**{"clause": "依据", **values})
    return f'<bpmn:userTask id="{node_id}" name="{name}">{properties}{more}</bpmn:userTask>'


def flow(source: str, target: str, condition: str = "", flow_id: str = "") -> str:
    """A sequence flow; its id is that of both ends."""
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    flow_id = flow_id or f"f_{source}_{target}"
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="{flow_id}" {ends}>{inside}</bpmn:sequenceFlow>'


def event(kind: str, node_id: str, definition: str = "", attributes: str = "") -> str:
    """An event with its definition."""
    return f'<bpmn:{kind} id="{node_id}" {attributes}>{definition}</bpmn:{kind}>'


def timer(tag: str, text: str) -> str:
    """A timer definition."""
    return f"<bpmn:timerEventDefinition><bpmn:{tag}>{text}</bpmn:{tag}></bpmn:timerEventDefinition>"


def process(
    *parts: str, lanes: str | None = None, attributes: str = 'isExecutable="true"', before: str = ""
) -> bytes:
    """A file with one process; ``lanes`` None puts every user task into one lane."""
    body = "".join(parts)
    if lanes is None:
        refs = "".join(
            f"<bpmn:flowNodeRef>{t}</bpmn:flowNodeRef>" for t in ("a", "b", "x") if f'id="{t}"' in body
        )
        lanes = LANES.format(refs=refs)
    whole = f'<bpmn:process id="p" {attributes}>{lanes}{body}</bpmn:process>'
    return f"{HEAD}{before}{whole}</bpmn:definitions>".encode()


def line(*middle: str, ids: str = "s a e", **options: Any) -> bytes:
    """A straight line from start to end through the nodes given; a node without text is a user task."""
    names = ids.split()
    given_ids = " ".join(middle)
    nodes = [event("startEvent", "s"), event("endEvent", "e")]
    nodes += [user(name) for name in names[1:-1] if f'id="{name}"' not in given_ids]
    flows = [flow(source, target) for source, target in pairwise(names)]
    return process(*nodes, *middle, *flows, **options)


def clocked(**properties: str) -> bytes:
    """A line whose process has these properties."""
    said = "".join(f'<spiffworkflow:property name="{k}" value="{v}"/>' for k, v in properties.items())
    head = f"<bpmn:extensionElements><spiffworkflow:properties>{said}</spiffworkflow:properties>"
    lanes = LANES.format(refs="<bpmn:flowNodeRef>a</bpmn:flowNodeRef>")
    return line(user("a"), lanes=f"{head}</bpmn:extensionElements>{lanes}")


def check(content: bytes) -> tuple[Finding, ...]:
    """Check with a small organisation around, within the time that was promised."""
    started = time.thread_time()
    found = lint(
        content,
        roles=ROLES.get,
        deadlines=["complaint.result", "repair.fix.high"],
        forms={"p": {"accept"}},
        called={"member-revisit"},
        services=SERVICES,
        masters=MASTERS,
    )
    assert time.thread_time() - started < 2
    for finding in found:
        assert finding.code in RULES
        assert finding.message
        assert finding.message_en.isprintable()
        assert len(finding.message) < 1_500
    return found


def codes(content: bytes) -> set[str]:
    """The codes of what was found."""
    return {finding.code for finding in check(content)}


SCRIPT = '<bpmn:scriptTask id="a"{attributes}><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'
MESSAGE = '<bpmn:message id="m" name="M"/>'
BOUNDARY = event("boundaryEvent", "x", timer("timeDuration", "{}"), 'attachedToRef="a"')


def script(text: str, attributes: str = "") -> bytes:
    """A process with one script."""
    return line(SCRIPT.format(text=text, attributes=attributes))


def decision(first: str, second: str, default: str = "", kind: str = "exclusiveGateway") -> bytes:
    """A process with one decision between two tasks."""
    attributes = f' default="{default}"' if default else ""
    return process(
        event("startEvent", "s"),
        f'<bpmn:{kind} id="g" name="判断"{attributes}/>',
        *(
            user("a"),
            user("b"),
            event("endEvent", "e"),
            flow("s", "g"),
            flow("g", "a", first),
            flow("g", "b", second),
        ),
        *(flow("a", "e"), flow("b", "e")),
    )


def deadline(tag: str, text: str) -> bytes:
    """A process with a timer on its task."""
    return process(
        *(event("startEvent", "s"), user("a"), event("endEvent", "e"), event("endEvent", "e2")),
        event("boundaryEvent", "x", timer(tag, text), 'attachedToRef="a" cancelActivity="false"'),
        *(flow("s", "a"), flow("a", "e"), flow("x", "e2")),
    )


def service(inside: str) -> bytes:
    """A process with one service task."""
    return line(f'<bpmn:serviceTask id="a">{extended(inside)}</bpmn:serviceTask>')


def of_master(master: str, values: str) -> bytes:
    """A process with a service that changes a row of a master."""
    return service(
        '<spiffworkflow:serviceTaskOperator id="master/change"><spiffworkflow:parameters>'
        f'<spiffworkflow:parameter id="master" type="str" value="{master}"/>'
        f'<spiffworkflow:parameter id="set" type="str" value="{values}"/>'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
    )


def forks(count: int) -> bytes:
    """Parallel blocks one after another."""
    parts = [event("startEvent", "s"), event("endEvent", f"g{count}"), flow("s", "g0")]
    for n in range(count):
        parts.append(f'<bpmn:parallelGateway id="g{n}"/>')
        parts += [user(f"{side}{n}", assignee="case.starter") for side in "ab"]
        parts += [flow(f"g{n}", f"{side}{n}") + flow(f"{side}{n}", f"g{n + 1}") for side in "ab"]
    return process(*parts)


GOOD = [
    pytest.param(line(), id="a line"),
    pytest.param(decision("amount &gt; 100", "", "f_g_b"), id="a decision"),
    pytest.param(deadline("timeDate", 'due_in("complaint.result")'), id="a named deadline"),
    pytest.param(deadline("timeDuration", '"PT30M"'), id="a duration"),
    pytest.param(deadline("timeCycle", 'every("complaint.result")'), id="a repeating deadline"),
    pytest.param(deadline("timeCycle", '"R3/PT1H"'), id="a repeating timer"),
    pytest.param(deadline("timeDate", '"2026-11-02T09:00+08:00"'), id="a date"),
    pytest.param(script("a = 1\n   b = a + 1"), id="a script"),
    pytest.param(script("a = 1", ' scriptFormat="python"'), id="a script that says it is Python"),
    pytest.param(line(user("a", deadline="repair.fix.{urgency}", form="accept")), id="form and deadline"),
    pytest.param(line(user("a", assignee="handler('a')"), lanes=""), id="an assignee in place of a lane"),
    pytest.param(forks(6), id="a few parallel blocks"),
    pytest.param(line(user("a", name="处理😀👨‍👩‍👧")), id="emoji joined by joiners"),
    pytest.param(
        service(
            '<spiffworkflow:serviceTaskOperator id="register/write" resultVariable="entry">'
            "<spiffworkflow:parameters>"
            '<spiffworkflow:parameter id="register" type="str" value="\'complaints\'"/>'
            "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        ),
        id="a service",
    ),
    pytest.param(
        line('<bpmn:receiveTask id="a" messageRef="m"/>', before=MESSAGE),
        id="a message",
    ),
    pytest.param(line('<bpmn:callActivity id="a" calledElement="member-revisit"/>'), id="a call"),
    pytest.param(line().decode().encode("utf-16"), id="utf-16 with its mark but another declaration"),
    pytest.param(b"\xef\xbb\xbf" + line(), id="a byte order mark"),
    pytest.param(line().decode().replace("UTF-8", "GBK").encode("gbk"), id="GBK"),
    pytest.param(
        process(
            *(event("startEvent", "s"), user("a"), '<bpmn:exclusiveGateway id="g" default="f_g_a"/>'),
            *(event("endEvent", "e"), flow("s", "a"), flow("a", "g"), flow("g", "a"), flow("g", "e", "done")),
        ),
        id="rework",
    ),
    pytest.param(
        line(
            '<bpmn:subProcess id="a"><bpmn:startEvent id="s1"/><bpmn:endEvent id="e1"/>'
            + flow("s1", "e1")
            + "</bpmn:subProcess>"
        ),
        id="a sub-process",
    ),
]


@pytest.mark.parametrize("content", GOOD)
def test_a_diagram_in_order_has_no_findings(content: bytes) -> None:
    assert check(content) == ()


@pytest.mark.parametrize("content", GOOD[:15])
def test_what_passes_the_check_can_be_built(content: bytes) -> None:
    assert build("p", {"p.bpmn": content}).spec is not None


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.bpmn", b"0" * 5_000_000)
    return packed.getvalue()


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE d [<!ENTITY l0 "ha">{entities}]><d>&l9;</d>'.encode()


def doctype(declaration: str, use: str = "") -> bytes:
    """A file with a document type."""
    return line().decode().replace("?>\n", f"?>\n{declaration}\n", 1).replace("依据", f"依据{use}").encode()


def nested(depth: int) -> str:
    """Sub-processes within each other."""
    inside = ""
    for level in range(depth):
        start, end = f"s{level}", f"e{level}"
        middle = f"n{level - 1}" if inside else ""
        flows = flow(start, middle) + flow(middle, end) if inside else flow(start, end)
        own = "a" if level == depth - 1 else f"n{level}"
        inside = event("startEvent", start) + inside + event("endEvent", end) + flows
        inside = f'<bpmn:subProcess id="{own}">{inside}</bpmn:subProcess>'
    return inside


def chain(count: int) -> bytes:
    """A straight line of many tasks."""
    ids = ["s", *(f"t{n}" for n in range(count)), "e"]
    return line(*(f'<bpmn:userTask id="{name}"/>' for name in ids[1:-1]), ids=" ".join(ids), lanes="")


THREE = (event("startEvent", "s"), user("a"), event("endEvent", "e"))
STRAIGHT = (*THREE, flow("s", "a"), flow("a", "e"))

BAD = [
    # Not a diagram at all
    pytest.param(b"", "file-empty", id="empty"),
    pytest.param(b" \n\t", "file-empty", id="only blanks"),
    pytest.param(b"<a>" * 400_000, "file-too-large", id="too large"),
    pytest.param(line()[:600], "xml-broken", id="truncated"),
    pytest.param(b"<html><body>404</body></html>", "not-bpmn", id="an HTML page"),
    pytest.param(b"<!DOCTYPE html><html></html>", "xml-doctype", id="an HTML page with its document type"),
    pytest.param(b'{"type": "form"}', "xml-broken", id="JSON"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(200), "xml-broken", id="a picture"),
    pytest.param(_zip(), "xml-broken", id="a zip bomb"),
    pytest.param(gzip.compress(line()), "xml-broken", id="compressed"),
    pytest.param(line().decode().encode("gbk"), "xml-broken", id="GBK that says UTF-8"),
    pytest.param(line().replace(b"UTF-8", b"klingon"), "xml-broken", id="an unknown encoding"),
    pytest.param(line().replace(b"20100524/MODEL", b"20070501/BPMN1"), "not-bpmn", id="BPMN 1"),
    pytest.param(line(user("a", name="x&#1;y")), "xml-broken", id="a control character by number"),
    pytest.param(line(user("a", name="x&#55296;y")), "xml-broken", id="half a character by number"),
    pytest.param(line(user("a", name="x\0y")), "xml-broken", id="a null byte"),
    pytest.param(b"<a>" * 5_000, "xml-broken", id="XML nested 5000 deep"),
    # Document types
    pytest.param(
        doctype('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&amp;x;"),
        "xml-doctype",
        id="a file entity",
    ),
    pytest.param(
        doctype('<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">'), "xml-doctype", id="a remote document type"
    ),
    pytest.param(_laughs(), "xml-broken", id="a billion laughs"),
    pytest.param(
        doctype(f'<!DOCTYPE d [<!ENTITY x "{"a" * 50_000}">]>'), "xml-doctype", id="quadratic blow-up"
    ),
    # The schema
    pytest.param(line('<bpmn:quantumTask id="a"/>'), "unsupported-element", id="an unknown element"),
    pytest.param(
        line().replace(b'isExecutable="true"', b'isExecutable="perhaps"'),
        "schema",
        id="a wrong attribute value",
    ),
    pytest.param(
        line(user("../../etc/passwd"), ids="s ../../etc/passwd e"), "id-invalid", id="a path as an id"
    ),
    pytest.param(
        line('<bpmn:scriptTask id="a" startQuantity="2"><bpmn:script>n = 1</bpmn:script></bpmn:scriptTask>'),
        "unsupported-attribute",
        id="a task that waits for two tokens",
    ),
    pytest.param(
        line('<bpmn:userTask id="a"><bpmn:ioSpecification/></bpmn:userTask>'), "schema", id="half a part"
    ),
    pytest.param(
        process(*STRAIGHT, '<bpmn:dataStoreReference id="ds"/>'), "data-store-drawn", id="a data store"
    ),
    pytest.param(
        line(f'<bpmn:parallelGateway id="a">{SCRIPTED}</bpmn:parallelGateway>'),
        "script-place",
        id="a script around a gateway",
    ),
    pytest.param(
        line(
            '<bpmn:scriptTask id="a"><bpmn:script>n = 1</bpmn:script></bpmn:scriptTask>',
            '<bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">'
            "<bpmn:errorEventDefinition/></bpmn:boundaryEvent>",
        ),
        "event-interrupts",
        id="an error beside the work",
    ),
    pytest.param(
        process(
            event("startEvent", "s"),
            event("endEvent", "e"),
            '<bpmn:eventBasedGateway id="g"/><bpmn:receiveTask id="r" messageRef="m"/>',
            event("boundaryEvent", "b", timer("timeDuration", '"PT1H"'), 'attachedToRef="r"'),
            flow("s", "g"),
            flow("g", "r"),
            flow("r", "e"),
            flow("b", "e"),
        ),
        "event-gateway-receive",
        id="an event on a receive task behind an event-based gateway",
    ),
    pytest.param(
        line('<bpmn:callActivity id="a" calledElement="q"/>').replace(
            b"</bpmn:definitions>",
            b'<bpmn:process id="q"><bpmn:startEvent id="x"><bpmn:signalEventDefinition/></bpmn:startEvent>'
            b"</bpmn:process></bpmn:definitions>",
        ),
        "call-start",
        id="a call of what a signal begins",
    ),
    pytest.param(
        service(
            '<spiffworkflow:serviceTaskOperator id="number/issue"><spiffworkflow:parameters>'
            '<spiffworkflow:parameter id="series" value="1"/><spiffworkflow:parameter value="2"/>'
            "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        ),
        "engine-refused",
        id="what only the library knows to refuse",
    ),
    pytest.param(
        line('<bpmn:scriptTask id="a"><bpmn:script>n = 1<b/>\nm = 2</bpmn:script></bpmn:scriptTask>'),
        "expression",
        id="an element within a script",
    ),
    pytest.param(
        line().replace(
            b"</bpmn:definitions>",
            b'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p"><bpmndi:BPMNShape bpmnElement="a">'
            b'<dc:Bounds x="abc" y="0" width="1" height="1"/></bpmndi:BPMNShape>'
            b"</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>",
        ),
        "schema",
        id="a place that is no number",
    ),
    # Size
    pytest.param(chain(MAX_NODES), "too-many-nodes", id="too many nodes"),
    pytest.param(chain(4_000), "too-many-nodes", id="far too many nodes"),
    pytest.param(
        process(*THREE, *(flow("a", "e", flow_id=f"f{n}") for n in range(1_001))),
        "too-many-flows",
        id="too many flows",
    ),
    pytest.param(process(*STRAIGHT, "<bpmn:x/>" * 20_001), "too-many-elements", id="too many elements"),
    pytest.param(line(nested(7)), "nesting-too-deep", id="nested sub-processes"),
    pytest.param(line(nested(80)), "nesting-too-deep", id="80 nested sub-processes"),
    # Ids and names
    pytest.param(line('<bpmn:userTask name="没有"/>'), "id-missing", id="no id"),
    pytest.param(line(user("a"), user("a", name="另一个")), "id-duplicate", id="the same id twice"),
    pytest.param(line(user("Start"), ids="s Start e"), "id-reserved", id="the engine's Start"),
    pytest.param(line(user("End"), ids="s End e"), "id-reserved", id="the engine's End"),
    pytest.param(line(user("Root"), ids="s Root e"), "id-reserved", id="the engine's Root"),
    pytest.param(
        line(user("a.BoundaryEventSplit"), ids="s a.BoundaryEventSplit e"),
        "id-reserved",
        id="the engine's helper",
    ),
    pytest.param(
        service(
            '<spiffworkflow:serviceTaskOperator id="register/write"><spiffworkflow:parameters>'
            '<spiffworkflow:parameter id="register" type="str" value="1"/>'
            "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
        )
        .replace(b'"a"', b'"register"')
        .replace(b">a<", b">register<"),
        "id-parameter",
        id="the id of a parameter",
    ),
    pytest.param(of_master("'card'", "{}"), "master-unknown", id="a master that is not there"),
    pytest.param(of_master("'cards'", "{'colour': 1}"), "master-column", id="a column of none"),
    pytest.param(of_master("'cards'", "{'state': 'out'}"), "master-value", id="a choice that is none"),
    pytest.param(line(user("a" * 101), ids=f"s {'a' * 101} e"), "id-too-long", id="a long id"),
    pytest.param(line(user("a" * 100_000), ids=f"s {'a' * 100_000} e"), "id-too-long", id="an id of 100 KB"),
    pytest.param(line(user("a", name="")), "name-missing", id="no name"),
    pytest.param(line(user("a", name="长" * 201)), "name-too-long", id="a long name"),
    pytest.param(line(user("a", name="n" * 900_000)), "name-too-long", id="a name of 900 KB"),
    pytest.param(line(user("a", name="付款\u202eexe.fdp")), "name-control", id="a name that reads backwards"),
    pytest.param(line(user("a", name="付\u200b款")), "name-control", id="a name with a hidden blank"),
    # References
    pytest.param(process(*STRAIGHT, flow("a", "ghost")), "reference-dangling", id="a flow to nowhere"),
    pytest.param(process(*STRAIGHT, flow("ghost", "a")), "reference-dangling", id="a flow from nowhere"),
    pytest.param(
        process(*STRAIGHT, '<bpmn:sequenceFlow id="f" sourceRef="a"/>'), "reference-missing", id="half a flow"
    ),
    pytest.param(
        process(
            *STRAIGHT,
            lanes=LANES.format(
                refs="<bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:flowNodeRef>ghost</bpmn:flowNodeRef>"
            ),
        ),
        "reference-dangling",
        id="a lane of nothing",
    ),
    pytest.param(
        line('<bpmn:receiveTask id="a" messageRef="ghost"/>'),
        "reference-dangling",
        id="a message that is not there",
    ),
    pytest.param(
        line('<bpmn:receiveTask id="a" messageRef="e"/>'),
        "reference-dangling",
        id="a message that is an event",
    ),
    pytest.param(
        decision("valid", "not valid", "ghost"), "reference-dangling", id="a default that is not there"
    ),
    pytest.param(
        decision("valid", "not valid", "f_s_g"), "reference-dangling", id="a default of somebody else"
    ),
    pytest.param(
        process(
            *STRAIGHT,
            event("boundaryEvent", "x", timer("timeDuration", '"PT1H"'), 'attachedToRef="ghost"'),
            flow("x", "e"),
        ),
        "reference-dangling",
        id="a boundary of nothing",
    ),
    pytest.param(
        process(
            *STRAIGHT,
            event("boundaryEvent", "x", timer("timeDuration", '"PT1H"'), 'attachedToRef="s"'),
            flow("x", "e"),
        ),
        "boundary-unattached",
        id="a boundary of an event",
    ),
    pytest.param(
        process(*STRAIGHT, event("boundaryEvent", "x", timer("timeDuration", '"PT1H"')), flow("x", "e")),
        "boundary-unattached",
        id="a boundary without a host",
    ),
    pytest.param(
        process(*STRAIGHT).replace(
            b"</bpmn:definitions>",
            b'<bpmn:process id="q"><bpmn:startEvent id="s2"/><bpmn:endEvent id="e2"/>'
            b'<bpmn:sequenceFlow id="f2" sourceRef="s2" targetRef="e"/></bpmn:process></bpmn:definitions>',
        ),
        "flow-across",
        id="a flow into another process",
    ),
    pytest.param(
        line('<bpmn:callActivity id="a" calledElement="ghost"/>'), "call-unknown", id="a call of nothing"
    ),
    pytest.param(line('<bpmn:callActivity id="a"/>'), "reference-missing", id="a call without a name"),
    pytest.param(line('<bpmn:callActivity id="a" calledElement="p"/>'), "call-itself", id="a call of itself"),
    # Shape
    pytest.param(process(*STRAIGHT, attributes=""), "process-missing", id="nothing executable"),
    pytest.param((HEAD + "</bpmn:definitions>").encode(), "process-missing", id="no process"),
    pytest.param(
        process(*STRAIGHT).replace(
            b"</bpmn:definitions>", b'<bpmn:process id="q" isExecutable="true"/></bpmn:definitions>'
        ),
        "process-several",
        id="two executable",
    ),
    pytest.param(
        process(*STRAIGHT).replace(
            b"</bpmn:definitions>", b'<bpmn:process id="p" isExecutable="true"/></bpmn:definitions>'
        ),
        "id-duplicate",
        id="two processes of one id",
    ),
    pytest.param(process(), "start-missing", id="an empty process"),
    pytest.param(process(user("a"), event("endEvent", "e"), flow("a", "e")), "start-implied", id="no start"),
    pytest.param(process(event("startEvent", "s"), user("a"), flow("s", "a")), "end-implied", id="no end"),
    pytest.param(
        process(user("a"), user("b"), flow("a", "b"), flow("b", "a")), "start-missing", id="a ring alone"
    ),
    pytest.param(
        process(
            event("startEvent", "s"), user("a"), user("b"), flow("s", "a"), flow("a", "b"), flow("b", "a")
        ),
        "end-missing",
        id="a ring for ever",
    ),
    pytest.param(
        process(
            event(
                "startEvent",
                "s",
                "<bpmn:conditionalEventDefinition><bpmn:condition>n</bpmn:condition></bpmn:conditionalEventDefinition>",
            ),
            event("endEvent", "e"),
            flow("s", "e"),
        ),
        "start-kind",
        id="begun by a condition",
    ),
    pytest.param(
        process(
            event("startEvent", "s", timer("timeCycle", 'handler("s")')),
            event("endEvent", "e"),
            flow("s", "e"),
        ),
        "start-timer",
        id="begun at a time that only a case knows",
    ),
    pytest.param(
        process(
            event("startEvent", "s", timer("timeCycle", 'every_week("monday", at="09:00")')),
            event("endEvent", "e"),
            flow("s", "e"),
        ),
        "timer-words",
        id="begun on a day that no week has",
    ),
    pytest.param(line('<bpmn:subProcess id="a"/>'), "start-missing", id="an empty sub-process"),
    pytest.param(
        process(*STRAIGHT, event("startEvent", "s2"), flow("s2", "a")), "start-several", id="two starts"
    ),
    pytest.param(process(*STRAIGHT, flow("a", "s")), "start-incoming", id="back to the start"),
    pytest.param(process(*STRAIGHT, flow("e", "a")), "end-outgoing", id="on after the end"),
    pytest.param(process(*STRAIGHT, user("b"), flow("b", "e")), "unreachable", id="a task on its own"),
    pytest.param(process(*STRAIGHT, user("b")), "dead-end", id="a task that leads nowhere"),
    pytest.param(forks(14), "too-many-paths", id="14 parallel blocks in a row"),
    pytest.param(forks(80), "too-many-paths", id="80 parallel blocks in a row"),
    pytest.param(
        process(
            *(event("startEvent", "s"), event("endEvent", "e"), user("a"), '<bpmn:parallelGateway id="g"/>'),
            *(flow("s", "a"), flow("a", "g"), flow("g", "a"), flow("g", "e")),
        ),
        "ring-without-gateway",
        id="a parallel gateway that leads back",
    ),
    pytest.param(
        process(*STRAIGHT, flow("a", "a")), "ring-without-gateway", id="a task that leads to itself"
    ),
    pytest.param(
        process(*THREE, user("b"), flow("s", "a"), flow("a", "b"), flow("b", "a")),
        "ring-without-gateway",
        id="two tasks in a ring",
    ),
    pytest.param(
        process(
            *(
                event("startEvent", "s"),
                event("endEvent", "e"),
                '<bpmn:exclusiveGateway id="g" default="f_g_h"/>',
            ),
            *(
                '<bpmn:exclusiveGateway id="h" default="f_h_g"/>',
                flow("s", "g"),
                flow("g", "h"),
                flow("h", "g"),
                flow("h", "e", "no"),
            ),
        ),
        "ring-of-gateways",
        id="gateways in a ring",
    ),
    pytest.param(
        process(
            *(event("startEvent", "s"), event("endEvent", "e"), SCRIPT.format(text="a = 1", attributes="")),
            '<bpmn:exclusiveGateway id="g" default="f_g_a"/>',
            *(flow("s", "a"), flow("a", "g"), flow("g", "a"), flow("g", "e", "done")),
        ),
        "ring-automatic",
        id="a script in a ring",
    ),
    pytest.param(
        process(*STRAIGHT, user("b"), flow("a", "b"), flow("b", "e")),
        "split-implicit",
        id="a split without a gateway",
    ),
    pytest.param(
        process(*THREE, user("b"), flow("s", "a"), flow("a", "b", "valid"), flow("a", "e"), flow("b", "e")),
        "split-conditional",
        id="a conditional split without a gateway",
    ),
    pytest.param(
        process(*THREE, flow("s", "a"), flow("a", "e", "valid")),
        "flow-conditional",
        id="a condition after a task",
    ),
    pytest.param(
        decision("valid", "not valid", kind="parallelGateway"),
        "condition-ignored",
        id="a condition after a parallel gateway",
    ),
    pytest.param(decision("valid", ""), "condition-missing", id="no condition"),
    pytest.param(decision("", ""), "condition-missing", id="no conditions"),
    pytest.param(
        decision("valid", "", kind="inclusiveGateway"),
        "condition-missing",
        id="no condition on an inclusive gateway",
    ),
    pytest.param(decision("valid", "not valid"), "gateway-without-default", id="no default"),
    pytest.param(
        decision("", "", kind="eventBasedGateway"), "event-gateway-target", id="tasks after an event gateway"
    ),
    # What cannot run
    pytest.param(
        line(event("intermediateThrowEvent", "a", '<bpmn:linkEventDefinition name="L"/>')),
        "link-unmatched",
        id="a link to nowhere",
    ),
    pytest.param(
        process(
            *THREE,
            *(event("intermediateThrowEvent", "x", '<bpmn:linkEventDefinition name="L"/>'), flow("s", "x")),
            *(
                event("intermediateCatchEvent", i, '<bpmn:linkEventDefinition name="L"/>') + flow(i, "a")
                for i in "yz"
            ),
            flow("a", "e"),
        ),
        "link-several",
        id="a link to two places",
    ),
    pytest.param(
        line(event("intermediateThrowEvent", "a", '<bpmn:compensateEventDefinition activityRef="s"/>')),
        "compensation-target",
        id="compensation of what is no activity",
    ),
    pytest.param(
        process(
            *STRAIGHT, event("boundaryEvent", "x", "<bpmn:compensateEventDefinition/>", 'attachedToRef="a"')
        ),
        "compensation-handler",
        id="a compensation boundary without a handler",
    ),
    pytest.param(
        line(user("a").replace('id="a"', 'id="a" isForCompensation="true"')),
        "compensation-unattached",
        id="a compensation task that nothing leads to",
    ),
    pytest.param(
        line(user("a").replace('id="a"', 'id="a" isForCompensation="true"')),
        "compensation-flow",
        id="a compensation task in the flow",
    ),
    pytest.param(
        line(event("intermediateCatchEvent", "a", "<bpmn:compensateEventDefinition/>")),
        "compensation-place",
        id="compensation that is waited for",
    ),
    pytest.param(
        line(event("intermediateThrowEvent", "a", "<bpmn:compensateEventDefinition/>")),
        "compensation-nothing",
        id="compensation of nothing",
    ),
    pytest.param(
        process(
            *STRAIGHT,
            *(
                event("boundaryEvent", x, "<bpmn:compensateEventDefinition/>", 'attachedToRef="a"')
                for x in "xy"
            ),
            user("b").replace('id="b"', 'id="b" isForCompensation="true"'),
            *(f'<bpmn:association id="l{x}" sourceRef="{x}" targetRef="b"/>' for x in "xy"),
        ),
        "compensation-several",
        id="an activity that is undone twice",
    ),
    pytest.param(
        process(
            event("startEvent", "s"), event("endEvent", "e", "<bpmn:cancelEventDefinition/>"), flow("s", "e")
        ),
        "unsupported-cancel",
        id="cancel outside a transaction",
    ),
    pytest.param(line('<bpmn:adHocSubProcess id="a"/>'), "unsupported-adhoc", id="an ad-hoc sub-process"),
    pytest.param(
        line(
            user(
                "a",
                more="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
                "<bpmn:loopDataInputRef>people</bpmn:loopDataInputRef>"
                "</bpmn:multiInstanceLoopCharacteristics>",
            )
        ),
        "loop-several",
        id="as often as a number and as a list",
    ),
    pytest.param(
        process(
            '<bpmn:receiveTask id="a" instantiate="true" messageRef="m"/>',
            event("endEvent", "e"),
            flow("a", "e"),
        ),
        "start-instantiate",
        id="a receive task that begins",
    ),
    pytest.param(
        line(
            user(
                "a",
                more='<bpmn:dataInputAssociation id="i"><bpmn:targetRef>a</bpmn:targetRef><bpmn:assignment>'
                "<bpmn:from>1</bpmn:from><bpmn:to>n</bpmn:to></bpmn:assignment></bpmn:dataInputAssociation>",
            )
        ),
        "unsupported-assignment",
        id="an association that assigns",
    ),
    pytest.param(
        process(*STRAIGHT, '<bpmn:subProcess id="x" triggeredByEvent="true"/>'),
        "event-subprocess-start",
        id="an event sub-process without an event",
    ),
    pytest.param(
        line('<bpmn:subProcess id="a" triggeredByEvent="true"/>'),
        "event-subprocess-flow",
        id="an event sub-process in the flow",
    ),
    pytest.param(
        decision("valid", "not valid", kind="complexGateway"),
        "unsupported-complex-gateway",
        id="a complex gateway",
    ),
    pytest.param(
        process(
            event("startEvent", "s", '<bpmn:messageEventDefinition messageRef="m"/>' * 2),
            user("a"),
            event("endEvent", "e"),
            flow("s", "a"),
            flow("a", "e"),
        ),
        "unsupported-several-events",
        id="two definitions of a start event",
    ),
    pytest.param(
        line(event("intermediateThrowEvent", "a", timer("timeDuration", '"PT1H"'))),
        "event-kind",
        id="a thrown timer",
    ),
    pytest.param(
        process(
            event("startEvent", "s", "<bpmn:errorEventDefinition/>"),
            user("a"),
            event("endEvent", "e"),
            flow("s", "a"),
            flow("a", "e"),
        ),
        "event-kind",
        id="an error at the start",
    ),
    pytest.param(line('<bpmn:businessRuleTask id="a"/>'), "decision-missing", id="a business rule"),
    pytest.param(line('<bpmn:implicitThrowEvent id="a"/>'), "unsupported-element", id="an implicit throw"),
    pytest.param(
        line(
            '<bpmn:callChoreography id="a" initiatingParticipantRef="x"><bpmn:participantRef>x'
            "</bpmn:participantRef><bpmn:participantRef>y</bpmn:participantRef></bpmn:callChoreography>"
        ),
        "unsupported-element",
        id="a choreography",
    ),
    pytest.param(
        line(event("intermediateCatchEvent", "a")), "event-missing", id="an event that catches nothing"
    ),
    pytest.param(
        line(user("a").replace('id="a"', 'id="a" camunda:assignee="demo"')),
        "foreign-extension",
        id="Camunda's assignee",
    ),
    pytest.param(
        line(
            user("a", more="").replace(
                "<spiffworkflow:properties>", "<camunda:formData/><spiffworkflow:properties>"
            )
        ),
        "foreign-extension",
        id="Camunda's form",
    ),
    pytest.param(
        line(user("a", more='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>')),
        "schema",
        id="an inclusion",
    ),
    # Work for people
    pytest.param(line(lanes=""), "role-missing", id="no lane"),
    pytest.param(
        line(lanes=LANES.format(refs="<bpmn:flowNodeRef>a</bpmn:flowNodeRef>").replace("客务代表", "魔术师")),
        "role-unknown",
        id="an unknown lane",
    ),
    pytest.param(
        line(before="").replace(
            b'<bpmn:process id="p" isExecutable="true">',
            f'<bpmn:process id="p" isExecutable="true">{props(starters="ghost")}'.encode(),
        ),
        "role-unknown",
        id="an unknown starter",
    ),
    pytest.param(line(user("a", assign="on duty tomorrow")), "assign-refused", id="no rule"),
    pytest.param(line(user("a", assign="handler:ghost")), "assign-handler", id="a rule of no step"),
    pytest.param(line(user("a", form="ghost")), "form-unknown", id="an unknown form"),
    pytest.param(
        line(user("a", signers="case.starter", sign_rule="2 of 3")),
        "sign-refused",
        id="a rule nobody can read",
    ),
    pytest.param(line(user("a", sign_rule="all")), "sign-refused", id="a rule for nobody"),
    pytest.param(
        line(user("a", signers="case.starter", assignee="case.starter")), "sign-refused", id="held and signed"
    ),
    pytest.param(line(user("a", deadline="ghost")), "deadline-unknown", id="an unknown deadline"),
    pytest.param(
        line(user("a", deadline="repair.pay.{urgency}")),
        "deadline-unknown",
        id="a pattern without a deadline",
    ),
    pytest.param(
        deadline("timeDate", 'due_in("ghost")'), "deadline-unknown", id="an unknown deadline in a timer"
    ),
    pytest.param(line(user("a", assignee="handler('ghost')")), "node-unknown", id="the handler of nothing"),
    pytest.param(clocked(clock_response="ghost"), "deadline-unknown", id="an unknown deadline of a clock"),
    pytest.param(
        clocked(clock_solution="complaint.result", clock_solution_met="ghost"),
        "clock-met-unknown",
        id="a clock that nothing meets",
    ),
    pytest.param(clocked(clock_response_met="a"), "clock-met-unknown", id="what meets no clock"),
    pytest.param(line('<bpmn:userTask id="a" name="办理"/>'), "clause-missing", id="no clause"),
    pytest.param(line(user("a", deadlne="complaint.result")), "property-unknown", id="a misspelt property"),
    # Work for the engine
    pytest.param(line('<bpmn:receiveTask id="a"/>'), "message-missing", id="receive without a message"),
    pytest.param(line('<bpmn:sendTask id="a"/>'), "message-missing", id="send without a message"),
    pytest.param(
        line(event("intermediateCatchEvent", "a", "<bpmn:messageEventDefinition/>")),
        "message-missing",
        id="an event without a message",
    ),
    pytest.param(
        line(event("intermediateCatchEvent", "a", "<bpmn:signalEventDefinition/>")),
        "signal-missing",
        id="an event without a signal",
    ),
    pytest.param(
        line(user("a", more="<bpmn:multiInstanceLoopCharacteristics/>")),
        "loop-missing",
        id="as often as nobody knows",
    ),
    pytest.param(
        line(user("a", more="<bpmn:standardLoopCharacteristics/>")),
        "loop-missing",
        id="again until nobody knows",
    ),
    pytest.param(
        line(event("intermediateCatchEvent", "a", "<bpmn:timerEventDefinition/>")),
        "timer-missing",
        id="a timer without a time",
    ),
    pytest.param(deadline("timeDuration", "PT5S"), "timer-unquoted", id="a time without quotation marks"),
    pytest.param(
        deadline("timeDate", "2026-11-02T09:00:00"), "timer-unquoted", id="a date without quotation marks"
    ),
    pytest.param(
        deadline("timeCycle", "R3/PT1H"), "timer-unquoted", id="a repetition without quotation marks"
    ),
    pytest.param(
        deadline("timeDuration", "-PT5S"), "timer-unquoted", id="a negative time without quotation marks"
    ),
    pytest.param(deadline("timeDuration", '"-PT5S"'), "timer-invalid", id="a negative time"),
    pytest.param(deadline("timeDuration", '"PT0S"'), "timer-invalid", id="no time at all"),
    pytest.param(deadline("timeDuration", '"soon"'), "timer-invalid", id="words for a time"),
    pytest.param(deadline("timeDuration", "5"), "timer-invalid", id="a number for a time"),
    pytest.param(deadline("timeCycle", '"PT1H"'), "timer-invalid", id="a repetition that does not repeat"),
    pytest.param(deadline("timeDuration", "in two days"), "expression", id="plain words for a time"),
    pytest.param(deadline("timeCycle", "0 9 * * *"), "timer-cron", id="cron"),
    pytest.param(deadline("timeCycle", '"0 0/5 * * * ?"'), "timer-cron", id="cron in quotation marks"),
    pytest.param(
        deadline("timeDuration", "__import__('os').system('id')"), "expression", id="Python in a timer"
    ),
    pytest.param(script(""), "script-missing", id="no script"),
    pytest.param(script("a = 1", ' scriptFormat="javascript"'), "script-format", id="JavaScript"),
    pytest.param(script("import os"), "expression", id="an import"),
    pytest.param(script("subs = ().__class__.__base__.__subclasses__()"), "expression", id="a class escape"),
    pytest.param(script("while True: pass"), "expression", id="an endless script"),
    pytest.param(script("x = 'a' * 10 ** 10 +"), "expression", id="a script with a syntax error"),
    pytest.param(script("import sys; sys.exit(3)"), "expression", id="an exit"),
    pytest.param(script("typename = 1"), "expression", id="a reserved name"),
    pytest.param(script('execution.setVariable("a", 1);'), "foreign-expression", id="Groovy"),
    pytest.param(script("a = " + "(" * 9_000), "expression", id="brackets without end"),
    pytest.param(service(""), "service-missing", id="a service without an operator"),
    pytest.param(
        service('<spiffworkflow:serviceTaskOperator id="http/get"/>'),
        "service-unknown",
        id="an unknown service",
    ),
    pytest.param(
        service('<spiffworkflow:serviceTaskOperator id="number/issue"/>'),
        "service-parameter",
        id="a service without its parameter",
    ),
    pytest.param(
        service('<spiffworkflow:serviceTaskOperator id="number/issue" resultVariable="typename"/>'),
        "field-reserved",
        id="a result called typename",
    ),
    pytest.param(
        service('<spiffworkflow:serviceTaskOperator id="number/issue" resultVariable="_x"/>'),
        "field-reserved",
        id="a result with an underscore",
    ),
    pytest.param(
        service('<spiffworkflow:serviceTaskOperator id="number/issue" resultVariable="class"/>'),
        "field-reserved",
        id="a result called class",
    ),
    # Conditions
    pytest.param(decision("__import__('os')", "", "f_g_b"), "expression", id="an import in a condition"),
    pytest.param(decision("amount &gt;", "", "f_g_b"), "expression", id="half a condition"),
    pytest.param(decision("${amount &gt; 100}", "", "f_g_b"), "foreign-expression", id="JUEL"),
    pytest.param(decision("= amount &gt; 100", "", "f_g_b"), "foreign-expression", id="FEEL"),
    pytest.param(
        decision("a &amp;&amp; b", "", "f_g_b"), "foreign-expression", id="JavaScript in a condition"
    ),
    pytest.param(line(user("a", assignee="${initiator}")), "foreign-expression", id="JUEL in a property"),
    pytest.param(line(user("a", due="due_im('x')")), "expression", id="an unknown function"),
    pytest.param(
        decision("valid", "", "f_g_b").replace(
            b"<bpmn:conditionExpression>",
            b'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression" language="groovy">',
        ),
        "script-format",
        id="a condition that says it is Groovy",
    ),
    pytest.param(
        line(
            user(
                "a",
                more="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>${n}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
            )
        ),
        "foreign-expression",
        id="JUEL in a loop",
    ),
]


@pytest.mark.parametrize(("content", "code"), BAD)
def test_what_would_not_run_right_is_told_at_its_place(content: bytes, code: str) -> None:
    found = [finding for finding in check(content) if finding.code == code]
    assert found, check(content)
    general = code.startswith(("file", "xml", "not-bpmn", "too-many", "process-missing", "engine"))
    assert general or any(finding.line for finding in found)


def test_every_rule_has_a_diagram_that_breaks_it() -> None:
    shown = {param.values[1] for param in BAD}
    # What a decision's own file says wrong is shown in test_deciding.
    told = {rule for rule in RULES if not rule.startswith("decision-") and rule != "not-dmn"}
    assert told - shown == {"check-failed", "check-unfinished", "too-many-findings"}


def test_a_finding_names_its_element_by_label_and_id_with_its_line() -> None:
    (found,) = [
        f for f in check(line("\n\n" + user("a", name="受理登记", form="ghost"))) if f.code == "form-unknown"
    ]
    assert (found.element, found.severity) == ("a", "error")
    assert found.message == "“受理登记”（a）：没有表单 ghost"
    assert found.message_en == "“受理登记” (a): there is no form ghost"
    assert found.line == HEAD.count("\n") + 3


@pytest.mark.parametrize(
    ("content", "within"),
    [
        (script("\n  a = 1\n  b = len(\n    a,\n    nope())"), 4),
        (decision("\n\n  (valid and\n  nope())", "", "f_g_b"), 3),
        (line(user("a", due="nope()")), 0),
    ],
)
def test_a_finding_in_a_long_expression_gives_the_line_within_the_file(content: bytes, within: int) -> None:
    (found,) = [finding for finding in check(content) if finding.code == "expression"]
    assert found.line == HEAD.count("\n") + 1 + within
    assert b"nope()" in content.splitlines()[found.line - 1]


@pytest.mark.parametrize(
    ("foreign", "python"),
    [
        ("${amount > 100}", "amount > 100"),
        ("${!approved && amount ge 5}", "not approved and amount >= 5"),
        ("#{status == 'a && b'}", "status == 'a && b'"),
        ("${empty note}", "note in (None, '', [])"),
        ("= amount > 100 and valid = true", "amount > 100 and valid == True"),
        ("a === null || b !== 1", "a == None or b != 1"),
        ("${execution.getVariable('a')}", "get('a')"),
        ("${a}-${b}", None),
        ("= some x in y satisfies x > 1", None),
    ],
)
def test_a_foreign_expression_is_recognised_and_translated_where_it_is_certain(
    foreign: str, python: str | None
) -> None:
    assert foreign_language(foreign) is not None
    assert translate(foreign) == python


@pytest.mark.parametrize(
    ("content", "code", "fix"),
    [
        (deadline("timeDuration", "PT5S"), "timer-unquoted", "quote-timer"),
        (decision("${a &gt; 1}", "", "f_g_b"), "foreign-expression", "rewrite-expression"),
        (process(*THREE, flow("s", "a"), flow("a", "e", "valid")), "flow-conditional", "insert-gateway"),
        (line(user("a", name="a\u202eb")), "name-control", "remove-characters"),
        (line(user("a", deadlne="x")), "property-unknown", "rename-property"),
    ],
)
def test_what_can_be_mended_with_certainty_offers_to(content: bytes, code: str, fix: str) -> None:
    (found,) = [finding for finding in check(content) if finding.code == code]
    assert found.fix is not None
    assert found.fix.code == fix
    assert found.fix.label


def test_the_many_findings_of_a_bad_file_are_cut() -> None:
    content = line(*(user(f"t{n}", form="ghost", deadline="ghost", due="(", oops="1") for n in range(200)))
    assert check(content)[-1].code == "too-many-findings"


def test_a_file_full_of_expressions_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A fast processor compiles all of them within the time that counts otherwise.
    monkeypatch.setattr(lint_expressions, "MAX_SECONDS", 0.1)
    heavy = "[" + "+".join(f"a{n % 10}" for n in range(75)) + "]"
    value = " and ".join([heavy] * 15)
    content = process(*STRAIGHT, *(user(f"t{n}", due=value, assignee=value) for n in range(100)))
    assert len(content) < 1_000_000
    assert "check-unfinished" in codes(content)


def test_harmful_text_in_names_is_no_part_of_a_message() -> None:
    for found in check(line(user("a", name="x\u202ey" + "z" * 500, form="g\u2066host" * 200))):
        assert not {"\u202e", "\u2066"} & set(found.message + found.message_en)
        assert len(found.message) < 700


@settings(max_examples=150)
@given(st.data())
def test_no_damage_to_a_file_makes_the_check_raise(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([p.values[0] for p in GOOD[:6]])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["cut", "change", "double", "swap"]))
        span = data.draw(st.integers(1, 60))
        if kind == "cut":
            del content[at : at + span]
        elif kind == "change":
            content[at : at + 1] = data.draw(st.binary(max_size=3))
        elif kind == "double":
            content[at:at] = content[at : at + span]
        else:
            content[at : at + span] = reversed(content[at : at + span])
        if not content:
            break
    assert "check-failed" not in codes(bytes(content))


@settings(max_examples=100)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: (HEAD + text).encode("utf-8", "surrogatepass"))
)
def test_no_bytes_make_the_check_raise(content: bytes) -> None:
    assert "check-failed" not in codes(content)


def test_every_finding_has_its_heading_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/findings.md").read_text(encoding="utf-8")
    headings = [row.removeprefix("### ").strip("`") for row in page.splitlines() if row.startswith("### ")]
    assert sorted(headings) == sorted(RULES)
