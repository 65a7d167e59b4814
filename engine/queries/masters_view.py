"""The masters among the registers: who reads which rows, with personal columns masked, and every entry.

Rows show at the sites at which a person holds one of the master's ``readers`` or a role above one; a row
that serves all sites shows to any reader. The case of a row is the one that changed it last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import EVERYWHERE, Actor, CaseId, Data
from engine.domain.masters import Master
from engine.domain.privacy import mask
from engine.domain.views import Column, Page, RegisterCard, RegisterRow, RegisterView, Words
from engine.errors import Forbidden, RegisterNotFound
from engine.queries import seeing
from engine.queries.lines import matches, paged
from engine.store.models import Case, MasterEntry, MasterRow
from engine.wiring import Engine

#: Whose they are, where a register names its procedure.
SHARED = Words("主数据", "Master data")
_LAST = sa.and_(MasterEntry.row_id == MasterRow.id, MasterEntry.seq == MasterRow.entries)


@dataclass(frozen=True)
class Shelf:
    """A master before one person."""

    master: Master
    sites: frozenset[str]
    #: Sites whose personal columns are open before them.
    near: frozenset[str]

    @property
    def readable(self) -> sa.ColumnElement[bool]:
        """The condition that keeps the rows that they read."""
        mine = MasterRow.master == self.master.id
        return mine if EVERYWHERE in self.sites else mine & MasterRow.site.in_({*self.sites, EVERYWHERE})

    @property
    def is_open(self) -> bool:
        """True when nothing that they read is masked."""
        return not self.master.personal or EVERYWHERE in self.near or self.sites <= self.near

    def values(self, values: Data, site: str) -> Data:
        """A row's values as they read them."""
        near = EVERYWHERE in self.near or site in self.near or (site == EVERYWHERE and bool(self.near))
        if near:
            return dict(values)
        personal = self.master.personal
        return {key: mask(value) if key in personal else value for key, value in values.items()}

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in order."""
        hidden = frozenset() if self.is_open else self.master.personal
        return tuple(
            Column(
                key=column.key,
                label=column.label,
                type="text" if column.type == "choice" else column.type,
                masked=column.key in hidden,
                options=column.options or {},
            )
            for column in self.master.columns.values()
        )


def master_cards(engine: Engine, session: Session, actor: Actor) -> Iterator[RegisterCard]:
    """The masters that a person may read, with how many rows of them."""
    for master in engine.masters.values():
        shelf = _shelf(engine, master, actor)
        if shelf.sites:
            yield _card(session, shelf)


def master_view(
    engine: Engine,
    session: Session,
    name: str,
    actor: Actor,
    *,
    text: str,
    filters: Mapping[str, str],
    sort: str,
    page: int,
    size: int,
) -> RegisterView:
    """A master with one page of its rows; raises :class:`Forbidden`."""
    shelf = _require_shelf(engine, name, actor)
    hidden = frozenset() if shelf.is_open else shelf.master.personal
    said = MasterRow.found if hidden else MasterRow.found_all
    statement = (
        sa.select(MasterRow, MasterEntry.case_id, Case.number)
        .join(MasterEntry, _LAST)
        .outerjoin(Case, Case.id == MasterEntry.case_id)
        .where(shelf.readable, matches(text, said), *_filters(shelf.master, hidden, filters))
        .order_by(*_order(shelf.master, hidden, sort), MasterRow.id)
    )
    found, total, page, size = paged(session, statement, page=page, size=size)
    rows = [_row(shelf, row, row.values, row.entries, case_id, number) for row, case_id, number in found]
    return RegisterView(card=_card(session, shelf), columns=shelf.columns, page=Page(rows, total, page, size))


def master_history(
    engine: Engine, session: Session, name: str, row_id: int, actor: Actor
) -> list[RegisterRow]:
    """Every entry of a row, the first one first; raises :class:`RegisterNotFound`, :class:`Forbidden`."""
    shelf = _require_shelf(engine, name, actor)
    row = session.scalars(sa.select(MasterRow).where(MasterRow.id == row_id, shelf.readable)).one_or_none()
    if row is None:
        raise RegisterNotFound(row=row_id)
    entries = session.execute(
        sa.select(MasterEntry, Case.number)
        .outerjoin(Case, Case.id == MasterEntry.case_id)
        .where(MasterEntry.row_id == row_id)
        .order_by(MasterEntry.seq)
    )
    return [
        RegisterRow(
            id=row_id,
            case_id=CaseId(entry.case_id) if entry.case_id is not None else None,
            case_number=number or "",
            at=entry.at,
            by=entry.by,
            values=shelf.values(entry.values, row.site),
            void=entry.void,
            void_reason=entry.void_reason,
            entries=entry.seq,
            file=entry.file,
        )
        for entry, number in entries
    ]


def _shelf(engine: Engine, master: Master, actor: Actor) -> Shelf:
    readers = seeing.with_supervisors(engine, master.readers)
    personal = seeing.with_supervisors(engine, master.personal_readers)
    sites = frozenset({EVERYWHERE}) if actor.admin else seeing.sites_of(actor, readers)
    return Shelf(master, sites, seeing.sites_of(actor, personal))


def _require_shelf(engine: Engine, name: str, actor: Actor) -> Shelf:
    shelf = _shelf(engine, engine.masters[name], actor)
    if not shelf.sites:
        raise Forbidden(register=name)
    return shelf


def _card(session: Session, shelf: Shelf) -> RegisterCard:
    rows, last = session.execute(
        sa.select(sa.func.count(), sa.func.max(MasterRow.at)).where(shelf.readable)
    ).one()
    return RegisterCard(
        id=shelf.master.id,
        title=shelf.master.title,
        procedure="",
        procedure_name=SHARED,
        source=shelf.master.source,
        rows=rows,
        last_at=last,
    )


def _row(
    shelf: Shelf, row: MasterRow, values: Data, entries: int, case_id: int | None, number: str | None
) -> RegisterRow:
    return RegisterRow(
        id=row.id,
        case_id=CaseId(case_id) if case_id is not None else None,
        case_number=number or "",
        at=row.at,
        by=row.by,
        values=shelf.values(values, row.site),
        void=row.void,
        void_reason=row.void_reason,
        entries=entries,
    )


def _filters(
    master: Master, hidden: frozenset[str], filters: Mapping[str, str]
) -> Iterator[sa.ColumnElement[bool]]:
    for key, value in filters.items():
        if key == "site":
            yield MasterRow.site == value
        elif key in master.columns and key not in hidden:
            column = MasterRow.values[key]
            if master.columns[key].type == "bool":
                yield column.as_boolean() == sa.literal(value == "true")
            elif master.columns[key].options:
                yield column.as_string() == value
            else:
                yield column.as_string().icontains(value[:100], autoescape=True)


def _order(master: Master, hidden: frozenset[str], sort: str) -> Iterator[sa.ColumnElement[Any]]:
    key, falling = sort.removeprefix("-"), sort.startswith("-")
    column: Any = MasterRow.at
    if key == "case":
        column = Case.number
    elif key in master.columns and key not in hidden:
        numeric = master.columns[key].type in ("number", "money")
        value = MasterRow.values[key]
        column = value.as_float() if numeric else value.as_string()
    yield column.desc() if falling else column.asc()
