"""Masters before people: rows that a form looks up, what a chosen one fills in, what stands beside it.

Whoever may complete a task may look up what its form asks for. Personal columns are masked before those
who hold none of the master's ``personal_readers`` (nor a role above one) at the site; what is masked is
neither searched nor filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.assignment import may_work_on
from engine.domain.facts import Actor, CaseId, Data, TaskId
from engine.domain.masters import Master
from engine.domain.privacy import mask
from engine.domain.views import MasterCard, MasterFact, MasterFound
from engine.errors import Forbidden, NotFound
from engine.queries import seeing
from engine.queries.lines import matches
from engine.store import master_rows, repository
from engine.store.models import Case, CaseAbout, MasterRow
from engine.wiring import Engine
from forms.model import Field

#: Rows that are offered, rows of another master and cases that are shown beside one.
OFFERED, RELATED, CASES = 8, 12, 8


@dataclass(frozen=True)
class Book:
    """A master before one person, at the site of a case."""

    engine: Engine
    session: Session
    master: Master
    actor: Actor
    site: str

    @property
    def hidden(self) -> frozenset[str]:
        """The columns that are masked before the person."""
        near = seeing.with_supervisors(self.engine, self.master.personal_readers)
        return frozenset() if seeing.holds(self.actor, near, self.site) else self.master.personal

    @property
    def rows(self) -> sa.Select[MasterRow]:
        """The rows of the site."""
        place = self.master.place(self.site)
        return sa.select(MasterRow).where(MasterRow.master == self.master.id, MasterRow.site == place)

    def other(self, name: str) -> Book:
        """Another master before the same person."""
        return Book(self.engine, self.session, self.engine.masters[name], self.actor, self.site)

    def row(self, key: str) -> MasterRow | None:
        """The row of a key."""
        return master_rows.find(self.session, self.master.id, self.master.place(self.site), key)

    def found(self, text: str) -> list[MasterRow]:
        """Valid rows in which every word of a text stands; those whose key begins with it come first."""
        text = text.strip()
        words = MasterRow.found if self.hidden else MasterRow.found_all
        first = sa.case((MasterRow.key.istartswith(text[:100], autoescape=True), 0), else_=1)
        statement = self.rows.where(MasterRow.void.is_(False), matches(text, words))
        return list(self.session.scalars(statement.order_by(first, MasterRow.key).limit(OFFERED)))

    def value(self, values: Data, path: str) -> Any:
        """What ``tenant.name`` says of a row; None for what is masked or not there."""
        head, _, rest = path.partition(".")
        if head in self.hidden:
            return None
        value = values.get(head)
        if not rest or value in (None, ""):
            return value
        book = self.other(self.master.columns[head].of)
        row = book.row(str(value))
        return book.value(row.values, rest) if row is not None else None

    def more(self, values: Data) -> str:
        """What a row says besides its name, personal columns masked."""
        name = self.name(values)
        said = (
            mask(value) if key in self.hidden else value
            for key, value in values.items()
            if key not in self.master.shows
            and value not in (None, "")
            and isinstance(value, str)
            and value not in name
            and self.master.columns[key].type == "text"
            and not self.master.columns[key].of
        )
        return " · ".join(said)

    def name(self, values: Data) -> str:
        """What stands for a row before the person."""
        return self.master.name(values, hide=self.hidden)


def look_up(engine: Engine, task_id: TaskId, actor: Actor, field: str, text: str) -> list[MasterFound]:
    """The rows that a field of a task's form may take, by what is typed; raises :class:`NotFound`."""
    with engine.database.look() as session:
        book, asked = _book_of_field(engine, session, task_id, actor, field)
        column = asked.lookup.partition(".")[2] or book.master.key
        return [
            MasterFound(
                key=row.key,
                value=row.key if asked.must_be_row else str(book.value(row.values, column) or ""),
                name=book.name(row.values),
                more=book.more(row.values),
            )
            for row in book.found(text)
        ]


