"""Mend ids and names: there, once, of a kind that can be written, and every reference with them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass

from lxml import etree

from engine.runtime import reading
from engine.runtime.lint_check import is_invisible
from engine.runtime.lint_codes import MAX_ID, MAX_NAME
from engine.runtime.reading import BPMN, BPMNDI, local, q
from engine.runtime.repairing.work import Work

_GOOD = re.compile(r"[^\W\d][\w.-]*")
_RESERVED = frozenset({"Start", "End", "Root"})
_RESERVED_ENDINGS = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")
_NEEDED = reading.NODES | {
    *("process", "sequenceFlow", "lane", "collaboration"),
    *("message", "signal", "error", "escalation"),
}
_OURS = frozenset({BPMN, BPMNDI, reading.DC, reading.DI})
_LINES = frozenset(
    {"sequenceFlow", "messageFlow", "association", "dataInputAssociation", "dataOutputAssociation"}
)
#: What an attribute or element may point to; anything else: whatever has the id.
_KINDS: dict[str, frozenset[str]] = {
    "attachedToRef": reading.ACTIVITIES,
    "flowNodeRef": reading.NODES,
    "default": frozenset({"sequenceFlow"}),
    "incoming": frozenset({"sequenceFlow"}),
    "outgoing": frozenset({"sequenceFlow"}),
    "processRef": frozenset({"process"}),
    "calledElement": frozenset({"process"}),
    **{
        f"{kind}Ref": frozenset({kind}) for kind in ("message", "signal", "error", "escalation", "dataObject")
    },
}


@dataclass
class Reference:
    """A place of the file that names an element, and the element that it means."""

    holder: etree._Element
    #: The attribute; None when the holder's text is the name.
    attribute: str | None
    target: etree._Element

    def write(self) -> None:
        """Write the element's present id."""
        new = self.target.get("id", "")
        if self.attribute is None:
            old = (self.holder.text or "").strip()
            self.holder.text = _with_prefix(old, new, self.holder.nsmap)
        else:
            old = self.holder.get(self.attribute, "")
            self.holder.set(self.attribute, _with_prefix(old, new, self.holder.nsmap))


def mend(work: Work) -> None:
    """Mend the ids and the names of a file."""
    identified = [e for e in work.root.iter(etree.Element) if etree.QName(e).namespace in _OURS]
    rename(work, _wrong_ids(identified, reading.parameters_in(work.root)))
    for element in identified:
        if etree.QName(element).namespace == BPMN and element.get("name"):
            _mend_name(work, element)


def rename(work: Work, wrong: list[tuple[etree._Element, str]]) -> None:
    """Give elements other ids, each for the fault of a finding, and let what refers to them follow."""
    if not wrong:
        return
    identified = [e for e in work.root.iter(etree.Element) if etree.QName(e).namespace in _OURS]
    references = list(_references(identified))
    work.forget_ids()
    for element, code in wrong:
        _rename(work, element, code)
    for reference in references:
        reference.write()


def _wrong_ids(
    identified: list[etree._Element], parameters: Container[tuple[etree._Element | None, str]]
) -> list[tuple[etree._Element, str]]:
    seen: set[str] = set()
    found: list[tuple[etree._Element, str]] = []
    for element in identified:
        element_id, kind = element.get("id"), local(element)
        if not element_id:
            if (kind in _NEEDED and etree.QName(element).namespace == BPMN) or element_id == "":
                found.append((element, "id-missing"))
            continue
        if element_id in seen:
            found.append((element, "id-duplicate"))
        elif not _is_good(element_id):
            found.append((element, "id-invalid"))
        elif len(element_id) > MAX_ID:
            found.append((element, "id-too-long"))
        elif kind in reading.NODES and (element_id in _RESERVED or element_id.endswith(_RESERVED_ENDINGS)):
            found.append((element, "id-reserved"))
        elif kind in reading.NODES and (reading.process_around(element), element_id) in parameters:
            found.append((element, "id-parameter"))
        seen.add(element_id)
    return found


def _is_good(element_id: str) -> bool:
    if not _GOOD.fullmatch(element_id):
        return False
    try:
        return etree.QName(element_id).localname == element_id
    except ValueError:
        return False


def _rename(work: Work, element: etree._Element, code: str) -> None:
    old = element.get("id", "")
    element.set("id", work.new_id(f"{old}_1" if code == "id-parameter" else _wanted(element, old)))
    if etree.QName(element).namespace != BPMN:
        return
    new = element.get("id", "")
    zh, en = {
        "id-missing": ("补上了 id", "it was given an id"),
        "id-duplicate": (f"id 重复，改为 {new}", f"its id was in use; it is {new} now"),
    }.get(code, (f"id {old[:60]} 不能用，改为 {new}", f"its id {old[:60]} cannot be used; it is {new} now"))
    work.done(code, element, zh, en)


