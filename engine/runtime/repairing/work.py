"""One repair under way: the tree that is mended, what was done to it, and what is asked."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.runtime import reading
from engine.runtime.lint_check import called, shown_as
from engine.runtime.reading import BPMN, NAMESPACES, SPIFF, local, q

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
#: Begins every question that stands in a repaired file.
MARK = "待确认 / To confirm: "
#: What stands for a machine until somebody says which.
BY_HAND = "由人办理 / a person does it"
#: Seconds of processor time for what is mended, its drawing and its check apart.
SECONDS = 1.0
#: Keeps what BPMN does not allow where it stood.
KEPT = "urn:guanjia:kept"


@dataclass(frozen=True)
class Applied:
    """One thing that was mended; ``code`` is that of the finding it answers."""

    code: str
    element: str | None
    message: str
    message_en: str


@dataclass(frozen=True)
class Question:
    """What only a person can answer, and what stands in the file until then."""

    element: str | None
    question: str
    question_en: str
    default: str


@dataclass(frozen=True)
class Beside:
    """What stands around the file; None: not known, so nothing is held against it."""

    #: A role's id for what a drawing calls it.
    roles: Callable[[str], str | None] | None = None
    #: The procedures that may be called.
    called: Container[str] | None = None
    #: Service operators with the parameters that each cannot do without.
    services: Mapping[str, Container[str]] | None = None
    #: The DMN files beside the diagram by their names.
    decisions: Mapping[str, bytes] | None = None


@dataclass
class Work:
    """One repair under way."""

    tree: etree._ElementTree
    beside: Beside = field(default_factory=Beside)
    applied: list[Applied] = field(default_factory=list)
    #: Ids of flows whose ends were moved: their lines are drawn anew.
    moved: set[str] = field(default_factory=set)
    #: Ids of what was taken away, whose drawing goes with it.
    gone: set[str] = field(default_factory=set)
    asked: int = 0
    #: The thread's processor time at which it should be over.
    until: float = field(default_factory=lambda: time.thread_time() + SECONDS)
    #: Ids, kept as new ones are given.
    _ids: set[str] = field(default_factory=set)
    #: The number that the last new id ends with, by what was wanted.
    _numbers: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))

    @property
    def is_late(self) -> bool:
        """Say whether it took so long that what is left is left to a person."""
        return time.thread_time() > self.until

    @property
    def root(self) -> etree._Element:
        """The definitions."""
        return self.tree.getroot()

    def scopes(self) -> list[etree._Element]:
        """Every process and sub-process."""
        tags = ("process", *reading.SUBPROCESSES)
        return list(self.root.iter(*(q(tag) for tag in tags)))

    def nodes(self, *tags: str) -> list[etree._Element]:
        """The flow nodes of the file, of these kinds or of all."""
        return [node for scope in self.scopes() for node in nodes_of(scope, *tags)]

    def flows(self) -> list[etree._Element]:
        """The sequence flows of the file."""
        return [flow for scope in self.scopes() for flow in scope.iterchildren(q("sequenceFlow"))]

    def done(self, code: str, at: etree._Element | None, zh: str, en: str) -> None:
        """Note that something was mended."""
        at_zh, at_en = named(at)
        self.applied.append(Applied(code, at.get("id") if at is not None else None, at_zh + zh, at_en + en))

    def ask(self, at: etree._Element, zh: str, en: str, default: str) -> None:
        """Put a question to the owner of the drawing, marked where it stands."""
        at_zh, at_en = named(at)
        self.asked += 1
        for name, value in (
            ("question", f"{MARK}{at_zh}{zh}"),
            ("question_en", f"{at_en}{en}"),
            ("question_default", default),
        ):
            add_property(at, name, shown_as(value, 1_000))

    def new_id(self, wanted: str) -> str:
        """An id that nothing has yet."""
        if not self._ids:
            self._ids = {found.get("id", "") for found in self.root.iter(etree.Element)}
        found = wanted
        while found in self._ids:
            self._numbers[wanted] += 1
            found = f"{wanted}_{self._numbers[wanted]}"
        self._ids.add(found)
        return found

    def forget_ids(self) -> None:
        """Read the ids anew, after some were changed."""
        self._ids = set()
        self._numbers.clear()

    def add_node(self, scope: etree._Element, tag: str, wanted: str, name: str = "") -> etree._Element:
        """Put a new node into a process or sub-process."""
        node = _insert(scope, tag, self.new_id(wanted[:80]))
        if name:
            node.set("name", name)
        return node

    def add_flow(
        self, scope: etree._Element, source: etree._Element, target: etree._Element, condition: str = ""
    ) -> etree._Element:
        """Put a new flow between two nodes."""
        ends = (source.get("id", ""), target.get("id", ""))
        flow = _insert(scope, "sequenceFlow", self.new_id(f"flow_{ends[0][:35]}_{ends[1][:35]}"))
        flow.set("sourceRef", ends[0])
        flow.set("targetRef", ends[1])
        if condition:
            set_condition(flow, condition)
        return flow

    def move(self, flow: etree._Element, end: str, node: etree._Element) -> None:
        """Let a flow begin (``sourceRef``) or end (``targetRef``) at another node."""
        flow.set(end, node.get("id", ""))
        self.moved.add(flow.get("id", ""))

    def remove(self, element: etree._Element) -> None:
        """Take an element away, and later its drawing."""
        self.gone.add(element.get("id", ""))
        remove(element)

    def put_between(
        self, scope: etree._Element, node: etree._Element, tag: str, flows: list[etree._Element]
    ) -> etree._Element:
        """Put a new gateway behind a node, from which these flows go on."""
        gateway = self.add_node(scope, tag, f"{node.get('id', '')}_gateway")
        for flow in flows:
            self.move(flow, "sourceRef", gateway)
        default = node.get("default")
        if default in {flow.get("id") for flow in flows}:
            del node.attrib["default"]
            gateway.set("default", str(default))
        self.add_flow(scope, node, gateway)
        return gateway

    def open_questions(self) -> list[Question]:
        """The questions that stand in the file."""
        found = []
        for element in self.root.iter(f"{{{reading.BPMN}}}*"):
            said: dict[str, list[str]] = defaultdict(list)
            for one in element.iterfind(_PROPERTIES, NAMESPACES):
                said[one.get("name", "")].append(one.get("value", ""))
            if "question" not in said:
                continue
            rest = zip(said["question"], said["question_en"], said["question_default"], strict=False)
            found += [Question(element.get("id"), zh.removeprefix(MARK), en, to) for zh, en, to in rest]
        return found


_PROPERTIES = "bpmn:extensionElements/spiffworkflow:properties/spiffworkflow:property"


def named(at: etree._Element | None) -> tuple[str, str]:
    """How a message begins that speaks of an element, in Chinese and in English."""
    if at is None:
        return "", ""
    zh, en = called(at.get("name", ""), at.get("id") or local(at))
    return f"{zh}：", f"{en}: "


def label_of(element: etree._Element) -> str:
    """What people call an element: its name, else its id."""
    return element.get("name") or element.get("id") or ""


def drop(element: etree._Element, attribute: str) -> None:
    """Take an attribute away if it is there."""
    if attribute in element.attrib:
        del element.attrib[attribute]


def nodes_of(scope: etree._Element, *tags: str) -> list[etree._Element]:
    """The flow nodes that stand in a process or sub-process itself."""
    wanted = tags or reading.NODES
    return [child for child in scope.iterchildren(f"{{{reading.BPMN}}}*") if local(child) in wanted]


def flows_of(scope: etree._Element, end: str = "sourceRef") -> dict[str, list[etree._Element]]:
    """The flows of a process or sub-process by the node that they leave, or reach."""
    found: dict[str, list[etree._Element]] = defaultdict(list)
    for flow in scope.iterchildren(q("sequenceFlow")):
        found[flow.get(end, "")].append(flow)
    return found


def definitions_of(event: etree._Element) -> list[etree._Element]:
    """The event definitions of an event."""
    return [
        child
        for child in event.iterchildren(f"{{{reading.BPMN}}}*")
        if local(child).endswith("EventDefinition")
    ]


def define(event: etree._Element, kind: str, tag: str, text: str) -> None:
    """Give an event one definition: a timer or a condition."""
    for old in definitions_of(event):
        discard(old)
    definition = etree.SubElement(event, q(f"{kind}EventDefinition"))
    inner = etree.SubElement(definition, q(tag))
    inner.set(XSI_TYPE, f"{prefix_of(event)}tFormalExpression")
    inner.text = text


def set_condition(flow: etree._Element, text: str) -> None:
    """Give a flow a condition."""
    condition = flow.find(q("conditionExpression"))
    if condition is None:
        condition = etree.SubElement(flow, q("conditionExpression"))
    condition.set(XSI_TYPE, f"{prefix_of(flow)}tFormalExpression")
    drop(condition, "language")
    condition.text = text


def prefix_of(element: etree._Element) -> str:
    """The prefix of BPMN's own names at an element, colon included."""
    prefix = next((name for name, uri in element.nsmap.items() if uri == reading.BPMN), None)
    return f"{prefix}:" if prefix else ""


