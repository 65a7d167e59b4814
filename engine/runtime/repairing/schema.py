"""Put elements into the order that the schema of BPMN wants, and foreign ones where they may stand."""

from __future__ import annotations

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import BPMN, BPMNDI, local, q
from engine.runtime.repairing.work import Work, extensions_of, remove

_HEAD = (
    "documentation",
    "extensionElements",
    "auditing",
    "monitoring",
    "categoryValueRef",
    "incoming",
    "outgoing",
)
_FLOW_ELEMENTS = (
    *sorted(reading.NODES),
    "sequenceFlow",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
)
_ARTIFACTS = ("association", "group", "textAnnotation")
_PERFORMERS = ("resourceRole", "performer", "humanPerformer", "potentialOwner")
_LOOPS = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
#: Children in the order of the schema; those of one group keep their own order.
_ORDER: tuple[tuple[str, ...], ...] = (
    *((name,) for name in _HEAD),
    ("supportedInterfaceRef",),
    ("ioSpecification",),
    ("ioBinding",),
    ("property",),
    ("dataInput",),
    ("dataOutput",),
    ("dataInputAssociation",),
    ("dataOutputAssociation",),
    ("inputSet",),
    ("outputSet",),
    _PERFORMERS,
    _LOOPS,
    ("laneSet",),
    _FLOW_ELEMENTS,
    _ARTIFACTS,
    ("script", "rendering", "conditionExpression"),
)
_RANK = {name: rank for rank, group in enumerate(_ORDER) for name in group}
_PROCESS_RANK = {
    **_RANK,
    **dict.fromkeys(_PERFORMERS, len(_ORDER) + 1),
    "correlationSubscription": len(_ORDER) + 2,
    "supports": len(_ORDER) + 3,
}
_LANE_RANK = {
    "documentation": 0,
    "extensionElements": 1,
    "partitionElement": 2,
    "flowNodeRef": 3,
    "childLaneSet": 4,
}
_POOLS_RANK = {
    "documentation": 0,
    "extensionElements": 1,
    "participant": 2,
    "messageFlow": 3,
    **dict.fromkeys(_ARTIFACTS, 4),
}
_ROOT_RANK = {"import": 0, "extension": 1, "BPMNDiagram": 3, "relationship": 4}


def mend(work: Work) -> None:
    """Put the elements of a file into their order."""
    for element in list(work.root.iter(f"{{{BPMN}}}*")):
        if local(element) != "extensionElements":
            _move_foreign(work, element)
            _sort(work, element)
            _join_extensions(work, element)


def _move_foreign(work: Work, element: etree._Element) -> None:
    if element is work.root:
        return
    for child in list(element.iterchildren(etree.Element)):
        if etree.QName(child).namespace in (BPMN, BPMNDI) or _is_content(element):
            continue
        remove(child)
        extensions_of(element).append(child)
        work.done(
            "schema",
            _owner(element),
            f"{local(child)} 移到了扩展里",
            f"{local(child)} stands among its extensions now",
        )


def _is_content(element: etree._Element) -> bool:
    """Say whether an element may hold anything: a documentation, an expression, a script."""
    return local(element) in {"documentation", "script", "text", "rendering"} or local(element).endswith(
        "xpression"
    )


def _owner(element: etree._Element) -> etree._Element | None:
    return element if element.get("id") else next((e for e in element.iterancestors() if e.get("id")), None)


def _join_extensions(work: Work, element: etree._Element) -> None:
    """One holder of extensions; some tools write several."""
    found = element.findall(q("extensionElements"))
    for other in found[1:]:
        for child in list(other):
            found[0].append(child)
        element.remove(other)
        work.done("schema", _owner(element), "几处扩展合成了一处", "its extensions stand in one place now")


def _rank_of(parent: etree._Element, child: etree._Element) -> int:
    kind, name = local(parent), local(child)
    if kind == "definitions":
        return _ROOT_RANK.get(name, 2)
    table = {"process": _PROCESS_RANK, "lane": _LANE_RANK, "collaboration": _POOLS_RANK}.get(kind, _RANK)
    if name.endswith("EventDefinition") or name == "eventDefinitionRef":
        return len(_ORDER)
    if name in table:
        return table[name]
    # An element that we do not know goes where it stood among its neighbours of the flow.
    return _RANK["sequenceFlow"] if kind in reading.SUBPROCESSES | {"process"} else len(_ORDER)


def _sort(work: Work, element: etree._Element) -> None:
    if local(element) not in reading.NODES | {
        "process",
        "lane",
        "collaboration",
        "definitions",
        "sequenceFlow",
    }:
        return
    children = list(element)
    ranks: list[int] = []
    for child in children:
        # A remark stays with what stands before it.
        ranks.append(_rank_of(element, child) if isinstance(child.tag, str) else (ranks[-1] if ranks else -1))
    if ranks == sorted(ranks):
        return
    order = sorted(range(len(children)), key=ranks.__getitem__)
    tails = [child.tail for child in children]
    for child in children:
        element.remove(child)
    for index, at in enumerate(order):
        children[at].tail = tails[index]
        element.append(children[at])
    work.done(
        "schema",
        _owner(element),
        "下级元素按 BPMN 规定的次序排列",
        "its elements stand in the order of BPMN now",
    )