def _wanted(element: etree._Element, old: str) -> str:
    if old in _RESERVED or old.endswith(_RESERVED_ENDINGS):
        return f"{old.replace('.', '_')}_1"
    kept = "".join(
        c if (c.isascii() and c.isalnum()) or c in "_.-" or "\u4e00" <= c <= "\u9fff" else "_" for c in old
    )
    kept = kept.strip("_.-")[: MAX_ID - 20] if kept != old else kept[: MAX_ID - 20]
    if not kept:
        return local(element)
    return kept if kept[0].isalpha() or kept[0] == "_" else f"id_{kept}"


def _references(identified: list[etree._Element]) -> list[Reference]:
    """Every reference whose element is there, with the element that it most likely means."""
    by_id: dict[str, list[etree._Element]] = defaultdict(list)
    for element in identified:
        if element.get("id"):
            by_id[element.get("id", "")].append(element)
    shapes: dict[str, int] = defaultdict(int)
    found = []
    for holder in identified:
        for attribute, text in _named_by(holder):
            candidates = by_id.get(text) or by_id.get(text.rpartition(":")[2]) or []
            target = _meant(holder, attribute, candidates, shapes)
            if target is not None:
                found.append(Reference(holder, attribute, target))
    return found


def _named_by(holder: etree._Element) -> list[tuple[str | None, str]]:
    kind = local(holder)
    found: list[tuple[str | None, str]] = [
        (name, value.strip())
        for name, value in ((str(k), str(v)) for k, v in holder.attrib.items())
        if (str(name).endswith("Ref") or name in ("default", "calledElement", "bpmnElement"))
        and value.strip()
    ]
    text = (holder.text or "").strip()
    if text and (kind.endswith("Ref") or kind in ("incoming", "outgoing")) and len(holder) == 0:
        found.append((None, text))
    return found


def _meant(
    holder: etree._Element,
    attribute: str | None,
    candidates: list[etree._Element],
    shapes: dict[str, int],
) -> etree._Element | None:
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    candidates = [one for one in candidates if _fits(holder, attribute, one)] or candidates
    if len(candidates) < 2:
        return candidates[0]
    if attribute == "bpmnElement":
        # The first shape of an id is that of its first element, and so on.
        key = f"{local(holder)} {candidates[0].get('id')}"
        shapes[key] += 1
        return candidates[min(shapes[key], len(candidates)) - 1]
    side = {"sourceRef": "outgoing", "targetRef": "incoming"}.get(attribute or "")
    if side is not None:
        listing = [
            one
            for one in candidates
            if any((c.text or "").strip() == holder.get("id") for c in one.iterchildren(q(side)))
        ]
        if len(listing) == 1:
            return listing[0]
    near = [one for one in candidates if _home(one) is _home(holder)]
    return (near or candidates)[0]


def _fits(holder: etree._Element, attribute: str | None, one: etree._Element) -> bool:
    kind, name = local(one), attribute or local(holder)
    if etree.QName(one).namespace != BPMN:
        return False
    if name in ("sourceRef", "targetRef") and local(holder) == "sequenceFlow":
        return kind in reading.NODES
    if name == "bpmnElement":
        drawn = local(holder)
        return kind in _LINES if drawn == "BPMNEdge" else kind not in _LINES
    return name not in _KINDS or kind in _KINDS[name]


def _home(element: etree._Element) -> etree._Element | None:
    """The process or sub-process that an element stands in."""
    found = element.getparent()
    while found is not None and local(found) not in reading.SUBPROCESSES | {"process"}:
        found = found.getparent()
    return found


def _with_prefix(old: str, new: str, prefixes: dict[str | None, str]) -> str:
    prefix, colon, _ = old.rpartition(":")
    return f"{prefix}:{new}" if colon and prefix in prefixes else new


def _mend_name(work: Work, element: etree._Element) -> None:
    name = element.get("name", "")
    if any(is_invisible(character) for character in name):
        # Chinese needs no space where a line was broken.
        name = re.sub(r"(?<=[\u3400-\u9fff])[ \t]*[\r\n]+[ \t]*(?=[\u3400-\u9fff])", "", name)
        name = re.sub(r"[ \t]*[\t\r\n]+[ \t]*", " ", name)
        name = "".join(character for character in name if not is_invisible(character)).strip()
        element.set("name", name)
        work.done(
            "name-control",
            element,
            "去掉了名称里的换行和控制字符",
            "line breaks and control characters left its name",
        )
    if len(name) > MAX_NAME:
        text = etree.Element(q("documentation"))
        text.text = name
        element.insert(len(element.findall(q("documentation"))), text)
        element.set("name", name[:60] + "…")
        work.done(
            "name-too-long",
            element,
            "名称过长，全文移到了说明里",
            "its name was too long; the whole text is in its documentation",
        )
