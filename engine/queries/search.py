"""One search over everything that a person sees: cases, tasks, procedures, people."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor
from engine.domain.views import Found
from engine.queries import seeing
from engine.queries.case_list import with_text
from engine.queries.lines import matches, role_words
from engine.queries.open_tasks import tasks_of
from engine.store.models import Account, AccountRole, Case, Version
from engine.wiring import Engine

#: Answers of each kind.
MOST = 6
#: A longer text is no search any more.
LONGEST = 200


def search(engine: Engine, actor: Actor, text: str) -> list[Found]:
    """What a text finds: open tasks in the person's inbox, cases, procedures, people; a few of each."""
    text = text.strip()[:LONGEST]
    if not text:
        return []
    with engine.database.look() as session:
        return [
            *_tasks(engine, session, actor, text),
            *_cases(engine, session, actor, text),
            *_procedures(engine, session, text),
            *_people(engine, session, text),
        ]


def _tasks(engine: Engine, session: Session, actor: Actor, text: str) -> list[Found]:
    tasks = tasks_of(engine, session, actor, "all").with_text(engine, text)
    rows = tasks.rows("due", page=1, size=MOST, total=tasks.count())
    return [
        Found(
            "task",
            row.id,
            procedures.of_version(engine, session, row.version_id).of(row.process).words(row.name),
            f"{row.number} {row.subject}",
        )
        for row in rows
    ]


def _cases(engine: Engine, session: Session, actor: Actor, text: str) -> list[Found]:
    rows = session.execute(
        with_text(session, text, seeing.visible(engine, session, actor))
        .add_columns(Case.number, Case.subject)
        .limit(MOST)
    )
    return [Found("case", row.id, row.subject, row.number) for row in rows]


def _procedures(engine: Engine, session: Session, text: str) -> list[Found]:
    newest = sa.select(sa.func.max(Version.id)).group_by(Version.procedure)
    found = []
    for version_id in session.scalars(sa.select(Version.id).where(Version.id.in_(newest))).all():
        published = procedures.of_version(engine, session, version_id)
        name = published.bundle.name
        told = f"{published.procedure} {name.zh} {name.en}".casefold()
        if all(word in told for word in text.casefold().split()):
            found.append(Found("procedure", published.procedure, name, published.procedure))
    return found[:MOST]


def _people(engine: Engine, session: Session, text: str) -> list[Found]:
    rows = session.execute(
        sa.select(Account.id, Account.name, Account.login)
        .where(Account.active, matches(text, Account.name, Account.login))
        .order_by(Account.name, Account.id)
        .limit(MOST)
    ).all()
    roles = _roles(session, [row.id for row in rows])
    return [
        Found("person", row.id, row.name, role_words(engine, roles[row.id]) if row.id in roles else row.login)
        for row in rows
    ]


def _roles(session: Session, ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    rows = session.execute(
        sa.select(AccountRole.account_id, sa.func.min(AccountRole.role).label("role"))
        .where(AccountRole.account_id.in_(ids))
        .group_by(AccountRole.account_id)
    )
    return {row.account_id: row.role for row in rows}