def extensions_of(element: etree._Element) -> etree._Element:
    """The element's extension elements, made where there are none."""
    found = element.find(q("extensionElements"))
    if found is None:
        found = etree.Element(q("extensionElements"))
        documented = len(element.findall(q("documentation")))
        element.insert(documented, found)
    return found


def add_property(element: etree._Element, name: str, value: str) -> None:
    """Add a property, beside one of the same name if there is one."""
    extensions = extensions_of(element)
    holder = extensions.find(f"{{{SPIFF}}}properties")
    if holder is None:
        holder = etree.SubElement(extensions, f"{{{SPIFF}}}properties", nsmap={"spiffworkflow": SPIFF})
    etree.SubElement(holder, f"{{{SPIFF}}}property", name=name, value=value)


def set_property(element: etree._Element, name: str, value: str | None) -> None:
    """Set a property; None takes it away."""
    for found in list(element.iterfind(_PROPERTIES, NAMESPACES)):
        if found.get("name") == name:
            remove(found)
    if value is not None:
        add_property(element, name, value)


def keep(element: etree._Element, attribute: str) -> None:
    """Move an attribute that BPMN does not allow here to a namespace of our own."""
    value = element.get(attribute)
    if value is not None:
        del element.attrib[attribute]
        element.set(f"{{{KEPT}}}{etree.QName(attribute).localname}", value)


