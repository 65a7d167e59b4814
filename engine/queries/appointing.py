"""What somebody holds and what follows from it; what a change of it would do, before it is saved."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.views import HandOverGroup, Post, RoleChanged, RoleReview, Words
from engine.errors import Forbidden, Invalid
from engine.queries.leaving import SHOWN, person_of
from engine.queries.lines import names_of, role_words
from engine.queries.seeing import with_supervisors
from engine.queries.why import site_words
from engine.store import appointing, repository
from engine.store.models import Account, Shift
from engine.wiring import Engine

Held = tuple[str, str]
#: Changes that a page shows.
CHANGES = 20


def posts_of(engine: Engine, account_id: int) -> list[Post]:
    """What somebody holds, with the department and the manager that follow from each role."""
    organisation = engine.organisation
    found = []
    with engine.database.look() as session:
        for name, site in sorted(appointing.roles(session, account_id)):
            role = organisation.roles.get(name)
            department = organisation.departments.get(role.department) if role else None
            above = role.reports_to if role else ""
            ids = repository.holders(session, {above}, site).get(above, ()) if above else ()
            found.append(
                Post(
                    name,
                    site,
                    Words(department.zh, department.en) if department else None,
                    department is not None and department.head == name,
                    role_words(engine, above) if above else None,
                    tuple(sorted(names_of(session, ids).values())),
                )
            )
    return found


def role_changes(engine: Engine, account_id: int, *, by: Actor) -> list[RoleChanged]:
    """What was changed about somebody, the latest first; for administrators."""
    if not by.admin:
        raise Forbidden(person=account_id)
    with engine.database.look() as session:
        return [
            RoleChanged(
                row.at, row.by, row.reason, _pairs(row.added), _pairs(row.removed), row.admin, row.handed
            )
            for row in appointing.changes(session, account_id, CHANGES)
        ]


def review_roles(
    engine: Engine, account_id: int, *, by: Actor, roles: Collection[Held], admin: bool
) -> RoleReview:
    """What it would do if somebody held exactly ``roles``; refuses as :func:`engine.change_roles`."""
    with engine.database.look() as session:
        return review(engine, session, person_of(session, account_id, by), roles, admin)


def review(
    engine: Engine, session: Session, person: Account, roles: Collection[Held], admin: bool
) -> RoleReview:
    """The same within a transaction."""
    wanted, now = set(roles), appointing.roles(session, person.id)
    added, removed = sorted(wanted - now), sorted(now - wanted)
    _require_known(engine, added)
    if not added and not removed and admin == person.admin:
        raise Invalid("Nothing would change.", field="roles", reason="same")
    if person.admin and not admin and not appointing.administrators(session) - {person.id}:
        raise Invalid("Somebody has to be an administrator.", field="admin", reason="last")
    held, shifts = _lost(engine, session, person, wanted)
    zone = engine.zone_at_home
    groups = (
        HandOverGroup("held", len(held), tuple(_task(engine, session, row) for row in held[:SHOWN])),
        HandOverGroup(
            "shifts",
            len(shifts),
            tuple(
                Words(
                    f"{row.starts_at.astimezone(zone):%m月%d日 %H:%M} {role_words(engine, row.role).zh}",
                    f"{row.starts_at.astimezone(zone):%b %d, %H:%M} {role_words(engine, row.role).en}",
                )
                for row in shifts[:SHOWN]
            ),
        ),
    )
    keys = [
        *(row.id for row in held),
        *(str(row.id) for row in shifts),
        *map(str, sorted(now)),
        str(person.admin),
    ]
    return RoleReview(
        person_id=person.id,
        name=person.name,
        added=tuple(added),
        removed=tuple(removed),
        admin=None if admin == person.admin else admin,
        groups=groups,
        warnings=tuple(_nobody_left(engine, session, person, removed, wanted)),
        seen=hashlib.sha256("\n".join(keys).encode()).hexdigest(),
    )


def lost_by(
    engine: Engine, session: Session, person: Account, roles: Collection[Held]
) -> tuple[list[str], list[Shift]]:
    """The ids of the open tasks, and the shifts, that somebody would have no role for."""
    held, shifts = _lost(engine, session, person, set(roles))
    return [row.id for row in held], shifts


def _lost(
    engine: Engine, session: Session, person: Account, wanted: Collection[Held]
) -> tuple[list[Any], list[Shift]]:
    now = appointing.roles(session, person.id)
    held = [row for row in appointing.open_tasks(session, person.id) if _loses(engine, row, now, wanted)]
    shifts = [
        row
        for row in appointing.shifts(session, person.id, engine.now())
        if _has(now, {row.role}, row.site) and not _has(wanted, {row.role}, row.site)
    ]
    return held, shifts


def _require_known(engine: Engine, added: Collection[Held]) -> None:
    for name, site in added:
        role = engine.organisation.roles.get(name)
        if role is None or role.outside:
            raise Invalid("There is no such role.", field="roles", reason="unknown-role", role=name)
        if site != EVERYWHERE and site not in engine.organisation.sites:
            raise Invalid("There is no such site.", field="roles", reason="unknown-site", site=site)


def _loses(engine: Engine, row: Any, now: Collection[Held], wanted: Collection[Held]) -> bool:
    """Whether a task is somebody's through a role that they would not have any more."""
    asked = {str(role) for role in row.candidates} | ({row.role} if row.role else set())
    roles = with_supervisors(engine, asked)
    return _has(now, roles, row.site) and not _has(wanted, roles, row.site)


def _has(held: Collection[Held], roles: Collection[str], site: str) -> bool:
    return any(role in roles and at in (site, EVERYWHERE) for role, at in held)


def _task(engine: Engine, session: Session, row: Any) -> Words:
    name = procedures.of_version(engine, session, row.version_id).node_name(row.process, row.node)
    return Words(f"{row.number} {row.subject} · {name.zh}", f"{row.number} {row.subject} · {name.en}")


def _nobody_left(
    engine: Engine, session: Session, person: Account, removed: Collection[Held], wanted: Collection[Held]
) -> list[Words]:
    kept = {*wanted, *appointing.held_by_others(session, person.id)}
    return [
        Words(
            f"此后{'所有站点' if site == EVERYWHERE else site_words(engine, site).zh}没有人担任"
            f"{role_words(engine, role).zh}，其任务将交给上级岗位。",
            f"Nobody will be {role_words(engine, role).en} at "
            f"{'every site' if site == EVERYWHERE else site_words(engine, site).en}; "
            "its tasks will go to the role above.",
        )
        for role, site in removed
        if (role, site) not in kept and (role, EVERYWHERE) not in kept
    ]


def _pairs(found: Collection[Any]) -> tuple[Held, ...]:
    return tuple((str(role), str(site)) for role, site in found)
