"""Mend what the schema of BPMN still objects to when everything else is done."""

from __future__ import annotations

import re

from lxml import etree

from engine.runtime import reading
from engine.runtime.linting import schema_errors
from engine.runtime.reading import BPMN, local, q
from engine.runtime.repairing.identity import rename
from engine.runtime.repairing.work import Work, discard, drop, keep, remove

#: Times that the schema is asked.
_ROUNDS = 12
_ATTRIBUTE = re.compile(r"[Aa]ttribute '(?P<name>[^']+)'")
_ESSENTIAL = reading.NODES | {"process", "sequenceFlow"}
_LINES = frozenset({"sequenceFlow", "messageFlow", "association"})
_SCOPES = reading.SUBPROCESSES | {"process"}
#: Without these a part of the drawing cannot be shown; it is drawn anew.
_PARTS = ("BPMNShape", "BPMNEdge")


def mend(work: Work) -> None:
    """Mend what the schema objects to, sentence by sentence."""
    for _ in range(_ROUNDS):
        found = [(_at(work.tree, path), message) for _, path, message in schema_errors(work.tree)]
        mended = [
            _mend_one(work, element, message)
            for element, message in found
            if element is not None and element.getroottree().getroot() is work.root
        ]
        if not any(mended) or work.is_late:
            return


def _mend_one(work: Work, element: etree._Element, message: str) -> bool:
    if element is work.root:
        return _clear_text(work, element) if "Character content" in message else False
    if _is_drawing(element):
        _drop_drawing(work, element)
        return True
    found = _ATTRIBUTE.search(message)
    if found and found["name"] in element.attrib:
        return _drop_attribute(work, element, found["name"])
    if "Character content" in message:
        return _clear_text(work, element)
    if "Element content is not allowed" in message:
        for child in list(element):
            remove(child)
        _told(
            work,
            element,
            f"去掉了 {local(element)} 里的下级元素",
            f"what stood in its {local(element)} was removed",
        )
        return True
    if "Missing child element" in message and local(element) == "ioSpecification":
        for tag in ("inputSet", "outputSet"):
            if element.find(q(tag)) is None:
                etree.SubElement(element, q(tag))
        _told(work, element, "补上了输入输出的集合", "its sets of inputs and outputs were added")
        return True
    if local(element) in _ESSENTIAL and etree.QName(element).namespace == BPMN:
        return _rehome(work, element)
    _told(
        work,
        element,
        f"{local(element)} 不该这样写在这里，已删去",
        f"{local(element)} may not stand there so; it was removed",
    )
    discard(element)
    return True


def _told(work: Work, element: etree._Element, zh: str, en: str) -> None:
    owner = element if element.get("id") else next((e for e in element.iterancestors() if e.get("id")), None)
    work.done("schema", owner, zh, en)


def _is_drawing(element: etree._Element) -> bool:
    above = (element, *element.iterancestors())
    return any(etree.QName(one).namespace == reading.BPMNDI for one in above)


def _drop_drawing(work: Work, element: etree._Element) -> None:
    """Take the part of the drawing out that cannot be read; it is drawn anew."""
    part: etree._Element = next(
        (one for one in (element, *element.iterancestors()) if local(one) in _PARTS), element
    )
    of = part.get("bpmnElement", "")
    drawn = next((e for e in work.root.iter(f"{{{BPMN}}}*") if of and e.get("id") == of), None)
    if local(part) == "BPMNPlane":
        part = next((one for one in part.iterancestors() if local(one) == "BPMNDiagram"), part)
    work.done(
        "schema",
        drawn,
        "图上的位置写得不对，重新画",
        "its place in the drawing cannot be read; it is drawn anew",
    )
    remove(part)


def _drop_attribute(work: Work, element: etree._Element, name: str) -> bool:
    value = element.get(name, "")
    if name == "id":
        rename(work, [(element, "id-invalid")])
        return True
    if name in ("sourceRef", "targetRef") and local(element) in _LINES:
        return False
    if etree.QName(element).namespace == BPMN:
        keep(element, name)
    else:
        drop(element, name)
    _told(
        work,
        element,
        f"属性 {name}（{value[:40]}）不该在这里，移到了扩展里",
        f"its {name} ({value[:40]}) may not stand there; it is kept as an extension",
    )
    return True


def _clear_text(work: Work, element: etree._Element) -> bool:
    # A wide space is a character to XML.
    lost = [(text or "").strip(" \t\r\n") for text in (element.text, *(child.tail for child in element))]
    said = " ".join(filter(None, lost))
    if not said:
        return False
    element.text = None
    for child in element:
        child.tail = None
    _told(work, element, f"去掉了多余的文字 {said[:80]}", f"the stray text {said[:80]} was removed")
    return True


def _rehome(work: Work, element: etree._Element) -> bool:
    """Put a node or flow that stands in another into the process around it."""
    parent = element.getparent()
    scope = next((one for one in element.iterancestors() if local(one) in _SCOPES), None)
    if scope is not None and parent is not scope and local(element) != "process":
        remove(element)
        scope.append(element)
        _told(work, element, "移到了流程里", "it stands in the process itself now")
        return True
    if local(element) in _ESSENTIAL and scope is None and local(element) != "process":
        _told(work, element, "不在任何流程里，已删去", "it stood in no process; it was removed")
        work.remove(element)
        return True
    return False


def _at(tree: etree._ElementTree, path: str | None) -> etree._Element | None:
    if not path:
        return None
    # Prefixes may be declared where they are used only.
    declared = (item for element in tree.iter(etree.Element) for item in element.nsmap.items())
    names = {prefix: uri for prefix, uri in declared if prefix}
    try:
        found = tree.xpath(path, namespaces=names)
    except etree.XPathError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None
