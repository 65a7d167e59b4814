"""What people answer is checked whole, kept exactly, and never half."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from engine import tasks
from engine.errors import AnswersInvalid
from engine.store.models import Case, Task
from tests.engine.world import INTAKE, World

LARGE = {**INTAKE, "kind": "large", "reason": "急"}


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        pytest.param({}, {"topic", "kind"}, id="nothing at all"),
        pytest.param({**INTAKE, "topic": "  "}, {"topic"}, id="only blanks"),
        pytest.param({**INTAKE, "kind": "huge"}, {"kind"}, id="an option that is not there"),
        pytest.param({**INTAKE, "kind": "large"}, {"reason"}, id="a field that is asked now"),
        pytest.param({**INTAKE, "surprise": 1}, {"surprise"}, id="a field that nobody asked for"),
        pytest.param({**INTAKE, "typename": "UUID"}, {"typename"}, id="a name of the serializer's"),
        pytest.param(
            {**INTAKE, "items": [{"name": "锁"}, {"count": 3}]}, {"items.1.name"}, id="a row half filled"
        ),
        pytest.param(
            {**INTAKE, "items": [{"name": "锁", "count": "many"}]}, {"items.0.count"}, id="no number"
        ),
        pytest.param({**INTAKE, "items": {"name": "锁"}}, {"items"}, id="no rows"),
        pytest.param({**INTAKE, "topic": ["a", "b"]}, {"topic"}, id="a list for a text"),
        pytest.param({**INTAKE, "topic": "长" * 501}, {"topic"}, id="too long"),
        pytest.param({**INTAKE, "reason": "急", "kind": None}, {"kind"}, id="nothing chosen"),
    ],
)
def test_wrong_answers_are_named_and_nothing_is_done(
    world: World, answers: dict[str, Any], wrong: set[str]
) -> None:
    case = world.start("errand")
    before = world.everything()
    with pytest.raises(AnswersInvalid) as refused:
        world.complete(case, "intake", answers=answers)
    assert set(refused.value.errors) == wrong
    assert world.everything() == before


def test_what_is_not_shown_is_dropped_whatever_was_sent(world: World) -> None:
    case = world.start("errand")
    world.complete(case, "intake", answers={**INTAKE, "reason": "偷偷"})
    assert world.case(case).data["reason"] is None
    assert "偷偷" not in str(world.everything())


def test_what_is_shown_is_kept(world: World) -> None:
    case = world.start("errand")
    world.complete(case, "intake", answers=LARGE)
    data = world.case(case).data
    assert data["reason"] == "急"
    assert data["items"] == [{"name": "锁", "count": 2}]
    assert world.look(sa.select(Task.answers).where(Task.node == "intake"))[0]["items"] == data["items"]


@pytest.mark.parametrize("key", ["data", "state", "id", "children", "workflow"])
@pytest.mark.parametrize(
    "value", ["x", "typename", "__class__", "{topic}", "'; DROP TABLE task; --", "𠀀\u3000好"]
)
def test_a_field_may_be_called_like_a_part_of_the_engine(world: World, key: str, value: str) -> None:
    case = world.start("errand")
    world.complete(case, "intake", answers={**INTAKE, key: value})
    world.round(case, "again")
    assert world.case(case).data[key] == value
    assert world.open(case) == ["work_a", "work_b"]


def test_a_posted_form_means_the_same_as_its_values(world: World) -> None:
    case = world.start("errand")
    posted = MultiDict(
        [
            ("csrf_token", "t"),
            ("_next", "1"),
            ("topic", " 钥匙 "),
            ("kind", "large"),
            ("reason", "急\r\n了"),
            ("items.0.name", "锁"),
            ("items.0.count", "２"),
            ("items.7.name", ""),
            ("items.7.count", ""),
        ]
    )
    tasks.complete_task(world.engine, world.task(case, "intake"), by=world.people["an"], answers=posted)
    data = world.case(case).data
    assert (data["topic"], data["reason"], data["items"]) == ("钥匙", "急\n了", [{"name": "锁", "count": 2}])


def test_what_was_typed_wrongly_is_kept_as_a_draft_and_shown_again(world: World) -> None:
    case = world.start("errand")
    task, an = world.task(case, "intake"), world.people["an"]
    posted = MultiDict([("topic", "钥匙"), ("kind", "huge"), ("items.0.count", "many"), ("csrf_token", "t")])
    revision = world.case(case).revision
    with pytest.raises(AnswersInvalid):
        tasks.complete_task(world.engine, task, by=an, answers=posted)
    assert world.case(case).revision == revision
    assert world.look(sa.select(Case.data)) == [{}]
    world.reopen()
    state = tasks.form_fields(world.engine, task, an)
    assert state is not None
    assert state.values["topic"] == "钥匙"
    assert state.values["items.0.count"] == "many"
    assert "csrf_token" not in str(world.look(sa.select(Task.draft)))


def test_a_confirmation_takes_no_answers(world: World) -> None:
    case = world.errand()
    data = world.case(case).data
    world.complete(case, "work_a", answers={"verdict": "good", "case": "x"})
    assert world.case(case).data == data
