"""A person's mark changes with what they are told and have to do, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from engine import tasks
from engine.queries import mark_read, news, pulse
from engine.queries.notices import list_notices
from engine.queries.pulse import statement_of
from engine.store.models import Notice
from tests.bench.counting import counting
from tests.engine import server
from tests.engine.test_standing_in import arrange, now, promise
from tests.engine.world import World, at


@contextmanager
def changes(world: World, *logins: str) -> Iterator[None]:
    """Within, the marks of exactly these people change."""
    before = {login: pulse(world.engine, actor) for login, actor in world.people.items()}
    yield
    after = {login: pulse(world.engine, actor) for login, actor in world.people.items()}
    assert {login for login in before if before[login] != after[login]} == set(logins)


def test_it_stands_while_nothing_happens(world: World) -> None:
    promise(world, "an")
    with changes(world):
        list_notices(world.engine, world.people["an"])
        news(world.engine, world.people["an"], None)


def test_what_comes_to_a_role_and_is_taken_from_it_is_seen_by_all_who_hold_it(world: World) -> None:
    _, task_id = promise(world, "an")
    with changes(world, "an", "bo"):
        tasks.release_task(world.engine, task_id, by=world.people["an"])
    with changes(world, "an", "bo"):
        tasks.claim_task(world.engine, task_id, by=world.people["bo"])


def test_what_somebody_is_told_and_reads_is_theirs_alone(world: World) -> None:
    with changes(world, "fei"), world.engine.database.transaction() as session:
        session.add(
            Notice(account_id=world.people["fei"].id, at=world.engine.now(), kind="x", zh="一", en="one")
        )
    with changes(world, "fei"):
        mark_read(world.engine, world.people["fei"])


def test_a_stand_in_sees_what_comes_to_whom_they_stand_in_for(world: World) -> None:
    arrange(world, "an", "fei")
    world.clock.at = at("2026-11-02 12:00")
    before = pulse(world.engine, now(world, "fei"))
    promise(world, "an")
    assert pulse(world.engine, now(world, "fei")) != before


@pytest.mark.skipif(server.is_asked(), reason="counts what is said to SQLite")
@pytest.mark.parametrize("login", ["an", "ding"])
def test_it_costs_one_statement(world: World, login: str) -> None:
    with counting(world.engine.database.bind) as counted:
        # The connection is there.
        pulse(world.engine, world.people[login])
        counted.reset()
        pulse(world.engine, world.people[login])
    # BEGIN, and the one.
    assert counted.statements == 2


@pytest.mark.skipif(server.is_asked(), reason="asks SQLite for its plan")
def test_it_walks_through_no_table(world: World) -> None:
    statement = statement_of(2).statement
    asked = {
        "_account": 1,
        **{f"_who{n}": f"r:clerk@{n}" for n in range(2)},
        **{f"_kind{n}": "work" for n in range(2)},
    }
    bind = world.engine.database.bind
    text = str(statement.params(**asked).compile(bind, compile_kwargs={"literal_binds": True}))
    with world.engine.database.look() as session:
        plan = [row.detail for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
    touched = [one for one in plan if "inbox" in one or "notice" in one]
    assert len(touched) == 3
    assert all(one.startswith("SEARCH") and "INDEX" in one for one in touched), plan
