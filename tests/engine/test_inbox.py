"""Whatever is in an inbox, a page shows what it should, in its order, and reads little for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import cases, counts, inbox, list_cases, search, tasks
from engine.bundles import DIAGRAM, Bundle
from engine.domain.facts import EVERYWHERE, SYSTEM, Actor, UserId
from engine.domain.views import MANY
from engine.procedures import publish
from engine.queries.open_tasks import SHORT
from engine.store.models import NEVER, Case, Inbox, Task
from engine.wiring import Engine
from tests.bench import inbox as bench
from tests.drawing import Drawing
from tests.engine import server
from tests.engine.world import World, at

#: Two tasks at once; the first names what the case is about anew.
TWIN = """
s:start -> split:and -> a:user -> name:script(topic = "采购 100%_A4 'x'") -> join:and -> e:end
split -> b:user(["clerk", "auditor"]) -> join
"""


def draw(world: World, text: str = TWIN) -> None:
    """Publish a drawing whose cases are called by their topic."""
    xml = Drawing(text, process="twin", starters="clerk").xml().decode()
    named = xml.replace(
        '<spiffworkflow:property name="starters"',
        "<spiffworkflow:property name=\"subject\" value=\"get('topic', '')\"/>"
        '<spiffworkflow:property name="starters"',
    )
    publish(world.engine, Bundle("twin", {DIAGRAM: named}), by=SYSTEM)


def with_roles(world: World, login: str, *roles: tuple[str, str]) -> Actor:
    """A person of the world with other roles."""
    return Actor(world.people[login].id, login, frozenset(roles))


# As cases go on ------------------------------------------------------------------------------


def test_a_task_that_is_seen_through_two_roles_is_one(world: World) -> None:
    draw(world)
    for _ in range(3):
        world.start("twin", data={"topic": "灯"})
    both = with_roles(world, "an", ("clerk", "hq"), ("auditor", "hq"))
    for text in ("", "灯"):
        page = inbox(world.engine, both, view="claimable", text=text, size=4)
        rest = inbox(world.engine, both, view="claimable", text=text, size=4, page=2)
        shown = [line.task_id for line in (*page.rows, *rest.rows)]
        assert (page.total, page.pages, len(shown), len(set(shown))) == (6, 2, 6, 6)
    assert counts(world.engine, both).claimable == 6
    assert counts(world.engine, world.people["fei"]).claimable == 3
    assert len([found for found in search(world.engine, both, "灯") if found.kind == "task"]) == 6


def test_a_task_that_is_mine_and_escalated_to_my_role_is_one(world: World) -> None:
    case = world.start("promise")
    chief = world.people["chen"]
    world.move("2026-11-02 17:00")
    assert [line.node for line in inbox(world.engine, chief).rows] == ["fix"]
    tasks.claim_task(world.engine, world.task(case, "fix"), by=chief)
    page = inbox(world.engine, chief)
    assert (page.total, [line.mine for line in page.rows]) == (1, [True])
    assert page.rows[0].escalated is not None
    assert (counts(world.engine, chief).mine, counts(world.engine, chief).late) == (1, 1)


def test_an_open_task_is_found_by_its_cases_new_subject(world: World) -> None:
    draw(world)
    case = world.start("twin", data={"topic": "灯泡坏了"})
    auditor = world.people["fei"]

    def found(text: str) -> list[str]:
        return [line.node for line in inbox(world.engine, auditor, view="claimable", text=text).rows]

    assert found("灯泡") == ["b"]
    world.complete(case, "a")
    assert world.case(case).subject == "采购 100%_A4 'x'"
    assert (found("灯泡"), found("采购")) == ([], ["b"])
    assert [line.case_id for line in list_cases(world.engine, world.people["an"], text="采购").rows] == [case]
    assert list_cases(world.engine, world.people["an"], text="灯泡").total == 0


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        pytest.param("采购", True, id="two characters"),
        pytest.param("购", True, id="one character"),
        pytest.param("a4", True, id="small for large"),
        pytest.param("TWIN", True, id="large for small"),
        pytest.param("采购 00001 twin", True, id="subject, number and procedure"),
        pytest.param("采购 合同", False, id="one of two words"),
        pytest.param("采购100", False, id="over a gap"),
        pytest.param("%", True, id="a percent sign"),
        pytest.param("采%购", False, id="no wildcard"),
        pytest.param("采_", False, id="no wildcard either"),
        pytest.param("_a4", True, id="an underscore"),
        pytest.param("'", True, id="a quote"),
        pytest.param("' OR 1=1 --", False, id="no injection"),
        pytest.param('"', False, id="a double quote"),
        pytest.param("购采", False, id="pieces in another order"),
        pytest.param("\\", False, id="a backslash"),
        pytest.param("  ", True, id="nothing"),
    ],
)
def test_a_text_is_what_it_is(world: World, text: str, is_found: bool) -> None:
    draw(world)
    case = world.start("twin", data={"topic": "灯"})
    world.complete(case, "a")
    auditor = world.people["fei"]
    assert inbox(world.engine, auditor, view="claimable", text=text).total == is_found
    if text.strip() and text not in ("TWIN", "采购 00001 twin"):
        assert list_cases(world.engine, world.people["an"], text=text).total == is_found
    assert any(found.kind == "task" for found in search(world.engine, auditor, text)) == (
        is_found and bool(text.strip())
    )


def test_what_is_cancelled_or_suspended_leaves_no_false_rows(world: World) -> None:
    draw(world)
    first, second = (world.start("twin", data={"topic": topic}) for topic in ("甲", "乙"))
    cases.suspend_case(world.engine, first, by=SYSTEM, reason="等")
    assert counts(world.engine, world.people["an"]).claimable == 4
    cases.resume_case(world.engine, first, by=SYSTEM)
    cases.cancel_case(world.engine, first, by=SYSTEM, reason="重复")
    assert [line.case_id for line in inbox(world.engine, world.people["an"], view="claimable").rows] == [
        second,
        second,
    ]
    assert inbox(world.engine, world.people["an"], view="claimable", text="甲").total == 0


def test_what_has_no_due_moment_comes_last_whichever_way(world: World) -> None:
    draw(world)
    plain = world.start("twin", data={"topic": "灯"})
    world.clock.at = at("2026-11-02 10:00")
    late = world.start("promise")
    for sort in ("due", "-due"):
        found = [
            line.case_id for line in inbox(world.engine, world.people["an"], view="claimable", sort=sort).rows
        ]
        assert found == [late, plain, plain]


# Very many -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd() -> Iterator[Engine]:
    """An engine with so many open tasks that one role has more than are looked at one by one for a text."""
    with bench.opened(os.environ.get(server.VARIABLE)) as engine:
        bench.fill(engine, cases=6000, open_tasks=6000)
        yield engine


READERS = {
    "the busy role": (Actor(UserId(6), "a", frozenset({bench.BUSY})), "claimable"),
    "two roles of the same tasks": (
        Actor(UserId(2), "b", frozenset({bench.BUSY, ("front_desk", bench.BUSY[1])})),
        "claimable",
    ),
    "a person": (Actor(UserId(9), "c", frozenset({("trainer", "tower-3")})), "mine"),
    "a supervisor": (Actor(UserId(4), "d", frozenset({("cs_supervisor", bench.BUSY[1])})), "mine"),
    "supervisor of all": (Actor(UserId(4), "e", frozenset({("cs_supervisor", EVERYWHERE)})), "mine"),
    "roles everywhere": (
        Actor(UserId(3), "f", frozenset({("eng_dispatcher", EVERYWHERE), ("security", EVERYWHERE)})),
        "claimable",
    ),
    "nobody": (Actor(UserId(900), "g"), "claimable"),
}


def _rows(engine: Engine, actor: Actor, view: str) -> list[Any]:
    """Every row that a reader has, as plain as it can be asked."""
    held = {f"r:{role}@{site}" for role, at_ in actor.roles for site in _sites(engine, at_)}
    mine = sa.or_(
        sa.and_(Inbox.kind == "work", Inbox.who == f"u:{actor.id}"),
        sa.and_(Inbox.kind == "watch", Inbox.who.in_(held)),
    )
    claimable = sa.and_(Inbox.kind == "work", Inbox.who.in_(held))
    with engine.database.look() as session:
        found = session.execute(
            sa.select(Inbox.task_id, Inbox.search, Task.due_at, Task.created_at, Case.number, Case.procedure)
            .join(Task, Task.id == Inbox.task_id)
            .join(Case, Case.id == Task.case_id)
            .where(mine if view == "mine" else claimable)
        )
        return list({row.task_id: row for row in found}.values())


def _sites(engine: Engine, site: str) -> list[str]:
    return list(engine.organisation.sites) if site == EVERYWHERE else [site]


KEYS: dict[str, Callable[[Any], Any]] = {
    "due": lambda row: (row.due_at or NEVER, row.created_at, row.task_id),
    "created": lambda row: (row.created_at, row.task_id),
    "number": lambda row: (row.number, row.task_id),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("sort", ["due", "created", "-created", "number", "-number"])
@pytest.mark.parametrize("procedure", ["", "repair-work-order"])
def test_every_page_is_that_part_of_the_whole(crowd: Engine, reader: str, sort: str, procedure: str) -> None:
    actor, view = READERS[reader]
    whole = [row for row in _rows(crowd, actor, view) if procedure in ("", row.procedure)]
    whole.sort(key=KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    for page, size in ((1, 50), (2, 50), (3, 7), (22, 50)):
        found = inbox(crowd, actor, view=view, sort=sort, procedure=procedure, page=page, size=size)  # type: ignore[arg-type]
        expected = whole[(page - 1) * size : page * size]
        assert [line.task_id for line in found.rows] == [row.task_id for row in expected]
        assert (found.total, found.more) == (min(len(whole), MANY), len(whole) > MANY)
        assert found.has_next == (len(whole) > page * size)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", [*bench.TEXTS, "ts-2026-0000123", "电", "座 层"])
def test_a_text_finds_all_that_have_it_and_nothing_else(crowd: Engine, reader: str, text: str) -> None:
    actor, view = READERS[reader]
    words = text.lower().split()
    whole = [row for row in _rows(crowd, actor, view) if all(word in row.search for word in words)]
    whole.sort(key=KEYS["due"])
    for page in (1, 2):
        found = inbox(crowd, actor, view=view, text=text, page=page)  # type: ignore[arg-type]
        expected = whole[(page - 1) * 50 : page * 50]
        assert [line.task_id for line in found.rows] == [row.task_id for row in expected]
        assert (found.total, found.more) == (min(len(whole), MANY), len(whole) > MANY)


@pytest.mark.parametrize("text", [*bench.TEXTS, "0000123"])
def test_the_newest_cases_with_a_text_are_listed(crowd: Engine, text: str) -> None:
    root = Actor(UserId(5), "root", admin=True)
    words = text.lower().split()
    with crowd.database.look() as session:
        rows = session.execute(sa.select(Case.number, Case.subject).order_by(Case.started_at.desc()))
        whole = [
            row.number for row in rows if all(word in f"{row.number} {row.subject}".lower() for word in words)
        ]
    for page in (1, 3):
        found = list_cases(crowd, root, text=text, page=page)
        assert [line.number for line in found.rows] == whole[(page - 1) * 50 : page * 50]
        assert (found.total, found.more) == (min(len(whole), MANY), len(whole) > MANY)


def test_the_counts_are_those_of_the_lists(crowd: Engine) -> None:
    for actor, _ in READERS.values():
        told = counts(crowd, actor)
        mine, claimable = _rows(crowd, actor, "mine"), _rows(crowd, actor, "claimable")
        late = [row for row in mine if row.due_at and row.due_at < bench.NOW]
        expected = [min(len(rows), MANY + 1) for rows in (mine, claimable, late)]
        assert [told.mine, told.claimable, told.late] == expected
    busy = READERS["the busy role"]
    assert counts(crowd, busy[0]).claimable == MANY + 1
    assert len(_rows(crowd, *busy)) > SHORT


def test_a_page_reads_the_first_of_an_index_and_no_table_through(crowd: Engine) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(crowd.database.bind, "before_cursor_execute", note)
    for name in ("the busy role", "a supervisor", "roles everywhere"):
        actor, view = READERS[name]
        inbox(crowd, actor, view=view)  # type: ignore[arg-type]
        inbox(crowd, actor, view=view, text=bench.RARE)  # type: ignore[arg-type]
    sa.event.remove(crowd.database.bind, "before_cursor_execute", note)
    pages = [one for one in asked if "FROM inbox" in one[0]]
    assert len(pages) >= 9
    with crowd.database.bind.connect() as connection:
        for statement, parameters in pages:
            _require_few(connection, statement, parameters)


def _require_few(connection: sa.Connection, statement: str, parameters: Any) -> None:
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert not [line for line in plan if line.startswith(("SCAN inbox", "SCAN task", "SCAN case"))], plan
        if " LIMIT " in statement and "find_inbox" not in statement and "count(" not in statement:
            assert any("INDEX ix_inbox_due (who=? AND kind=?)" in line for line in plan), plan
            # Only the few that came out of each range are sorted, and put into the order of their lines.
            assert len([line for line in plan if "ORDER BY" in line]) == 2, plan
        return
    rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    nodes = list(_nodes(rows[0]["Plan"]))
    assert not [
        node for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] != "account"
    ]
    read = sum(
        node["Actual Rows"] * node["Actual Loops"] for node in nodes if "inbox" in node.get("Index Name", "")
    )
    assert read <= SHORT + 1, nodes


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def test_a_page_says_that_nobody_counted_to_the_end(crowd: Engine) -> None:
    actor, _ = READERS["the busy role"]
    page = inbox(crowd, actor, view="claimable")
    assert (page.total, page.more, page.has_next) == (MANY, True, True)
    assert page.rows[0].clock.left is not None
    assert page.rows[0].clock.left < timedelta()
