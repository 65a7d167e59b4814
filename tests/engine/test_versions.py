"""A running case keeps the version it started on; a broken one is never published."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.bundles import DIAGRAM
from engine.domain.facts import SYSTEM
from engine.errors import ProcedureRefused
from engine.procedures import publish
from engine.store.models import Task, Version
from tests.engine.world import INTAKE, World, changed


def versions(world: World, procedure: str) -> list[int]:
    """The published version numbers of a procedure."""
    return list(
        world.look(sa.select(Version.number).where(Version.procedure == procedure).order_by(Version.number))
    )


def test_publishing_the_same_files_makes_no_new_version(world: World) -> None:
    publish(world.engine, world.bundle("errand"), by=SYSTEM)
    assert versions(world, "errand") == [1]


def test_a_running_case_keeps_its_version(world: World) -> None:
    old = world.start("errand")
    publish(
        world.engine,
        changed(world.bundle("errand"), DIAGRAM, {'name="办理甲"': 'name="新办理甲"'}),
        by=SYSTEM,
    )
    new = world.start("errand")
    for case, name in ((old, "办理甲"), (new, "新办理甲")):
        world.complete(case, "intake", answers=INTAKE)
        assert world.look(sa.select(Task.name).where(Task.id == world.task(case, "work_a"))) == [name]
    world.reopen()
    world.round(old, "again")
    assert world.open(old) == ["work_a", "work_b"]


def test_a_called_procedure_is_the_one_bound_at_publishing(world: World) -> None:
    newer = changed(world.bundle("inspection"), DIAGRAM, {'get("looks", 0) + 1': 'get("looks", 0) + 10'})
    publish(world.engine, newer, by=SYSTEM)
    before = world.errand()
    publish(world.engine, world.bundle("errand"), by=SYSTEM)
    assert versions(world, "errand") == [1, 2]
    after = world.errand()
    for case, looks in ((before, 1), (after, 10)):
        world.round(case, "good")
        world.complete(case, "look", by="fei", answers={"seen": "是"})
        assert world.case(case).data["looks"] == looks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('targetRef="join"', 'targetRef="nowhere"', id="a flow to nowhere"),
        pytest.param('value="intake" />', 'value="missing" />', id="a form that is not there"),
        pytest.param("errand.review", "errand.nothing", id="a deadline that is not there"),
        pytest.param('verdict == "again"', "__import__('os')", id="an expression that is not allowed"),
        pytest.param("number/issue", "shell/run", id="a service that is not there"),
        pytest.param('calledElement="inspection"', 'calledElement="nothing"', id="a call to nothing"),
        pytest.param("</bpmn:definitions>", "", id="half a file"),
    ],
)
def test_a_broken_version_is_refused_and_the_old_one_stays(world: World, old: str, new: str) -> None:
    case = world.errand()
    with pytest.raises(ProcedureRefused) as refused:
        publish(world.engine, changed(world.bundle("errand"), DIAGRAM, {old: new}), by=SYSTEM)
    assert refused.value.findings
    assert versions(world, "errand") == [1]
    world.round(case, "again")
    assert world.open(world.errand()) == ["work_a", "work_b"]


def test_a_broken_form_is_refused(world: World) -> None:
    with pytest.raises(ProcedureRefused):
        publish(
            world.engine, changed(world.bundle("errand"), "intake.json", {'"select"': '"marquee"'}), by=SYSTEM
        )
    assert versions(world, "errand") == [1]
