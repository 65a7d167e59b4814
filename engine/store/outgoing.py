"""The rows of deliveries: write, claim, finish; ``due → sending`` is committed before anything leaves.

Whoever claims one has it until its ``run_at``; one that is ``sending`` beyond that may have arrived, and
becomes ``unsure``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store import rows
from engine.store.due import note_armed
from engine.store.models import Account, Delivery, Notice, Webhook
from engine.store.prepared import Prepared
from engine.store.rows import given, table_of

#: What waits for somebody's hand.
STUCK = ("dead", "unsure")
_people = table_of(Account)
#: So many people are asked for at once; of fewer, the first stands for the others.
_AT_ONCE = 6
_REACHED = Prepared(
    sa.select(*(_people.c[name] for name in ("id", "name", "email", "language", "reach"))).where(
        sa.or_(*(_people.c.id == given(f"person{n}") for n in range(_AT_ONCE))),
        _people.c.active,
        _people.c.email != "",
    )
)
_HOOKS = Prepared(sa.select(*table_of(Webhook).c).where(table_of(Webhook).c.active))


# Writing -------------------------------------------------------------------------------------


def add_notices(session: Session, notices: Iterable[Notice]) -> None:
    """Tell people in their pages."""
    rows.add(session, Notice, list(notices))


def add(session: Session, deliveries: Iterable[Delivery]) -> None:
    """Write deliveries; the dispatcher hears of them with the commit."""
    many = list(deliveries)
    rows.add(session, Delivery, many)
    for found in many:
        note_due(session, found)


def added(session: Session, delivery: Delivery) -> Delivery:
    """Write one delivery; its row, which the session knows."""
    rows.add(session, Delivery, [delivery])
    return session.scalars(sa.select(Delivery).where(Delivery.key == delivery.key)).one()


def note_due(session: Session, delivery: Delivery) -> None:
    """Let the dispatcher know when a delivery is to be sent."""
    note_armed(session, delivery.case_id or 0, f"delivery:{delivery.key}", delivery.run_at)


def reached(session: Session, people: Collection[int]) -> list[Account]:
    """Those of these people who can be reached by mail, as rows with no more than it takes."""
    asked, found = sorted(people), []
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        some += some[:1] * (_AT_ONCE - len(some))
        found += _REACHED.rows(session, **{f"_person{n}": person for n, person in enumerate(some)})
    return [rows.made(Account, **values) for values in found]


def webhooks(session: Session) -> list[Webhook]:
    """The systems that are told of events."""
    return [rows.made(Webhook, **values) for values in _HOOKS.rows(session)]


def add_line(session: Session, key: str, line: str) -> bool | None:
    """Add a line to a digest that is still to be sent; False when it has gone, None when there is none."""
    grown = session.execute(
        sa.update(Delivery)
        .where(Delivery.key == key, Delivery.status == "due")
        .values(body=Delivery.body + "\n" + line)
        .execution_options(synchronize_session=False)
    )
    if grown.rowcount:  # type: ignore[attr-defined]
        return True
    is_there = session.scalar(sa.select(sa.exists().where(Delivery.key == key)))
    return False if is_there else None


# Claiming ------------------------------------------------------------------------------------


def first_due(session: Session, now: datetime) -> tuple[Delivery, Account | None, Webhook | None] | None:
    """The delivery that has been due longest, locked, with whom it goes to."""
    found = session.execute(
        sa.select(Delivery, Account, Webhook)
        .outerjoin(Account, Account.id == Delivery.account_id)
        .outerjoin(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.status == "due", Delivery.run_at <= now)
        .order_by(Delivery.run_at, Delivery.id)
        .limit(1)
        .with_for_update(of=Delivery, skip_locked=True)
    ).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def held(session: Session, delivery_id: int, attempt: int) -> Delivery | None:
    """A delivery that somebody claimed, locked, as long as it is still theirs."""
    found = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    return found if found is not None and (found.status, found.attempts) == ("sending", attempt) else None


def locked(session: Session, delivery_id: int) -> Delivery | None:
    """A delivery, locked."""
    return session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)


def end_leases(session: Session, now: datetime, reason: str) -> list[int]:
    """Make ``unsure`` what somebody began to send and never finished; their ids."""
    return list(
        session.scalars(
            sa.update(Delivery)
            .where(Delivery.status == "sending", Delivery.run_at <= now)
            .values(status="unsure", error=reason)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
    )


def hold_back(session: Session, reason: str) -> int:
    """Make ``unsure`` everything on its way: in a copy of an earlier day, it may long have arrived."""
    found = session.execute(
        sa.update(Delivery)
        .where(Delivery.status.in_(["due", "sending"]))
        .values(status="unsure", error=reason)
        .execution_options(synchronize_session=False)
    )
    return int(found.rowcount)  # type: ignore[attr-defined]


# Looking -------------------------------------------------------------------------------------


def next_run(session: Session) -> datetime | None:
    """When the next delivery is to be sent, or the lease of one that is being sent ends."""
    return session.scalar(
        sa.select(sa.func.min(Delivery.run_at)).where(Delivery.status.in_(["due", "sending"]))
    )


def coming(session: Session, until: datetime, limit: int) -> list[datetime]:
    """When deliveries are to be sent that are due until then."""
    return list(
        session.scalars(
            sa.select(Delivery.run_at)
            .where(Delivery.status.in_(["due", "sending"]), Delivery.run_at <= until)
            .order_by(Delivery.run_at)
            .limit(limit)
        )
    )


def count_stuck(session: Session) -> int:
    """How many deliveries wait for somebody's hand."""
    return session.scalar(sa.select(sa.func.count(Delivery.id)).where(Delivery.status.in_(STUCK))) or 0
