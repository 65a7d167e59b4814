"""One drawn node that stands for several steps, as nodes of one step each.

.. code-block:: text

    scripts before and after a node     script tasks on the way to it and from it
    several events that are waited for  an event-based gateway with a way for each
    several events beside an activity   a boundary event for each
    several events that are thrown      a throw event for each, one after another

What is put in is not drawn (:mod:`engine.runtime.undrawn`), but for the further boundary events: each is
drawn as the one.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import local, q
from engine.runtime.undrawn import add, lead
from engine.runtime.wrapping import is_event_subprocess

BEFORE, AFTER = "preScript", "postScript"
_THROWN = frozenset({"message", "signal", "escalation"})
_CAUGHT = frozenset({"message", "signal", "timer", "conditional"})
_BESIDE = _CAUGHT | {"error", "escalation"}


def unfold(scope: etree._Element) -> None:
    """Unfold the nodes of a process or sub-process."""
    for node in [e for e in scope.iterchildren(f"{{{reading.BPMN}}}*") if local(e) in reading.NODES]:
        _run_around(scope, node)
        if can_unfold(node):
            _UNFOLD[local(node)](scope, node)


def definitions_of(event: etree._Element) -> list[etree._Element]:
    """The event definitions of an event."""
    return [e for e in event.iterchildren(f"{{{reading.BPMN}}}*") if local(e).endswith("EventDefinition")]


def can_unfold(event: etree._Element) -> bool:
    """Say whether an event has several definitions that can happen together where it stands."""
    kinds = [local(definition).removesuffix("EventDefinition") for definition in definitions_of(event)]
    if len(kinds) < 2 or event.get("parallelMultiple") == "true":
        return False
    match local(event):
        case "intermediateCatchEvent":
            return set(kinds) <= _CAUGHT and not _stands_behind_events(event)
        case "boundaryEvent":
            return set(kinds) <= _BESIDE
        case "intermediateThrowEvent":
            return set(kinds) <= _THROWN
        case "endEvent":
            return sum(kind not in _THROWN for kind in kinds) <= 1
    return False


def scripts_of(node: etree._Element) -> dict[str, etree._Element]:
    """The scripts that a node says are run before and after it."""
    path = "bpmn:extensionElements/spiffworkflow:{}"
    found = {which: node.find(path.format(which), reading.NAMESPACES) for which in (BEFORE, AFTER)}
    return {which: e for which, e in found.items() if e is not None and (e.text or "").strip()}


def may_run_around(node: etree._Element) -> bool:
    """Say whether there is one moment before a node and one after it; a gateway may have several."""
    return (
        local(node) not in reading.GATEWAYS
        and not is_event_subprocess(node)
        and not (BEFORE in scripts_of(node) and _stands_behind_events(node))
    )


def _stands_behind_events(node: etree._Element) -> bool:
    scope = node.getparent()
    if scope is None:
        return False
    gateways = {gateway.get("id") for gateway in scope.iterchildren(q("eventBasedGateway"))}
    flows = scope.iterchildren(q("sequenceFlow")) if gateways else ()
    return any(f.get("targetRef") == node.get("id") and f.get("sourceRef") in gateways for f in flows)


def _run_around(scope: etree._Element, node: etree._Element) -> None:
    scripts = scripts_of(node)
    if not scripts or not may_run_around(node) or node.get("isForCompensation") == "true":
        return
    for which, script in scripts.items():
        task = add(scope, "scriptTask", which, node.get("id", ""))
        etree.SubElement(task, q("script")).text = script.text
        parent = script.getparent()
        if parent is not None:
            parent.remove(script)
        begins, ends = local(node) in {"startEvent", "boundaryEvent"}, _ends(node)
        if begins or (which == AFTER and not ends):
            _put_behind(scope, node, task)
        else:
            _put_before(scope, node, task)


def _ends(node: etree._Element) -> bool:
    links = node.find(q("linkEventDefinition")) is not None
    return local(node) == "endEvent" or (links and local(node) == "intermediateThrowEvent")


def _put_before(scope: etree._Element, node: etree._Element, made: etree._Element) -> None:
    for flow in scope.iterchildren(q("sequenceFlow")):
        if flow.get("targetRef") == node.get("id"):
            flow.set("targetRef", made.get("id", ""))
    lead(made, node)


def _put_behind(scope: etree._Element, node: etree._Element, made: etree._Element) -> None:
    _hand_over(scope, node, made)
    lead(node, made)


def _hand_over(scope: etree._Element, node: etree._Element, made: etree._Element) -> None:
    """Let what leaves a node leave another."""
    for flow in scope.iterchildren(q("sequenceFlow")):
        if flow.get("sourceRef") == node.get("id"):
            flow.set("sourceRef", made.get("id", ""))
    if (default := node.get("default")) is not None:
        del node.attrib["default"]
        made.set("default", default)


def _wait_for_either(scope: etree._Element, event: etree._Element) -> None:
    name = event.get("id", "")
    came = add(scope, "intermediateThrowEvent", "came", name)
    _hand_over(scope, event, came)
    for number, definition in enumerate(definitions_of(event), start=1):
        way = _with(scope, event, "intermediateCatchEvent", definition, "way", str(number), name)
        lead(event, way)
        lead(way, came)
    event.tag = q("eventBasedGateway")
    if "parallelMultiple" in event.attrib:
        del event.attrib["parallelMultiple"]


def _sit_beside(scope: etree._Element, event: etree._Element) -> None:
    came = add(scope, "intermediateThrowEvent", "came", event.get("id", ""))
    _put_behind(scope, event, came)
    for number, definition in enumerate(definitions_of(event)[1:], start=2):
        other = _with(scope, event, "boundaryEvent", definition, "either", str(number), event.get("id", ""))
        for attribute in ("attachedToRef", "cancelActivity"):
            if (value := event.get(attribute)) is not None:
                other.set(attribute, value)
        lead(other, came)


def _throw_each(scope: etree._Element, event: etree._Element) -> None:
    definitions = definitions_of(event)
    # What ends something comes last.
    ending = [d for d in definitions if local(d).removesuffix("EventDefinition") not in _THROWN]
    last = (ending or definitions)[-1]
    others = [definition for definition in definitions if definition is not last]
    for number, definition in enumerate(others, start=1):
        throw = _with(
            scope, event, "intermediateThrowEvent", definition, "also", str(number), event.get("id", "")
        )
        _put_before(scope, event, throw)


def _with(
    scope: etree._Element, event: etree._Element, tag: str, definition: etree._Element, *words: str
) -> etree._Element:
    """A new event with one of an event's definitions, and its extensions."""
    made = add(scope, tag, *words)
    made.set("name", event.get("name", ""))
    extensions = event.find(q("extensionElements"))
    if extensions is not None:
        made.append(deepcopy(extensions))
    made.append(definition)
    return made


_UNFOLD = {
    "intermediateCatchEvent": _wait_for_either,
    "boundaryEvent": _sit_beside,
    "intermediateThrowEvent": _throw_each,
    "endEvent": _throw_each,
}
