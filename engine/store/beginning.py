"""What begins a case: the version it starts on, the number it is given, its row."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict

from engine.store.models import Case, Series, Task, Version
from engine.store.prepared import Prepared
from engine.store.rows import DEFAULTS, given, insert_into, made, table_of
from engine.store.ruling import LATEST, RULES

case, version, series = table_of(Case), table_of(Version), table_of(Series)

_LATEST = Prepared(
    sa.select(version.c.id, LATEST)
    .where(version.c.procedure == given("procedure"))
    .order_by(version.c.number.desc())
    .limit(sa.literal_column("1"))
)
_REQUESTED = Prepared(sa.select(case.c.id).where(case.c.request_id == given("request")))


def _count(insert: Any) -> Prepared:
    # The row stays locked until the end, so that no number is lost.
    return Prepared(
        insert(series)
        .values(id=sa.bindparam("id"), last=1)
        .on_conflict_do_update(index_elements=["id"], set_={"last": series.c.last + 1})
        .returning(series.c.last)
    )


_COUNT = {"sqlite": _count(sqlite.insert), "postgresql": _count(postgresql.insert)}
_ADD_CASE = Prepared(insert_into(Case).returning(case.c.id))


def latest_version(session: Session, procedure: str) -> int | None:
    """The id of the version that new cases of a procedure start on."""
    found = _LATEST.rows(session, _procedure=procedure)
    if not found:
        return None
    session.info[RULES] = found[0][RULES]
    return int(found[0]["id"])


def case_of_request(session: Session, request_id: str) -> int | None:
    """The case that a submission started before."""
    return next((row["id"] for row in _REQUESTED.rows(session, _request=request_id)), None)


def next_in_series(session: Session, name: str) -> int:
    """The next number of a series."""
    count = _COUNT[session.get_bind().dialect.name]
    return int(count.rows(session, id=name)[0]["last"])


def count_change(session: Session) -> int:
    """Count a change of the rules: whoever looks next reads them anew."""
    session.info[RULES] = next_in_series(session, RULES)
    return int(session.info[RULES])


def add_case(session: Session, **values: Any) -> Case:
    """A new case, which is locked until the transaction ends like any that was."""
    session.flush()
    found = made(Case, **{**DEFAULTS[Case], **values})
    instance_dict(found)["id"] = _ADD_CASE.rows(session, **instance_dict(found))[0]["id"]
    return found


def untouched(session: Session, *, version: int, node: str, site: str, starter: int) -> Task | None:
    """The open task of a case that its starter has not filled in yet: nothing typed, nothing passed on."""
    return session.scalars(
        sa.select(Task)
        .join(Case, Case.id == Task.case_id)
        .where(
            Task.assignee_id == starter,
            Task.node == node,
            Task.visit == 1,
            Task.status == "open",
            Task.draft_at.is_(None),
            Case.started_by == starter,
            Case.version_id == version,
            Case.site == site,
            Case.status == "active",
        )
        .order_by(Task.created_at.desc())
        .limit(1)
    ).first()
