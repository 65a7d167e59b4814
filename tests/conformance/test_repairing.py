"""Drawings from elsewhere, with the faults that people make, are repaired, run, and stay their owners'."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.connectors import PARAMETERS
from engine.domain.facts import Finding
from engine.runtime import reading
from engine.runtime.linting import lint
from engine.runtime.repairing import Beside, Repaired, repair
from engine.runtime.repairing.work import KEPT, MARK
from engine.trying import dry_run
from tests.conformance.hostile import (
    Hostile,
    boundary,
    chain,
    condition,
    event,
    files,
    flow,
    process,
    script,
    timer,
    user,
)
from tests.drawing import Drawing

DRAWINGS = sorted((Path(__file__).parent / "dialects").glob("*.bpmn"))
#: What people answer where the drawing's own default leads round in a circle.
ANSWERS: dict[str, Any] = {
    "camunda7-purchase-order": {"start": {"covered": True, "supplier": "Lin"}},
    "camunda8-error-loop": {"tasks": {"test": [{"result": "bad"}, {"result": "ok"}]}},
}
_OURS = {reading.BPMN, reading.BPMNDI, reading.DC, reading.DI, reading.SPIFF, KEPT, None}
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
SHAPE = f"{{{reading.BPMNDI}}}BPMNShape"
EDGE = f"{{{reading.BPMNDI}}}BPMNEdge"


def repaired(content: bytes) -> Repaired:
    """A file repaired as in an installation without other procedures and decisions."""
    return repair(content, Beside(called=frozenset(), services=PARAMETERS, decisions={}))


def errors(content: bytes) -> list[Finding]:
    """What keeps a file from being published."""
    found = lint(content, called=frozenset(), services=PARAMETERS, decisions={})
    return [one for one in found if one.severity == "error"]


def foreign(content: bytes) -> Counter[Any]:
    """Everything of other engines in a file: elements with their texts, attributes with their values."""
    found: Counter[Any] = Counter()
    for element in etree.fromstring(content).iter(etree.Element):
        if etree.QName(element).namespace not in _OURS:
            found[element.tag, (element.text or "").strip(), tuple(sorted(element.attrib.items()))] += 1
        for name, value in element.attrib.items():
            if etree.QName(name).namespace not in {*_OURS, _XSI}:
                found[name, value] += 1
    return found


def shapes(content: bytes) -> dict[str, dict[str, str]]:
    """The bounds of every shape by the shape's id."""
    bounds = f"{{{reading.DC}}}Bounds"
    return {
        shape.get("id", ""): dict(found.attrib)
        for shape in etree.fromstring(content).iter(SHAPE)
        if (found := shape.find(bounds)) is not None
    }


def drawn(content: bytes) -> set[str]:
    """The ids of all that has a place in the drawing."""
    root = etree.fromstring(content)
    return {found.get("bpmnElement", "") for found in root.iter(SHAPE, EDGE)}


def shown(content: bytes) -> Iterator[str]:
    """The ids of nodes and flows that a drawing shows: what stands in a closed sub-process is not seen."""
    diagram, root = reading.read(content), etree.fromstring(content)
    opened = {None} | {s.get("bpmnElement") for s in root.iter(SHAPE) if s.get("isExpanded") == "true"}
    for found in (*diagram.nodes.values(), *diagram.flows.values()):
        if found.scope in opened:
            yield found.id


