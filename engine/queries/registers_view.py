"""The registers (台账): who reads which rows, with which columns masked, filtered, sorted, with history.

Rows show at the sites at which a person holds one of the register's ``readers``, or a role above one; an
administrator reads all sites. Personal columns are open at the sites at which they hold one of the
``personal_readers`` (of the readers, when the register names none). What is masked can be neither
searched, filtered nor sorted by, since the order of rows would tell it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import EVERYWHERE, Actor, CaseId
from engine.domain.views import Page, RegisterCard, RegisterRow, RegisterView, Words
from engine.errors import Forbidden, RegisterNotFound
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.columns import Sheet, sheet_of
from engine.queries.lines import matches, paged
from engine.queries.masters_view import master_cards, master_history, master_view
from engine.store import models
from engine.store.models import Case, RegisterEntry, Version
from engine.wiring import Engine

_Row = models.RegisterRow
#: What a row is read with.
COLUMNS = (
    _Row.id,
    _Row.case_id,
    _Row.procedure,
    _Row.site,
    _Row.at,
    _Row.by,
    _Row.values,
    _Row.void,
    _Row.void_reason,
    _Row.entries,
    Case.number,
)


@dataclass(frozen=True)
class _Part:
    """A register as one procedure declares it, with what one person may read of its rows."""

    published: Published
    declared: Mapping[str, Any]
    #: Sites whose rows they read; EVERYWHERE alone for all.
    sites: frozenset[str]
    #: Sites whose personal columns are open before them.
    near: frozenset[str]

    @property
    def is_open(self) -> bool:
        """True when nothing that they read is masked."""
        return EVERYWHERE in self.near or (EVERYWHERE not in self.sites and self.sites <= self.near)

    def rows_at(self, sites: frozenset[str]) -> sa.ColumnElement[bool]:
        """The condition that keeps this procedure's rows of these sites."""
        mine = sa.and_(_Row.register == self.declared["id"], _Row.procedure == self.published.procedure)
        return mine if EVERYWHERE in sites else mine & _Row.site.in_(sites)


@dataclass(frozen=True)
class Book:
    """A register before one person; several procedures may write to the same one."""

    id: str
    #: Those of which the person reads anything; never empty.
    parts: tuple[_Part, ...]

    @property
    def is_open(self) -> bool:
        """True when nothing that they read is masked."""
        return all(part.is_open for part in self.parts)

    @property
    def readable(self) -> sa.ColumnElement[bool]:
        """The condition that keeps the rows that they read."""
        return sa.or_(*(part.rows_at(part.sites) for part in self.parts))

    @property
    def open_rows(self) -> sa.ColumnElement[bool]:
        """The condition that keeps the rows whose personal columns are open before them."""
        return sa.or_(*(part.rows_at(part.near) for part in self.parts))

    def masks(self, procedure: str, site: str) -> bool:
        """Say whether personal columns of a procedure's row at a site are masked."""
        return not any(
            part.published.procedure == procedure and (EVERYWHERE in part.near or site in part.near)
            for part in self.parts
        )

    def reads(self, procedure: str, site: str) -> bool:
        """Say whether they read a procedure's rows of a site."""
        return any(
            part.published.procedure == procedure and (EVERYWHERE in part.sites or site in part.sites)
            for part in self.parts
        )

    def sheet(self, engine: Engine) -> Sheet:
        """The columns of all parts, each key once."""
        return sheet_of(engine, [(part.published.bundle, part.declared) for part in self.parts])


def list_registers(engine: Engine, actor: Actor) -> list[RegisterCard]:
    """The registers that a person may read, with how many rows of them."""
    with engine.database.look() as session:
        masters = list(master_cards(engine, session, actor))
        books = _books(engine, session, actor)
        if not books:
            return masters
        rows = session.execute(
            sa.select(_Row.register, sa.func.count().label("n"), sa.func.max(_Row.at).label("last"))
            .where(sa.or_(*(book.readable for book in books)))
            .group_by(_Row.register)
        )
        told = {row.register: (row.n, row.last) for row in rows}
    return [*(_card(book, *told.get(book.id, (0, None))) for book in books), *masters]


