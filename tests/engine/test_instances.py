"""A task for each of several people: everyone has their own, and what they say is kept apart."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import jobs
from engine.answers import Asking
from engine.domain.facts import TaskId
from engine.procedures import of_version
from engine.queries.task_view import task_view
from engine.store import repository
from engine.store.models import Task
from engine.tasks import complete_task
from tests.drawing import many
from tests.engine.world import World

SIGN = """
s:start -> ask:user -> sign:user(signer) -> done:user -> e:end
t:on(sign, timer "P2D") -> late:user -> f:end
"""


@pytest.fixture
def signing(world: World) -> World:
    """A procedure in which several people sign, any two of them."""
    world.draw(
        "signing",
        SIGN,
        sign=many(over="signers", item="signer", into="said", output="answer", until="len(said) == needed"),
    )
    return world


def asked(world: World, needed: int = 3) -> int:
    """A case in which three people are asked."""
    case = world.start("signing", data={"signers": ["clerk", "chief", "auditor"], "needed": needed})
    world.complete(case, "ask")
    return case


def theirs(world: World, case: int, role: str) -> TaskId:
    """The open task of a role."""
    found = world.look(
        sa.select(Task).where(Task.case_id == case, Task.node == "sign", Task.status == "open")
    )
    return TaskId(next(task.id for task in found if role in task.candidates))


def test_everybody_has_a_task_of_their_own(signing: World) -> None:
    case = asked(signing)
    assert signing.open(case) == ["sign", "sign", "sign"]
    tasks = signing.look(sa.select(Task).where(Task.case_id == case, Task.node == "sign"))
    assert sorted((task.candidates, task.local["signer"]) for task in tasks) == [
        (["auditor"], "auditor"),
        (["chief"], "chief"),
        (["clerk"], "clerk"),
    ]


def test_the_page_and_the_form_of_a_task_know_whose_it_is(signing: World) -> None:
    case = asked(signing)
    mine, fei = theirs(signing, case, "auditor"), signing.people["fei"]
    assert task_view(signing.engine, mine, fei).data["signer"] == "auditor"
    with signing.engine.database.look() as session:
        row, task = repository.case_of_task(session, mine)
        published = of_version(signing.engine, session, row.version_id)
        assert Asking(signing.engine, session, row, task, published, fei).data["signer"] == "auditor"


def test_two_of_three_are_enough_and_the_third_is_let_go(signing: World) -> None:
    case = asked(signing, needed=2)
    complete_task(signing.engine, theirs(signing, case, "auditor"), by=signing.people["fei"], answers={})
    signing.reopen()
    complete_task(signing.engine, theirs(signing, case, "clerk"), by=signing.people["an"], answers={})
    assert signing.open(case) == ["done"]
    assert [entry.node for entry in signing.told(case, "task_cancelled")] == ["sign"]
    assert len(signing.case(case).data["said"]) == 2
    assert "signer" not in signing.case(case).data


def test_a_time_limit_ends_all_that_is_open(signing: World) -> None:
    case = asked(signing)
    complete_task(signing.engine, theirs(signing, case, "chief"), by=signing.people["chen"], answers={})
    assert signing.move("2026-11-05 09:30") == 1
    assert signing.open(case) == ["late"]
    assert jobs.run_due(signing.engine) == 0