def test_there_are_forty_drawings_of_six_dialects() -> None:
    dialects = Counter(path.stem.partition("-")[0] for path in DRAWINGS)
    assert len(DRAWINGS) >= 40
    assert {"camunda7", "camunda8", "signavio", "bizagi", "flowable", "jbpm"} <= set(dialects)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_from_elsewhere_is_repaired_and_runs(path: Path) -> None:
    content = path.read_bytes()
    assert errors(content), "there is nothing to repair in it"

    mended = repaired(content)

    assert errors(mended.content) == []
    assert mended.deployable
    told = dry_run(mended.content, ANSWERS.get(path.stem, {}), 200)
    assert told["end"] == "completed" or (told["end"] == "waiting" and mended.questions), told
    assert all(one.message and one.message_en for one in mended.applied)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_what_is_its_owners_stays(path: Path) -> None:
    content = path.read_bytes()
    mended = repaired(content)

    assert path.read_bytes() == content
    assert foreign(content) - foreign(mended.content) == Counter()
    before, after = shapes(content), shapes(mended.content)
    assert before.items() <= after.items()
    assert set(shown(mended.content)) <= drawn(mended.content)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_repaired_drawing_needs_no_repair_and_still_asks(path: Path) -> None:
    once = repaired(path.read_bytes())
    again = repaired(once.content)

    assert again.applied == ()
    assert again.content == once.content
    assert again.questions == once.questions


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_every_question_is_marked_where_it_stands(path: Path) -> None:
    mended = repaired(path.read_bytes())
    marks = [
        found.get("value", "")
        for found in etree.fromstring(mended.content).iter(f"{{{reading.SPIFF}}}property")
        if found.get("name") == "question"
    ]
    assert sorted(marks) == sorted(f"{MARK}{asked.question}" for asked in mended.questions)
    assert all(asked.question_en and asked.default for asked in mended.questions)
    found = {element.get("id") for element in etree.fromstring(mended.content).iter(etree.Element)}
    assert {asked.element for asked in mended.questions} <= found


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        pytest.param("camunda7-leave-request", ["approved and days > 3", "not approved"], id="JUEL"),
        pytest.param(
            "camunda7-purchase-order",
            ["covered == True and supplier not in (None, '', [])"],
            id="JUEL, eq and empty",
        ),
        pytest.param("camunda7-multi-approval", ["len(votes) > 2 or chair == 'yes'"], id="methods"),
        pytest.param("camunda7-invoice-timers", ['"R/PT30M"', '"P3D"'], id="cron and a bare time"),
        pytest.param("camunda7-onboarding-scripts", ['months = 3 if level == "senior" else 6'], id="Groovy"),
        pytest.param("camunda8-credit-check", ["700 <= score <= 850", "not score >= 500"], id="FEEL ranges"),
        pytest.param("camunda8-feel-scripts", ["fee = area * 3 if area > 100 else 250"], id="FEEL script"),
        pytest.param("camunda8-visitor-timer", ['"PT8H"', '"R/PT1H"'], id="FEEL duration"),
        pytest.param("camunda8-multi-instance", ['"web" in channels'], id="FEEL contains"),
        pytest.param("bizagi-wrong-order", ["分数 >= 80"], id="wide signs"),
        pytest.param("activiti-conditional-flows", ["severity >= 3 and not closed"], id="words for signs"),
        pytest.param("jbpm-evaluation", ["score < 60", "score >= 60"], id="Java"),
        pytest.param("jbpm-mvel-order", ["total = order.price * order.count"], id="kcontext"),
        pytest.param("jbpm-groups", ['"PT30M"'], id="a short time"),
    ],
)
def test_what_is_certain_is_translated(name: str, texts: list[str]) -> None:
    path = next(path for path in DRAWINGS if path.stem == name)
    root = etree.fromstring(repaired(path.read_bytes()).content)
    written = {(element.text or "").strip() for element in root.iter(etree.Element)}
    lines = {line for text in written for line in text.splitlines()}
    assert set(texts) <= lines


