"""What people and other systems are told, and what became of each message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Notice(Model):
    """Something a person, or the customer of a case (``account_id`` is None), was told."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_account", "account_id", "read_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(32))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(sa.String(20))
    zh: Mapped[str]
    en: Mapped[str]
    read_at: Mapped[datetime | None]


class Delivery(Model):
    """A message on its way over one channel.

    ``due → sending → sent``, ``due`` again after a failure, ``dead`` after the last. One that was
    ``sending`` when its worker ended may have arrived: it is ``unsure``, and is sent again only by hand.
    What an administrator gives up is ``dropped``.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "status", "run_at"),
        Index("ix_delivery_account", "account_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What makes it one and the same message: never two rows for it.
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    event: Mapped[str] = mapped_column(sa.String(40))
    channel: Mapped[str] = mapped_column(sa.String(20))
    #: Where it goes, without what is secret in it.
    address: Mapped[str]
    webhook_id: Mapped[int | None] = mapped_column(ForeignKey("webhook.id"))
    language: Mapped[str] = mapped_column(sa.String(5))
    subject: Mapped[str]
    body: Mapped[str]
    urgent: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(sa.String(10))
    at: Mapped[datetime]
    #: Not before: quiet hours, a digest, the wait after a failure.
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]


class Webhook(Model):
    """Another system that is told of events, each message signed with a secret."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    secret: Mapped[str]
    #: The events it is told of; empty for all.
    events: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    by: Mapped[str]
    at: Mapped[datetime]
