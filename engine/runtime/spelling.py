"""One spelling for what BPMN lets people write in several: comments within texts, 1 for true, shared events.

Every reader of a tree, the workflow library among them, knows only one way to write each of them.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_TRUTHS = {"1": "true", "0": "false", "true": "true", "false": "false"}
#: The attributes that are true or false.
_SWITCHES = (
    *("isExecutable", "cancelActivity", "isInterrupting", "triggeredByEvent", "isSequential"),
    *("isForCompensation", "instantiate", "parallelMultiple", "testBefore", "isClosed", "isCollection"),
)


def join_texts(root: etree._Element) -> None:
    """Take the comments out of texts, so that a text is whole; those between elements stay."""
    for comment in list(root.iter(etree.Comment)):
        parent = comment.getparent()
        if parent is not None and next(parent.iterchildren(tag=etree.Element), None) is None:
            etree.strip_tags(parent, etree.Comment)


def settle(root: etree._Element) -> None:
    """Spell the truth of attributes, and give each event the shared definitions that it refers to."""
    for element in root.iter(f"{{{BPMN}}}*"):
        for switch in _SWITCHES:
            value = element.get(switch)
            if value is not None:
                element.set(switch, _TRUTHS.get(value.strip(), value))
    _settle_definitions(root)


def _settle_definitions(root: etree._Element) -> None:
    """Put a copy of a definition that stands beside the processes in the place of each reference to it."""
    shared = {
        found.get("id"): found
        for found in root.iterchildren(f"{{{BPMN}}}*")
        if etree.QName(found).localname.endswith("EventDefinition") and found.get("id")
    }
    used = set()
    for reference in list(root.iter(f"{{{BPMN}}}eventDefinitionRef")):
        event = reference.getparent()
        name = (reference.text or "").strip().rpartition(":")[2]
        definition = shared.get(name)
        if event is None or definition is None:
            continue
        copy = deepcopy(definition)
        copy.tail = reference.tail
        del copy.attrib["id"]
        event.replace(reference, copy)
        used.add(name)
    for name in used:
        root.remove(shared[name])