def drawing(text: str, **extra: str) -> bytes:
    """A file of a tiny diagram."""
    return Drawing(text, **extra).xml()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(drawing("s:start -> a:user -> b:user -> e:end\na -> e"), "split-implicit", id="split"),
        pytest.param(
            drawing("s:start -> a:user -[n > 1]-> b:user -> e:end\na -> e"), "split-conditional", id="some"
        ),
        pytest.param(drawing("s:start -> a:user -[n > 1]-> e:end"), "flow-conditional", id="a condition"),
        pytest.param(drawing("a:user -> e:end"), "start-implied", id="no start"),
        pytest.param(drawing("s:start -> a:user"), "end-implied", id="no end"),
        pytest.param(
            drawing("s:start -> a:user -> e:end\nb:user -> e"), "unreachable", id="nothing leads to it"
        ),
        pytest.param(drawing("s:start -> a:user -> s\na -> e:end"), "start-incoming", id="back to the start"),
        pytest.param(drawing("s:start -> a:user -> e:end -> b:user -> f:end"), "end-outgoing", id="after it"),
        pytest.param(drawing("s:start -> a:user -> b:user -> a"), "ring-without-gateway", id="a ring"),
        pytest.param(
            drawing("s:start -> a:xor -> b:xor -[True]-> a\nb -> e:end"), "ring-of-gateways", id="gateways"
        ),
        pytest.param(
            drawing("s:start -> t:throw(link A)\nc:catch(link A) -> e:end"), "link-events", id="links"
        ),
        pytest.param(
            drawing("s:start -> t:throw(link A)\nc:catch(link B) -> e:end\nd:catch(link B) -> f:end"),
            "link-unmatched",
            id="half a link",
        ),
        pytest.param(
            drawing("s:start -> g:event -> a:user -> e:end\ng -> b:user -> f:end"),
            "event-gateway-target",
            id="an event gateway",
        ),
        pytest.param(
            drawing("s:start -> g:and -[n > 1]-> a:user -> e:end\ng -> b:user -> f:end"),
            "condition-ignored",
            id="a condition that nobody looks at",
        ),
        pytest.param(
            drawing("s:start -> g:xor -[n > 1]-> a:user -> e:end\ng -> b:user -> f:end"),
            "condition-missing",
            id="the default flow",
        ),
        pytest.param(
            drawing("s:start -> g:xor -[n]-> a:user -> e:end\ng -[not n]-> f:end"),
            "gateway-without-default",
            id="opposites",
        ),
        pytest.param(drawing("s:start -> a:service(http/get) -> e:end"), "service-unknown", id="a service"),
        pytest.param(
            drawing("s:start -> a:service(number/issue) -> e:end"), "service-parameter", id="a parameter"
        ),
        pytest.param(drawing("s:start -> a:call(ghost) -> e:end"), "call-unknown", id="a call"),
        pytest.param(drawing("s:start -> a:rule -> e:end"), "decision-missing", id="a decision"),
        pytest.param(drawing("s:start -> a:script(puts x) -> e:end"), "expression", id="a script"),
        pytest.param(drawing("s:start -> p:sub {\n}\np -> e:end"), "start-missing", id="an empty one"),
        pytest.param(
            drawing("s:start -> a:user -> e:end\ns -> b:user -> f:end\na -> s"),
            "start-incoming",
            id="back to a start that splits",
        ),
        pytest.param(
            script('x = visits("z")'),
            "node-unknown",
            id="a script that names a node",
        ),
        pytest.param(process(chain(user("ａ"), ids="ａ")), "id-invalid", id="an id of wide letters"),
        pytest.param(event("message"), "role-missing", id="a message without a name"),
        pytest.param(boundary(""), "event-missing", id="an event of nothing"),
        pytest.param(condition("x = 1"), "foreign-expression", id="one equals sign"),
        pytest.param(process(chain(user("Start"), ids="Start")), "id-reserved", id="a reserved id"),
        pytest.param(
            process(
                chain(
                    '<bpmn:serviceTask id="register" name="登记"><bpmn:extensionElements>'
                    '<spiffworkflow:serviceTaskOperator id="register/write"><spiffworkflow:parameters>'
                    '<spiffworkflow:parameter id="register" type="str" value="\'log\'"/>'
                    "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
                    "</bpmn:extensionElements></bpmn:serviceTask>",
                    ids="register",
                )
            ),
            "id-parameter",
            id="the id of a service's parameter",
        ),
        pytest.param(process(chain(user()) + user()), "id-duplicate", id="an id twice"),
        pytest.param(
            process(chain(user()) + flow("a", "ghost")), "reference-dangling", id="a flow that hangs"
        ),
    ],
)
def test_a_fault_is_mended_under_the_code_of_its_finding(content: bytes, code: str) -> None:
    mended = repaired(content)
    assert errors(mended.content) == []
    if code != "role-missing":
        assert code in {one.code for one in mended.applied}
    assert repaired(mended.content).applied == ()
    assert dry_run(mended.content, {}, 100)["end"] in ("completed", "waiting", "bounded")


