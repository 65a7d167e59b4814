"""What the library is given of a drawing: helpers with ids of their own, the drawn ones untouched."""

from __future__ import annotations

import pytest

from engine.runtime import reading
from engine.runtime.normalising import normalise
from engine.runtime.undrawn import APART
from tests.drawing import Drawing


def normalised(drawing: str, **extra: str) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """The nodes (id → kind) and the flows (source, target) of a drawing once it is rewritten."""
    tree = reading.parse(Drawing(drawing, **extra).xml())
    normalise(tree)
    elements = list(tree.getroot().iter(f"{{{reading.BPMN}}}*"))
    nodes = {e.get("id", ""): reading.local(e) for e in elements if reading.local(e) in reading.NODES}
    flows = {
        (e.get("sourceRef", ""), e.get("targetRef", ""))
        for e in elements
        if reading.local(e) == "sequenceFlow"
    }
    return nodes, flows


@pytest.mark.parametrize(
    ("drawing", "helpers", "flows"),
    [
        pytest.param(
            "s:start -> a:user -> b:user -> e:end\na -> e",
            {"split:a": "parallelGateway"},
            {("s", "a"), ("a", "split:a"), ("split:a", "b"), ("split:a", "e"), ("b", "e")},
            id="an implicit split",
        ),
        pytest.param(
            "s:start -> a:user -[n > 1]-> b:user -> e:end\na -*-> e",
            {"split:a": "inclusiveGateway"},
            {("s", "a"), ("a", "split:a"), ("split:a", "b"), ("split:a", "e"), ("b", "e")},
            id="a conditional split",
        ),
        pytest.param(
            "s:start -> l:throw(link x)\nk:catch(link x) -> e:end",
            {},
            {("s", "l"), ("l", "k"), ("k", "e")},
            id="a link",
        ),
        pytest.param(
            "a:user -> b:user",
            {"start:main": "startEvent", "end:b": "endEvent"},
            {("start:main", "a"), ("a", "b"), ("b", "end:b")},
            id="neither start nor end",
        ),
        pytest.param(
            "s:start -> e:end(signal x)",
            {"end:e": "endEvent"},
            {("s", "e"), ("e", "end:e")},
            id="a signal at the end",
        ),
    ],
)
def test_what_bpmn_allows_is_drawn_out(
    drawing: str, helpers: dict[str, str], flows: set[tuple[str, str]]
) -> None:
    found, ways = normalised(drawing)
    assert {node: kind for node, kind in found.items() if APART in node} == helpers
    assert ways == flows


def test_a_default_flow_moves_to_the_gateway_with_its_flow() -> None:
    tree = reading.parse(Drawing("s:start -> a:user -[n > 1]-> b:user -> e:end\na -*-> e").xml())
    normalise(tree)
    nodes = {e.get("id"): e for e in tree.getroot().iter(f"{{{reading.BPMN}}}*")}
    assert nodes["a"].get("default") is None
    assert nodes[nodes["split:a"].get("default")].get("targetRef") == "e"


def test_what_the_library_can_run_stays_as_it_is() -> None:
    drawing = "s:start -> g:xor -[n > 1]-> a:user -> e:end\ng -*-> e"
    nodes, flows = normalised(drawing)
    assert set(nodes) == {"s", "g", "a", "e"}
    assert flows == {("s", "g"), ("g", "a"), ("a", "e"), ("g", "e")}
