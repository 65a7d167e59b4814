"""Messages on their way out of the house, and the other systems that are told of events."""

from __future__ import annotations

import sqlalchemy as sa

from engine.domain.facts import Actor, CaseId
from engine.domain.views import DeliveryLine, Page, WebhookLine
from engine.errors import Forbidden
from engine.queries.lines import matches, paged
from engine.reaching import shown_url
from engine.store.models import Account, Case, Delivery, Webhook
from engine.wiring import Engine

SIZE = 50
#: What waits for somebody's hand comes first.
_ORDER = sa.case((Delivery.status.in_(["dead", "unsure"]), 0), else_=1)


def list_deliveries(
    engine: Engine, actor: Actor, *, status: str = "", channel: str = "", person: str = "", page: int = 1
) -> Page[DeliveryLine]:
    """Deliveries for an administrator: what waits for a hand first, then the newest first."""
    if not actor.admin:
        raise Forbidden
    statement = (
        sa.select(Delivery, Account.name.label("person"), Case.number.label("case_number"))
        .outerjoin(Account, Account.id == Delivery.account_id)
        .outerjoin(Case, Case.id == Delivery.case_id)
        .where(matches(person, Account.name, Account.login, Delivery.address))
        .order_by(_ORDER, Delivery.id.desc())
    )
    if status:
        statement = statement.where(Delivery.status == status)
    if channel:
        statement = statement.where(Delivery.channel == channel)
    with engine.database.look() as session:
        found, total, page, size = paged(session, statement, page=page, size=SIZE)
    return Page([_line(row.Delivery, row.person, row.case_number) for row in found], total, page, size)


def _line(row: Delivery, person: str | None, case_number: str | None) -> DeliveryLine:
    return DeliveryLine(
        id=row.id,
        event=row.event,
        channel=row.channel,
        address=row.address,
        person=person or "",
        case_id=CaseId(row.case_id) if row.case_id else None,
        case_number=case_number or "",
        subject=row.subject,
        urgent=row.urgent,
        status=row.status,
        at=row.at,
        run_at=row.run_at,
        attempts=row.attempts,
        error=row.error or "",
        sent_at=row.sent_at,
    )


def list_webhooks(engine: Engine, actor: Actor) -> list[WebhookLine]:
    """The other systems, by name; their secrets are not shown again."""
    if not actor.admin:
        raise Forbidden
    with engine.database.look() as session:
        rows = session.scalars(sa.select(Webhook).order_by(Webhook.name, Webhook.id)).all()
    return [
        WebhookLine(row.id, row.name, shown_url(row.url), tuple(row.events), row.active, row.by, row.at)
        for row in rows
    ]
