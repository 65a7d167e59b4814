"""Masters: rows that all cases share, every entry of each, and which cases concern which row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class MasterRow(Model):
    """A row of a master as its latest entry says it; known by its key at a site, or everywhere."""

    __tablename__ = "master_row"
    __table_args__ = (UniqueConstraint("master", "site", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    master: Mapped[str] = mapped_column(sa.String(100))
    site: Mapped[str] = mapped_column(sa.String(100))
    key: Mapped[str] = mapped_column(sa.String(200))
    values: Mapped[dict[str, Any]]
    #: The words it is found by: those that everybody may know, and all of them.
    found: Mapped[str]
    found_all: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    #: It is no longer valid: kept, shown, and offered to nobody.
    void: Mapped[bool] = mapped_column(default=False)
    void_reason: Mapped[str] = mapped_column(default="")
    entries: Mapped[int] = mapped_column(default=0)


class MasterEntry(Model):
    """Every entry ever made of a row, with the case that made it; nothing is edited away."""

    __tablename__ = "master_entry"
    __table_args__ = (UniqueConstraint("row_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("master_row.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    #: None for what was brought in when the installation was set up, or imported.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    #: The name of the spreadsheet that it was imported from, or "".
    file: Mapped[str] = mapped_column(default="")
    values: Mapped[dict[str, Any]]
    void: Mapped[bool] = mapped_column(default=False)
    void_reason: Mapped[str] = mapped_column(default="")


class CaseAbout(Model):
    """A case concerns a row of a master: it chose it in a form, or changed it."""

    __tablename__ = "case_about"
    __table_args__ = (Index("ix_case_about_row", "row_id", "case_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("master_row.id"), primary_key=True)