@pytest.mark.parametrize(
    ("kind", "text", "python", "asked"),
    [
        ("timeDuration", "PT30M", '"PT30M"', False),
        ("timeDuration", "pt30m", '"PT30M"', False),
        ("timeDuration", "= PT5M", '"PT5M"', False),
        ("timeDuration", "30分钟", '"PT30M"', False),
        ("timeDuration", "2 days", '"P2D"', False),
        ("timeDuration", "1h30m", '"PT1H30M"', False),
        (
            "timeDuration",
            '=if urgent then duration("PT1H") else duration("P1D")',
            '"PT1H" if urgent else "P1D"',
            False,
        ),
        ("timeDate", '=now() + duration("P2D")', '"P2D"', False),
        ("timeDate", "2026-11-02T09:00:00Z", '"2026-11-02T09:00:00Z"', False),
        ("timeDate", "${dueDate}", 'dueDate if has("dueDate") and dueDate else "P1D"', True),
        ("timeDate", "2026/11/02", '"P1D"', True),
        ("timeDuration", "P0D", '"P1D"', True),
        ("timeDuration", "in two days", '"P1D"', True),
        ("timeDuration", "", '"P1D"', True),
        ("timeCycle", "R3/PT1H", '"R3/PT1H"', False),
        ("timeDuration", "P1Y2M3W", '"P1Y2M3W"', False),
        ("timeDuration", "P9999Y", '"P1D"', True),
        ("timeCycle", "R0/PT1H", '"R/P1D"', True),
        ("timeCycle", "R3/2026-01-01T00:00:00Z/PT1H", '"R3/PT1H"', True),
        ("timeCycle", "0 0/5 * * * ?", '"R/PT5M"', False),
        ("timeCycle", "*/5 * * * *", '"R/PT5M"', False),
        ("timeCycle", "0 0 9 * * ?", '"R/P1D"', True),
        ("timeCycle", "0 8 * * MON", '"R/P1W"', True),
    ],
)
def test_a_time_is_written_as_here_or_asked(kind: str, text: str, python: str, asked: bool) -> None:
    mended = repaired(timer(kind, text))
    assert errors(mended.content) == []
    assert reading.read(mended.content).nodes["a"].text == python
    assert bool(mended.questions) == asked
    assert dry_run(mended.content, {}, 20)["end"] == "completed"


def test_a_sound_file_comes_back_byte_by_byte() -> None:
    for path in Path("bpmn").rglob("*.bpmn"):
        content = path.read_bytes()
        mended = repair(content)
        assert (mended.content, mended.applied, mended.questions) == (content, (), ())


def test_a_group_that_is_a_role_here_does_the_task() -> None:
    content = next(path for path in DRAWINGS if path.stem == "camunda8-visitor-timer").read_bytes()
    known = {"front_desk": "front_desk"}
    mended = repair(content, Beside(roles=known.get, called=frozenset(), services=PARAMETERS, decisions={}))
    assert reading.read(mended.content).nodes["register"].properties["candidates"] == '"front_desk"'
    assert "register" not in {asked.element for asked in mended.questions}


