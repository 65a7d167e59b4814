"""Boards of a register: the rows that have begun and not ended, such as who is in the house right now.

A register says in its file which column a row begins with and which one ends it (``board``). Who reads
a register reads its board, with the same columns masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.views import BoardRow, BoardView, Words
from engine.errors import Forbidden, RegisterNotFound
from engine.queries.registers_view import COLUMNS, Book, register_row, require_book
from engine.store import models
from engine.store.models import Case
from engine.wiring import Engine

_Row = models.RegisterRow
#: Rows that one board shows.
MOST = 1000


def board_view(engine: Engine, register_id: str, actor: Actor, *, site: str = "") -> BoardView:
    """The rows of a register that are open now, the longest first; of one site, or of all that one reads.

    Raises :class:`RegisterNotFound` (also when the register has no board), :class:`Forbidden`.
    """
    with engine.database.look() as session:
        book = require_book(engine, session, register_id, actor)
        part = next((part for part in book.parts if part.declared.get("board")), None)
        if part is None:
            raise RegisterNotFound(register=register_id)
        declared, bundle = part.declared["board"], part.published.bundle
        sites = tuple(_sites(engine, book))
        if site and site not in sites:
            raise Forbidden(register=register_id, site=site)
        since, until = str(declared["since"]), str(declared["until"])
        sheet = book.sheet(engine)
        statement = (
            sa.select(*COLUMNS, _Row.site)
            .join(Case, Case.id == _Row.case_id)
            .where(
                book.readable,
                _Row.void.is_(False),
                _Row.values[since].as_string().is_not(None),
                _Row.values[until].as_string().is_(None),
                *([_Row.site == site] if site else []),
            )
            .order_by(_Row.site, sheet.sortable(since, _Row.values[since]), _Row.id)
            .limit(MOST)
        )
        found = session.execute(statement).all()
        shown = [str(key) for key in declared.get("columns", ())]
        columns = {
            column.key: column
            for column in sheet.columns(session, [row.values for row in found], masked=not book.is_open)
        }
    return BoardView(
        register=register_id,
        title=bundle.words(str(declared["title"])),
        register_title=bundle.words(str(part.declared["title"])),
        columns=tuple(columns[key] for key in shown or columns if key in columns),
        since=columns[since].label if since in columns else Words("", ""),
        sites=sites,
        site=site,
        rows=tuple(
            BoardRow(row=register_row(book, sheet, row), site=row.site, since=_moment(row.values.get(since)))
            for row in found
        ),
    )


def _sites(engine: Engine, book: Book) -> Iterable[str]:
    read = {site for part in book.parts for site in part.sites}
    return (site for site in engine.organisation.sites if EVERYWHERE in read or site in read)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