def remove(element: etree._Element) -> None:
    """Take an element away; the text behind it stays."""
    parent = element.getparent()
    if parent is not None:
        before = element.getprevious()
        if element.tail and element.tail.strip():
            if before is not None:
                before.tail = (before.tail or "") + element.tail
            else:
                parent.text = (parent.text or "") + element.tail
        parent.remove(element)


def discard(element: etree._Element) -> None:
    """Take an element away; what another engine keeps in it stays with what it stood in."""
    home = element.getparent()
    if home is None:
        return
    extensions = element.find(q("extensionElements"))
    for child in list(extensions) if extensions is not None else []:
        extensions_of(home).append(child)
    for name, value in element.attrib.items():
        if etree.QName(name).namespace not in (None, BPMN) and name not in home.attrib:
            home.set(name, value)
    remove(element)


def retag(element: etree._Element, tag: str) -> None:
    """Make an element one of another kind; what that kind has no attribute for is kept aside."""
    element.tag = q(tag)
    for attribute in list(element.attrib):
        if not str(attribute).startswith("{") and attribute not in _ATTRIBUTES.get(tag, _COMMON):
            keep(element, str(attribute))


_COMMON = frozenset({"id", "name"})
_ACTIVITY = _COMMON | {"default", "isForCompensation", "startQuantity", "completionQuantity"}
_ATTRIBUTES = {
    "userTask": _ACTIVITY | {"implementation"},
    "subProcess": _ACTIVITY | {"triggeredByEvent"},
    "inclusiveGateway": _COMMON | {"gatewayDirection", "default"},
    "exclusiveGateway": _COMMON | {"gatewayDirection", "default"},
    "intermediateCatchEvent": _COMMON | {"parallelMultiple"},
    "intermediateThrowEvent": _COMMON,
    "dataObjectReference": _COMMON | {"itemSubjectRef", "dataObjectRef"},
}


def foreign_children(element: etree._Element) -> Iterator[etree._Element]:
    """What other engines put into the extension elements, all levels."""
    extensions = element.find(q("extensionElements"))
    if extensions is not None:
        for found in extensions.iterdescendants(etree.Element):
            if etree.QName(found).namespace not in (SPIFF, reading.BPMN):
                yield found


def foreign_attribute(element: etree._Element, *names: str) -> str | None:
    """The first of these attributes in another engine's namespace."""
    order = {name: at for at, name in enumerate(names)}
    for key, value in sorted(
        element.attrib.items(), key=lambda found: order.get(etree.QName(found[0]).localname, 99)
    ):
        name = etree.QName(key)
        if (
            name.namespace not in (None, SPIFF, reading.BPMN, KEPT)
            and name.localname in names
            and value.strip()
        ):
            return str(value).strip()
    return None


def _insert(scope: etree._Element, tag: str, element_id: str) -> etree._Element:
    """A new flow element behind the last one; artifacts and the like come after all of them."""
    held = reading.NODES | {"sequenceFlow"}
    children = scope.iterchildren(f"{{{reading.BPMN}}}*", reversed=True)
    last = next((child for child in children if local(child) in held), None)
    element = etree.Element(q(tag), id=element_id)
    if last is None:
        scope.append(element)
    else:
        element.tail = last.tail
        last.addnext(element)
    return element
