"""Who signs in, and which roles they hold where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Account(Model):
    """A person who signs in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(100), unique=True)
    name: Mapped[str]
    password: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    admin: Mapped[bool] = mapped_column(default=False)
    #: Made by the demo; a production start refuses these.
    demo: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="")
    theme: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="", server_default="")
    #: How and when they like to be told: channels, quiet hours, digest; see ``engine.domain.reach``.
    reach: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sa.text("'{}'"))
    #: Changes with the password, so that other sessions end.
    session_key: Mapped[str] = mapped_column(default="")


class AccountRole(Model):
    """A role that a person holds at a site (``*``: everywhere)."""

    __tablename__ = "account_role"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    site: Mapped[str] = mapped_column(sa.String(100), primary_key=True)


class RoleChange(Model):
    """What an administrator changed about what somebody may do; only added to."""

    __tablename__ = "role_change"
    __table_args__ = (Index("ix_role_change_account_id", "account_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    #: [role, site] of each.
    added: Mapped[list[Any]] = mapped_column(sa.JSON)
    removed: Mapped[list[Any]] = mapped_column(sa.JSON)
    #: Whether they became an administrator, or are one no more; None when that stayed.
    admin: Mapped[bool | None]
    #: Open tasks that went to others with it.
    handed: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]
