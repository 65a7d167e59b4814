"""Many at once want the same: one succeeds, everybody is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine import tasks
from engine.domain.facts import Next
from engine.errors import TaskAlreadyDone, TaskTaken
from engine.store.models import Case
from tests.engine.world import INTAKE, SITE, World

pytestmark = pytest.mark.fault

THREADS = 20


def at_once(act: Callable[[int], object]) -> list[object]:
    """What each of many threads got, or the error it met."""
    barrier = threading.Barrier(THREADS)

    def one(number: int) -> object:
        barrier.wait()
        try:
            return act(number)
        except Exception as error:  # noqa: BLE001 - the test looks at every one of them
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_one_submission_sent_twenty_times_has_one_effect_and_one_answer(world: World) -> None:
    case = world.start("errand")
    task, an = world.task(case, "intake"), world.people["an"]
    got = at_once(
        lambda number: tasks.complete_task(world.engine, task, by=an, answers=INTAKE, request_id="same")
    )
    assert got == [Next(case, None)] * THREADS
    assert len(world.told(case, "completed")) == 1
    assert world.open(case) == ["work_a", "work_b"]


def test_twenty_submissions_of_one_task_have_one_winner_and_the_rest_are_told(world: World) -> None:
    case = world.start("errand")
    task, an = world.task(case, "intake"), world.people["an"]
    got = at_once(
        lambda number: tasks.complete_task(
            world.engine, task, by=an, answers=INTAKE, request_id=f"request {number}"
        )
    )
    lost = [one for one in got if isinstance(one, TaskAlreadyDone)]
    assert len(lost) == THREADS - 1
    assert {error.facts["by"] for error in lost} == {"an"}
    assert {error.facts["at"] for error in lost} == {world.clock.at}
    assert len(world.told(case, "completed")) == 1


def test_a_start_sent_twenty_times_starts_one_case(world: World) -> None:
    got = at_once(lambda number: world.start("errand", request_id="same"))
    assert len(set(got)) == 1
    assert len(world.look(sa.select(Case.id))) == 1


def test_of_two_who_take_a_task_at_once_one_has_it(world: World) -> None:
    case = world.errand()
    task, people = world.task(case, "work_a"), [world.people["an"], world.people["bo"]]
    got = at_once(lambda number: tasks.claim_task(world.engine, task, by=people[number % 2]))
    lost = [one for one in got if one is not None]
    assert len(lost) == THREADS // 2
    assert all(isinstance(error, TaskTaken) for error in lost)
    assert len(world.told(case, "task_claimed")) == 1


def test_twenty_cases_started_at_once_have_twenty_numbers(world: World) -> None:
    got = at_once(lambda number: world.start("promise"))
    assert sorted(got, key=str) == sorted(range(1, THREADS + 1), key=str)
    assert SITE in set(world.look(sa.select(Case.site)))
