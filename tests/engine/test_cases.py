"""A case from its start to its end: every kind of step that a diagram can take."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import cases, jobs
from engine.errors import CaseNotActive, Forbidden, Invalid, ProcedureNotFound, ReasonMissing
from engine.store.models import Case, IssuedNumber, Job, RegisterRow
from tests.engine.world import INTAKE, World


def test_an_errand_goes_all_the_way_through_two_rounds(world: World) -> None:
    case = world.errand()
    assert world.open(case) == ["work_a", "work_b"]
    world.round(case, "again")
    assert world.open(case) == ["work_a", "work_b"]
    world.round(case, "good")
    assert world.open(case) == ["look"]
    world.complete(case, "look", by="fei", answers={"seen": "是"})
    assert world.case(case).status == "ended"
    assert world.case(case).data["looks"] == 1
    assert world.look(sa.select(IssuedNumber.text)) == ["2026-000001"]
    assert world.look(sa.select(RegisterRow.values)) == [
        {"no": "2026-000001", "topic": "钥匙", "case": "CS-2026-00001"}
    ]


def test_a_case_is_called_by_its_subject_once_there_is_one(world: World) -> None:
    case = world.start("errand")
    assert world.case(case).subject == "办事"
    world.complete(case, "intake", answers=INTAKE)
    assert world.case(case).subject == "钥匙"


def test_case_numbers_run_on_in_each_series(world: World) -> None:
    started = [world.start(name) for name in ("errand", "promise", "errand")]
    assert [world.case(case).number for case in started] == [
        "CS-2026-00001",
        "GJ-2026-00001",
        "CS-2026-00002",
    ]


def test_the_year_of_a_case_number_is_the_year_at_the_site(world: World) -> None:
    # 2027 has begun in Shanghai, not yet in UTC.
    world.move("2027-01-01 00:30")
    assert world.case(world.start("promise")).number == "GJ-2027-00001"


def test_the_same_request_starts_one_case(world: World) -> None:
    first = world.start("errand", request_id="r1")
    assert world.start("errand", request_id="r1") == first
    assert len(world.look(sa.select(Case.id))) == 1


@pytest.mark.parametrize(
    ("procedure", "by", "site", "error"),
    [
        pytest.param("nothing", "an", "hq", ProcedureNotFound, id="an unknown procedure"),
        pytest.param("errand", "an", "moon", Invalid, id="an unknown site"),
        pytest.param("errand", "fei", "hq", Forbidden, id="a role that may not"),
        pytest.param("errand", "an", "branch", Forbidden, id="a site where the role is not held"),
    ],
)
def test_a_start_that_is_not_allowed_leaves_nothing(
    world: World, procedure: str, by: str, site: str, error: type[Exception]
) -> None:
    before = world.everything()
    with pytest.raises(error):
        cases.start_case(world.engine, procedure, by=world.people[by], site=site)
    assert world.everything() == before


def test_a_cancelled_case_leaves_nothing_open_or_due(world: World) -> None:
    case = world.errand()
    cases.cancel_case(world.engine, case, by=world.people["chen"], reason=" 重复 ")
    found = world.case(case)
    assert (found.status, found.outcome) == ("cancelled", "重复")
    assert world.open(case) == []
    assert world.jobs(case) == []
    assert world.inbox("r:clerk@hq") == []
    assert world.move("2026-12-31 12:00") == 0


def test_a_case_is_cancelled_inside_the_procedure_it_called(world: World) -> None:
    case = world.errand()
    world.round(case, "good")
    cases.cancel_case(world.engine, case, by=world.people["chen"], reason="不办了")
    assert world.open(case) == []
    with pytest.raises(CaseNotActive):
        cases.cancel_case(world.engine, case, by=world.people["chen"], reason="再一次")


def test_its_starter_cancels_a_case_only_while_nothing_was_done(world: World) -> None:
    fresh, begun = world.start("errand"), world.errand()
    cases.cancel_case(world.engine, fresh, by=world.people["an"], reason="误开")
    with pytest.raises(Forbidden):
        cases.cancel_case(world.engine, begun, by=world.people["an"], reason="误开")
    with pytest.raises(ReasonMissing):
        cases.cancel_case(world.engine, begun, by=world.people["chen"], reason=" ")


def test_while_a_case_is_suspended_nothing_of_it_happens(world: World) -> None:
    case = world.start("alarm")
    cases.suspend_case(world.engine, case, by=world.people["chen"], reason="等材料")
    with pytest.raises(CaseNotActive):
        world.complete(case, "watch")
    assert world.move("2026-11-02 18:00") == 0
    assert "order" not in world.case(case).data
    with pytest.raises(CaseNotActive):
        cases.suspend_case(world.engine, case, by=world.people["chen"], reason="再一次")

    cases.resume_case(world.engine, case, by=world.people["chen"])
    assert jobs.run_due(world.engine) == 2
    assert world.case(case).data["order"] == ["early", "later"]
    world.complete(case, "watch")
    assert world.case(case).status == "ended"


def test_a_suspended_case_can_be_cancelled(world: World) -> None:
    case = world.errand()
    cases.suspend_case(world.engine, case, by=world.people["chen"], reason="等材料")
    cases.cancel_case(world.engine, case, by=world.people["chen"], reason="不办了")
    assert world.look(sa.select(Job.id).where(Job.status == "armed")) == []


def test_only_somebody_above_holds_a_case(world: World) -> None:
    case = world.errand()
    for login in ("an", "fei", "guo"):
        with pytest.raises(Forbidden):
            cases.suspend_case(world.engine, case, by=world.people[login], reason="等材料")
