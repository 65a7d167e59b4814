"""Masters from a spreadsheet: everything wrong is said at once, nothing is written unless all is good."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine import import_master, queries
from engine.domain.facts import SYSTEM
from engine.errors import Forbidden, Invalid
from engine.importing import Imported
from engine.masters import bring_in
from engine.store.models import MasterEntry, MasterRow
from tests.engine.world import SITE, World

HEAD = ("编号 / No.", "名称", "State", "owner", "面积")


@pytest.fixture
def house(world: World) -> World:
    """A world with two owners and one room."""
    bring_in(world.engine, "owners", "", [{"id": "o1", "name": "王芳"}, {"id": "o2", "name": "李明"}])
    bring_in(world.engine, "rooms", SITE, [{"no": "3-1204", "name": "启明科技", "phone": "13812345678"}])
    return world


def bring(world: World, *rows: tuple[object, ...], **said: Any) -> Imported:
    return import_master(
        world.engine, "rooms", rows, **{"by": SYSTEM, "site": SITE, "file": "房.xlsx", **said}
    )


def rooms(world: World) -> dict[str, MasterRow]:
    return {row.key: row for row in world.look(sa.select(MasterRow).where(MasterRow.master == "rooms"))}


def test_new_rows_are_added_known_ones_changed_with_their_history_and_the_rest_stays(house: World) -> None:
    done = bring(
        house,
        (),
        HEAD,
        ("3-1204", "启明科技", "占用 / Taken", "o1", 80.0),
        (31205.0, "远航", "空闲", None, "1,200.5"),
    )
    assert (done.added, done.changed, done.unchanged, done.findings) == (1, 1, 0, ())
    assert rooms(house)["3-1204"].values == {
        "no": "3-1204",
        "name": "启明科技",
        "state": "taken",
        "owner": "o1",
        # A column that the file does not have.
        "phone": "13812345678",
        "size": 80,
    }
    assert rooms(house)["31205"].values["size"] == 1200.5
    entries = house.look(
        sa.select(MasterEntry)
        .where(MasterEntry.row_id == rooms(house)["3-1204"].id)
        .order_by(MasterEntry.seq)
    )
    assert [(entry.by, entry.file, entry.case_id) for entry in entries] == [
        ("system", "", None),
        ("system", "房.xlsx", None),
    ]
    # Found by the pinyin of what was imported.
    assert (
        queries.register_view(house.engine, "rooms", house.people["an"], text="yh").page.rows[0].values["no"]
        == "31205"
    )


def test_the_same_file_again_changes_nothing(house: World) -> None:
    rows = (HEAD, ("3-1204", "启明科技", "taken", "o1", 80), ("3-1205", "远航", "free", "", ""))
    bring(house, *rows)
    before = {key: row.entries for key, row in rooms(house).items()}
    again = bring(house, *rows)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert {key: row.entries for key, row in rooms(house).items()} == before


def test_an_empty_cell_empties_its_column(house: World) -> None:
    bring(house, ("no", "phone"), ("3-1204", " "))
    assert rooms(house)["3-1204"].values["phone"] is None


def test_a_dry_run_says_what_would_change_and_writes_nothing(house: World) -> None:
    done = bring(house, HEAD, ("3-1204", "启明", "", "", ""), ("9-1", "新", "", "", ""), dry_run=True)
    assert (done.added, done.changed, done.unchanged) == (1, 1, 0)
    assert [(one.row, one.key, one.added) for one in done.rows] == [(2, "3-1204", False), (3, "9-1", True)]
    assert done.rows[0].changes == {"name": ("启明科技", "启明")}
    assert set(rooms(house)) == {"3-1204"}


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written(house: World) -> None:
    done = bring(
        house,
        HEAD,
        ("9-1", "好的", "free", "o1", 5),
        ("", "无编号", "free", "", ""),
        ("9-2", "x", "坏了", "o9", "很大"),
        ("9-1", "再来", "", "", float("nan")),
    )
    assert [(one.row, one.column) for one in done.findings] == [
        (3, "编号 / No."),
        (4, "State"),
        (4, "面积"),
        (4, "owner"),
        (5, "面积"),
        (5, "编号 / No."),
    ]
    said = " ".join(one.said.en for one in done.findings)
    for words in (
        "is needed",
        "is no choice",
        "Owners: there is no o9",
        "is no number",
        "stands in row 2 already",
    ):
        assert words in said
    assert (done.added, done.changed, set(rooms(house))) == (0, 0, {"3-1204"})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([()], "the file is empty", id="nothing"),
        pytest.param([("编号", "颜色"), ("1", "红")], "is no column", id="unknown column"),
        pytest.param([("编号", "No."), ("1", "2")], "stands there twice", id="column twice"),
        pytest.param([("名称",), ("x",)], "this column is missing", id="no key"),
        pytest.param([("编号",), ("x" * 300,)], "is too long", id="long key"),
    ],
)
def test_a_file_that_is_no_list_of_the_master_is_refused(house: World, rows: list[Any], said: str) -> None:
    done = bring(house, *rows)
    assert said in done.findings[0].said.en
    assert set(rooms(house)) == {"3-1204"}


def test_a_row_that_is_over_is_not_brought_back_by_an_old_list(house: World) -> None:
    with house.engine.database.transaction() as session:
        row = session.scalars(sa.select(MasterRow).where(MasterRow.key == "3-1204")).one()
        row.void, row.void_reason, row.entries = True, "拆除", 2
        session.add(
            MasterEntry(
                row_id=row.id, seq=2, at=row.at, by="x", values=row.values, void=True, void_reason="拆除"
            )
        )
    done = bring(house, ("no", "name"), ("3-1204", "新名"))
    assert done.findings[0].said.en == "3-1204 is no longer valid (拆除)"


def test_only_administrators_import_and_only_what_there_is(house: World) -> None:
    with pytest.raises(Forbidden):
        bring(house, HEAD, by=house.people["an"])
    with pytest.raises(Invalid):
        bring(house, HEAD, site="moon")
    with pytest.raises(Invalid):
        import_master(house.engine, "stars", [HEAD], by=SYSTEM, site=SITE)
