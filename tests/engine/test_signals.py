"""Signals: every case that waits hears one, those that begin with it begin, and nobody else is touched."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import cases, jobs
from engine.domain.facts import SYSTEM
from engine.store.models import Case, Job, Subscription
from tests.engine.world import World

HEARS = """
s:start -> a:user -> c:catch(signal closing) -> b:user -> e:end
"""
THROWS = """
s:start -> a:user -> t:throw(signal closing) -> b:user -> e:end
"""
BEGINS = """
r:start(signal closing) -> b:user -> e:end
"""


@pytest.fixture
def yard(world: World) -> World:
    """Three procedures around one signal."""
    for name, drawing in (("hears", HEARS), ("throws", THROWS), ("begins", BEGINS)):
        world.draw(name, drawing)
    return world


def waiting(world: World) -> int:
    """A case that waits for the signal."""
    case = world.start("hears")
    world.complete(case, "a")
    assert world.open(case) == []
    return case


def begun(world: World) -> list[Case]:
    """The cases that the signal began."""
    return list(world.look(sa.select(Case).where(Case.procedure == "begins")))


def test_a_thrown_signal_reaches_every_case_that_waits_and_begins_others(yard: World) -> None:
    first, second, early = waiting(yard), waiting(yard), yard.start("hears")
    thrower = yard.start("throws")
    yard.complete(thrower, "a")
    assert begun(yard) == []
    jobs.run_due(yard.engine)
    assert [yard.open(case) for case in (first, second, early)] == [["b"], ["b"], ["a"]]
    (other,) = begun(yard)
    assert (other.origin_id, yard.open(other.id)) == (thrower, ["b"])
    assert [entry.detail["started"] for entry in yard.told(thrower, "signal_started")] == [other.number]
    assert len(yard.told(first, "signal_heard")) == 1
    # Whoever waits only afterwards has missed it.
    yard.complete(early, "a")
    assert jobs.run_due(yard.engine) == 0
    assert yard.open(early) == []


def test_a_signal_from_outside_says_whom_it_reaches(yard: World) -> None:
    case = waiting(yard)
    reached = cases.send_signal(yard.engine, "closing")
    jobs.run_due(yard.engine)
    (other,) = begun(yard)
    assert reached == [case, other.id]
    assert yard.open(case) == ["b"]
    assert cases.send_signal(yard.engine, "nobody.listens") == []


def test_a_suspended_case_hears_it_when_it_is_resumed(yard: World) -> None:
    case = waiting(yard)
    cases.suspend_case(yard.engine, case, by=SYSTEM, reason="等材料")
    cases.send_signal(yard.engine, "closing")
    jobs.run_due(yard.engine)
    assert yard.open(case) == []
    cases.resume_case(yard.engine, case, by=SYSTEM)
    jobs.run_due(yard.engine)
    assert yard.open(case) == ["b"]


def test_a_case_hears_its_own_signal_in_the_same_step_and_only_once(world: World) -> None:
    world.draw(
        "both",
        """
        s:start -> g:and -> a:user -> t:throw(signal closing) -> b:user -> e:end
        g -> c:catch(signal closing) -> d:user -> m:xor -> k:catch(signal closing) -> f:end
        """,
    )
    case = world.start("both")
    world.complete(case, "a")
    assert world.open(case) == ["b", "d"]
    world.complete(case, "d")
    jobs.run_due(world.engine)
    assert world.rows(sa.select(Subscription.kind, Subscription.name, Subscription.node)) == [
        ("signal", "closing", "k")
    ]


def test_a_case_that_is_over_before_it_could_hear_it_is_left_alone(yard: World) -> None:
    case = waiting(yard)
    cases.send_signal(yard.engine, "closing")
    cases.cancel_case(yard.engine, case, by=SYSTEM, reason="误建")
    jobs.run_due(yard.engine)
    assert yard.look(sa.select(Job.status).where(Job.kind == "hear")) == ["cancelled"]


def test_a_message_thrown_in_a_case_reaches_the_event_it_is_correlated_with(world: World) -> None:
    asked = (
        '<spiffworkflow:properties><spiffworkflow:property name="correlation" value="{}"/>'
        "</spiffworkflow:properties>"
    )
    world.draw(
        "relay",
        """
        s:start -> a:user -> g:and -> t:throw(message part) -> e:end
        g -> l:catch(message part) -> x:user -> f:end
        g -> r:catch(message part) -> y:user -> h:end
        """,
        l=asked.format("&quot;L&quot;"),
        r=asked.format("&quot;R&quot;"),
        t='<spiffworkflow:messagePayload>{"correlation": "R"}</spiffworkflow:messagePayload>',
    )
    case = world.start("relay")
    world.complete(case, "a")
    jobs.run_due(world.engine)
    assert world.open(case) == ["y"]