def choose(engine: Engine, task_id: TaskId, actor: Actor, field: str, key: str) -> Data:
    """What a chosen row puts into the fields of a task's form, its own among them."""
    with engine.database.look() as session:
        book, asked = _book_of_field(engine, session, task_id, actor, field)
        row = book.row(key)
        if row is None or row.void:
            return {}
        column = asked.lookup.partition(".")[2] or book.master.key
        filled = {name: book.value(row.values, path) for name, path in asked.fills}
        own = row.key if asked.must_be_row else book.value(row.values, column)
        return {asked.key: own, **{name: value for name, value in filled.items() if value not in (None, "")}}


def cards(
    engine: Engine, case_id: CaseId, actor: Actor, chosen: Iterable[tuple[str, str]] = ()
) -> list[MasterCard]:
    """The rows that a case concerns, those first that its open form has ``chosen``: (master, key)."""
    with engine.database.look() as session:
        case = session.get_one(Case, case_id)
        concerned = session.execute(
            sa.select(MasterRow.master, MasterRow.key)
            .join(CaseAbout, CaseAbout.row_id == MasterRow.id)
            .where(CaseAbout.case_id == case_id)
            .order_by(MasterRow.id)
            .limit(RELATED)
        )
        pairs = dict.fromkeys([*chosen, *((row.master, row.key) for row in concerned)])
        return [
            found
            for master, key in pairs
            if master in engine.masters
            and (
                found := _card(Book(engine, session, engine.masters[master], actor, case.site), key, case_id)
            )
        ]


def _card(book: Book, key: str, case_id: CaseId) -> MasterCard | None:
    row = book.row(key)
    if row is None:
        return None
    return MasterCard(
        master=book.master.id,
        title=book.master.title,
        key=row.key,
        name=book.name(row.values) or row.key,
        void=row.void,
        facts=tuple(_facts(book, row.values)),
        related=tuple(_related(book, row.key)),
        cases=tuple(_cases(book, row, case_id)),
    )


def _facts(book: Book, values: Data) -> Iterator[MasterFact]:
    for key, column in book.master.columns.items():
        value = values.get(key)
        if value in (None, ""):
            continue
        if key in book.hidden:
            value = mask(value)
        elif column.of:
            other = book.other(column.of)
            named = other.row(str(value))
            value = (named and other.name(named.values)) or value
        yield MasterFact(column.label, value, column.type, column.options or {})


def _related(book: Book, key: str) -> Iterator[tuple[Any, tuple[tuple[str, str], ...]]]:
    for master in book.engine.masters.values():
        naming = [column.key for column in master.columns.values() if column.of == book.master.id]
        if not naming:
            continue
        other = book.other(master.id)
        says = sa.or_(*(MasterRow.values[column].as_string() == key for column in naming))
        statement = other.rows.where(MasterRow.void.is_(False), says)
        rows = book.session.scalars(statement.order_by(MasterRow.key).limit(RELATED)).all()
        if rows:
            yield master.title, tuple((other.name(row.values), other.more(row.values)) for row in rows)


def _cases(book: Book, row: MasterRow, case_id: CaseId) -> Iterator[tuple[CaseId, str, str]]:
    statement = (
        sa.select(Case.id, Case.number, Case.subject)
        .join(CaseAbout, CaseAbout.case_id == Case.id)
        .where(
            CaseAbout.row_id == row.id,
            Case.id != case_id,
            Case.status.in_(["active", "suspended"]),
            seeing.visible(book.engine, book.session, book.actor),
        )
        .order_by(Case.id.desc())
        .limit(CASES)
    )
    for found in book.session.execute(statement):
        yield CaseId(found.id), found.number, found.subject


def _book_of_field(
    engine: Engine, session: Session, task_id: TaskId, actor: Actor, field: str
) -> tuple[Book, Field]:
    case, task = repository.case_of_task(session, task_id)
    published = procedures.of_version(engine, session, case.version_id)
    if not may_work_on(actor, assignee=task.assignee_id, candidates=task.candidates, site=case.site):
        raise Forbidden(task=task_id)
    form = published.of(task.process).forms.get(task.properties.get("form", ""))
    asked = form.field(field) if form else None
    if asked is None or asked.master not in engine.masters:
        raise NotFound(task=task_id, field=field)
    return Book(engine, session, engine.masters[asked.master], actor, case.site), asked
