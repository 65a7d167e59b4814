"""What passes between people over a case: signers, copies, comments, stand-ins, views of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Signer(Model):
    """Somebody who signs beside, before or after the one who holds a task (加签, 会签)."""

    __tablename__ = "signer"
    __table_args__ = (
        Index("ix_signer_task", "task_id", "place", "seq"),
        Index("ix_signer_account", "account_id", "answered_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    #: before: the holder waits for them; beside: they answer while the holder works; after: once the
    #: holder is done, the case waits for them.
    place: Mapped[str] = mapped_column(sa.String(10))
    #: Their turn among those of the same place, from 1.
    seq: Mapped[int]
    weight: Mapped[int] = mapped_column(default=1)
    #: Drawn in the procedure (None) or added by somebody.
    added_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    added_at: Mapped[datetime]
    #: agree or disagree; None until they answered.
    answer: Mapped[str | None] = mapped_column(sa.String(10))
    opinion: Mapped[str] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    #: Who answered: themselves, or whoever stood in for them.
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    #: Taken off again (减签) before they answered, or not needed any more.
    removed_at: Mapped[datetime | None]


class Copy(Model):
    """A case that was put before somebody to know of it (抄送)."""

    __tablename__ = "copy"
    __table_args__ = (Index("ix_copy_account", "account_id", "read_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(32))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime | None]


class Comment(Model):
    """What somebody said about a case, to colleagues or to the customer."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(32))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]
    text: Mapped[str]
    #: The customer may read it; otherwise colleagues alone.
    is_public: Mapped[bool] = mapped_column(default=False)
    #: Account ids of those who were named with @.
    mentions: Mapped[list[Any]] = mapped_column(default=list)


class Substitution(Model):
    """Who does the work of somebody who is away (离岗委托), from when until when."""

    __tablename__ = "substitution"
    __table_args__ = (Index("ix_substitution_substitute", "substitute_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: Procedure ids; empty for all.
    procedures: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    #: Ended before its time.
    ended_at: Mapped[datetime | None]


class Shift(Model):
    """Somebody is on duty in a role at a site, from when until when."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_role", "role", "site", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(100))
    site: Mapped[str] = mapped_column(sa.String(100))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Turn(Model):
    """Who had the last turn of a role at a site, where work goes round."""

    __tablename__ = "turn"

    role: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    site: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class SavedView(Model):
    """An inbox as somebody likes to see it: a name for filters and an order."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    #: The filters and the order, as in an address: ``view=mine&procedure=…&sort=due``.
    query: Mapped[str]
    #: A role whose holders all have it; empty for its maker alone.
    role: Mapped[str] = mapped_column(sa.String(100), default="")
    #: Its turn among its maker's, from 1.
    place: Mapped[int] = mapped_column(default=0)
    #: Deleted then, and still there to be brought back.
    removed_at: Mapped[datetime | None]


class CannedReply(Model):
    """A text that is typed often (常用语), for its maker or, with a role, for all who hold that."""

    __tablename__ = "canned_reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(100), default="")
    #: Only in this procedure, and of it only in this node; empty for all.
    procedure: Mapped[str] = mapped_column(sa.String(100), default="")
    node: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    text: Mapped[str]
    used: Mapped[int] = mapped_column(default=0)
    #: Deleted then, and still there to be brought back.
    removed_at: Mapped[datetime | None]


class FollowLink(Model):
    """A link by which a customer follows a case and writes to whoever works on it; one stands at a time."""

    __tablename__ = "follow_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    #: What it is signed with besides the installation's secret.
    key: Mapped[str] = mapped_column(sa.String(64))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime]
    #: Somebody made it worthless.
    ended_at: Mapped[datetime | None]


class AnswerLink(Model):
    """A link by which somebody answers a task without signing in; it ends with its task."""

    __tablename__ = "answer_link"
    __table_args__ = (Index("ix_answer_link_task", "task_id"), Index("ix_answer_link_case", "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    #: The choice of the task's form that it answers.
    field: Mapped[str] = mapped_column(sa.String(64))
    #: Whom it was made for: a person with an account, else a name and how to reach them.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    contact: Mapped[str]
    #: What it is signed with besides the installation's secret.
    key: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    choice: Mapped[str | None] = mapped_column(sa.String(100))
