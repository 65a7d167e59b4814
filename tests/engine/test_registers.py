"""Numbers without gaps and books in which nothing is rubbed out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.errors import RuntimeFailed, ServiceFailed
from engine.store.models import IssuedNumber, RegisterEntry, RegisterRow, Series
from tests.engine.world import World


def ledger(world: World, amount: int = 100, parts: int = 4) -> int:
    """A case that issued a number and wrote its row."""
    case = world.start("ledger")
    world.complete(case, "fill", answers={"amount": amount, "parts": parts})
    return case


def decide(world: World, case: int, what: str, amount: int = 100, why: str = "") -> None:
    """Decide what becomes of the row."""
    world.complete(case, "decide", answers={"what": what, "amount": amount, "why": why})


def test_numbers_follow_one_another(world: World) -> None:
    for _ in range(3):
        ledger(world)
    assert world.look(sa.select(IssuedNumber.text).order_by(IssuedNumber.id)) == [
        "2026-000001",
        "2026-000002",
        "2026-000003",
    ]


def test_a_step_that_fails_after_issuing_a_number_leaves_no_gap(world: World) -> None:
    ledger(world)
    case = world.start("ledger")
    before = world.everything()
    with pytest.raises(RuntimeFailed) as refused:
        world.complete(case, "fill", answers={"amount": 1, "parts": 0})
    assert refused.value.facts["element"] == "share"
    assert world.everything() == before
    world.complete(case, "fill", answers={"amount": 1, "parts": 1})
    assert world.case(case).data["no"] == "2026-000002"


def test_a_series_with_a_year_begins_anew_with_the_year(world: World) -> None:
    ledger(world)
    world.move("2027-01-04 09:00")
    ledger(world)
    assert sorted(world.rows(sa.select(Series.id, Series.last).where(Series.id.like("ledger:%")))) == [
        ("ledger:2026", 1),
        ("ledger:2027", 1),
    ]
    assert world.look(sa.select(IssuedNumber.text).order_by(IssuedNumber.id))[-1] == "2027-000001"


def test_a_correction_is_a_later_entry_of_the_same_row(world: World) -> None:
    case = ledger(world)
    world.move("2026-11-02 10:00")
    decide(world, case, "correct", amount=70)
    (row,) = world.look(sa.select(RegisterRow))
    assert (row.values["amount"], row.entries) == (70, 2)
    entries = world.look(sa.select(RegisterEntry).order_by(RegisterEntry.seq))
    assert [(entry.seq, entry.values["amount"]) for entry in entries] == [(1, 100), (2, 70)]
    assert entries[0].at < entries[1].at


def test_writing_the_same_again_is_no_entry(world: World) -> None:
    case = ledger(world)
    decide(world, case, "correct", amount=100)
    (row,) = world.look(sa.select(RegisterRow))
    assert row.entries == 1
    assert len(world.told(case, "register_written")) == 1


def test_a_void_number_and_its_row_are_kept(world: World) -> None:
    case = ledger(world)
    decide(world, case, "void", why="写错")
    (number,) = world.look(sa.select(IssuedNumber))
    assert (number.text, number.void_reason, number.void_at) == ("2026-000001", "写错", world.clock.at)
    (row,) = world.look(sa.select(RegisterRow))
    assert (row.void, row.void_reason, row.entries) == (True, "写错", 2)
    decide(world, case, "close")
    ledger(world)
    assert len(world.look(sa.select(IssuedNumber.id))) == 2


def test_what_is_void_stays_void_whatever_is_written_later(world: World) -> None:
    case = ledger(world)
    decide(world, case, "void", why="写错")
    decide(world, case, "correct", amount=55)
    decide(world, case, "correct", amount=55)
    (row,) = world.look(sa.select(RegisterRow))
    assert (row.void, row.values["amount"], row.entries) == (True, 55, 3)


def test_a_number_of_another_case_cannot_be_voided(world: World) -> None:
    ledger(world)
    case = ledger(world)
    with world.engine.database.transaction() as session:
        other = session.get_one(RegisterRow, 1).case_id
        found = session.scalars(sa.select(IssuedNumber).where(IssuedNumber.case_id == case)).one()
        found.case_id = other
    with pytest.raises(ServiceFailed) as refused:
        decide(world, case, "void", why="写错")
    assert refused.value.facts["element"] == "void_number"


def test_every_case_has_a_row_of_its_own(world: World) -> None:
    first, second = ledger(world, 1), ledger(world, 2)
    assert world.rows(sa.select(RegisterRow.case_id, RegisterRow.search).order_by(RegisterRow.id)) == [
        (first, "GJ-2026-00001 2026-000001 1 GJ-2026-00001"),
        (second, "GJ-2026-00002 2026-000002 2 GJ-2026-00002"),
    ]
