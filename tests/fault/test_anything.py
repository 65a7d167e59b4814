"""Anybody may do anything in any order: it works or is refused, and what must hold, holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine import cases, jobs, tasks
from engine.domain.facts import Actor, CaseId, TaskId
from engine.errors import GuanjiaError, RuntimeFailed
from engine.store.models import Case, Task
from engine.wiring import Engine
from tests.engine import invariants
from tests.engine.world import INTAKE, SITE, STAFF, World

pytestmark = pytest.mark.fault

ANSWERS: dict[str, list[dict[str, Any]]] = {
    "intake": [INTAKE, {**INTAKE, "kind": "large", "reason": "急"}, {"topic": ""}],
    "review": [{"verdict": "again"}, {"verdict": "good"}],
    "settle": [{"verdict": "again"}, {"verdict": "good"}],
    "look": [{"seen": "是"}],
    "prepare": [{"left": "1", "right": "2"}, {"left": "1", "right": "1"}],
    # Sharing among none fails, and nothing of its step may remain.
    "fill": [{"amount": 10, "parts": 2}, {"amount": 10, "parts": 0}],
    "decide": [{"what": what, "amount": 5, "why": "错"} for what in ("close", "correct", "void")],
    "work": [{"again": True}, {"again": False}],
    "first": [{"straight": True}, {"straight": False}],
}
PEOPLE = st.sampled_from(sorted(STAFF))
#: Which of the tasks or cases there are.
WHICH = st.integers(0, 20)


class Anything(RuleBasedStateMachine):
    """People, messages and the clock, in any order."""

    worlds: tuple[World, Engine]

    def __init__(self) -> None:
        super().__init__()
        self.world, engine = self.worlds
        self.world.again("filled", engine)
        self.latest = self.world.clock.at

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused; a refusal changes nothing."""
        before, refused = self.world.everything(), None
        try:
            act()
        except GuanjiaError as error:
            refused = error
        if refused is not None:
            assert self.world.everything() == before
        if isinstance(refused, RuntimeFailed):
            assert refused.facts.get("element") in {"share", "join"}, refused

    def actor(self, login: str) -> Actor:
        """A person."""
        return self.world.people[login]

    def some_task(self, which: int) -> tuple[TaskId, str]:
        """A task, more likely an open one."""
        found = self.world.rows(
            # Not by id, which is another one in each run.
            sa.select(Task.id, Task.node).order_by(
                Task.status.desc(), Task.case_id, Task.created_at, Task.node, Task.visit
            )
        )
        return found[which % len(found)]

    def some_case(self, which: int) -> CaseId:
        """A case."""
        found = self.world.look(sa.select(Case.id))
        return CaseId(found[which % len(found)])

    def any_case(self) -> bool:
        """There is one."""
        return bool(self.world.look(sa.select(Case.id)))

    def holder(self, task: TaskId) -> str:
        """Somebody whose task it is."""
        ((assignee, candidates),) = self.world.rows(
            sa.select(Task.assignee_id, Task.candidates).where(Task.id == task)
        )
        return next(
            login
            for login, actor in self.world.people.items()
            if (actor.id == assignee if assignee else any(actor.has_role(role, SITE) for role in candidates))
        )

    @rule(
        name=st.sampled_from(
            ["errand", "errand", "ledger", "pair", "rework", "knot", "alarm", "promise", "orphan"]
        )
    )
    def start(self, name: str) -> None:
        """Start a case."""
        self.world.start(name)

    @precondition(any_case)
    @rule(which=WHICH, answers=WHICH, request=st.sampled_from([None, "same"]))
    def complete(self, which: int, answers: int, request: str | None) -> None:
        """Its holder completes a task."""
        task, node = self.some_task(which)
        given = ANSWERS.get(node, [{}])
        by = self.actor(self.holder(task))
        self.attempt(
            lambda: tasks.complete_task(
                self.world.engine, task, by=by, answers=given[answers % len(given)], request_id=request
            )
        )

    @precondition(any_case)
    @rule(which=WHICH, login=PEOPLE, verb=st.sampled_from(["claim", "release", "draft", "complete"]))
    def touch(self, which: int, login: str, verb: str) -> None:
        """Anybody tries anything with a task."""
        task, _ = self.some_task(which)
        engine, by = self.world.engine, self.actor(login)
        verbs: dict[str, Callable[[], object]] = {
            "claim": lambda: tasks.claim_task(engine, task, by=by),
            "release": lambda: tasks.release_task(engine, task, by=by),
            "draft": lambda: tasks.save_draft(engine, task, by=by, typed={"topic": ["x"]}),
            "complete": lambda: tasks.complete_task(engine, task, by=by, answers={}),
        }
        self.attempt(verbs[verb])

    @precondition(any_case)
    @rule(which=WHICH, login=PEOPLE, verb=st.sampled_from(["suspend", "resume", "resume", "cancel"]))
    def govern(self, which: int, login: str, verb: str) -> None:
        """Anybody tries to hold, resume or cancel a case."""
        case, engine, by = self.some_case(which), self.world.engine, self.actor(login)
        verbs: dict[str, Callable[[], object]] = {
            "suspend": lambda: cases.suspend_case(engine, case, by=by, reason="因"),
            "resume": lambda: cases.resume_case(engine, case, by=by),
            "cancel": lambda: cases.cancel_case(engine, case, by=by, reason="因"),
        }
        self.attempt(verbs[verb])

    @rule(
        message=st.sampled_from(["errand.asked", "survey.answered", "part.done", "nobody.waits"]),
        correlation=st.sampled_from([None, "1", "2"]),
    )
    def send(self, message: str, correlation: str | None) -> None:
        """A message comes."""
        self.attempt(
            lambda: cases.send_message(
                self.world.engine, message, payload={"topic": "t"}, correlation=correlation, site=SITE
            )
        )

    @rule(hours=st.sampled_from([-5, 1, 3, 24, 100]), run=st.booleans())
    def pass_time(self, hours: int, run: bool) -> None:
        """The clock moves, sometimes back; what is due is done now, or later at once."""
        self.world.clock.at += timedelta(hours=hours)
        if run:
            jobs.run_due(self.world.engine)
            assert jobs.run_due(self.world.engine) == 0

    @invariant()
    def holds(self) -> None:
        """Whatever was done."""
        assert invariants.broken(self.world.engine) == []

    def teardown(self) -> None:
        """And when it is quiet."""
        invariants.require(self.world.engine)


def test_whatever_people_do_the_invariants_hold(worlds: tuple[World, Engine]) -> None:
    Anything.worlds = worlds
    run_state_machine_as_test(
        Anything,
        settings=settings(
            max_examples=14,
            stateful_step_count=14,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
