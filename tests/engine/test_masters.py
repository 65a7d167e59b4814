"""Registers that cases share: one row for many cases, nothing lost of what any of them said."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from engine import bundles, procedures, queries
from engine.domain.facts import SYSTEM
from engine.errors import AnswersInvalid, Forbidden, Invalid, ProcedureRefused, RuntimeFailed
from engine.masters import bring_in
from engine.store.models import CaseAbout, MasterEntry, MasterRow
from tests.drawing import Drawing
from tests.engine.world import SITE, World

ROOMS = [
    {"no": "3-1204", "name": "启明科技", "state": "free", "owner": "o1", "phone": "13812345678", "size": 80},
    {"no": "3-1205", "name": "远航设计", "state": "taken", "phone": "13900001111"},
    {"no": "5-0502", "name": "重庆启航", "state": "free"},
]
FORM = {
    "schemaVersion": 19,
    "type": "default",
    "id": "ask",
    "title": "登记",
    "components": [
        {
            "type": "select",
            "key": "room",
            "label": "房间",
            "validate": {"required": True},
            "properties": {"lookup": "rooms", "fills": "called = name, owner = owner.name, phone = phone"},
        },
        {"type": "textfield", "key": "called", "label": "名称"},
        {"type": "textfield", "key": "owner", "label": "业主"},
        {"type": "textfield", "key": "phone", "label": "电话"},
    ],
}


@pytest.fixture
def rooms(world: World) -> World:
    """A world with rooms and an owner of one."""
    bring_in(world.engine, "owners", SITE, [{"id": "o1", "name": "王芳"}])
    bring_in(world.engine, "rooms", SITE, ROOMS)
    return world


def publish(world: World, operator: str, *, second: str = "", **parameters: str) -> None:
    """A procedure that asks for a room, then does something with it (and with a ``second`` one)."""
    again = f"-> more:service({operator})" if second else ""
    drawing = Drawing(
        f"""
        s:start -> ask:user(["clerk", "auditor"]) -> act:service({operator} into given) {again}
        {"more" if second else "act"} -> look:user -> e:end
        """,
        process="let",
        starters="clerk",
    )
    xml = drawing.xml().decode()
    for values in (parameters, {**parameters, "key": second}):
        said = "".join(
            f'<spiffworkflow:parameter id="{name}" type="str" value="{value}"/>'
            for name, value in values.items()
        )
        filled = f"<spiffworkflow:parameters>{said}</spiffworkflow:parameters>"
        xml = xml.replace("<spiffworkflow:parameters/>", filled, 1)
    before, ask, after = xml.partition('id="ask"')
    form = '<spiffworkflow:property name="form" value="ask"/></spiffworkflow:properties>'
    xml = before + ask + after.replace("</spiffworkflow:properties>", form, 1)
    files = {bundles.DIAGRAM: xml, "ask.json": json.dumps(FORM)}
    procedures.publish(world.engine, bundles.Bundle("let", files), by=SYSTEM)


def let(world: World, room: str = "3-1204", by: str = "an", **answers: Any) -> int:
    """A case that has asked for a room and done its thing with it."""
    case = world.start("let")
    world.complete(case, "ask", by=by, answers={"room": room, **answers})
    return case


def at_once(world: World, cases: list[int], answers: list[dict[str, str]]) -> None:
    """Answer several cases at the same moment."""
    together = threading.Barrier(len(cases))

    def answer(case: int, given: dict[str, str]) -> None:
        together.wait()
        world.complete(case, "ask", answers=given)

    with ThreadPoolExecutor(len(cases)) as pool:
        list(pool.map(answer, cases, answers))


def row(world: World, key: str) -> MasterRow:
    """A room's row."""
    found: MasterRow = world.look(
        sa.select(MasterRow).where(MasterRow.master == "rooms", MasterRow.key == key)
    )[0]
    return found


TAKE = {"master": "'rooms'", "key": "room", "set": "{'state': 'taken'}", "expect": "{'state': 'free'}"}


