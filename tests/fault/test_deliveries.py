"""Whoever sends a delivery is killed on the way: it is never sent a second time, and never forgotten."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine import deliveries, jobs, reaching
from engine.store import failing
from engine.store.models import Delivery
from tests.engine.outside import PostOffice, post_office
from tests.engine.world import World, at
from tests.fault.processes import apart, killed, outcome, stopped, woken

pytestmark = pytest.mark.fault


def told(world: World, office: PostOffice) -> None:
    """The chief was told of a late task; the letter is due."""
    world.engine = replace(world.engine, mail=office.server())
    person = world.people["chen"].id
    assert person is not None
    reaching.set_reach(
        world.engine,
        person,
        email="chen@office.example.com",
        events={},
        begins="",
        ends="",
        digest_at="08:30",
    )
    world.start("promise")
    for moment in ("2026-11-02 11:30", "2026-11-02 15:00", "2026-11-02 17:00"):
        world.move(moment)


def statuses(world: World) -> list[str]:
    """What became of every delivery."""
    return list(world.look(sa.select(Delivery.status).order_by(Delivery.id)))


@pytest.mark.parametrize(
    ("place", "letters"),
    [pytest.param("claimed", 0, id="before it left"), pytest.param("delivered", 1, id="after it left")],
)
def test_killed_between_the_claim_and_the_answer_it_is_unsure_and_never_sent_twice(
    world: World, place: str, letters: int
) -> None:
    with post_office() as office:
        told(world, office)
        assert statuses(world) == ["due"]
        assert killed(world, lambda: deliveries.send_due(world.engine), place)
        assert statuses(world) == ["sending"]
        # Nobody else takes it up, before the lease ends and after it.
        assert deliveries.send_due(world.engine) == 0
        world.clock.at += world.settings.lease
        assert jobs.next_due(world.engine) is not None
        assert deliveries.send_due(world.engine) == 0
        assert statuses(world) == ["unsure"]
        assert len(office.letters) == letters
        # By hand alone, and then it is the same message.
        (found,) = world.look(sa.select(Delivery.id))
        boss = replace(world.people["chen"], admin=True)
        assert deliveries.send_again(world.engine, found, by=boss) == "sent"
        assert len(office.letters) == letters + 1
        assert len({letter["Message-ID"] for letter in office.letters}) == 1


def test_a_sender_that_stood_still_beyond_its_lease_changes_nothing(world: World) -> None:
    with post_office() as office:
        told(world, office)
        sender = stopped(world, lambda: deliveries.send_due(world.engine), "delivered")
        world.clock.at += world.settings.lease
        deliveries.send_due(world.engine)
        assert statuses(world) == ["unsure"]
        assert woken(sender) == 0
        assert statuses(world) == ["unsure"]
        assert len(office.letters) == 1


def test_a_step_that_is_killed_before_its_commit_tells_nobody(world: World) -> None:
    with post_office() as office:
        told(world, office)
        # The next rung of the ladder tells the director, if it is committed.
        director = world.people["ding"].id
        assert director is not None
        reaching.set_reach(
            world.engine,
            director,
            email="ding@office.example.com",
            events={},
            begins="",
            ends="",
            digest_at="08:30",
        )
        world.clock.at = at("2026-11-03 15:00")
        # The first commit counts the attempt, the second is the step.
        failing_at_the_step(world)
        assert statuses(world) == ["due"]
        world.clock.at += world.settings.lease
        jobs.run_due(world.engine)
        assert statuses(world) == ["due", "due"]
        assert deliveries.send_due(world.engine) == 2
        assert len(office.letters) == 2


def failing_at_the_step(world: World) -> None:
    """Do what is due in a process that is killed before the step's commit."""

    def act() -> None:
        failing.arm("commit.before", "kill", hit=2)
        jobs.run_due(world.engine)

    assert outcome(apart(world, act)) == -signal.SIGKILL
