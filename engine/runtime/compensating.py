"""Compensation in a drawing: what undoes which activity, and how the library is given it (§10.7, §13.5.5).

No flow leads to a handler: it may run because its activity was completed, and runs because an event throws
compensation. All handlers of a process P therefore move into a process of their own, which each such
event calls and waits for:

.. code-block:: text

    begin ──→ next ──an activity that was completed──→ its boundary event ──→ its handler ──→ next
              next ──a sub-process that was──→ its compensation event sub-process ──→ next
              next ──nothing is left──→ end

Which activity is next, :mod:`engine.runtime.undoing` keeps count of. Before a cancel event ends a
transaction it calls the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import local, q
from engine.runtime.undrawn import add, lead, undrawn
from engine.runtime.wrapping import is_event_subprocess

#: What the ids of the handlers' own process begin with.
UNDO = "undo"
#: The node that chooses what is undone next; only the library's parser meets it.
NEXT = "nextToUndo"
#: Of a flow out of it, the activity that is undone there.
UNDOES = "undoes"
#: Of a call of the handlers: it reaches the scope around an event sub-process too; nothing else goes on.
AROUND, ALONE = "around", "alone"
_DEFINITION = q("compensateEventDefinition")


@dataclass(frozen=True)
class Handler:
    """What undoes an activity: the boundary event it is reached by, if any, and what is done."""

    activity: etree._Element
    event: etree._Element | None
    does: etree._Element

    @property
    def ids(self) -> list[str]:
        """The ids of the nodes that stand outside the flow."""
        return [node.get("id", "") for node in (self.event, self.does) if node is not None]


def compensates(event: etree._Element) -> bool:
    """Say whether an event is one of compensation."""
    return event.find(_DEFINITION) is not None


def is_boundary(node: etree._Element) -> bool:
    """Say whether a node is a compensation event on an activity, which nothing leaves but an association."""
    return local(node) == "boundaryEvent" and compensates(node)


def is_handler(node: etree._Element) -> bool:
    """Say whether an activity is marked as one that undoes another."""
    return node.get("isForCompensation") == "true"


def undoes_its_scope(node: etree._Element) -> bool:
    """Say whether a node is a compensation event sub-process."""
    return is_event_subprocess(node) and any(compensates(s) for s in node.iterchildren(q("startEvent")))


def can_be_undone(scope: etree._Element | None) -> bool:
    """Say whether something can compensate a process or sub-process: what undoes another is never undone."""
    if scope is None or local(scope) not in reading.SUBPROCESSES:
        return False
    return not (is_handler(scope) or undoes_its_scope(scope))


def is_thrown(event: etree._Element) -> bool:
    """Say whether an event throws compensation."""
    return local(event) in {"intermediateThrowEvent", "endEvent"} and compensates(event)


def activity_of(event: etree._Element) -> str | None:
    """The activity that an event which throws compensation names; None when it means all."""
    definition = event.find(_DEFINITION)
    named = "" if definition is None else definition.get("activityRef", "")
    return named.rpartition(":")[2] or None


def reach(event: etree._Element) -> list[etree._Element]:
    """What an event compensates: its process or sub-process, and what an event sub-process stands in."""
    scope = event.getparent()
    around = scope.getparent() if scope is not None and is_event_subprocess(scope) else None
    return [found for found in (scope, around) if found is not None]


def handlers(within: etree._Element) -> list[Handler]:
    """Every pair of an activity and what undoes it that is drawn in a file, or in a process of it."""
    named = {node.get("id", ""): node for node in _nodes(within)}
    joined: dict[str, list[str]] = defaultdict(list)
    # Some editors draw associations beside the process.
    for line in within.getroottree().iter(q("association")):
        ends = line.get("sourceRef", ""), line.get("targetRef", "")
        joined[ends[0]].append(ends[1])
        joined[ends[1]].append(ends[0])
    found = []
    for node in named.values():
        if is_boundary(node) and (activity := named.get(node.get("attachedToRef", ""))) is not None:
            others = (named.get(other) for other in joined[node.get("id", "")])
            found += [Handler(activity, node, o) for o in others if o is not None and is_handler(o)]
        elif undoes_its_scope(node) and (scope := node.getparent()) is not None and local(scope) != "process":
            found.append(Handler(scope, None, node))
    return found


def compensable(root: etree._Element) -> dict[str, bool]:
    """The activities that can be compensated → whether that undoes what was done inside them.

    A sub-process that has no handler and holds such an activity is compensated by compensating those.
    """
    drawn = handlers(root)
    found = {handler.activity.get("id", ""): handler.event is None for handler in drawn}
    for handler in drawn:
        for scope in [handler.activity, *handler.activity.iterancestors()]:
            if is_handler(scope) or undoes_its_scope(scope):
                break
            if local(scope) in reading.SUBPROCESSES:
                found.setdefault(scope.get("id", ""), True)
    return found


def give_handlers(process: etree._Element) -> None:
    """Move the handlers of a process into one of their own, and let what throws compensation call it."""
    found = handlers(process)
    home = etree.Element(q("process"), id=undrawn(UNDO, process.get("id", "")), isExecutable="true")
    # Before anything is moved: where an event is drawn says how far it reaches.
    for event in [node for node in _nodes(process) if is_thrown(node)]:
        if found:
            _call(event, home)
        _undefine(event)
    for transaction in process.iter(q("transaction")):
        if any(transaction in handler.activity.iterancestors() for handler in found):
            _compensate_first(transaction, home)
    if found:
        process.addnext(home)
        _move(found, home)


def _nodes(scope: etree._Element) -> Iterator[etree._Element]:
    return (node for node in scope.iter(f"{{{reading.BPMN}}}*") if local(node) in reading.NODES)


def _call(event: etree._Element, home: etree._Element) -> None:
    """Let an event that throws compensation wait for the handlers, or begin them and go on."""
    scope, named, ends = event.getparent(), activity_of(event), local(event) == "endEvent"
    definition = event.find(_DEFINITION)
    if scope is None or definition is None:
        return
    waits = definition.get("waitForCompletion") not in ("false", "0")
    if waits:
        call = event
        call.tag = q("callActivity")
    else:
        event.tag = q("intermediateThrowEvent")
        call = add(scope, "callActivity", UNDO, event.get("id", ""))
        lead(event, call)
    call.set("calledElement", home.get("id", ""))
    call.set(AROUND, str(is_event_subprocess(scope)).lower())
    if named:
        call.set("activityRef", named)
    if ends or not waits:
        lead(call, add(scope, "endEvent", "end", call.get("id", "")))


def _compensate_first(transaction: etree._Element, home: etree._Element) -> None:
    """Let its cancel events stop what goes on in a transaction and compensate before they end it."""
    ends = [
        e for e in transaction.iterchildren(q("endEvent")) if e.find(q("cancelEventDefinition")) is not None
    ]
    for end in ends:
        call = add(transaction, "callActivity", UNDO, end.get("id", ""))
        call.set("calledElement", home.get("id", ""))
        call.set(ALONE, "true")
        for flow in transaction.iterchildren(q("sequenceFlow")):
            if flow.get("targetRef") == end.get("id"):
                flow.set("targetRef", call.get("id", ""))
        lead(call, end)


def _move(found: Iterable[Handler], home: etree._Element) -> None:
    name = home.get("id", "")
    begin, following = add(home, "startEvent", "begin", name), add(home, NEXT, "next", name)
    lead(begin, following)
    lead(following, add(home, "endEvent", "end", name))
    for handler in found:
        first = handler.does if handler.event is None else handler.event
        home.append(first)
        lead(following, first).set(UNDOES, handler.activity.get("id", ""))
        # What undoes several activities is there already when the second comes.
        if handler.does is first or handler.does.getparent() is not home:
            home.append(handler.does)
            lead(handler.does, following)
        if handler.event is not None:
            lead(handler.event, handler.does)
    for node in list(home.iterchildren(*(q(tag) for tag in reading.NODES))):
        _settle(node)


def _settle(node: etree._Element) -> None:
    """Make a node that undoes an ordinary one."""
    if is_boundary(node):
        node.tag = q("intermediateThrowEvent")
        _undefine(node)
    for start in node.iterchildren(q("startEvent")) if undoes_its_scope(node) else ():
        _undefine(start)
    for name in ("attachedToRef", "cancelActivity", "isForCompensation", "triggeredByEvent"):
        node.attrib.pop(name, "")


def _undefine(event: etree._Element) -> None:
    for definition in list(event.iterchildren(_DEFINITION)):
        event.remove(definition)
