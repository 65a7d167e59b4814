"""What happens in a tiny diagram, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.domain.facts import OpenTask, Snapshot, WayBack
from engine.runtime.linting import lint
from engine.runtime.parsing import Specification, build
from engine.runtime.scripting import Bounds
from engine.runtime.workflow import Run, Tools
from tests.drawing import Drawing

NOW = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@dataclass
class Case:
    """A case of a drawing, on a clock of its own.

    Between any two steps it is saved, the drawing parsed anew, and the case restored, as after a restart.
    """

    drawing: bytes
    data: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    bounds: Bounds = field(default_factory=Bounds)
    #: Other files, and the decision tables beside each, by the names of the files.
    others: Mapping[str, bytes] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    snapshot: Snapshot = field(init=False)
    #: Calls of services: (operator, parameters).
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def start(self, at: str | None = None) -> list[str]:
        """Start; the nodes that were passed."""
        return self._advance(Run.start(self._specification(), self.data, self._tools(), at=at))

    def do(self, action: str) -> list[str]:
        """Do what a line says; the nodes that were passed.

        ``node key=value …`` completes the open task of a node (``node@2`` the second of several),
        ``timer node`` fires what is due first at a node (or at all) and sets the clock to its moment,
        ``message name key=value …`` and ``signal name`` give an event, ``back node to`` sends the open task
        of a node back to another node.
        """
        verb, *rest = action.split()
        run = Run.restore(self._specification(), self.snapshot.state, self.snapshot.data, self._tools())
        if verb == "timer":
            due = sorted(
                (timer.due_at, timer.id)
                for timer in self.snapshot.timers
                if not rest or timer.node == rest[0]
            )
            assert due, f"no timer is armed: {action}"
            self.now = max(self.now, due[0][0])
            run = Run.restore(self._specification(), self.snapshot.state, self.snapshot.data, self._tools())
            run.fire(due[0][1])
        elif verb == "message":
            awaited = [found for found in self.snapshot.awaited if found.name == rest[0]]
            assert awaited, f"nobody waits for it: {action}"
            run.receive(awaited[0].id, rest[0], _values(rest[1:]))
        elif verb == "signal":
            assert any(found.name == rest[0] for found in self.snapshot.awaited), f"nobody waits: {action}"
            run.hear(rest[0])
        elif verb == "back":
            run.send_back(self.open_task(rest[0]).id, rest[1])
        else:
            run.complete(self.open_task(verb).id, _values(rest), by=1)
        return self._advance(run)

    def open_task(self, which: str) -> OpenTask:
        """The open task of a node; ``node@2`` is the second of several."""
        node, _, number = which.partition("@")
        found = [task for task in self.snapshot.open_tasks if task.node == node]
        assert found, f"not open: {which}"
        return found[int(number or 1) - 1]

    def ways_back(self, which: str) -> list[WayBack]:
        """Where an open task may be sent back to."""
        run = Run.restore(self._specification(), self.snapshot.state, self.snapshot.data, self._tools())
        return run.ways_back(self.open_task(which).id)

    @property
    def state(self) -> str:
        """What is awaited: open tasks, then timers, messages in brackets; or ``end``."""
        if self.snapshot.ended:
            return "end"
        tasks = sorted(task.node for task in self.snapshot.open_tasks)
        events = sorted([*(t.node for t in self.snapshot.timers), *(a.node for a in self.snapshot.awaited)])
        return " ".join([*tasks, *(f"({event})" for event in events)]) or "-"

    def _specification(self) -> Specification:
        return build("main", {"main.bpmn": self.drawing, **self.others}, self.tables)

    def _advance(self, run: Run) -> list[str]:
        run.advance()
        self.snapshot = run.snapshot()
        passed = [seen.node for seen in self.snapshot.visited if seen.event == "completed"]
        thrown = [*(found.message for found in self.snapshot.thrown), *self.snapshot.signals]
        return [*passed, *(f"!{name}" for name in thrown)]

    def _tools(self) -> Tools:
        def call(operator: str, parameters: Any, data: Any, node: str, process: str) -> Any:
            self.calls.append((operator, dict(parameters)))
            return len(self.calls)

        return Tools(
            now=self.now,
            names={"case": {"no": "X-1"}},
            functions={
                "now": self.now.isoformat,
                "later": lambda h: (self.now + timedelta(hours=h)).isoformat(),
            },
            call=call,
            bounds=self.bounds,
        )


def _values(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        key, _, value = word.partition("=")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


def errors(content: bytes) -> list[str]:
    """The codes of what the check refuses in a file."""
    return [found.code for found in lint(content, called=frozenset()) if found.severity == "error"]


def story(name: str, drawing: str, told: str, **more: Any) -> Any:
    """A story with its name, for a parametrised test."""
    return pytest.param(drawing, told, more, id=name)


def tell(
    text: str,
    story: str,
    *,
    data: dict[str, Any] | None = None,
    start: str | None = None,
    written: dict[str, Any] | None = None,
    **extra: str,
) -> Case:
    """Tell a story in a diagram and compare it line by line, and with what it has written in the end.

    A line of a story is ``action: nodes passed | what is awaited then``; the first action is ``start``.
    """
    content = Drawing(text, **extra).xml()
    assert errors(content) == []
    case = Case(content, dict(data or {}))
    told, expected = [], [" ".join(line.split()) for line in story.strip().splitlines()]
    for line in expected:
        action = line.partition(":")[0].strip()
        passed = case.start(start) if action == "start" else case.do(action)
        told.append(f"{action}: {' '.join(passed)} | {case.state}".replace(":  |", ": |"))
    assert told == expected
    if written is not None:
        assert {name: case.snapshot.data.get(name) for name in written} == written
    return case