def register_view(
    engine: Engine,
    register_id: str,
    actor: Actor,
    *,
    text: str = "",
    filters: Mapping[str, str] | None = None,
    sort: str = "-at",
    page: int = 1,
    size: int = 50,
) -> RegisterView:
    """A register with one page of its rows; raises :class:`RegisterNotFound`, :class:`Forbidden`.

    ``filters``: a column's key with the value it must have (a part of it, for free text), ``site``, and
    ``from`` and ``to`` (ISO dates, both included). ``sort``: a column's key, ``at`` or ``case``, with
    ``-`` for the latest or largest first.
    """
    with engine.database.look() as session:
        if register_id in engine.masters:
            return master_view(
                engine,
                session,
                register_id,
                actor,
                text=text,
                filters=filters or {},
                sort=sort,
                page=page,
                size=size,
            )
        book = require_book(engine, session, register_id, actor)
        sheet = book.sheet(engine)
        statement = (
            sa.select(*COLUMNS)
            .join(Case, Case.id == _Row.case_id)
            .where(book.readable, _search(book, sheet, text), *_filters(engine, book, sheet, filters or {}))
            .order_by(*_order(book, sheet, sort), _Row.id.desc())
        )
        found, total, page, size = paged(session, statement, page=page, size=size)
        total_rows, last = session.execute(
            sa.select(sa.func.count(), sa.func.max(_Row.at)).where(book.readable)
        ).one()
        columns = sheet.columns(session, [row.values for row in found], masked=not book.is_open)
    rows = [register_row(book, sheet, row) for row in found]
    return RegisterView(
        card=_card(book, total_rows, last),
        columns=columns,
        page=Page(rows, total, page, size),
        orientation=book.parts[0].declared.get("orientation", "landscape"),
    )


def register_history(engine: Engine, row_id: int, actor: Actor, *, register: str = "") -> list[RegisterRow]:
    """Every entry of a row, the first one first, each numbered by ``entries``.

    ``register`` names the master whose row it is. Raises :class:`RegisterNotFound`, :class:`Forbidden`.
    """
    with engine.database.look() as session:
        if register in engine.masters:
            return master_history(engine, session, register, row_id, actor)
        row = session.execute(
            sa.select(_Row.register, _Row.procedure, _Row.site, _Row.case_id, Case.number)
            .join(Case, Case.id == _Row.case_id)
            .where(_Row.id == row_id)
        ).one_or_none()
        if row is None:
            raise RegisterNotFound(row=row_id)
        book = require_book(engine, session, row.register, actor)
        if not book.reads(row.procedure, row.site):
            raise Forbidden(row=row_id)
        sheet = book.sheet(engine)
        entries = session.scalars(
            sa.select(RegisterEntry).where(RegisterEntry.row_id == row_id).order_by(RegisterEntry.seq)
        ).all()
    return [
        RegisterRow(
            id=row_id,
            case_id=CaseId(row.case_id),
            case_number=row.number,
            at=entry.at,
            by=entry.by,
            values=sheet.values(entry.values, masked=book.masks(row.procedure, row.site)),
            void=entry.void,
            void_reason=entry.void_reason,
            entries=entry.seq,
        )
        for entry in entries
    ]


# Who reads what ----------------------------------------------------------------------------------


def _books(engine: Engine, session: Session, actor: Actor) -> list[Book]:
    found: dict[str, list[_Part]] = {}
    for part in _parts(engine, session, actor):
        if part.sites:
            found.setdefault(str(part.declared["id"]), []).append(part)
    return [Book(register, tuple(parts)) for register, parts in found.items()]