def test_a_change_leaves_the_columns_that_it_does_not_name(rooms: World) -> None:
    publish(rooms, "master/change", master="'rooms'", key="room", set="{'state': 'taken'}")
    case = let(rooms)
    found = row(rooms, "3-1204")
    assert found.values == {**ROOMS[0], "state": "taken"}
    entries = rooms.look(
        sa.select(MasterEntry).where(MasterEntry.row_id == found.id).order_by(MasterEntry.seq)
    )
    assert [(entry.seq, entry.case_id, entry.values["state"]) for entry in entries] == [
        (1, None, "free"),
        (2, case, "taken"),
    ]


def test_the_columns_of_the_same_name_as_the_cases_data_are_changed_where_none_is_named(rooms: World) -> None:
    publish(rooms, "master/change", master="'rooms'", key="room")
    let(rooms, phone="13700000000")
    assert row(rooms, "3-1204").values["phone"] == "13700000000"


def test_a_row_that_is_not_there_is_added(rooms: World) -> None:
    publish(rooms, "master/change", master="'rooms'", key="'9-0101'", set="{'name': '新租户'}")
    let(rooms)
    assert row(rooms, "9-0101").values == {
        "no": "9-0101",
        "name": "新租户",
        "state": None,
        "owner": None,
        "phone": None,
        "size": None,
    }


def test_of_two_cases_that_take_one_row_one_gets_nothing(rooms: World) -> None:
    publish(rooms, "master/change", **TAKE)
    first, second = let(rooms), let(rooms)
    assert rooms.case(first).data["given"]["state"] == "taken"
    assert rooms.case(second).data["given"] is None
    assert row(rooms, "3-1204").entries == 2


@pytest.mark.parametrize("expect", [True, False], ids=["one of them wins", "both are entries"])
def test_cases_that_change_one_row_at_the_same_moment_lose_nothing(rooms: World, expect: bool) -> None:
    columns = "{'state': 'taken'}" if expect else "{'name': case.no}"
    parameters = {**TAKE, "set": columns}
    if not expect:
        del parameters["expect"]
    publish(rooms, "master/change", **parameters)
    cases = [rooms.start("let") for _ in range(4)]
    at_once(rooms, cases, [{"room": "3-1204"}] * len(cases))
    won = [case for case in cases if rooms.case(case).data["given"] is not None]
    assert len(won) == (1 if expect else 4)
    assert row(rooms, "3-1204").entries == 1 + len(won)


def test_cases_that_change_two_rows_in_opposite_order_are_both_entries(rooms: World) -> None:
    change = {"master": "'rooms'", "set": "{'name': case.no}"}
    publish(rooms, "master/change", **change, key="room", second="called")
    cases = [rooms.start("let") for _ in range(4)]
    ways = [{"room": "3-1204", "called": "3-1205"}, {"room": "3-1205", "called": "3-1204"}]
    at_once(rooms, cases, ways * 2)
    assert (row(rooms, "3-1204").entries, row(rooms, "3-1205").entries) == (5, 5)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"set": "{str('colour'): 'red'}"}, "no column colour", id="an unknown column"),
        pytest.param({"set": "{'state': str('lost')}"}, "state", id="a value that is no option"),
        pytest.param({"set": "{'size': 'big'}"}, "size", id="a text for a number"),
        pytest.param({"key": "' '"}, "key", id="no key"),
        pytest.param({"master": "str('houses')"}, "houses", id="an unknown master"),
        pytest.param({"set": "['state']"}, "dictionary", id="no dictionary"),
    ],
)
def test_what_does_not_fit_changes_nothing(rooms: World, changed: dict[str, str], why: str) -> None:
    publish(rooms, "master/change", **{"master": "'rooms'", "key": "room", "set": "{}", **changed})
    case = rooms.start("let")
    before = rooms.everything()
    with pytest.raises(RuntimeFailed, match=why):
        rooms.complete(case, "ask", answers={"room": "3-1204"})
    assert rooms.everything() == before


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        pytest.param({"master": "'houses'"}, "master-unknown", "houses", id="a master"),
        pytest.param({"set": "{'colour': 'red'}"}, "master-column", "colour", id="a column that is set"),
        pytest.param({"expect": "{'colour': 'red'}"}, "master-column", "colour", id="one that is expected"),
        pytest.param({"set": "{'state': 'lost'}"}, "master-value", "lost", id="a choice"),
        pytest.param(
            {"set": "{'state': 'free' if room else 'lost'}"}, "master-value", "lost", id="one side of an if"
        ),
    ],
)
def test_what_a_service_misspells_of_a_master_is_found_before_it_runs(
    rooms: World, changed: dict[str, str], code: str, said: str
) -> None:
    with pytest.raises(ProcedureRefused) as refused:
        publish(rooms, "master/change", **{"master": "'rooms'", "key": "room", "set": "{}", **changed})
    (found,) = (one for one in refused.value.findings if one.severity == "error")
    assert (found.code, found.element) == (code, "act")
    assert said in found.message
    assert said in found.message_en


