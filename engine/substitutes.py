"""Who stands in for whom, from when until when (离岗委托)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from engine.domain import standing_in
from engine.domain.facts import Actor, UserId
from engine.domain.standing_in import Absence
from engine.errors import Forbidden, Invalid, NotFound
from engine.store import absences, beginning
from engine.store.database import Session
from engine.store.models import Substitution
from engine.wiring import Engine

#: Characters of a reason.
LONGEST = 500


def substitute(
    engine: Engine,
    account_id: int,
    *,
    by: Actor,
    substitute_id: int,
    starts_at: datetime,
    ends_at: datetime,
    procedures: Collection[str] = (),
    reason: str = "",
) -> int:
    """Let somebody do another person's work from one moment until another; give its number.

    Somebody who is away says so themselves, or their supervisor or an administrator does. Raises
    :class:`Invalid` with the facts ``field`` and ``reason`` (those of :data:`standing_in.Refusal`, or
    ``unknown``), :class:`Forbidden`, :class:`NotFound`.
    """
    new = Absence(account_id, substitute_id, starts_at, ends_at, frozenset(procedures))
    with engine.database.transaction() as session:
        absences.lock_all(session)
        people = absences.people(session, [account_id, substitute_id])
        if account_id not in people:
            raise NotFound("There is no such person.", person=account_id)
        if not may_arrange(engine, session, by, account_id):
            raise Forbidden(person=account_id)
        if substitute_id not in people or not people[substitute_id].active:
            raise Invalid("Nobody stands in who does not sign in.", field="substitute", reason="unknown")
        for procedure in new.procedures:
            if beginning.latest_version(session, procedure) is None:
                raise Invalid("There is no such procedure.", field="procedures", reason="unknown")
        refused = standing_in.refusal(new, absences.standing(session, engine.now()), now=engine.now())
        if refused is not None:
            field = "ends" if refused in ("period", "past", "long") else "substitute"
            raise Invalid("This cannot be arranged.", field=field, reason=refused)
        row = Substitution(
            account_id=account_id,
            substitute_id=substitute_id,
            starts_at=starts_at,
            ends_at=ends_at,
            procedures=sorted(new.procedures),
            reason=reason.strip()[:LONGEST],
            by_id=by.id,
            at=engine.now(),
        )
        session.add(row)
        name = people[account_id].name
        absences.tell(session, substitute_id, engine.now(), name, row, engine.zone_at_home)
        session.flush()
        return row.id


def end_substitution(engine: Engine, substitution_id: int, *, by: Actor) -> None:
    """End a substitution now: by either of the two, a supervisor of the one who is away, an administrator.

    One that is over stays as it was.
    """
    with engine.database.transaction() as session:
        absences.lock_all(session)
        row = session.get(Substitution, substitution_id)
        if row is None:
            raise NotFound("There is no such substitution.", substitution=substitution_id)
        if by.id != row.substitute_id and not may_arrange(engine, session, by, row.account_id):
            raise Forbidden(substitution=substitution_id)
        if row.ended_at is None and row.ends_at > engine.now():
            row.ended_at = engine.now()


def may_arrange(engine: Engine, session: Session, by: Actor, account_id: int) -> bool:
    """Say whether somebody may say who stands in for a person: themselves, their supervisors."""
    if by.admin or by.id == UserId(account_id):
        return True
    return any(
        by.has_role(above.id, site)
        for role, site in absences.roles(session, account_id)
        for above in engine.organisation.supervisors(role)
    )