def test_a_resource_that_is_a_role_here_does_the_task() -> None:
    owner = "<bpmn:potentialOwner><bpmn:resourceRef>r</bpmn:resourceRef></bpmn:potentialOwner>"
    content = process(chain(user(people="", inside=owner))).replace(
        b"<bpmn:process ", b'<bpmn:resource id="r" name="clerk"/><bpmn:process ', 1
    )
    mended = repair(content, Beside(roles={"clerk": "clerk"}.get, called=frozenset()))
    assert reading.read(mended.content).nodes["a"].properties["candidates"] == '"clerk"'


def test_the_drawing_stays_however_little_of_it_is_there() -> None:
    shape = '<bpmndi:BPMNShape id="a_di" bpmnElement="a"><dc:Bounds x="7" y="9" width="99" height="77"/>'
    plane = f'<bpmndi:BPMNPlane id="l" bpmnElement="p">{shape}</bpmndi:BPMNShape></bpmndi:BPMNPlane>'
    content = process(chain(user()), after=f'<bpmndi:BPMNDiagram id="k">{plane}</bpmndi:BPMNDiagram>')
    mended = repaired(content)
    assert shapes(content).items() <= shapes(mended.content).items()
    assert set(shown(mended.content)) <= drawn(mended.content)


@pytest.mark.parametrize(
    "pools",
    [
        pytest.param('<bpmn:participant id="x" processRef="p"/><bpmn:participant id="y" processRef="p"/>'),
        pytest.param('<bpmn:participant id="x"/><bpmn:messageFlow id="m" sourceRef="a" targetRef="x"/>'),
        pytest.param('<bpmn:participant processRef="p"/><bpmn:textAnnotation id="a_di"/>'),
    ],
    ids=["two pools of one process", "a pool of somebody else", "ids that a drawing would have"],
)
def test_pools_are_drawn_as_they_are_allowed_to_be(pools: str) -> None:
    drawing = f'<bpmn:collaboration id="c">{pools}</bpmn:collaboration><bpmn:process '
    mended = repaired(process(chain(user())).replace(b"<bpmn:process ", drawing.encode(), 1))
    assert errors(mended.content) == []


def test_a_lane_that_is_no_role_here_is_asked_for() -> None:
    content = next(path for path in DRAWINGS if path.stem == "signavio-hiring").read_bytes()
    mended = repair(content, Beside(roles={"Department": "manager"}.get, called=frozenset()))
    assert [asked.element for asked in mended.questions if "organisation.toml" in asked.question] == [
        "sid-l2"
    ]
    assert mended.deployable


def test_what_another_engine_keeps_in_a_dropped_definition_stays_with_the_event() -> None:
    kept = '<x:note xmlns:x="urn:other">每天</x:note>'
    content = process(
        '<bpmn:startEvent id="s"><bpmn:timerEventDefinition xmlns:y="urn:more" y:zone="CN">'
        f"<bpmn:extensionElements>{kept}</bpmn:extensionElements>"
        "<bpmn:timeCycle>0 0 9 * * ?</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>"
        + user()
        + '<bpmn:endEvent id="e"/>'
        + flow("s", "a")
        + flow("a", "e")
    )
    mended = repaired(content)
    assert mended.deployable
    assert foreign(content) - foreign(mended.content) == Counter()
    assert any("0 0 9 * * ?" in asked.question for asked in mended.questions)


@pytest.mark.parametrize("hostile", files("/tmp/guanjia-no-canary"), ids=lambda hostile: hostile.name)
def test_a_hostile_file_is_repaired_or_refused_at_once(hostile: Hostile) -> None:
    content = hostile.make()
    begun = time.process_time()
    mended = repaired(content)
    assert time.process_time() - begun < 2
    assert mended.deployable == (errors(mended.content) == [])
    if not mended.deployable:
        assert mended.findings
        return
    assert repaired(mended.content).applied == ()
