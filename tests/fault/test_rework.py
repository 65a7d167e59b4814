"""A case that goes round a thousand times costs in the end what it cost in the beginning."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine import tasks
from engine.store.models import Task
from tests.engine.world import World

pytestmark = pytest.mark.fault

ROUNDS = 1000


@dataclass(frozen=True)
class Cost:
    """What a step cost: not in seconds, which depend on the machine."""

    statements: int
    state: int
    tasks: int


def test_a_thousand_rounds_of_rework_stay_as_cheap_as_the_first(world: World) -> None:
    case = world.start("rework")
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    bind = world.engine.database.bind
    event.listen(bind, "before_cursor_execute", count)
    costs = []
    try:
        for number in range(1, ROUNDS + 1):
            task = world.task(case, "work")
            statements = 0
            again = number < ROUNDS
            tasks.complete_task(world.engine, task, by=world.people["an"], answers={"again": again})
            spent = statements
            if number <= 10 or number >= ROUNDS - 10:
                state = world.case(case).state
                costs.append(Cost(spent, len(state), len(json.loads(state)["workflow"]["tasks"])))
    finally:
        event.remove(bind, "before_cursor_execute", count)

    first, last = costs[1:10], costs[-10:-1]
    assert max(cost.statements for cost in last) == max(cost.statements for cost in first)
    assert max(cost.tasks for cost in last) <= max(cost.tasks for cost in first)
    # A few more digits, of counts and visits.
    assert max(cost.state for cost in last) <= max(cost.state for cost in first) * 1.1

    assert world.case(case).status == "ended"
    assert world.case(case).data == {"again": False, "rounds": ROUNDS}
    assert world.look(sa.select(sa.func.count(Task.id)).where(Task.status == "done")) == [ROUNDS]
    assert world.look(sa.select(sa.func.max(Task.visit))) == [ROUNDS]
