"""What a diagram says of itself, whatever else stands in it."""

import pytest

from engine.runtime import reading
from tests.drawing import Drawing


@pytest.mark.parametrize(
    ("drawing", "beginnings"),
    [
        pytest.param("s:start -> a:user -> e:end", ["s"], id="a start event"),
        pytest.param("s:start(message m) -> a:user -> e:end", [], id="only by a message"),
        pytest.param(
            "s:start -> a:user -> e:end\nr:start(signal x) -> a", ["s"], id="by hand or by a signal"
        ),
        pytest.param("a:user -> b:user", ["a"], id="no start event"),
        pytest.param(
            "r:start(message m) -> p:sub {\n  i:start -> a:user -> j:end\n}\np -> e:end",
            [],
            id="a start event in a sub-process begins no case",
        ),
    ],
)
def test_where_a_person_begins(drawing: str, beginnings: list[str]) -> None:
    diagram = reading.read(Drawing(drawing).xml())
    assert [node.id for node in diagram.beginnings("main")] == beginnings


def test_a_text_is_whole_whatever_remarks_stand_in_it() -> None:
    content = Drawing('s:start -> t:catch(timer "PT1H") -> a:script(n = 1) -> e:end').xml()
    content = content.replace(b"PT1H", b"PT<!-- an hour -->1H").replace(b"n = 1", b"n <!-- -->= 1")
    nodes = reading.read(content).nodes
    assert (nodes["t"].text, nodes["a"].text) == ('"PT1H"', "n = 1")


def test_a_definition_says_its_time_whatever_stands_before_it() -> None:
    content = Drawing('s:start -> t:catch(timer "PT1H") -> e:end').xml()
    before = b"<bpmn:timerEventDefinition ><bpmn:documentation>an hour</bpmn:documentation>"
    content = content.replace(b"<bpmn:timerEventDefinition >", before)
    assert reading.read(content).nodes["t"].text == '"PT1H"'


def test_one_is_true_and_zero_is_false() -> None:
    content = Drawing('s:start -> a:user -> e:end\nt:beside(a, timer "PT1H") -> e').xml()
    content = content.replace(b'isExecutable="true"', b'isExecutable="1"')
    diagram = reading.read(content.replace(b'cancelActivity="false"', b'cancelActivity=" 0 "'))
    assert diagram.processes[0].executable
    assert not diagram.nodes["t"].interrupting


def test_an_event_has_the_shared_definition_that_it_refers_to() -> None:
    content = Drawing("s:start -> t:catch -> e:end", t="<bpmn:eventDefinitionRef>d</bpmn:eventDefinitionRef>")
    shared = (
        b'<bpmn:timerEventDefinition id="d"><bpmn:timeDuration>"PT1H"</bpmn:timeDuration>'
        b"</bpmn:timerEventDefinition><bpmn:process "
    )
    diagram = reading.read(content.xml().replace(b"<bpmn:process ", shared))
    assert (diagram.nodes["t"].event, diagram.nodes["t"].text) == ("timer", '"PT1H"')
