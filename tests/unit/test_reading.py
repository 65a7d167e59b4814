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
