"""Data objects, data stores, data inputs and their associations: what they are called in the case's data.

A case has one shared document; a data object that is drawn is a datum of it, by its name, else its id. What
the associations say is who reads and writes it, which needs no copying here (§10.4). Where a
multi-instance activity refers to its list through them, the reference is followed to the datum.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import q

#: What a drawing says of data and an execution without copies needs not.
_DRAWN_ONLY = (
    "ioSpecification",
    "dataInputAssociation",
    "dataOutputAssociation",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "property",
)
_REFERENCES = ("loopDataInputRef", "loopDataOutputRef")


def settle(process: etree._Element) -> None:
    """Let every multi-instance activity name its datum, and take the data elements away; in place."""
    named = _named(process)
    for reference in process.iter(*(q(tag) for tag in _REFERENCES)):
        reference.text = datum(reference, named)
    for element in list(process.iter(*(q(tag) for tag in _DRAWN_ONLY))):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)


def lists_of(content: bytes) -> set[str]:
    """The data that multi-instance activities of a readable file are done for."""
    root = reading.parse(content).getroot()
    named = _named(root)
    return {datum(reference, named) for reference in root.iter(q("loopDataInputRef"))}


def _named(root: etree._Element) -> dict[str, etree._Element]:
    return {e.get("id", ""): e for e in root.iter(tag=etree.Element) if e.get("id")}


def datum(reference: etree._Element, named: Mapping[str, etree._Element]) -> str:
    """The name of the datum that a multi-instance activity's list stands for."""
    text = (reference.text or "").strip()
    activity = next(
        (around for around in reference.iterancestors() if reading.local(around) in reading.ACTIVITIES), None
    )
    for association in _associations(activity):
        ends = [(association.findtext(q(tag)) or "").strip() for tag in ("sourceRef", "targetRef")]
        if text in ends:
            text = next((end for end in ends if end and end != text), text)
            break
    found = named.get(text)
    if found is not None and found.get("dataObjectRef") and not found.get("name"):
        found = named.get(found.get("dataObjectRef", ""))
    return text if found is None else found.get("name") or found.get("id") or text


def _associations(activity: etree._Element | None) -> list[etree._Element]:
    if activity is None:
        return []
    return [*activity.iterchildren(q("dataInputAssociation"), q("dataOutputAssociation"))]
