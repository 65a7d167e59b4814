"""Somebody leaves: all that names them goes to others in one go, and nothing of it is lost."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from engine import add_shifts, hand_over, handing_over, person, tasks
from engine.domain.facts import SYSTEM, Actor
from engine.errors import Forbidden, Invalid
from engine.leaving import KINDS, QUEUE
from engine.store.models import Account, Case, Shift, Signer, Substitution, Task
from tests.engine.test_standing_in import arrange, promise
from tests.engine.world import SITE, World

BOSS = Actor(SYSTEM.id, "boss", admin=True)


def leave(world: World, login: str = "an", **receivers: str | int | None):
    """Hand over what a person has to others by their logins."""
    ids = {kind: world.people[one].id if isinstance(one, str) else one for kind, one in receivers.items()}
    account = world.people[login].id
    seen = handing_over(world.engine, account, by=BOSS).seen
    return hand_over(world.engine, account, by=BOSS, receivers=ids, seen=seen)


def counted(world: World, login: str = "an") -> dict[str, int]:
    found = handing_over(world.engine, world.people[login].id, by=BOSS)
    return {group.kind: group.count for group in found.groups if group.count}


@pytest.fixture
def busy(world: World) -> World:
    """A clerk who holds, gave, signs, is away, stands in, is on shift, and started cases."""
    promise(world, "an")
    _, given = promise(world, "an")
    tasks.delegate_task(
        world.engine, given, by=world.people["an"], to=world.people["fei"].id, reason="请代拟"
    )
    _, signed = promise(world, "bo")
    with world.engine.database.transaction() as session:
        session.execute(sa.update(Task).where(Task.id == signed).values(signing=None))
    tasks.add_signers(world.engine, signed, by=world.people["bo"], people=[world.people["an"].id])
    arrange(world, "an", "bo")
    arrange(world, "fei", "an")
    add_shifts(
        world.engine,
        by=world.people["chen"],
        role="clerk",
        site=SITE,
        account_id=world.people["an"].id,
        days=[date(2026, 11, 4)],
        since=time(8),
        until=time(20),
    )
    return world


EVERYTHING = {"held": 1, "given": 1, "signing": 1, "absences": 2, "shifts": 1, "started": 3}


def test_everything_that_names_a_person_is_listed(busy: World) -> None:
    assert counted(busy) == EVERYTHING
    found = handing_over(busy.engine, busy.people["an"].id, by=BOSS)
    assert all(said.zh and said.en for group in found.groups for said in group.lines)
    assert found.warnings == ()


def test_it_goes_to_others_in_one_go_and_the_person_is_let_in_no_more(busy: World) -> None:
    done = leave(busy, held="bo", given="bo", signing="chen", absences="guo", shifts="bo", started="bo")
    assert dict(done.done) == EVERYTHING
    assert counted(busy) == {}
    an, bo = busy.people["an"].id, busy.people["bo"].id
    assert person(busy.engine, an).active is False
    assert busy.look(sa.select(Case.started_by)) == [bo] * 3
    assert busy.look(sa.select(Shift.account_id)) == [bo]
    assert busy.look(sa.select(Signer.account_id)) == [busy.people["chen"].id]
    assert sorted(
        busy.rows(sa.select(Substitution.substitute_id, Substitution.ended_at.is_(None)))
    ) == sorted([(bo, False), (busy.people["guo"].id, True)])
    told = [e for c in (1, 2, 3) for e in busy.told(c, "task_handed_over")]
    assert sorted((e.detail["role"], e.detail["to"]) for e in told) == [
        ("giver", "bo"),
        ("holder", "bo"),
        ("signer", "chen"),
    ]
    assert [kind for _, kind in busy.notices("bo")].count("transfer") >= 2


def test_what_may_be_left_ends_or_stays(busy: World) -> None:
    leave(busy, held=QUEUE, given="bo", signing="chen")
    assert busy.look(sa.select(Shift.id)) == []
    assert busy.look(sa.select(Substitution.id).where(Substitution.ended_at.is_(None))) == []
    assert busy.look(sa.select(Case.started_by)) == [busy.people["an"].id] * 3
    assert ("fix", "work") in busy.inbox("r:clerk@hq")


@pytest.mark.parametrize(
    ("receivers", "field", "reason"),
    [
        pytest.param({}, "held", "needed", id="nobody for the tasks"),
        pytest.param({"held": "an"}, "held", "self", id="the one who leaves"),
        pytest.param({"held": "fei"}, "held", "role", id="another role"),
        pytest.param({"held": "guo"}, "held", "role", id="another site"),
        pytest.param({"held": 999}, "held", "gone", id="nobody at all"),
        pytest.param({"held": "bo"}, "given", "needed", id="nobody they come back to"),
        pytest.param({"held": "bo", "given": QUEUE}, "given", "needed", id="a queue they come back to"),
        pytest.param({"held": "bo", "given": "bo"}, "signing", "needed", id="nobody to sign"),
        pytest.param(
            {"held": "bo", "given": "bo", "signing": "bo"}, "signing", "signs", id="the holder signs"
        ),
        pytest.param(
            {"held": "bo", "given": "bo", "signing": "chen", "absences": "fei"},
            "absences",
            "self",
            id="standing in for oneself",
        ),
        pytest.param(
            {"held": "bo", "given": "bo", "signing": "chen", "shifts": "fei"}, "shifts", "role", id="a shift"
        ),
    ],
)
def test_a_bad_choice_is_refused_and_nothing_changes(busy: World, receivers, field, reason) -> None:
    before = busy.everything()
    with pytest.raises(Invalid) as refused:
        leave(busy, **receivers)
    assert (refused.value.facts["field"], refused.value.facts["reason"]) == (field, reason)
    assert busy.everything() == before


def test_what_changed_after_it_was_looked_at_is_looked_at_again(busy: World) -> None:
    account = busy.people["an"].id
    seen = handing_over(busy.engine, account, by=BOSS).seen
    promise(busy, "an")
    with pytest.raises(Invalid) as refused:
        hand_over(
            busy.engine, account, by=BOSS, receivers=dict.fromkeys(KINDS, busy.people["bo"].id), seen=seen
        )
    assert refused.value.facts["reason"] == "changed"
    assert person(busy.engine, account).active


def test_only_an_administrator_and_never_for_oneself(world: World) -> None:
    with pytest.raises(Forbidden):
        handing_over(world.engine, world.people["an"].id, by=world.people["ding"])
    with world.engine.database.transaction() as session:
        session.execute(sa.update(Account).where(Account.login == "ding").values(admin=True))
    me = Actor(world.people["ding"].id, "ding", admin=True)
    seen = handing_over(world.engine, me.id, by=me).seen
    with pytest.raises(Invalid) as refused:
        hand_over(world.engine, me.id, by=me, receivers={}, seen=seen)
    assert refused.value.facts["reason"] == "self"


def test_the_last_of_a_role_and_who_a_drawing_names_are_warned_of(world: World) -> None:
    fei = world.people["fei"].id
    world.draw("named", f's:start -> a:user("clerk" | ({fei}) else queue) -> e:end')
    found = handing_over(world.engine, fei, by=BOSS)
    assert [said.en for said in found.warnings] == [
        "Nobody will be Auditor at Head office; its tasks will go to the role above.",
        "The step “a” of “named” names this person; its owner has to change it.",
    ]