def test_a_row_that_ended_stays_and_is_offered_to_nobody(rooms: World) -> None:
    publish(rooms, "master/end", master="'rooms'", key="room", reason="'拆除'")
    case = let(rooms)
    found = row(rooms, "3-1204")
    assert (found.void, found.void_reason, found.values["name"]) == (True, "拆除", "启明科技")
    assert rooms.told(case, "master_ended")
    other = rooms.start("let")
    with pytest.raises(AnswersInvalid):
        rooms.complete(other, "ask", answers={"room": "3-1204"})


def test_rows_are_listed_by_what_their_columns_say(rooms: World) -> None:
    publish(rooms, "master/list", master="'rooms'", where="{'state': 'free'}")
    assert [found["no"] for found in rooms.case(let(rooms)).data["given"]] == ["3-1204", "5-0502"]


@pytest.mark.parametrize(
    ("text", "by", "keys"),
    [
        pytest.param("启明", "an", ["3-1204"], id="two characters"),
        pytest.param("qmkj", "an", ["3-1204"], id="initials"),
        pytest.param("qiming", "an", ["3-1204"], id="pinyin"),
        pytest.param("3-12", "an", ["3-1204", "3-1205"], id="the beginning of a key"),
        pytest.param("zqqh", "an", [], id="a wrong reading of 重庆"),
        pytest.param("cqqh", "an", ["5-0502"], id="the right reading of 重庆"),
        pytest.param("3-12 yuanhang", "an", ["3-1205"], id="every word must stand there"),
        pytest.param("%", "an", [], id="a wildcard is itself"),
        pytest.param("138123", "an", ["3-1204"], id="a phone, for whoever may read it"),
        pytest.param("138123", "fei", [], id="a phone is not searched for whoever may not"),
    ],
)
def test_a_row_is_found_by_what_people_type(rooms: World, text: str, by: str, keys: list[str]) -> None:
    publish(rooms, "master/read", master="'rooms'", key="room")
    task_id = rooms.task(rooms.start("let"), "ask")
    found = queries.look_up(rooms.engine, task_id, rooms.people[by], "room", text)
    assert [one.key for one in found] == keys


@pytest.mark.parametrize(
    ("by", "filled"),
    [
        ("an", {"room": "3-1204", "called": "启明科技", "owner": "王芳", "phone": "13812345678"}),
        ("fei", {"room": "3-1204", "called": "启明科技", "owner": "王芳"}),
    ],
    ids=["a clerk", "an auditor, who may not read phones"],
)
def test_a_chosen_row_fills_in_what_its_reader_may_read(
    rooms: World, by: str, filled: dict[str, str]
) -> None:
    publish(rooms, "master/read", master="'rooms'", key="room")
    task_id = rooms.task(rooms.start("let"), "ask")
    assert queries.choose(rooms.engine, task_id, rooms.people[by], "room", "3-1204") == filled


