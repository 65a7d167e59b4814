"""Messages: one that is thrown starts a case or reaches the one that waits for it, and only that one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import cases, jobs
from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM
from engine.errors import ProcedureNotFound, RuntimeFailed
from engine.procedures import publish
from engine.store.models import Case, Job, Subscription
from tests.engine.world import INTAKE, SITE, World, changed


def finished_errand(world: World) -> int:
    """An errand that went to its end and threw its message."""
    case = world.errand()
    world.round(case, "good")
    world.complete(case, "look", by="fei", answers={"seen": "是"})
    return case


def surveys(world: World) -> list[Case]:
    """The cases that a message started."""
    return list(world.look(sa.select(Case).where(Case.procedure == "survey").order_by(Case.id)))


def test_a_thrown_message_starts_a_case_after_the_step_that_threw_it(world: World) -> None:
    errand = finished_errand(world)
    assert surveys(world) == []
    assert jobs.run_due(world.engine) == 1
    (survey,) = surveys(world)
    assert survey.origin_id == errand
    assert survey.subject == "钥匙"
    assert survey.data == {"topic": "钥匙", "asked_by": world.case(errand).number}
    assert world.open(survey.id) == ["ask"]
    (told,) = world.told(errand, "message_started")
    assert told.detail["started"] == survey.number
    assert jobs.run_due(world.engine) == 0


def test_an_answer_reaches_only_the_case_it_is_meant_for(world: World) -> None:
    first, second = (
        cases.send_message(world.engine, "survey.wanted", payload={"topic": topic}, site=SITE)[0]
        for topic in ("甲", "乙")
    )
    for case in (first, second):
        world.complete(case, "ask")
        assert world.open(case) == []
    reached = cases.send_message(
        world.engine, "survey.answered", payload={"stars": 5}, correlation=world.case(second).number
    )
    assert reached == [second]
    assert world.open(first) == []
    assert world.open(second) == ["thank"]
    assert world.case(second).data["stars"] == 5
    assert world.look(sa.select(Subscription.case_id)) == [first]


def test_of_two_events_of_one_case_the_correlated_one_catches(world: World) -> None:
    case = world.start("pair")
    world.complete(case, "prepare", answers={"left": "L", "right": "R"})
    cases.send_message(world.engine, "part.done", correlation="R")
    assert world.open(case) == ["after_right"]
    with pytest.raises(ProcedureNotFound):
        cases.send_message(world.engine, "part.done", correlation="R")
    cases.send_message(world.engine, "part.done", correlation="L")
    assert world.open(case) == ["after_left", "after_right"]


def test_two_events_with_the_same_correlation_are_both_reached_by_two_messages(world: World) -> None:
    case = world.start("pair")
    world.complete(case, "prepare", answers={"left": "same", "right": "same"})
    for _ in range(2):
        cases.send_message(world.engine, "part.done", correlation="same")
    assert world.open(case) == ["after_left", "after_right"]


def test_a_message_starts_the_procedure_at_its_own_start(world: World) -> None:
    (case,) = cases.send_message(world.engine, "errand.asked", payload={"topic": "灯"}, site=SITE)
    assert world.case(case).subject == "灯"
    assert world.open(case) == ["intake"]
    # Nobody started it by hand, so its first task is the role's.
    assert world.inbox("r:clerk@hq") == [("intake", "work")]
    world.complete(case, "intake", answers=INTAKE)
    assert world.open(case) == ["work_a", "work_b"]


def test_a_message_that_nobody_waits_for_is_refused_and_leaves_nothing(world: World) -> None:
    before = world.everything()
    with pytest.raises(ProcedureNotFound):
        cases.send_message(world.engine, "nobody.waits", payload={"typename": "x"})
    assert world.everything() == before


def test_a_thrown_message_that_fits_nothing_is_written_down(world: World) -> None:
    case = finished_errand(world)
    with world.engine.database.transaction() as session:
        job = session.scalars(sa.select(Job).where(Job.kind == "message")).one()
        job.payload = {**job.payload, "message": "nobody.waits"}
    assert jobs.run_due(world.engine) == 1
    assert [entry.detail["message"] for entry in world.told(case, "message_unmatched")] == ["nobody.waits"]


def test_a_message_for_a_suspended_case_is_not_lost(world: World) -> None:
    (case,) = cases.send_message(world.engine, "survey.wanted", payload={"topic": "灯"}, site=SITE)
    world.complete(case, "ask")
    number, chen = world.case(case).number, world.people["chen"]
    cases.suspend_case(world.engine, case, by=chen, reason="等材料")
    assert cases.send_message(world.engine, "survey.answered", payload={"stars": 4}, correlation=number) == [
        case
    ]
    jobs.run_due(world.engine)
    assert world.open(case) == []
    cases.resume_case(world.engine, case, by=chen)
    jobs.run_due(world.engine)
    assert world.open(case) == ["thank"]
    assert world.case(case).data["stars"] == 4


def test_what_a_message_brings_is_data_even_when_it_looks_like_the_engines_own(world: World) -> None:
    payload = {"topic": "灯", "rows": [{"typename": "UUID", "value": "x"}], "typename": "set", "children": []}
    (case,) = cases.send_message(world.engine, "survey.wanted", payload=payload, site=SITE)
    world.reopen()
    world.complete(case, "ask")
    assert world.case(case).data == payload


def test_a_message_that_carries_no_fields_is_refused_at_its_event(world: World) -> None:
    fields = '{"topic": topic, "asked_by": case.no}'
    publish(world.engine, changed(world.bundle("errand"), DIAGRAM, {fields: '["topic", topic]'}), by=SYSTEM)
    with pytest.raises(RuntimeFailed) as refused:
        finished_errand(world)
    assert refused.value.facts["element"] == "want_survey"
