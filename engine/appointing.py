"""Change what somebody may do: their roles at sites, and whether they look after the installation.

Looked at first (:func:`engine.review_roles`), then done in one go: tasks that they would have no role for
go to others as in a hand-over, shifts of a role that they lose are taken off the roster.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from engine import handing, procedures, steps
from engine.domain.facts import EVERYWHERE, Actor, TaskId
from engine.domain.views import RoleReview, Words
from engine.errors import Invalid, ReasonMissing
from engine.queries.appointing import lost_by, review
from engine.queries.leaving import person_of
from engine.queries.lines import role_words
from engine.queries.why import site_words
from engine.retrying import again_when_changed
from engine.store import absences, appointing, locking
from engine.store.database import Session
from engine.store.models import Account, Notice, RoleChange
from engine.wiring import Engine

#: In place of a person: back to the queue of the roles.
QUEUE = 0
LONGEST_REASON = 500


@again_when_changed
def change_roles(
    engine: Engine,
    account_id: int,
    *,
    by: Actor,
    roles: Collection[tuple[str, str]],
    admin: bool,
    reason: str,
    seen: str,
    receiver: int | None = QUEUE,
) -> RoleReview:
    """Let somebody hold exactly ``roles`` as (role id, site id or EVERYWHERE); return what it did.

    ``receiver`` gets the tasks that they have no role for any more: an account id, QUEUE gives them back to
    their roles, None refuses when there are any. ``seen`` is what :func:`review_roles` gave. Raises
    :class:`Forbidden` for who is no administrator, :class:`ReasonMissing`, and :class:`Invalid` with the
    facts ``field`` (``roles``, ``admin``, ``held``) and ``reason``; nothing has changed then.
    """
    said = " ".join(reason.split())
    if not said or len(said) > LONGEST_REASON:
        raise ReasonMissing(field="reason")
    with engine.database.transaction() as session:
        appointing.administrators(session, lock=True)
        person = person_of(session, account_id, by)
        about = review(engine, session, person, roles, admin)
        if about.seen != seen:
            raise Invalid("Something changed meanwhile; look again.", field="person", reason="changed")
        tasks, shifts = lost_by(engine, session, person, roles)
        to = _receiver(session, person, receiver) if tasks else None
        appointing.change(session, person.id, added=about.added, removed=about.removed)
        person.admin = admin
        for task_id in tasks:
            _hand(engine, session, by, person, task_id, to)
        for shift in shifts:
            session.delete(shift)
        now = engine.now()
        session.add(
            RoleChange(
                account_id=person.id,
                added=[list(pair) for pair in about.added],
                removed=[list(pair) for pair in about.removed],
                admin=about.admin,
                handed=len(tasks),
                reason=said,
                by_id=by.id,
                by=by.name,
                at=now,
            )
        )
        if person.id != by.id:
            session.add(_notice(engine, about, by, now))
    engine.dispatcher.wake()
    return about


def _hand(
    engine: Engine, session: Session, by: Actor, person: Account, task_id: str, to: Account | None
) -> None:
    case, task = locking.lock_case_of_task(session, TaskId(task_id))
    step = steps.step_for(engine, session, case, procedures.of_version(engine, session, case.version_id), by)
    if to is None and not task.candidates:
        raise _refused("no-role", step=case.number)
    if to is not None and not handing.may_have(step, task, to.id):
        raise _refused("role", step=case.number)
    because = Words(f"{person.name} 不再担任此岗位", f"{person.name} has this role no more")
    handing.hand(step, task, to, held_by=person.name, because=because)


def _receiver(session: Session, person: Account, chosen: int | None) -> Account | None:
    if chosen is None:
        raise _refused("needed")
    if chosen == QUEUE:
        return None
    found = absences.people(session, [chosen]).get(chosen)
    if found is None or not found.active:
        raise _refused("gone")
    if chosen == person.id:
        raise _refused("self")
    return found


def _refused(reason: str, **facts: object) -> Invalid:
    return Invalid("These tasks cannot go so.", field="held", reason=reason, **facts)


def _notice(engine: Engine, about: RoleReview, by: Actor, now: datetime) -> Notice:
    """What the person is told."""

    def named(pairs: Collection[tuple[str, str]], english: bool) -> str:
        return ("; " if english else "、").join(
            f"{_of(role_words(engine, role), english)} · {_of(_place(engine, site), english)}"
            for role, site in pairs
        )

    zh, en = [], []
    if about.added:
        zh.append(f"新增岗位：{named(about.added, False)}")
        en.append(f"new roles: {named(about.added, True)}")
    if about.removed:
        zh.append(f"不再担任：{named(about.removed, False)}")
        en.append(f"no longer: {named(about.removed, True)}")
    if about.admin is not None:
        zh.append("成为管理员" if about.admin else "不再是管理员")
        en.append("you are an administrator" if about.admin else "you are an administrator no more")
    return Notice(
        account_id=about.person_id,
        at=now,
        kind="roles",
        zh=f"{by.name} 修改了您的岗位。{'；'.join(zh)}",
        en=f"{by.name} changed your roles: {'; '.join(en)}",
    )


def _place(engine: Engine, site: str) -> Words:
    return Words("所有站点", "every site") if site == EVERYWHERE else site_words(engine, site)


def _of(words: Words, english: bool) -> str:
    return words.en if english else words.zh
