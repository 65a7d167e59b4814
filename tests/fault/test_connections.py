"""The database goes away in the middle: people are told, nothing is done twice, and it all goes on."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import jobs, tasks
from engine.cases import start_case
from engine.domain.facts import CaseId, Next
from engine.errors import DatabaseUnavailable
from engine.people import create_person
from engine.retrying import again_when_changed
from engine.store import locking, rows
from engine.store.database import Session
from engine.store.models import Case
from engine.wiring import Engine, open_engine
from tests.engine import server
from tests.engine.world import INTAKE, SITE, World, at
from tests.fault.processes import apart, outcome, stopped, woken
from tests.fault.proxy import UNANSWERED, UNHEARD, Proxy, in_front
from web import WebSettings, create_app

PASSWORD = "three-Blue-kettles"

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not server.is_asked(), reason="SQLite has no connection that could be cut"),
]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy in front of the server."""
    with in_front() as found:
        yield found


@pytest.fixture
def far(world: World, proxy: Proxy) -> Iterator[Engine]:
    """An engine that reaches the world's database by way of the proxy."""
    engine = open_engine(replace(world.settings, database_url=proxy.url()), now=world.clock)
    yield engine
    engine.database.bind.dispose()


@pytest.mark.parametrize("said", [b'UPDATE "case"', b"INSERT INTO history", b"COMMIT"])
def test_a_connection_that_is_reset_before_the_commit_leaves_no_trace(
    world: World, far: Engine, proxy: Proxy, said: bytes
) -> None:
    case = world.start("errand")
    before = world.everything()
    task, by = world.task(case, "intake"), world.people["an"]
    proxy.cut_at(said, UNHEARD)
    with pytest.raises(DatabaseUnavailable):
        tasks.complete_task(far, task, by=by, answers=INTAKE, request_id="r1")
    assert world.everything() == before
    assert tasks.complete_task(far, task, by=by, answers=INTAKE, request_id="r1") == Next(case, None)
    assert world.open(case) == ["work_a", "work_b"]


def test_a_commit_whose_answer_was_lost_is_answered_when_it_is_asked_again(
    world: World, far: Engine, proxy: Proxy
) -> None:
    case = world.start("errand")
    task, by = world.task(case, "intake"), world.people["an"]
    proxy.cut_at(b"COMMIT", UNANSWERED)
    with pytest.raises(DatabaseUnavailable):
        tasks.complete_task(far, task, by=by, answers=INTAKE, request_id="r1")
    assert world.open(case) == ["work_a", "work_b"]
    after = world.everything()
    assert tasks.complete_task(far, task, by=by, answers=INTAKE, request_id="r1") == Next(case, None)
    assert world.everything() == after


def test_a_start_whose_answer_was_lost_gives_its_case_when_it_is_asked_again(
    world: World, far: Engine, proxy: Proxy
) -> None:
    def start() -> Next:
        return start_case(far, "errand", by=world.people["an"], site=SITE, request_id="r1")

    proxy.cut_at(b"COMMIT", UNANSWERED)
    with pytest.raises(DatabaseUnavailable):
        start()
    (case,) = world.look(sa.select(Case.id))
    assert start().case_id == case
    assert list(world.look(sa.select(Case.id))) == [case]


@pytest.mark.parametrize("side", [UNHEARD, UNANSWERED])
def test_timers_whose_commit_was_cut_off_fire_once_without_waiting_for_the_lease(
    world: World, far: Engine, proxy: Proxy, side: str
) -> None:
    cases = [world.start("alarm") for _ in range(3)]
    world.clock.at = at("2026-11-02 10:30")
    taken = jobs._take(far)
    proxy.cut_at(b"COMMIT", side)
    with pytest.raises(DatabaseUnavailable):
        jobs._work(far, taken)
    assert jobs.run_due(far) == (3 if side == UNHEARD else 0)
    assert [world.case(case).data["order"] for case in cases] == [["early"]] * 3
    assert [len(world.told(case, "timer_fired")) for case in cases] == [1, 1, 1]
    assert far.unsettled == []


@pytest.mark.parametrize("side", [UNHEARD, UNANSWERED])
def test_timers_whose_taking_up_was_cut_off_do_not_wait_for_the_lease(
    world: World, far: Engine, proxy: Proxy, side: str
) -> None:
    case = world.start("alarm")
    world.clock.at = at("2026-11-02 10:30")
    proxy.cut_at(b"COMMIT", side)
    with pytest.raises(DatabaseUnavailable):
        jobs.run_due(far)
    assert jobs.run_due(far) == 1
    assert len(world.told(case, "timer_fired")) == 1


