"""Elements that the library is given and nobody drew: their ids have a colon, which no drawing may have."""

from __future__ import annotations

from lxml import etree

from engine.runtime.reading import q

#: Between the words of an id that is not drawn.
APART = ":"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def undrawn(*words: str) -> str:
    """The id of an element that is not drawn."""
    return APART.join(words)


def add(scope: etree._Element, tag: str, *words: str) -> etree._Element:
    """Add an element to a process or sub-process."""
    return etree.SubElement(scope, q(tag), id=undrawn(*words))


def lead(source: etree._Element, target: etree._Element) -> etree._Element:
    """Add a flow between two nodes of the same process or sub-process."""
    scope, ends = source.getparent(), (source.get("id", ""), target.get("id", ""))
    if scope is None:
        raise ValueError("a node stands in a process")
    flow = add(scope, "sequenceFlow", "flow", *ends)
    flow.set("sourceRef", ends[0])
    flow.set("targetRef", ends[1])
    return flow


def require(flow: etree._Element, condition: str) -> None:
    """Give a flow a condition, unless it has one."""
    if flow.find(q("conditionExpression")) is None:
        said = etree.SubElement(flow, q("conditionExpression"))
        said.set(f"{{{_XSI}}}type", "bpmn:tFormalExpression")
        said.text = condition


def scope_of(name: str) -> str:
    """The drawn process or sub-process that one which is not drawn belongs to."""
    return name.rpartition(APART)[2]


def drawn_of(element: str | None) -> str | None:
    """The drawn element that one stands for which may not be drawn: what its helper was made for."""
    return scope_of(element) if element else None


def drawn_at(scope: str, element: str) -> tuple[str, str]:
    """Where an element is drawn: (scope, id).

    A boundary event that stands for an event sub-process's start event is drawn as that, and one of the
    several events of a boundary event as the one.
    """
    kind, _, rest = element.partition(APART)
    if kind == "on" and APART in rest:
        handler, _, start = rest.partition(APART)
        return handler, start
    if kind == "either":
        return scope_of(scope), scope_of(element)
    return scope_of(scope), element
