"""The disk is full: the step fails whole, nothing is lost, and it works again once there is room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from engine import jobs
from engine.store.models import Job
from tests.engine import server
from tests.engine.world import World

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(server.is_asked(), reason="a page limit is SQLite's way to have a full disk"),
]


@pytest.fixture
def full_disk(world: World) -> Iterator[None]:
    """A database that may not grow by one page more."""
    bind = world.engine.database.bind

    def limit(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        cursor = connection.cursor()
        # Less than there is already means: what there is.
        cursor.execute("PRAGMA max_page_count = 1")
        cursor.close()

    event.listen(bind, "checkout", limit)
    yield
    if event.contains(bind, "checkout", limit):
        event.remove(bind, "checkout", limit)
    world.close()


def until_it_fails(world: World, case: int) -> None:
    """Go round until there is no page left, then see that the last try left nothing."""
    for _ in range(300):
        before = world.everything()
        try:
            world.complete(case, "work", answers={"again": True})
        except OperationalError as error:
            assert "full" in str(error)  # noqa: PT017 - how many rounds fit is the file's business
            assert world.everything() == before
            return
    raise AssertionError("the disk never was full")


def test_a_full_disk_costs_the_step_and_nothing_else(world: World, request: pytest.FixtureRequest) -> None:
    case = world.start("rework")
    request.getfixturevalue("full_disk")
    until_it_fails(world, case)
    world.reopen()
    rounds = world.case(case).data.get("rounds", 0)
    world.complete(case, "work", answers={"again": False})
    assert world.case(case).data["rounds"] == rounds + 1
    assert world.case(case).status == "ended"


def test_a_timer_that_fell_due_on_a_full_disk_fires_when_there_is_room(
    world: World, request: pytest.FixtureRequest
) -> None:
    alarm, filler = world.start("alarm"), world.start("rework")
    request.getfixturevalue("full_disk")
    until_it_fails(world, filler)
    world.clock.at = world.clock.at.replace(day=3)
    before = world.everything()
    try:
        jobs.run_due(world.engine)
    except OperationalError:
        assert world.everything() == before
    world.reopen()
    world.clock.at = world.clock.at.replace(day=4)
    jobs.run_due(world.engine)
    assert world.case(alarm).data["order"] == ["early", "later"]
    assert set(world.look(sa.select(Job.status).where(Job.case_id == alarm))) == {"done"}
