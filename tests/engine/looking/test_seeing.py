"""Nobody sees a case, a register or a person's data that their roles and sites do not give them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from engine import procedures
from engine.bundles import DIAGRAM, REGISTERS, Bundle
from engine.cases import start_case
from engine.domain.facts import EVERYWHERE, SYSTEM, Actor, UserId
from engine.errors import CaseNotFound, Forbidden, RegisterNotFound
from engine.queries import (
    case_by_number,
    case_view,
    list_cases,
    list_registers,
    register_history,
    register_view,
    task_view,
)
from engine.queries.personal import veil_of
from engine.queries.seeing import Sight, sight, sites_of
from engine.store import inbox_rows
from engine.store.models import Case, RegisterRow, Task
from engine.tasks import claim_task, complete_task

ANSWERS = {
    "topic": "电梯坏了",
    "complainant": "张三丰",
    "phone": "13812345678",
    "urgency": "high",
    "seen_on": "2026-11-01",
    "dept": "customers",
    "witnesses": [{"who": "李四光", "said": "停在三楼"}],
}


@pytest.fixture
def begun(house: Any) -> Any:
    """A case at tower A that was received by its representative and waits to be investigated."""
    rep = house.person("rep", ("rep", "tower-a"))
    case = start_case(house.engine, "complaint", by=rep, site="tower-a")
    with house.engine.database.look() as session:
        task_id = session.scalar(sa.select(Task.id).where(Task.case_id == case.case_id))
    complete_task(house.engine, task_id, by=rep, answers=ANSWERS)
    return case.case_id


@pytest.mark.parametrize(
    ("roles", "sees", "near"),
    [
        pytest.param([("rep", "tower-a")], True, True, id="a lane's role"),
        pytest.param([("rep", EVERYWHERE)], True, True, id="a lane's role everywhere"),
        pytest.param([("rep", "tower-b")], False, False, id="a lane's role elsewhere"),
        pytest.param([("supervisor", "tower-a")], True, True, id="who leads them"),
        pytest.param([("manager", EVERYWHERE)], True, False, id="two above"),
        pytest.param([("manager", "tower-b")], False, False, id="two above, elsewhere"),
        pytest.param([("engineer", "tower-a")], False, False, id="another role"),
        pytest.param([], False, False, id="no role"),
    ],
)
def test_a_case_is_seen_by_the_roles_of_its_lanes_and_those_above_at_its_site(
    house: Any, begun: Any, roles: list[tuple[str, str]], sees: bool, near: bool
) -> None:
    somebody = house.person("somebody", *roles)
    with house.engine.database.look() as session:
        case = session.get_one(Case, begun)
        published = procedures.of_version(house.engine, session, case.version_id)
        assert sight(house.engine, session, case, published, somebody) == Sight(sees, near)
    assert [line.case_id for line in list_cases(house.engine, somebody).rows] == ([begun] if sees else [])
    if not sees:
        with pytest.raises(Forbidden):
            case_view(house.engine, begun, somebody)
        with pytest.raises(Forbidden):
            case_by_number(house.engine, "TS-2026-00001", somebody)
    else:
        assert case_by_number(house.engine, " TS-2026-00001 ", somebody) == begun
        assert "13812345678" in str(case_view(house.engine, begun, somebody)) or not near
        assert near or not any(
            secret in str(case_view(house.engine, begun, somebody))
            for secret in ("张三丰", "13812345678", "李四光")
        )


def test_whoever_takes_part_sees_the_case_without_any_role(house: Any, begun: Any) -> None:
    helper, told, outsider = (house.person(name) for name in ("helper", "told", "outsider"))
    with house.engine.database.transaction() as session:
        task = session.scalars(sa.select(Task).where(Task.case_id == begun, Task.status == "open")).one()
        case = session.get_one(Case, begun)
        session.add(inbox_rows.row(case, task, "", who=f"u:{told.id}", kind="watch", reason={"zh": "迟"}))
        done = session.scalars(sa.select(Task).where(Task.case_id == begun, Task.status == "done")).one()
        done.done_by = helper.id
        number = task.id
    with house.engine.database.look() as session:
        case = session.get_one(Case, begun)
        published = procedures.of_version(house.engine, session, case.version_id)
        seen = {
            who.name: sight(house.engine, session, case, published, who)
            for who in (helper, told, outsider, SYSTEM)
        }
    assert seen == {
        "helper": Sight(sees=True, near=True),
        "told": Sight(sees=True, near=False),
        "outsider": Sight(sees=False, near=False),
        "system": Sight(sees=True, near=True),
    }
    assert task_view(house.engine, number, told).data["complainant"] == "张**"
    assert task_view(house.engine, number, helper).data["complainant"] == "张三丰"
    assert len(list_cases(house.engine, helper).rows) == len(list_cases(house.engine, told).rows) == 1
    with pytest.raises(Forbidden):
        task_view(house.engine, number, outsider)


def test_an_administrator_sees_every_case_and_nobodys_telephone(house: Any, begun: Any) -> None:
    admin = house.person("root", admin=True)
    view = case_view(house.engine, begun, admin)
    told = {datum.key: (datum.value, datum.masked) for datum in view.data}
    assert told["phone"] == ("138****5678", True)
    assert told["topic"] == ("电梯坏了", False)
    assert "张三丰" not in str(view)
    with pytest.raises(CaseNotFound):
        case_by_number(house.engine, "TS-1", admin)


def test_who_is_outside_sees_nothing_that_no_form_asked_for(house: Any, begun: Any) -> None:
    with house.engine.database.look() as session:
        case = session.get_one(Case, begun)
        published = procedures.of_version(house.engine, session, case.version_id)
    data = {**case.data, "copied": case.data["phone"]}
    veil = veil_of(published, data, near=False)
    assert veil.data(data)["witnesses"] == [{"who": "李**", "said": "停在三楼"}]
    assert "copied" not in veil.data(data)
    assert veil.text("张三丰（13812345678）来电") == "张**（138****5678）来电"
    assert veil.detail({"answers": data})["answers"]["witnesses"][0]["who"] == "李**"
    assert veil_of(published, data, near=True).data(data) == data


# Registers ---------------------------------------------------------------------------------------


@pytest.fixture
def booked(house: Any, begun: Any) -> Any:
    """The case at tower A is in the register, and a row of tower B is too."""
    rep = house.known["rep"]
    with house.engine.database.look() as session:
        task = session.scalar(sa.select(Task.id).where(Task.case_id == begun, Task.status == "open"))
    claim_task(house.engine, task, by=rep)
    complete_task(house.engine, task, by=rep, answers={"cause": "老化", "cost": 120.5, "settled": True})
    with house.engine.database.transaction() as session:
        session.add(
            RegisterRow(
                register="complaints",
                procedure="complaint",
                case_id=begun,
                key="b",
                site="tower-b",
                at=house.clock(),
                by="乙",
                values={"topic": "漏水", "complainant": "王五一", "cost": 9, "settled": False},
                search="漏水 王五一",
            )
        )
    return begun


@pytest.mark.parametrize(
    ("roles", "admin", "topics", "complainants"),
    [
        pytest.param([("rep", "tower-a")], False, ["电梯坏了"], ["张三丰"], id="reader of A"),
        pytest.param(
            [("rep", EVERYWHERE)], False, ["漏水", "电梯坏了"], ["王五一", "张三丰"], id="everywhere"
        ),
        pytest.param([("auditor", "tower-b")], False, ["漏水"], ["王**"], id="reader without personal data"),
        pytest.param([("manager", "tower-a")], False, ["电梯坏了"], ["张**"], id="above a reader"),
        pytest.param(
            [("auditor", EVERYWHERE), ("supervisor", "tower-b")],
            False,
            ["漏水", "电梯坏了"],
            ["王五一", "张**"],
            id="personal data of one site",
        ),
        pytest.param([], True, ["漏水", "电梯坏了"], ["王**", "张**"], id="administrator"),
    ],
)
def test_a_register_shows_the_rows_of_the_readers_sites_masked_where_it_must(
    house: Any,
    booked: Any,
    roles: list[tuple[str, str]],
    admin: bool,
    topics: list[str],
    complainants: list[str],
) -> None:
    reader = house.person("reader", *roles, admin=admin)
    view = register_view(house.engine, "complaints", reader, sort="cost")
    assert [row.values["topic"] for row in view.page.rows] == topics
    assert [row.values["complainant"] for row in view.page.rows] == complainants
    assert [card.rows for card in list_registers(house.engine, reader)] == [len(topics)]


@pytest.mark.parametrize("roles", [[("engineer", EVERYWHERE)], []])
def test_a_register_is_closed_to_others(house: Any, booked: Any, roles: list[tuple[str, str]]) -> None:
    other = house.person("other", *roles)
    assert list_registers(house.engine, other) == []
    with pytest.raises(Forbidden):
        register_view(house.engine, "complaints", other)
    with pytest.raises(RegisterNotFound):
        register_view(house.engine, "secrets", other)


def test_what_is_masked_can_be_neither_searched_filtered_nor_sorted_by(house: Any, booked: Any) -> None:
    reader = house.person("reader", ("auditor", EVERYWHERE), ("supervisor", "tower-b"))
    near = house.person("near", ("rep", EVERYWHERE))

    def topics(who: Actor, **asked: Any) -> list[str]:
        view = register_view(house.engine, "complaints", who, **asked)
        return [row.values["topic"] for row in view.page.rows]

    assert topics(near, text="三丰") == ["电梯坏了"]
    assert topics(reader, text="三丰") == []
    assert topics(reader, text="王五") == ["漏水"], "of tower B they may know"
    assert topics(reader, text="电梯") == ["电梯坏了"]
    assert topics(near, filters={"witnesses": "who"}) == ["电梯坏了"]
    assert topics(reader, filters={"witnesses": "who"}) == [], "a table that names people tells too"
    assert topics(near, filters={"complainant": "张"}) == ["电梯坏了"]
    assert topics(reader, filters={"complainant": "张"}) == []
    assert topics(reader, sort="complainant") == topics(reader, sort="at")
    columns = {column.key: column for column in register_view(house.engine, "complaints", reader).columns}
    assert columns["complainant"].masked
    assert not columns["topic"].masked


def test_a_register_of_two_procedures_is_one_book_each_with_its_own_readers(
    house: Any, booked: Any, files: dict[str, str]
) -> None:
    files[DIAGRAM] = files[DIAGRAM].replace('"complaint"', '"praise"')
    files[REGISTERS] = files[REGISTERS].replace('["rep", "auditor"]', '["engineer"]')
    procedures.publish(house.engine, Bundle("praise", files), by=SYSTEM)
    with house.engine.database.transaction() as session:
        row = session.scalars(sa.select(RegisterRow).where(RegisterRow.site == "tower-b")).one()
        row.procedure = "praise"
    rep, both = house.known["rep"], house.person("both", ("rep", EVERYWHERE), ("engineer", EVERYWHERE))
    engineer = house.person("engineer", ("engineer", EVERYWHERE))
    assert [(card.id, card.rows) for card in list_registers(house.engine, both)] == [("complaints", 2)]
    assert [(card.id, card.rows) for card in list_registers(house.engine, rep)] == [("complaints", 1)]
    view = register_view(house.engine, "complaints", engineer)
    assert [row.values["complainant"] for row in view.page.rows] == ["王**"]


def test_the_history_of_a_row_of_another_site_is_closed(house: Any, booked: Any) -> None:
    with house.engine.database.look() as session:
        row_id = session.scalar(sa.select(RegisterRow.id).where(RegisterRow.site == "tower-a"))
    near = register_history(house.engine, row_id, house.known["rep"])
    assert [(entry.entries, entry.values["complainant"]) for entry in near] == [(1, "张三丰")]
    with pytest.raises(Forbidden):
        register_history(house.engine, row_id, house.person("b", ("rep", "tower-b")))
    with pytest.raises(RegisterNotFound):
        register_history(house.engine, 999, house.known["rep"])


@given(st.sets(st.tuples(st.sampled_from(["rep", "manager"]), st.sampled_from(["a", "b", EVERYWHERE]))))
def test_the_sites_of_a_role_are_those_at_which_it_is_held(held: set[tuple[str, str]]) -> None:
    actor = Actor(UserId(1), "x", frozenset(held))
    sites = sites_of(actor, ["rep"])
    for site in ("a", "b"):
        assert (site in sites or EVERYWHERE in sites) == actor.has_role("rep", site)
