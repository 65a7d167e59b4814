"""Who is on duty in which role at which site: add, remove, repeat a week, take a pasted table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.rosters import Problem, overlaps, read_roster, shift_on
from engine.domain.views import Words
from engine.errors import Forbidden, Invalid, NotFound
from engine.store import shifts
from engine.store.database import Session
from engine.store.models import Shift
from engine.wiring import Engine


@dataclass(frozen=True)
class Copied:
    """What became of a week that was repeated: shifts that were added, and that were left out."""

    added: int
    left_out: int


def may_plan(engine: Engine, actor: Actor, role: str, site: str) -> bool:
    """Say whether somebody may change the roster of a role: whoever holds a role above it there."""
    if actor.admin:
        return True
    above = engine.organisation.supervisors(role)
    # A role with nobody above it plans for itself.
    return any(actor.has_role(one.id, site) for one in above) or (not above and actor.has_role(role, site))


def add_shifts(
    engine: Engine,
    *,
    by: Actor,
    role: str,
    site: str,
    account_id: int,
    days: Collection[date],
    since: time,
    until: time,
) -> int:
    """Put somebody on duty on some days; give how many shifts that are.

    Raises :class:`Forbidden`, :class:`Invalid` with the facts ``field`` and ``reason``.
    """
    _require_may_plan(engine, by, role, site)
    if not days:
        raise Invalid("Choose a day.", field="days", reason="none")
    zone = engine.zone_of(site)
    wanted = [shift_on(day, since, until, zone) for day in sorted(set(days))]
    with engine.database.transaction() as session:
        if account_id not in shifts.people(session, role, site):
            raise Invalid("This person does not hold the role here.", field="person", reason="role")
        standing = shifts.times(session, account_id, role, site, wanted[0][0], wanted[-1][1])
        if any(overlaps(one, standing) for one in wanted):
            raise Invalid("This person is on duty then already.", field="days", reason="twice")
        _add(session, role, site, ((account_id, *one) for one in wanted))
    return len(wanted)


def remove_shift(engine: Engine, shift_id: int, *, by: Actor) -> None:
    """Take a shift out of the roster."""
    with engine.database.transaction() as session:
        row = session.get(Shift, shift_id)
        if row is None:
            raise NotFound("There is no such shift.", shift=shift_id)
        _require_may_plan(engine, by, row.role, row.site)
        session.delete(row)


def copy_week(engine: Engine, *, by: Actor, role: str, site: str, week: date) -> Copied:
    """Repeat the shifts of the week before in the week that begins on a day.

    What overlaps a shift that stands is left out, and who does not hold the role any more.
    """
    _require_may_plan(engine, by, role, site)
    zone = engine.zone_of(site)
    with engine.database.transaction() as session:
        holders = shifts.people(session, role, site)
        before = shifts.of_week(session, role, site, *bounds(engine, site, week - timedelta(days=7)))
        wanted = []
        for row in before:
            # The same hours by the clock on the wall, whatever it did in between.
            since, until = (
                datetime.combine(local.date() + timedelta(days=7), local.time(), zone)
                for local in (row.starts_at.astimezone(zone), row.ends_at.astimezone(zone))
            )
            standing = shifts.times(session, row.account_id, role, site, since, until)
            if row.account_id in holders and not overlaps((since, until), standing):
                wanted.append((row.account_id, since, until))
        _add(session, role, site, wanted)
    return Copied(len(wanted), len(before) - len(wanted))


def import_shifts(
    engine: Engine, text: str, *, by: Actor, role: str, site: str, week: date
) -> tuple[int, tuple[Problem, ...]]:
    """Take a pasted roster whole: how many shifts; or nothing, and what is wrong with which line."""
    _require_may_plan(engine, by, role, site)
    planned, problems = read_roster(text, week, engine.zone_of(site))
    with engine.database.transaction() as session:
        holders = shifts.people(session, role, site)
        named: dict[str, list[int]] = {}
        for account_id, (name, login) in holders.items():
            for key in {name, login}:
                named.setdefault(key.casefold(), []).append(account_id)
        wanted: list[tuple[int, datetime, datetime]] = []
        for one in planned:
            found = named.get(one.who.casefold(), [])
            if len(found) != 1:
                said = (
                    Words(
                        f"“{one.who}”不止一人，请写登录名", f"“{one.who}” is several people: write the login"
                    )
                    if found
                    else Words(f"“{one.who}”在此站点没有这个岗位", f"“{one.who}” does not hold the role here")
                )
                problems.append(Problem(one.line, said))
                continue
            span = (one.starts_at, one.ends_at)
            others = shifts.times(session, found[0], role, site, *span)
            others += [(since, until) for account, since, until in wanted if account == found[0]]
            if overlaps(span, others):
                said = Words(f"“{one.who}”那时已有班次", f"“{one.who}” is on duty then already")
                problems.append(Problem(one.line, said))
            wanted.append((found[0], *span))
        if problems:
            return 0, tuple(dict.fromkeys(sorted(problems, key=lambda found: found.line)))
        _add(session, role, site, wanted)
    return len(wanted), ()


def bounds(engine: Engine, site: str, week: date) -> tuple[datetime, datetime]:
    """The first and the last moment of a week at a site."""
    zone = engine.zone_of(site)
    return (
        datetime.combine(week, time(), zone),
        datetime.combine(week + timedelta(days=7), time(), zone),
    )


def _require_may_plan(engine: Engine, by: Actor, role: str, site: str) -> None:
    if role not in engine.organisation.roles or site not in engine.organisation.sites or site == EVERYWHERE:
        raise NotFound("There is no such role or site.", role=role, site=site)
    if not may_plan(engine, by, role, site):
        raise Forbidden(role=role, site=site)


def _add(session: Session, role: str, site: str, found: Iterable[tuple[int, datetime, datetime]]) -> None:
    session.add_all(
        Shift(account_id=account, role=role, site=site, starts_at=since, ends_at=until)
        for account, since, until in found
    )
