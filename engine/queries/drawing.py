"""The order in which a drawing is read: from left to right, then from top to bottom."""

from __future__ import annotations

from engine.runtime.reading import DC, HUMAN, NAMESPACES, Diagram, Node, q


def in_drawing_order(diagram: Diagram) -> list[Node]:
    """All nodes as they are drawn; those without a shape stay in the file's order, at the end."""
    places = {}
    for shape in diagram.tree.iterfind(".//bpmndi:BPMNShape", NAMESPACES):
        bounds = shape.find(f"{{{DC}}}Bounds")
        if bounds is not None:
            places[shape.get("bpmnElement")] = (_number(bounds.get("x")), _number(bounds.get("y")))
    unplaced = (float("inf"), float("inf"))
    return sorted(diagram.nodes.values(), key=lambda node: places.get(node.id, unplaced))


def human_steps(diagram: Diagram) -> list[Node]:
    """The steps that people do, in drawing order."""
    return [node for node in in_drawing_order(diagram) if node.type in HUMAN]


def documentation_of(diagram: Diagram, process: str) -> str:
    """What the drawing says of a process in its ``documentation``, or nothing."""
    for element in diagram.tree.getroot().iterchildren(q("process")):
        if element.get("id") == process:
            return " ".join((element.findtext("bpmn:documentation", "", NAMESPACES) or "").split())
    return ""


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return float("inf")
