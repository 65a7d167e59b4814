"""Append-only books: numbers, registers, papers, files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Series(Model):
    """A series of numbers; ``last`` is the latest one given out."""

    __tablename__ = "series"

    id: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    last: Mapped[int]


class IssuedNumber(Model):
    """A number that was given out: kept for ever, void or not (工作单号要求连续，不得丢失，废单保留)."""

    __tablename__ = "issued_number"
    __table_args__ = (UniqueConstraint("series", "seq"), UniqueConstraint("series", "text"))

    id: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(sa.String(100))
    seq: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(100))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    at: Mapped[datetime]
    void_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(default="")
    #: The step that asked for it was withdrawn; its case is given it again.
    unused_at: Mapped[datetime | None]


class RegisterRow(Model):
    """A row of a register as its latest entry says it."""

    __tablename__ = "register_row"
    __table_args__ = (
        UniqueConstraint("register", "case_id", "key"),
        Index("ix_register_row_at", "register", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(sa.String(100))
    procedure: Mapped[str] = mapped_column(sa.String(100))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(200), default="")
    site: Mapped[str] = mapped_column(sa.String(100))
    at: Mapped[datetime]
    by: Mapped[str]
    values: Mapped[dict[str, Any]]
    search: Mapped[str]
    void: Mapped[bool] = mapped_column(default=False)
    void_reason: Mapped[str] = mapped_column(default="")
    entries: Mapped[int] = mapped_column(default=1)


class RegisterEntry(Model):
    """Every entry ever made; a correction is a later entry, nothing is edited away."""

    __tablename__ = "register_entry"
    __table_args__ = (UniqueConstraint("row_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("register_row.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    values: Mapped[dict[str, Any]]
    void: Mapped[bool] = mapped_column(default=False)
    void_reason: Mapped[str] = mapped_column(default="")


class Paper(Model):
    """A document filed by a case, with the data of that day."""

    __tablename__ = "paper"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("procedure_version.id"))
    process: Mapped[str] = mapped_column(sa.String(100))
    document: Mapped[str] = mapped_column(sa.String(100))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


class Attachment(Model):
    """A file of a case; the bytes lie beside the database under their digest."""

    __tablename__ = "attachment"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(32))
    field: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    mime: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    by: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
