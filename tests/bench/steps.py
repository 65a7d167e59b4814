"""Starting a case and completing its tasks: ours durably, beside SpiffWorkflow raw, and loaded and saved."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Protocol

import sqlalchemy as sa
from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from engine import cases, tasks
from engine.domain.facts import TaskId
from engine.store.models import Case, Task
from tests.bench.counting import Counted, counting
from tests.drawing import Drawing
from tests.engine.world import SITE, World

#: Ten tasks for people, as many rounds as the case's data says.
PROCEDURE = """
s:start -> m:xor -> t1:user -> t2:user -> t3:user -> t4:user -> t5:user -> t6:user -> t7:user -> t8:user
t8 -> t9:user -> t10:user -> c:script(n = n + 1) -> g:xor -[n < rounds]-> m
g -*-> e:end
"""
#: Steps of the hundred rounds that are measured: plain SpiffWorkflow stands still before their end.
HUNDRED = 700
#: Cases of one round that are run, those of all contenders in turn.
CASES = 30


class Contender(Protocol):
    """Runs one case of the procedure after another."""

    def start(self, rounds: int) -> None:
        """Start a case."""

    def complete(self) -> None:
        """Complete its open task."""

    def find(self) -> bool:
        """Look for the next open task, which is not measured; False when the case is over."""


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

    def complete(self) -> None:
        """Complete the open task."""
        self.workflow.get_tasks(state=TaskState.READY, manual=True)[0].run()
        self.workflow.do_engine_steps()

    def find(self) -> bool:
        """Say whether the case goes on."""
        return not self.workflow.completed


class Naive(Raw):
    """SpiffWorkflow as its documentation shows it: loaded and saved each step, its specification with it."""

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
        self.row = self.database.execute("INSERT INTO saved (state) VALUES (?)", [self._state()]).lastrowid

    def complete(self) -> None:
        """Load, complete, save."""
        self.database.execute("BEGIN IMMEDIATE")
        (state,) = self.database.execute("SELECT state FROM saved WHERE id = ?", [self.row]).fetchone()
        self.workflow = self.serializer.deserialize_json(state)
        super().complete()
        self.database.execute("UPDATE saved SET state = ? WHERE id = ?", [self._state(), self.row])
        self.database.execute("COMMIT")

    def _state(self) -> str:
        return str(self.serializer.serialize_json(self.workflow))


class Durable:
    """Guanjia: the case's state, its tasks, inboxes and history, in one transaction on its database."""

    def __init__(self, world: World, procedure: str = PROCEDURE) -> None:
        self.world, self.by = world, world.people["an"]
        world.draw("bench", procedure)

    def start(self, rounds: int) -> None:
        """Start a case."""
        data = {"n": 0, "rounds": rounds}
        started = cases.start_case(self.world.engine, "bench", by=self.by, site=SITE, data=data)
        self.case = started.case_id

    def complete(self) -> None:
        """Complete the open task."""
        tasks.complete_task(self.world.engine, self.task, by=self.by, answers={})

    def find(self) -> bool:
        """Look for the open task."""
        found = self.world.look(sa.select(Task.id).where(Task.case_id == self.case, Task.status == "open"))
        self.task = TaskId(found[0]) if found else TaskId("")
        return bool(found)


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def steps(contender: Contender, rounds: int, most: int = 10_000) -> list[float]:
    """Seconds of each step of one case."""
    contender.start(rounds)
    taken: list[float] = []
    while contender.find() and len(taken) < most:
        taken.append(timed(contender.complete))
    return taken


def measure(folder: Path) -> dict[str, float]:
    """Every figure of steps and starts; the contenders take turns, and a ratio is that of one turn."""
    world = World(folder)
    raw, naive, ours = Raw(), Naive(folder), Durable(world)
    for contender in (raw, naive, ours):
        steps(contender, 1)
    turns = [[mean(steps(contender, 1)) for contender in (raw, naive, ours)] for _ in range(CASES)]
    starts = [[timed(partial(found.start, 1)) for found in (raw, ours)] for _ in range(CASES * 3)]
    hundred = [mean(steps(contender, 100, most=HUNDRED)) for contender in (naive, ours)]
    rounds = steps(ours, 1_000)
    counted = _counted(world, ours)
    figures = {
        "step.raw_ms": median(turn[0] for turn in turns) * 1e3,
        "step.naive_ms": median(turn[1] for turn in turns) * 1e3,
        "step.ms": median(turn[2] for turn in turns) * 1e3,
        "step.vs_raw": median(turn[2] / turn[0] for turn in turns),
        "step.vs_naive_1": median(turn[2] / turn[1] for turn in turns),
        "step.naive_100_ms": hundred[0] * 1e3,
        "step.vs_naive_100": hundred[1] / hundred[0],
        # Tens of the middle of a round, so that neither the first nor the last task of a case is in them.
        "step.growth_1000": median(rounds[-101:-1]) / median(rounds[1:101]),
        "step.sql": counted.statements,
        "step.commits": counted.commits,
        "step.bytes": _bytes(world, ours),
        "start.vs_raw": median(turn[1] / turn[0] for turn in starts),
    }
    world.close()
    return figures


def _counted(world: World, ours: Durable) -> Counted:
    """What completing the first task of a case says to the database, with deadlines and ladders on both."""
    with counting(world.engine.database.bind) as counted:
        case = world.errand()
        task, by = world.task(case, "work_a"), world.people["an"]
        counted.reset()
        tasks.complete_task(world.engine, task, by=by, answers={})
        errand = counted.copy()
        ours.start(1)
        ours.find()
        counted.reset()
        ours.complete()
    return max(errand, counted, key=lambda found: found.statements)


def _bytes(world: World, ours: Durable) -> float:
    """Bytes of state and data that a step writes after thirty rounds."""
    steps(ours, 1_000, most=305)
    with world.engine.database.look() as session:
        found = session.get_one(Case, ours.case)
        size = session.scalar(
            sa.select(sa.func.length(sa.cast(Case.state, sa.LargeBinary))).where(Case.id == found.id)
        )
        assert size is not None
        return float(size + len(str(found.data)))
