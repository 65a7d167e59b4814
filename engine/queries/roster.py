"""The roster on a screen: a week of one role at one site."""

from __future__ import annotations

from datetime import date, timedelta

from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.views import Roster, RosterPerson, RosterShift
from engine.errors import Forbidden, NotFound
from engine.queries.lines import role_words
from engine.rosters import bounds, may_plan
from engine.store import shifts
from engine.wiring import Engine


def roster(engine: Engine, actor: Actor, *, role: str, site: str, week: date) -> Roster:
    """Who is on duty when in the week that begins on a Monday.

    Whoever works at the site reads it. Raises :class:`NotFound`, :class:`Forbidden`.
    """
    if role not in engine.organisation.roles or site not in engine.organisation.sites:
        raise NotFound("There is no such role or site.", role=role, site=site)
    if not (actor.admin or any(at in (site, EVERYWHERE) for _, at in actor.roles)):
        raise Forbidden(site=site)
    zone = engine.zone_of(site)
    with engine.database.look() as session:
        people = shifts.people(session, role, site)
        rows = shifts.of_week(session, role, site, *bounds(engine, site, week))
    now = engine.now()
    cells: dict[int, dict[int, list[RosterShift]]] = {account: {} for account in people}
    for row in rows:
        since, until = row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)
        cell = cells.setdefault(row.account_id, {}).setdefault((since.date() - week).days, [])
        cell.append(RosterShift(row.id, since, until, row.starts_at <= now < row.ends_at))
    return Roster(
        role=role,
        role_name=role_words(engine, role),
        site=site,
        week=week,
        days=tuple(week + timedelta(days=n) for n in range(7)),
        people=tuple(
            RosterPerson(
                id=account,
                name=people[account][0] if account in people else "",
                days=tuple(tuple(found.get(n, ())) for n in range(7)),
            )
            for account, found in cells.items()
        ),
        may_plan=may_plan(engine, actor, role, site),
    )
