"""Event sub-processes as boundary events: what runs beside them is wrapped so that an event can sit on it.

The library starts an event sub-process at most once, with few kinds of events, and never interrupts with
it. A scope S with event sub-processes therefore becomes (§13.5.4)

.. code-block:: text

    starts of S → [whole:S  [body:S  everything else]──on── each that is not interrupting ]──on── each that
    is interrupting

where each event sub-process is an ordinary one behind its boundary event. A scope without one of the two
kinds has one wrap only. What is wrapped still belongs to S: the id after the last colon says so.
"""

from __future__ import annotations

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import q
from engine.runtime.undrawn import add, lead, require, undrawn


def wrap(scope: etree._Element) -> None:
    """Wrap a process or sub-process that has event sub-processes."""
    handlers = [found for found in scope.iterchildren(q("subProcess")) if is_event_subprocess(found)]
    if not handlers:
        return
    starts = list(scope.iterchildren(q("startEvent")))
    beside = [found for found in handlers if not _interrupts(found)]
    stops = [found for found in handlers if _interrupts(found)]
    body = _wrapped(scope, "body", [*starts, *handlers])
    _begin(scope, body, starts)
    _terminate(scope, body, beside)
    for handler in beside:
        _attach(handler, body)
    outermost = body
    if beside and stops:
        lead(body, add(scope, "endEvent", "end", body.get("id", "")))
        outermost = _wrapped(scope, "whole", [*starts, *stops])
        lead(add(outermost, "startEvent", "begin", body.get("id", "")), body)
    for handler in stops:
        _attach(handler, outermost)
    lead(outermost, add(scope, "endEvent", "end", outermost.get("id", "")))
    for start in starts:
        lead(start, outermost)


def is_event_subprocess(element: etree._Element) -> bool:
    """Say whether an element is a sub-process that an event triggers."""
    return element.get("triggeredByEvent") == "true"


def _waits(start: etree._Element) -> bool:
    return any(reading.local(c).endswith("EventDefinition") for c in start.iterchildren(tag=etree.Element))


def _interrupts(handler: etree._Element) -> bool:
    return all(start.get("isInterrupting") != "false" for start in handler.iterchildren(q("startEvent")))


def _wrapped(scope: etree._Element, kind: str, apart: list[etree._Element]) -> etree._Element:
    """A new sub-process in a scope, with every node and flow of it but these nodes."""
    wrap = etree.Element(q("subProcess"), id=undrawn(kind, scope.get("id", "")))
    kinds = reading.NODES | {"sequenceFlow"}
    for element in list(scope.iterchildren(tag=etree.Element)):
        if element not in apart and reading.local(element) in kinds:
            wrap.append(element)
    scope.append(wrap)
    return wrap


def _begin(scope: etree._Element, body: etree._Element, starts: list[etree._Element]) -> None:
    """Begin the body where the start events led; which of several it was, their visits tell."""
    begin = add(body, "startEvent", "begin", scope.get("id", ""))
    first: dict[str, list[etree._Element]] = {start.get("id", ""): [] for start in starts}
    for flow in body.iterchildren(q("sequenceFlow")):
        if flow.get("sourceRef") in first:
            first[flow.get("sourceRef", "")].append(flow)
    if len(starts) == 1:
        for flow in first[starts[0].get("id", "")]:
            flow.set("sourceRef", begin.get("id", ""))
        return
    which = add(body, "exclusiveGateway", "which", scope.get("id", ""))
    lead(begin, which)
    # One that waits for nothing stands last: a called process has only this one.
    starts = sorted(starts, key=lambda start: not _waits(start))
    for start in starts:
        for flow in first[start.get("id", "")]:
            flow.set("sourceRef", which.get("id", ""))
            if start is starts[-1]:
                which.set("default", flow.get("id", ""))
            else:
                require(flow, f'visits("{start.get("id")}") > 0')


def _terminate(scope: etree._Element, body: etree._Element, beside: list[etree._Element]) -> None:
    """A terminate end event ends what runs beside the body too."""
    terminate = q("terminateEventDefinition")
    ends = [end for end in body.iterchildren(q("endEvent")) if end.find(terminate) is not None]
    if not (ends and beside):
        return
    code = undrawn("terminate", scope.get("id", ""))
    root = scope.getroottree().getroot()
    root.insert(0, etree.Element(q("escalation"), id=code, name=code, escalationCode=code))
    for end in ends:
        for definition in list(end.iterchildren(terminate)):
            end.replace(definition, etree.Element(q("escalationEventDefinition"), escalationRef=code))
    event = add(scope, "boundaryEvent", "ended", scope.get("id", ""))
    event.set("attachedToRef", body.get("id", ""))
    etree.SubElement(event, q("escalationEventDefinition"), escalationRef=code)
    stop = add(scope, "endEvent", "end", event.get("id", ""))
    etree.SubElement(stop, terminate)
    lead(event, stop)


def _attach(handler: etree._Element, host: etree._Element) -> None:
    """Make an event sub-process an ordinary one behind a boundary event of a host."""
    scope = host.getparent()
    start = handler.find(q("startEvent"))
    if scope is None or start is None:
        return
    del handler.attrib["triggeredByEvent"]
    event = add(scope, "boundaryEvent", "on", handler.get("id", ""), start.get("id", ""))
    event.set("attachedToRef", host.get("id", ""))
    event.set("cancelActivity", start.get("isInterrupting", "true"))
    event.set("name", start.get("name", ""))
    for child in list(start.iterchildren(tag=etree.Element)):
        event.append(child)
    began = undrawn("began", start.get("id", ""))
    for flow in handler.iterchildren(q("sequenceFlow")):
        if flow.get("sourceRef") == start.get("id"):
            flow.set("sourceRef", began)
    start.set("id", began)
    lead(event, handler)
    lead(handler, add(scope, "endEvent", "end", handler.get("id", "")))
