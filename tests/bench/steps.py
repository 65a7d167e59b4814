"""Completing a task, and starting a case: ours durably, beside SpiffWorkflow raw, and loaded and saved."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from tests.drawing import Drawing
from tests.engine.world import World

#: Ten tasks for people; the ninth is done again as many rounds as the case's data says.
PROCEDURE = """
s:start -> t1:user -> t2:user -> t3:user -> t4:user -> t5:user -> t6:user -> t7:user -> t8:user -> m:xor
m -> t9:user -> c:script(n = n + 1) -> g:xor -[n < rounds]-> m
g -*-> t10:user -> e:end
"""


class Contender(Protocol):
    """Runs one case of the procedure."""

    def start(self, rounds: int) -> None:
        """Start a case."""

    def complete(self) -> bool:
        """Complete its open task; False when it was the last."""


class Raw:
    """SpiffWorkflow in memory: nothing is saved."""

    def __init__(self) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(Drawing(PROCEDURE).xml()))
        self.spec, self.called = parser.get_spec("main"), parser.get_subprocess_specs("main")

    def start(self, rounds: int) -> None:
        """Start a case."""
        self.workflow = BpmnWorkflow(self.spec, self.called)
        self.workflow.task_tree.data.update(n=0, rounds=rounds)
        self.workflow.do_engine_steps()

    def complete(self) -> bool:
        """Complete the open task."""
        self.workflow.get_tasks(state=TaskState.READY, manual=True)[0].run()
        self.workflow.do_engine_steps()
        return not self.workflow.completed


class Naive(Raw):
    """SpiffWorkflow as its documentation shows it: loaded and saved, specification and all, each step."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
        self.database = sqlite3.connect(folder / "naive.sqlite", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE saved (id INTEGER PRIMARY KEY, state TEXT)",
        ):
            self.database.execute(statement)

    def start(self, rounds: int) -> None:
        """Start a case and save it."""
        super().start(rounds)
        row = self.database.execute("INSERT INTO saved (state) VALUES (?)", [self._state()])
        self.row = row.lastrowid

    def complete(self) -> bool:
        """Load, complete, save."""
        self.database.execute("BEGIN IMMEDIATE")
        (state,) = self.database.execute("SELECT state FROM saved WHERE id = ?", [self.row]).fetchone()
        self.workflow = self.serializer.deserialize_json(state)
        going = super().complete()
        self.database.execute("UPDATE saved SET state = ? WHERE id = ?", [self._state(), self.row])
        self.database.execute("COMMIT")
        return going

    def _state(self) -> str:
        return str(self.serializer.serialize_json(self.workflow))


class Durable:
    """Guanjia on its database: inbox, history, state, in one transaction."""

    def __init__(self, world: World) -> None:
        from engine import tasks

        self.world, self.by = world, world.people["an"]
        world.draw("bench", PROCEDURE.replace("main", "bench"))
        self._complete = tasks.complete_task

    def start(self, rounds: int) -> None:
        """Start a case."""
        self.case = self.world.start("bench", data={"n": 0, "rounds": rounds})
        self._find()

    def complete(self) -> bool:
        """Complete the open task."""
        self._complete(self.world.engine, self.task, by=self.by, answers={})
        return True

    def _find(self) -> None:
        import sqlalchemy as sa

        from engine.store.models import Task

        found = self.world.look(sa.select(Task.id).where(Task.case_id == self.case, Task.status == "open"))
        self.task = found[0] if found else None
