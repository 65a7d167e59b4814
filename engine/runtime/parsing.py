"""Turn checked BPMN files into the specifications that the workflow library executes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.errors import ProcedureNotFound
from engine.runtime import compensating, reading
from engine.runtime.decision_files import decisions_in
from engine.runtime.elements import ProcedureParser
from engine.runtime.looping import Repeated
from engine.runtime.normalising import normalise
from engine.runtime.reading import Diagram, Node
from engine.runtime.undrawn import drawn_at


@dataclass(frozen=True)
class Specification:
    """An executable procedure: the library's specifications and the drawing they came from.

    It is shared by all cases of a version and never changed.
    """

    process: str
    spec: Any
    called: Mapping[str, Any]
    diagrams: tuple[Diagram, ...]
    #: (process or sub-process id, node id) → node
    nodes: Mapping[tuple[str, str], Node] = field(repr=False)
    #: (process id, node id) → role or name of its lane
    roles: Mapping[tuple[str, str], str | None] = field(repr=False)
    #: (process id, node id) → the rules of its lane
    rules: Mapping[tuple[str, str], str] = field(repr=False)
    #: (process id, activity id) of what can be compensated → whether it stands for what is done inside it
    compensable: Mapping[tuple[str, str], bool] = field(repr=False)

    def node(self, task: Any) -> Node | None:
        """The drawn node of a workflow task; None for the library's own helpers (joins, splits)."""
        spec = task.task_spec
        # Of an activity that is done many times, the instances are what is drawn.
        return None if isinstance(spec, Repeated) else self.node_of(task, spec)

    def node_of(self, task: Any, spec: Any) -> Node | None:
        """The drawn node of another element that stands where a workflow task does."""
        return self.nodes.get(drawn_at(task.workflow.spec.name, spec.bpmn_id or ""))

    def role_of(self, node: Node) -> str | None:
        """Who does what stands in a node's lane: the role that the lane says, else its name."""
        return self.roles[node.process, node.id]

    def asked_of(self, node: Node) -> dict[str, str]:
        """A node's own properties, with the rules of its lane where it has none."""
        rules = self.rules.get((node.process, node.id))
        return {**({"assign": rules} if rules else {}), **node.properties}

    @property
    def begins_by_itself(self) -> bool:
        """Say whether a person can begin a case: a start event waits for nothing, or none is drawn."""
        starts = self._starts()
        return not starts or any(node.event is None for node in starts)

    def first_start(self) -> str | None:
        """The start event that stands first in the file."""
        return next((node.id for node in self._starts()), None)

    def start_by_time(self) -> str | None:
        """The first start event that begins a case by itself."""
        return next((node.id for node in self._starts() if node.event == "timer"), None)

    def has_start(self, node_id: str) -> bool:
        """Say whether it has a start event of this id."""
        return any(node.id == node_id for node in self._starts())

    def starts(self, kind: str, name: str) -> str | None:
        """The start event that a message or a signal (``kind``) of this name triggers."""
        for node in self._starts():
            definition = getattr(self.spec.task_specs.get(node.id), "event_definition", None)
            if node.event == kind and getattr(definition, "name", None) == name:
                return node.id
        return None

    def _starts(self) -> list[Node]:
        return [
            node
            for (scope, _), node in self.nodes.items()
            if scope == self.process and node.type == "startEvent"
        ]


def make_executable(tree: etree._ElementTree, called: Container[str]) -> None:
    """Mark the processes that are called: BPMN asks it of nobody, the library of all (§10.2.1)."""
    for process in tree.getroot().iterchildren(reading.q("process")):
        if process.get("id") in called:
            process.set("isExecutable", "true")


def build(
    process: str, files: Mapping[str, bytes], tables: Mapping[str, Mapping[str, bytes]] | None = None
) -> Specification:
    """Parse a procedure with the procedures that it calls.

    ``files`` maps names to BPMN XML, the called procedures included; ``tables`` maps the same names to
    the DMN files beside each; all have passed the check. Raises :class:`ProcedureNotFound` and whatever
    the library says of a file that was not checked.
    """
    return build_all([process], files, tables)[0]


def build_all(
    processes: Iterable[str],
    files: Mapping[str, bytes],
    tables: Mapping[str, Mapping[str, bytes]] | None = None,
) -> list[Specification]:
    """Parse several procedures of the same files, as :func:`build` does one."""
    # Two trees of each file: what was drawn, and what the library is given of it.
    diagrams = [reading.read(content) for content in files.values()]
    trees = {name: reading.parse(content) for name, content in files.items()}
    called = {node.called for diagram in diagrams for node in diagram.nodes.values() if node.called}
    deciding = [
        name
        for name, diagram in zip(files, diagrams, strict=True)
        if any(node.decision for node in diagram.nodes.values())
    ]
    parser = ProcedureParser({name: decisions_in((tables or {}).get(name, {})) for name in deciding})
    for name, tree in trees.items():
        make_executable(tree, called)
        normalise(tree)
        parser.add_bpmn_xml(tree.getroot(), filename=name)
    lanes = {
        (node.process, node.id): diagram.lane_of(node.id)
        for diagram in diagrams
        for node in diagram.nodes.values()
    }
    roles = {place: (lane.role or lane.name) if lane else None for place, lane in lanes.items()}
    rules = {place: lane.assign for place, lane in lanes.items() if lane and lane.assign}
    nodes: dict[tuple[str, str], Node] = {}
    compensable: dict[tuple[str, str], bool] = {}
    for diagram in diagrams:
        nodes |= {(node.scope or node.process, node.id): node for node in diagram.nodes.values()}
        # Handlers run in a process of their own, wherever in theirs they are drawn.
        for handler in compensating.handlers(diagram.tree.getroot()):
            moved = [diagram.nodes[name] for name in handler.ids]
            nodes |= {(node.process, node.id): node for node in moved}
        for activity, holds in compensating.compensable(diagram.tree.getroot()).items():
            compensable[diagram.nodes[activity].process, activity] = holds
    found = []
    for process in processes:
        if not any(diagram.process(process) for diagram in diagrams):
            raise ProcedureNotFound(procedure=process)
        found.append(
            Specification(
                process=process,
                spec=parser.get_spec(process),
                called=parser.get_subprocess_specs(process),
                diagrams=tuple(diagrams),
                nodes=nodes,
                roles=roles,
                rules=rules,
                compensable=compensable,
            )
        )
    return found
