"""Roles are given and taken by administrators; what hangs on a role that is taken goes to others."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from engine import add_shifts, change_roles, person, review_roles, role_changes, set_active, tasks
from engine.domain.facts import SYSTEM, Actor
from engine.errors import Forbidden, Invalid, ReasonMissing
from engine.store.models import Account, AccountRole, Notice, RoleChange, Shift, Task
from tests.engine.test_standing_in import promise
from tests.engine.world import SITE, World

BOSS = Actor(SYSTEM.id, "boss", admin=True)


def roles_of(world: World, login: str = "an") -> set[tuple[str, str]]:
    found = person(world.engine, world.people[login].id)
    assert found is not None
    return set(found.roles)


def change(world: World, login: str = "an", *, roles: list[tuple[str, str]], admin: bool = False, **more):
    """Look at it and save it."""
    account = world.people[login].id
    about = review_roles(world.engine, account, by=BOSS, roles=roles, admin=admin)
    more.setdefault("seen", about.seen)
    more.setdefault("reason", "调岗")
    return change_roles(world.engine, account, by=BOSS, roles=roles, admin=admin, **more)


def holder(world: World, task_id: str) -> int | None:
    with world.engine.database.look() as session:
        return session.scalar(sa.select(Task.assignee_id).where(Task.id == task_id))


def test_a_role_is_added_and_the_person_is_told_who_did_it(world: World) -> None:
    change(world, roles=[("clerk", SITE), ("auditor", "*")])
    assert roles_of(world) == {("clerk", SITE), ("auditor", "*")}
    (kept,) = role_changes(world.engine, world.people["an"].id, by=BOSS)
    assert (kept.by, kept.reason, kept.added, kept.removed, kept.admin, kept.handed) == (
        "boss",
        "调岗",
        (("auditor", "*"),),
        (),
        None,
        0,
    )
    with world.engine.database.look() as session:
        told = session.scalars(sa.select(Notice).where(Notice.account_id == world.people["an"].id)).all()
    assert "boss 修改了您的岗位。新增岗位：" in told[-1].zh
    assert "所有站点" in told[-1].zh
    assert "boss changed your roles: new roles: " in told[-1].en


def test_tasks_without_a_role_are_shown_first_and_go_back_to_the_queue(world: World) -> None:
    _, task_id = promise(world, "an")
    about = review_roles(world.engine, world.people["an"].id, by=BOSS, roles=[("auditor", SITE)], admin=False)
    assert about.needs_a_look
    assert {group.kind: group.count for group in about.groups} == {"held": 1, "shifts": 0}
    assert holder(world, task_id) == world.people["an"].id
    assert change(world, roles=[("auditor", SITE)]).removed == (("clerk", SITE),)
    assert holder(world, task_id) is None
    with world.engine.database.look() as session:
        assert session.scalar(sa.select(RoleChange.handed)) == 1
    # Somebody else of the role takes it up.
    tasks.claim_task(world.engine, task_id, by=world.people["bo"])


def test_tasks_go_to_a_colleague_of_the_role_and_to_nobody_else(world: World) -> None:
    _, task_id = promise(world, "an")
    for login, reason in (("fei", "role"), ("an", "self")):
        with pytest.raises(Invalid) as refused:
            change(world, roles=[], receiver=world.people[login].id)
        assert (refused.value.facts["field"], refused.value.facts["reason"]) == ("held", reason)
    assert roles_of(world) == {("clerk", SITE)}
    change(world, roles=[], receiver=world.people["bo"].id)
    assert holder(world, task_id) == world.people["bo"].id
    with world.engine.database.look() as session:
        told = session.scalars(sa.select(Notice).where(Notice.account_id == world.people["bo"].id)).all()
    assert "an 不再担任此岗位，" in told[-1].zh


def test_a_role_above_still_has_the_task_and_so_does_every_site(world: World) -> None:
    _, task_id = promise(world, "an")
    for roles in ([("chief", SITE)], [("clerk", "*")]):
        about = change(world, roles=roles)
        assert not any(group.count for group in about.groups)
    assert holder(world, task_id) == world.people["an"].id


def test_shifts_of_a_role_that_is_taken_leave_the_roster(world: World) -> None:
    add_shifts(
        world.engine,
        by=world.people["chen"],
        account_id=world.people["an"].id,
        role="clerk",
        site=SITE,
        days=[date(2026, 11, 3)],
        since=time(8),
        until=time(17),
    )
    change(world, roles=[("auditor", SITE)])
    with world.engine.database.look() as session:
        assert session.scalars(sa.select(Shift)).all() == []


def test_nobody_left_for_a_role_is_said_before(world: World) -> None:
    about = review_roles(world.engine, world.people["fei"].id, by=BOSS, roles=[], admin=False)
    assert len(about.warnings) == 1
    assert "没有人担任" in about.warnings[0].zh


def test_the_last_administrator_stays_one(world: World) -> None:
    change(world, "chen", roles=[("chief", SITE)], admin=True)
    with pytest.raises(Invalid) as refused:
        change(world, "chen", roles=[("chief", SITE)], admin=False)
    assert (refused.value.facts["field"], refused.value.facts["reason"]) == ("admin", "last")
    with pytest.raises(Invalid):
        set_active(world.engine, world.people["chen"].id, active=False)
    change(world, "ding", roles=[("director", "*")], admin=True)
    change(world, "chen", roles=[("chief", SITE)], admin=False)
    with world.engine.database.look() as session:
        assert session.scalars(sa.select(Account.login).where(Account.admin)).all() == ["ding"]


@pytest.mark.parametrize(
    ("roles", "field", "reason"),
    [
        pytest.param([("clerk", SITE)], "roles", "same", id="nothing changes"),
        pytest.param([("wizard", SITE)], "roles", "unknown-role", id="no such role"),
        pytest.param([("clerk", "moon")], "roles", "unknown-site", id="no such site"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, roles: list, field: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        review_roles(world.engine, world.people["an"].id, by=BOSS, roles=roles, admin=False)
    assert (refused.value.facts["field"], refused.value.facts["reason"]) == (field, reason)


def test_only_administrators_with_a_reason_who_looked(world: World) -> None:
    with pytest.raises(Forbidden):
        review_roles(world.engine, world.people["an"].id, by=world.people["ding"], roles=[], admin=False)
    with pytest.raises(Forbidden):
        role_changes(world.engine, world.people["an"].id, by=world.people["an"])
    with pytest.raises(ReasonMissing):
        change(world, roles=[], reason="  ")
    seen = review_roles(world.engine, world.people["an"].id, by=BOSS, roles=[], admin=False).seen
    promise(world, "an")
    with pytest.raises(Invalid) as refused:
        change(world, roles=[], seen=seen)
    assert refused.value.facts["reason"] == "changed"
    with world.engine.database.look() as session:
        held = session.scalars(
            sa.select(AccountRole.role).where(AccountRole.account_id == world.people["an"].id)
        ).all()
    assert held == ["clerk"]