def test_only_whoever_may_do_the_task_looks_anything_up(rooms: World) -> None:
    publish(rooms, "master/read", master="'rooms'", key="room")
    task_id = rooms.task(rooms.start("let"), "ask")
    with pytest.raises(Forbidden):
        queries.look_up(rooms.engine, task_id, rooms.people["guo"], "room", "启明")


def test_beside_a_form_stand_the_row_and_its_other_open_cases(rooms: World) -> None:
    publish(rooms, "master/read", master="'rooms'", key="room")
    earlier = let(rooms)
    case = rooms.start("let")
    (card,) = queries.cards(rooms.engine, case, rooms.people["an"], [("rooms", "3-1204")])
    assert (card.name, [number for _, number, _ in card.cases]) == (
        "3-1204 · 启明科技",
        [rooms.case(earlier).number],
    )
    (veiled,) = queries.cards(rooms.engine, case, rooms.people["fei"], [("rooms", "3-1204")])
    assert {fact.label.zh: fact.value for fact in veiled.facts}["电话"] == "138****5678"


def test_rows_belong_to_a_site_unless_the_master_is_everywhere(rooms: World) -> None:
    bring_in(rooms.engine, "rooms", "branch", [{"no": "3-1204", "name": "别处"}])
    assert rooms.rows(
        sa.select(MasterRow.site, MasterRow.master)
        .where(MasterRow.key.in_(["3-1204", "o1"]))
        .order_by(MasterRow.site)
    ) == [("*", "owners"), ("branch", "rooms"), ("hq", "rooms")]
    publish(rooms, "master/read", master="'rooms'", key="room")
    assert rooms.case(let(rooms)).data["given"]["name"] == "启明科技"


def test_a_case_concerns_the_rows_that_its_answers_name(rooms: World) -> None:
    publish(rooms, "master/read", master="'rooms'", key="room")
    case = let(rooms)
    assert rooms.rows(sa.select(CaseAbout.case_id, CaseAbout.row_id)) == [(case, row(rooms, "3-1204").id)]


def test_rows_that_are_brought_in_again_are_no_entries(rooms: World) -> None:
    assert bring_in(rooms.engine, "rooms", SITE, ROOMS) == 0
    with pytest.raises(Invalid):
        bring_in(rooms.engine, "rooms", SITE, [{"no": "1", "name": "甲"}, {"no": "2", "size": "big"}])
    assert not rooms.look(sa.select(MasterRow).where(MasterRow.key == "1"))


def test_a_master_is_read_among_the_registers_by_its_readers(rooms: World) -> None:
    publish(rooms, "master/change", master="'rooms'", key="room", set="{'state': 'taken'}")
    case = let(rooms)
    cards = {card.id: card.rows for card in queries.list_registers(rooms.engine, rooms.people["an"])}
    assert (cards["rooms"], cards["owners"]) == (3, 1)
    view = queries.register_view(rooms.engine, "rooms", rooms.people["an"], text="qmkj")
    (found,) = view.page.rows
    assert (found.case_id, found.values["phone"], found.entries) == (case, "13812345678", 2)
    entries = queries.register_history(rooms.engine, found.id, rooms.people["an"], register="rooms")
    assert [entry.values["state"] for entry in entries] == ["free", "taken"]


def test_a_reader_who_may_not_know_a_phone_reads_it_masked_and_finds_nothing_by_it(rooms: World) -> None:
    fei = rooms.people["fei"]
    view = queries.register_view(rooms.engine, "rooms", fei, sort="no")
    assert [row.values["phone"] for row in view.page.rows] == ["138****5678", "139****1111", None]
    assert queries.register_view(rooms.engine, "rooms", fei, text="138123").page.total == 0
    assert queries.register_view(rooms.engine, "rooms", fei, filters={"phone": "138"}).page.total == 3


def test_rows_of_another_site_are_not_read(rooms: World) -> None:
    bring_in(rooms.engine, "rooms", "branch", [{"no": "9", "name": "别处"}])
    assert queries.register_view(rooms.engine, "rooms", rooms.people["guo"]).page.total == 1
    with pytest.raises(Forbidden):
        queries.register_view(rooms.engine, "owners", rooms.people["fei"])
