"""Rewrite what BPMN allows and the workflow library lacks into what it can execute.

A pure rewriting of a tree that only the library reads: the drawn elements keep their ids, so history,
screens and coverage speak of what was drawn; what is put in between is no drawn node
(:mod:`engine.runtime.undrawn`).

.. code-block:: text

    link events                     a flow from each throw to its catch (§10.5.4)
    no start, no end events         one for every node without a way in, or out (§13.2)
    signal end events               a throw event and an end
    several flows out of a node     a parallel gateway behind it (§13.2.1)
    conditional flows out of it     an inclusive gateway behind it (§13.2.1)
    several events, scripts around  a node for each (engine.runtime.unfolding)
    event sub-processes             boundary events of what they stand beside (§13.5.4)
    compensation                    a process of the handlers, called by what throws it (§13.5.5)
    data objects, stores and        nothing: they document a case's data, which is one shared document
    associations
"""

from __future__ import annotations

from collections import defaultdict

from lxml import etree

from engine.runtime import reading
from engine.runtime.compensating import give_handlers, is_handler
from engine.runtime.data_references import settle
from engine.runtime.reading import q
from engine.runtime.undrawn import add, lead, require
from engine.runtime.unfolding import unfold
from engine.runtime.wrapping import is_event_subprocess, wrap

#: Extensions that the drawing is read for, or that nobody reads.
_UNREAD = ("properties", "unitTests", "taskMetadataValues")


def normalise(tree: etree._ElementTree) -> None:
    """Rewrite every process of a tree, in place."""
    etree.strip_tags(tree, etree.Comment)
    # The library tries flows in the order in which their targets stand on the page; tidying a drawing must
    # not change what it does. Without a layout it tries them in the order of the file.
    for layout in list(tree.getroot().iterchildren(f"{{{reading.BPMNDI}}}BPMNDiagram")):
        tree.getroot().remove(layout)
    for store in list(tree.getroot().iterchildren(q("dataStore"))):
        tree.getroot().remove(store)
    _settle_extensions(tree.getroot())
    for process in list(tree.getroot().iterchildren(q("process"))):
        settle(process)
        give_handlers(process)
    for process in list(tree.getroot().iterchildren(q("process"))):
        for scope in [process, *process.iter(*(q(tag) for tag in reading.SUBPROCESSES))]:
            unfold(scope)
            Scope(scope).rewrite()
            wrap(scope)


def _settle_extensions(root: etree._Element) -> None:
    """Give the library what it cannot do without in extensions, and spare it what only others read."""
    for parameter in root.iter(f"{{{reading.SPIFF}}}parameter"):
        parameter.set("type", parameter.get("type", "str"))
    for unread in list(root.iter(*(f"{{{reading.SPIFF}}}{tag}" for tag in _UNREAD))):
        parent = unread.getparent()
        if parent is not None:
            parent.remove(unread)


def link_pairs(scope: etree._Element) -> list[tuple[etree._Element, etree._Element]]:
    """Which link event leads to which within a process or sub-process: (throw, catch)."""
    catches: dict[str, etree._Element] = {}
    for event in scope.iterchildren(q("intermediateCatchEvent")):
        if (name := link_name(event)) is not None:
            catches.setdefault(name, event)
    thrown = [(event, link_name(event)) for event in scope.iterchildren(q("intermediateThrowEvent"))]
    return [(event, catches[name]) for event, name in thrown if name is not None and name in catches]


def link_name(event: etree._Element) -> str | None:
    """The name that links an event to another; None when it is no link event."""
    link = event.find(q("linkEventDefinition"))
    return None if link is None else link.get("name", "").strip()


class Scope:
    """One process or sub-process while it is rewritten."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self.leaving: dict[str, list[etree._Element]] = defaultdict(list)
        self.arriving: dict[str, list[etree._Element]] = defaultdict(list)
        for flow in element.iterchildren(q("sequenceFlow")):
            self.leaving[flow.get("sourceRef", "")].append(flow)
            self.arriving[flow.get("targetRef", "")].append(flow)

    def rewrite(self) -> None:
        """Rewrite it."""
        self._link()
        self._begin()
        self._end()
        self._throw_signals()
        self._split()

    def nodes(self, *tags: str) -> list[etree._Element]:
        """The flow nodes, of these kinds or of all."""
        wanted = tags or reading.NODES
        return [e for e in self.element.iterchildren(tag=etree.Element) if reading.local(e) in wanted]

    def _link(self) -> None:
        for throw, catch in link_pairs(self.element):
            self._lead(throw, catch)
        for event in self.nodes("intermediateThrowEvent", "intermediateCatchEvent"):
            link = event.find(q("linkEventDefinition"))
            if link is not None:
                event.remove(link)
                # A catch event without a definition has no meaning; a throw event without one just passes.
                event.tag = q("intermediateThrowEvent")

    def _begin(self) -> None:
        if self.nodes("startEvent") or reading.local(self.element) == "adHocSubProcess":
            return
        first = [node for node in self.nodes() if not self.arriving[node.get("id", "")] and begins(node)]
        if first:
            start = add(self.element, "startEvent", "start", self.element.get("id", ""))
            for node in first:
                self._lead(start, node)

    def _end(self) -> None:
        if self.nodes("endEvent") or reading.local(self.element) == "adHocSubProcess":
            return
        for node in self.nodes():
            if not self.leaving[node.get("id", "")] and not is_apart(node):
                self._lead(node, self._end_of(node))

    def _throw_signals(self) -> None:
        for event in self.nodes("endEvent"):
            if event.find(q("signalEventDefinition")) is not None:
                event.tag = q("intermediateThrowEvent")
                self._lead(event, self._end_of(event))

    def _split(self) -> None:
        for node in self.nodes():
            flows = self.leaving[node.get("id", "")]
            if reading.local(node) in reading.GATEWAYS or len(flows) < 2:
                continue
            conditional = any(flow.find(q("conditionExpression")) is not None for flow in flows)
            kind = "inclusiveGateway" if conditional else "parallelGateway"
            gateway = add(self.element, kind, "split", node.get("id", ""))
            default = node.get("default")
            if default is not None:
                del node.attrib["default"]
                gateway.set("default", default)
            for flow in flows:
                flow.set("sourceRef", gateway.get("id", ""))
                if conditional and flow.get("id") != default:
                    require(flow, "True")
            self.leaving[node.get("id", "")] = []
            self._lead(node, gateway)

    def _end_of(self, node: etree._Element) -> etree._Element:
        return add(self.element, "endEvent", "end", node.get("id", ""))

    def _lead(self, source: etree._Element, target: etree._Element) -> None:
        flow = lead(source, target)
        self.leaving[source.get("id", "")].append(flow)
        self.arriving[target.get("id", "")].append(flow)


def is_apart(node: etree._Element) -> bool:
    """Say whether a node stands outside the flow: an event sub-process or a compensation handler."""
    return is_event_subprocess(node) or is_handler(node)


def begins(node: etree._Element) -> bool:
    """Say whether a node without a way in gets a token when its process begins (§13.2)."""
    if reading.local(node) in {"startEvent", "boundaryEvent"} or is_apart(node):
        return False
    return link_name(node) is None or reading.local(node) != "intermediateCatchEvent"
