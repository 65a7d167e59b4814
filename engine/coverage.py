"""Which sequence flows of a diagram a history has taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from engine.runtime.reading import Diagram

#: Kinds of entries that say a node was reached.
REACHED = frozenset({"entered", "task_opened", "passed"})


class Passage(Protocol):
    """An entry that says which node was passed, and from where."""

    kind: str
    process: str
    node: str | None
    came_from: str | None


def flows_taken(diagram: Diagram, process: str, entries: Iterable[Passage]) -> set[str]:
    """The ids of the flows that were taken.

    A node that was passed took the flow it was reached by, and its only outgoing flow: a join is
    passed once, though every branch leads to it.
    """
    taken: set[str] = set()
    for entry in entries:
        if entry.process != process or entry.kind not in REACHED or entry.node is None:
            continue
        taken |= {flow.id for flow in diagram.incoming.get(entry.node, []) if flow.source == entry.came_from}
        if entry.kind != "passed":
            continue
        leaving = diagram.outgoing.get(entry.node, [])
        if len(leaving) == 1:
            taken.add(leaving[0].id)
    return taken