def _parts(engine: Engine, session: Session, actor: Actor) -> Iterator[_Part]:
    newest = sa.select(sa.func.max(Version.id)).group_by(Version.procedure)
    for version_id in session.scalars(
        sa.select(Version.id).where(Version.id.in_(newest)).order_by(Version.procedure)
    ):
        published = procedures.of_version(engine, session, version_id)
        for declared in published.bundle.registers.values():
            readers = seeing.with_supervisors(engine, declared.get("readers", ()))
            personal = declared.get("personal_readers")
            yield _Part(
                published=published,
                declared=declared,
                sites=frozenset({EVERYWHERE}) if actor.admin else seeing.sites_of(actor, readers),
                near=seeing.sites_of(actor, personal or readers),
            )


def require_book(engine: Engine, session: Session, register: str, actor: Actor) -> Book:
    """A register before a person; raises :class:`RegisterNotFound`, :class:`Forbidden`."""
    for book in _books(engine, session, actor):
        if book.id == register:
            return book
    if any(part.declared["id"] == register for part in _parts(engine, session, actor)):
        raise Forbidden(register=register)
    raise RegisterNotFound(register=register)


def _card(book: Book, rows: int, last: datetime | None) -> RegisterCard:
    first = book.parts[0]
    bundle = first.published.bundle
    return RegisterCard(
        id=book.id,
        title=bundle.words(str(first.declared["title"])),
        procedure=first.published.procedure,
        procedure_name=bundle.name,
        source=bundle.words(str(first.declared.get("source", ""))),
        rows=rows,
        last_at=last,
        board=_board(book),
    )


def _board(book: Book) -> Words | None:
    """What the register's board is called, if it has one."""
    for part in book.parts:
        if part.declared.get("board"):
            return part.published.bundle.words(str(part.declared["board"]["title"]))
    return None


def register_row(book: Book, sheet: Sheet, row: Any) -> RegisterRow:
    """A row that was selected by :data:`COLUMNS`, as the person reads it."""
    return RegisterRow(
        id=row.id,
        case_id=CaseId(row.case_id),
        case_number=row.number,
        at=row.at,
        by=row.by,
        values=sheet.values(row.values, masked=book.masks(row.procedure, row.site)),
        void=row.void,
        void_reason=row.void_reason,
        entries=row.entries,
    )


# What is asked for -------------------------------------------------------------------------------


def _search(book: Book, sheet: Sheet, text: str) -> sa.ColumnElement[bool]:
    if not text.strip():
        return sa.true()
    everything = matches(text, _Row.search)
    if book.is_open or not sheet.telling:
        return everything
    told = (_Row.values[key].as_string() for key in sheet.keys if key not in sheet.telling)
    veiled = matches(text, Case.number, *told)
    return sa.or_(book.open_rows & everything, veiled)


def _filters(
    engine: Engine, book: Book, sheet: Sheet, filters: Mapping[str, str]
) -> Iterator[sa.ColumnElement[bool]]:
    zone = engine.zone_of(next(iter(engine.organisation.sites)))
    for key, value in filters.items():
        if not value:
            continue
        if key == "site":
            yield _Row.site == value
        elif key in ("from", "to"):
            day = _day(value)
            if day is not None:
                start = datetime.combine(day, time(0), zone)
                yield _Row.at >= start if key == "from" else _Row.at < start + timedelta(days=1)
        elif key in sheet.keys:
            condition = sheet.has(key, _Row.values[key], value)
            if key in sheet.telling and not book.is_open:
                condition = book.open_rows & condition
            yield condition


def _order(book: Book, sheet: Sheet, sort: str) -> Iterator[sa.ColumnElement[Any]]:
    key, falling = sort.removeprefix("-"), sort.startswith("-")
    column: Any = _Row.at
    if key == "case":
        column = Case.number
    elif key in sheet.keys and (key not in sheet.telling or book.is_open):
        column = sheet.sortable(key, _Row.values[key])
    yield column.desc() if falling else column.asc()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
