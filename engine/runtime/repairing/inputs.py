"""Mend what a data association assigns: kept aside where nothing here would use it, else asked for."""

from __future__ import annotations

from lxml import etree

from engine.runtime.lint_codes import RULES
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import KEPT, Work, extensions_of

#: Inputs of a person's task that jBPM itself reads: who does it, what it is called.
_KNOWN = frozenset(
    {
        *("TaskName", "Skippable", "GroupId", "ActorId", "Comment", "Priority", "NodeName", "Content"),
        *("Description", "CreatedBy", "SwimlaneId", "Locale", "NotStartedReassign", "NotCompletedReassign"),
        *("NotStartedNotify", "NotCompletedNotify", "BusinessAdministratorId", "ExcludedOwnerId"),
    }
)


def mend(work: Work) -> None:
    """Keep aside the assignments of every task and event."""
    if "unsupported-assignment" not in RULES:
        return
    for node in work.nodes():
        names = {
            found.get("id", ""): found.get("name", "") for found in node.iter(q("dataInput"), q("dataOutput"))
        }
        kept: list[str] = []
        for association in node.iter(q("dataInputAssociation"), q("dataOutputAssociation")):
            kept += _keep(node, association, names)
        if not kept:
            continue
        said = "、".join(dict.fromkeys(kept))
        work.done(
            "unsupported-assignment",
            node,
            f"{said} 的赋值移到了扩展里",
            f"what it assigns to {said} is among its extensions now",
        )
        asked = "、".join(name for name in dict.fromkeys(kept) if name not in _KNOWN)
        if asked:
            work.ask(
                node,
                f"原来给 {asked} 赋值；由哪个脚本任务来算？",
                f"it assigned to {asked}; which script task does that?",
                "不赋值 / nothing",
            )


def _keep(node: etree._Element, association: etree._Element, names: dict[str, str]) -> list[str]:
    """Move assignments and transformations into the extensions of their node; give what they fill."""
    found: list[str] = []
    target = (association.findtext(q("targetRef")) or "").strip()
    for child in list(association.iterchildren(q("assignment"), q("transformation"))):
        parts = {local(part): (part.text or "").strip() for part in child.iterchildren(etree.Element)}
        name = names.get(target) or parts.get("to") or target
        value = parts.get("from") or (child.text or "").strip()
        kept = etree.SubElement(extensions_of(node), f"{{{KEPT}}}{local(child)}", nsmap={"kept": KEPT})
        kept.set("to", name)
        kept.text = value
        association.remove(child)
        found.append(name)
    return found
