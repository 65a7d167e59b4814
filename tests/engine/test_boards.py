"""A board: the rows of a register that have begun and not ended."""

from __future__ import annotations

import pytest

from engine import procedures
from engine.bundles import REGISTERS
from engine.checking import check_bundle
from engine.domain.facts import SYSTEM
from engine.domain.views import BoardView
from engine.errors import Forbidden, RegisterNotFound
from engine.queries import board_view
from tests.engine.world import World, changed

COLUMNS = (
    '"columns": ['
    '{"key": "came", "label": "came", "value": "case.started_at"},'
    '{"key": "gone", "label": "gone", "value": "get(\\"what\\", None)"},'
)
BOARD = (
    '"board": {"title": "here", "since": "came", "until": "gone", "columns": ["no", "amount"]}, "readers": ['
)


def publish(world: World, board: str = BOARD) -> None:
    changes = {'"columns": [': COLUMNS, '"readers": [': board}
    procedures.publish(world.engine, changed(world.bundle("ledger"), REGISTERS, changes), by=SYSTEM)


def here(world: World, who: str = "an", site: str = "") -> BoardView:
    return board_view(world.engine, "ledger", world.people[who], site=site)


def numbers(board: BoardView) -> list[object]:
    return [one.row.values["no"] for one in board.rows]


def begin(world: World) -> int:
    case = world.start("ledger")
    world.complete(case, "fill", answers={"amount": 100, "parts": 4})
    return case


def test_a_row_is_there_from_its_beginning_to_its_end(world: World) -> None:
    publish(world)
    first = begin(world)
    world.move("2026-11-02 09:45")
    begin(world)
    board = here(world)
    assert numbers(board) == ["2026-000001", "2026-000002"]
    assert [column.key for column in board.columns] == ["no", "amount"]
    assert board.rows[0].since is not None
    world.complete(first, "decide", answers={"what": "correct", "amount": 90, "why": ""})
    assert numbers(here(world)) == ["2026-000002"]


def test_a_void_row_is_not_there(world: World) -> None:
    publish(world)
    case = begin(world)
    world.complete(case, "decide", answers={"what": "void", "amount": 100, "why": "写错"})
    assert numbers(here(world)) == []


def test_who_reads_the_register_reads_its_board_site_by_site(world: World) -> None:
    publish(world)
    begin(world)
    assert numbers(here(world, site="hq")) == ["2026-000001"]
    assert numbers(here(world, who="guo")) == []
    with pytest.raises(Forbidden):
        here(world, who="guo", site="hq")
    with pytest.raises(Forbidden):
        here(world, who="fei")


def test_a_register_without_a_board_has_none(world: World) -> None:
    with pytest.raises(RegisterNotFound):
        here(world)


def test_a_board_of_columns_that_are_not_there_is_refused(world: World) -> None:
    changes = {'"readers": [': BOARD.replace('"came"', '"arrived"')}
    found = check_bundle(world.engine, changed(world.bundle("ledger"), REGISTERS, changes))
    assert any("arrived" in finding.message_en for finding in found)