def test_connections_that_the_server_ended_are_replaced_without_anybody_noticing(
    world: World, far: Engine, proxy: Proxy
) -> None:
    case = world.start("errand")
    with far.database.look() as session:
        session.scalar(sa.select(1))
    proxy.cut()
    task, by = world.task(case, "intake"), world.people["an"]
    assert tasks.complete_task(far, task, by=by, answers=INTAKE) == Next(case, None)


def test_while_the_database_is_away_people_are_told_to_try_again(
    world: World, far: Engine, proxy: Proxy
) -> None:
    create_person(far, login="lina", name="李娜", password=PASSWORD, roles=[("clerk", SITE)])
    app = create_app(WebSettings(env="test", secret_key="x" * 40, secure_cookies=False), engine=far)
    client = app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/sign-in").text)
    assert token
    typed = {"login": "lina", "password": PASSWORD, "csrf_token": token[1]}
    proxy.go_away()
    refused = client.post("/sign-in", data=typed)
    assert (refused.status_code, refused.headers.get("Retry-After")) == (503, "5")
    proxy.come_back()
    assert client.post("/sign-in", data=typed).status_code == 303
    assert client.get("/").status_code == 200
    assert client.get("/readyz").get_json()["checks"]["database"] == "ok"
    proxy.go_away()
    refused = client.get("/")
    assert (refused.status_code, refused.headers.get("Retry-After")) == (503, "5")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_worker_waits_for_the_database_and_goes_on_by_itself(
    world: World, far: Engine, proxy: Proxy
) -> None:
    first = world.start("alarm")

    def work() -> None:
        # What is armed in the test's morning is overdue by the worker's clock.
        world.clock.at += timedelta(days=1)
        far.dispatcher.serve(jobs.due_work(far))

    child = apart(world, work)
    try:
        until(world, first, ["early", "later"])
        proxy.go_away()
        second = world.start("alarm")
        proxy.come_back()
        until(world, second, ["early", "later"])
    finally:
        os.kill(child, signal.SIGTERM)
    assert outcome(child) == 0
    assert [len(world.told(case, "timer_fired")) for case in (first, second)] == [2, 2]


def until(world: World, case: int, order: list[str]) -> None:
    """Wait until a case has seen its timers."""
    ends = time.monotonic() + 60
    while world.case(case).data.get("order") != order:
        assert time.monotonic() < ends, "nobody fired the timers"
        time.sleep(0.05)


def test_who_stands_still_in_the_middle_of_a_transaction_loses_it_and_keeps_nobody_waiting(
    world: World,
) -> None:
    cases = [world.start("alarm") for _ in range(2)]
    world.clock.at = at("2026-11-02 10:30")
    hasty = sa.make_url(server.url()).update_query_dict(
        {"options": "-c idle_in_transaction_session_timeout=300ms -c lock_timeout=30s"}
    )
    settings = replace(world.settings, database_url=hasty.render_as_string(hide_password=False))
    world.engine = open_engine(settings, now=world.clock)

    def work() -> None:
        with pytest.raises(DatabaseUnavailable):
            jobs.run_due(world.engine)

    # The first write counts the attempts; before the second, cases and jobs are locked.
    child = stopped(world, work, 2)
    world.reopen()
    world.clock.at += world.settings.lease
    standing = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()")  # fmt: skip
    while world.look(standing) != [0]:
        time.sleep(0.05)
    assert jobs.run_due(world.engine) == 2
    after = world.everything()
    assert woken(child) == 0
    assert world.everything() == after
    assert [world.case(case).data["order"] for case in cases] == [["early"]] * 2


def test_two_verbs_that_lock_each_other_out_are_both_done_in_the_end(world: World) -> None:
    first, second = world.start("promise"), world.start("promise")
    meet = threading.Barrier(2)
    tries: list[int] = []

    @again_when_changed
    def touch(one: int, other: int) -> None:
        with world.engine.database.transaction() as session:
            tries.append(one)
            mark(session, one, "!")
            if len(tries) <= 2:
                meet.wait()
            mark(session, other, "?")

    def mark(session: Session, case: int, sign: str) -> None:
        found = locking.lock_case(session, CaseId(case))
        rows.update(session, found, outcome=found.outcome + sign)

    threads = [threading.Thread(target=touch, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) == 3
    # Each has both marks, once.
    assert sorted(world.case(first).outcome) == sorted(world.case(second).outcome) == ["!", "?"]
