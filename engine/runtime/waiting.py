"""What a case waits for besides people: timers, messages, signals, conditions, each at its drawn event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from SpiffWorkflow import TaskState

from engine.domain.facts import ArmedTimer, Awaited
from engine.runtime.events import CaseMessage, CaseSignal, FirstOf, OnceTimer
from engine.runtime.parsing import Specification
from engine.runtime.reading import Node


def events(specification: Specification, workflow: Any) -> Iterator[tuple[Any, Node, Any]]:
    """Every event that waits: its task, the node it is drawn as, its definition."""
    for task in workflow.event_manager.tasks.values():
        node = specification.node(task)
        if node is None or task.state != TaskState.WAITING:
            continue
        definition = task.task_spec.event_definition
        if not isinstance(definition, FirstOf):
            yield task, node, definition
            continue
        # What waits behind an event-based gateway is drawn as events of their own.
        for target, awaited in zip(task.task_spec.outputs, definition.event_definitions, strict=True):
            yield task, specification.node_of(task, target) or node, awaited


def id_of(task: Any, definition: Any) -> str:
    """What a waiting event is known by outside; those behind one event-based gateway share its task."""
    shared = task.task_spec.event_definition
    if not isinstance(shared, FirstOf):
        return str(task.id.hex)
    return f"{task.id.hex}.{shared.event_definitions.index(definition)}"


def timers(specification: Specification, workflow: Any) -> Iterator[ArmedTimer]:
    """The timers that are armed."""
    for task, node, definition in events(specification, workflow):
        if isinstance(definition, OnceTimer) and (due := definition.due(task)):
            yield ArmedTimer(
                id=id_of(task, definition),
                node=node.id,
                name=node.name or definition.name,
                due_at=datetime.fromisoformat(due),
                expression=definition.expression,
                attached_to=node.attached_to,
                interrupting=node.interrupting,
                process=node.process,
            )


def awaited(specification: Specification, workflow: Any) -> Iterator[Awaited]:
    """The messages and signals that are waited for."""
    for task, node, definition in events(specification, workflow):
        known = id_of(task, definition)
        if isinstance(definition, CaseMessage):
            correlation = node.properties.get("correlation")
            value = workflow.script_engine.evaluate(task, correlation) if correlation else None
            said = None if value is None else str(value)
            yield Awaited(known, node.id, "message", definition.name, said)
        elif isinstance(definition, CaseSignal):
            yield Awaited(known, node.id, "signal", definition.name)
