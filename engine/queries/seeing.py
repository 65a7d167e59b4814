"""Who may see what: the cases a person sees, and whose personal data lie open before them.

A case is seen by an administrator, by whoever takes part in it, signs in it, has it in the inbox or in copy,
and by whoever holds a role of its lanes, or one above, at its site. Personal data are open only to those who
take part or sign, hold a lane's role there, or lead those who do; everybody else reads them masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain import assignment
from engine.domain.facts import EVERYWHERE, Actor
from engine.errors import Forbidden
from engine.procedures import Published
from engine.store.models import Case, Copy, Inbox, Signer, Task, Version
from engine.wiring import Engine

#: Who signs, or has signed; not who was taken off before that.
_COUNTS = sa.or_(Signer.removed_at.is_(None), Signer.answer.is_not(None))

#: Rows of the inbox that ask somebody to do something, beside those that only let them watch.
_ASKED = ("work", "sign")


@dataclass(frozen=True)
class Sight:
    """How much of a case a person sees."""

    sees: bool
    #: Personal data are open; otherwise they are masked.
    near: bool


def principals(engine: Engine, actor: Actor) -> tuple[str, ...]:
    """The inbox keys of a person: themselves, and each role at each site."""
    return assignment.principals(actor, engine.organisation.sites)


def with_supervisors(engine: Engine, roles: Iterable[str]) -> frozenset[str]:
    """The roles and all roles above them."""
    roles = frozenset(roles)
    return roles | {above.id for role in roles for above in engine.organisation.supervisors(role)}


def sites_of(actor: Actor, roles: Iterable[str]) -> frozenset[str]:
    """The sites at which a person holds one of the roles; EVERYWHERE alone when it is all of them."""
    wanted = frozenset(roles)
    sites = frozenset(site for role, site in actor.roles if role in wanted)
    return frozenset({EVERYWHERE}) if EVERYWHERE in sites else sites


def holds(actor: Actor, roles: Iterable[str], site: str) -> bool:
    """Say whether a person holds one of the roles at a site."""
    return any(actor.has_role(role, site) for role in roles)


def sight(engine: Engine, session: Session, case: Case, published: Published, actor: Actor) -> Sight:
    """How much of a case this person sees."""
    if actor.id is None:
        return Sight(actor.admin, actor.admin)
    away = [one.id for one in actor.stands_in_for if one.covers(case.procedure)]
    keys = (*principals(engine, actor), *(f"u:{one}" for one in away))
    in_inbox = sa.select(Inbox.task_id).join(Task).where(Task.case_id == case.id, Inbox.who.in_(keys))
    signs = sa.select(Signer.id).join(Task, Task.id == Signer.task_id).where(Task.case_id == case.id)
    had_task, signed, has_work, watches, copied = session.execute(
        sa.select(
            sa.exists().where(
                Task.case_id == case.id, sa.or_(Task.assignee_id == actor.id, Task.done_by == actor.id)
            ),
            signs.where(_signer(actor), _COUNTS).exists(),
            in_inbox.where(Inbox.kind.in_(_ASKED)).exists(),
            in_inbox.exists(),
            sa.exists().where(Copy.case_id == case.id, Copy.account_id == actor.id),
        )
    ).one()
    lanes = published.lane_roles(engine)
    # Who leads those that do the work answers for it, and cannot with half of it blacked out.
    leads = {above.id for role in lanes for above in engine.organisation.supervisors(role)[:1]}
    takes_part = case.started_by == actor.id or had_task or signed or has_work
    near = takes_part or holds(actor, lanes | leads, case.site)
    above = holds(actor, with_supervisors(engine, lanes), case.site)
    return Sight(sees=near or watches or copied or above or actor.admin, near=near)


def require_sight(engine: Engine, session: Session, case: Case, published: Published, actor: Actor) -> Sight:
    """The same, or :class:`Forbidden` when the person does not see the case at all."""
    found = sight(engine, session, case, published, actor)
    if not found.sees:
        raise Forbidden(case=case.id)
    return found


def visible(engine: Engine, session: Session, actor: Actor) -> sa.ColumnElement[bool]:
    """The condition on ``case`` that keeps the cases which this person sees."""
    if actor.admin:
        return sa.true()
    started = Case.started_by == actor.id
    took_part = sa.or_(Task.assignee_id == actor.id, Task.done_by == actor.id)
    has_before_them = sa.or_(Inbox.who.in_(principals(engine, actor)), *_of_the_absent(actor))
    signed = sa.select(Task.case_id).join(Signer, Signer.task_id == Task.id)
    signed = signed.where(_signer(actor), _COUNTS)
    asked = sa.union_all(signed, sa.select(Copy.case_id).where(Copy.account_id == actor.id))
    lanes = _by_lanes(engine, session, actor)
    if lanes:
        # Somebody who sees very many: each is looked at until there are enough.
        of_case = sa.select(Task.id).where(Task.case_id == Case.id)
        opened = of_case.where(Task.status == "open").join(Inbox, Inbox.task_id == Task.id)
        return sa.or_(
            *lanes,
            started,
            of_case.where(took_part).exists(),
            opened.where(has_before_them).exists(),
            Case.id.in_(asked),
        )
    # Somebody who sees few: they are found by what the person did.
    done = sa.select(Task.case_id).where(Task.done_by == actor.id)
    theirs = sa.select(Task.case_id).where(Task.assignee_id == actor.id)
    shown = sa.select(Task.case_id).join(Inbox, Inbox.task_id == Task.id).where(has_before_them)
    return sa.or_(started, Case.id.in_(sa.union_all(theirs, done, shown, *asked.selects)))


def _signer(actor: Actor) -> sa.ColumnElement[bool]:
    """Who signs, or has signed in another's place."""
    return sa.or_(Signer.account_id == actor.id, Signer.answered_by == actor.id)


def _of_the_absent(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """The open tasks of those for whom a person stands in."""
    found: list[sa.ColumnElement[bool]] = []
    for one in actor.stands_in_for:
        theirs = (Inbox.who == f"u:{one.id}") & Inbox.kind.in_(_ASKED)
        found.append(theirs & Inbox.procedure.in_(one.procedures) if one.procedures else theirs)
    return found


def _by_lanes(engine: Engine, session: Session, actor: Actor) -> list[sa.ColumnElement[bool]]:
    if not actor.roles:
        return []
    # Versions never change and are parsed once a process, so that this costs one narrow statement.
    versions: dict[frozenset[str], list[int]] = {}
    for version_id in session.scalars(sa.select(Version.id)):
        published = procedures.of_version(engine, session, version_id)
        roles = with_supervisors(engine, published.lane_roles(engine))
        versions.setdefault(sites_of(actor, roles), []).append(version_id)
    return [
        Case.version_id.in_(ids) if EVERYWHERE in sites else Case.version_id.in_(ids) & Case.site.in_(sites)
        for sites, ids in versions.items()
        if sites
    ]
