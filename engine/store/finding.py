"""Find a text in very many rows: every piece of one to three characters is a token of its row.

A row keeps its tokens in a column, made here in Python, and its database keeps which rows have a token:
PostgreSQL in a GIN index, SQLite in a contentless FTS5 table that triggers fill. Both change with the row,
in its transaction and without a statement of their own. Two characters of Chinese are a word, which no
trigram index finds; numbers need three to be told apart.

A token says only that a piece is somewhere in the row: whoever asks looks at the text as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

#: Characters of the longest piece.
LONGEST = 3
#: The names of everything that belongs to the index and not to the models begin so.
PREFIX = "find_"


class Tokens(sa.types.TypeDecorator[frozenset[str]]):
    """A set of tokens: an array on PostgreSQL, hexadecimal words on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column's type in this database."""
        return dialect.type_descriptor(postgresql.ARRAY(sa.Text) if is_postgresql(dialect) else sa.Text())

    def process_bind_param(self, value: frozenset[str] | None, dialect: sa.Dialect) -> Any:
        """To the table."""
        if value is None:
            return None
        return sorted(value) if is_postgresql(dialect) else _hexes(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> frozenset[str] | None:
        """From the table."""
        if value is None:
            return None
        return frozenset(value if is_postgresql(dialect) else map(_text, value.split()))


def is_postgresql(dialect: sa.Dialect) -> bool:
    """Say which of the two databases it is."""
    return dialect.name == "postgresql"


@lru_cache(maxsize=4_096)
def pieces(text: str) -> frozenset[str]:
    """The tokens of a text that people may look for.

    >>> sorted(pieces("A1 电梯"))
    ['1', 'a', 'a1', '梯', '电', '电梯']
    """
    return frozenset(
        word[start : start + size]
        for word in text.lower().split()
        for size in range(1, LONGEST + 1)
        for start in range(len(word) - size + 1)
    )


def pieces_of(word: str) -> frozenset[str]:
    """Tokens that every text has which contains a word: the longest pieces that together are the word.

    >>> sorted(pieces_of("电梯")), sorted(pieces_of("采购合同")), sorted(pieces_of("ts-2026"))
    (['电梯'], ['购合同', '采购合'], ['026', '202', 'ts-'])
    """
    last = max(0, len(word) - LONGEST)
    # Not all: each costs a look through its rows, and whoever asks looks at the text as well.
    return frozenset(word[start : start + LONGEST] for start in [*range(0, last, LONGEST), last])


def label_token(label: str) -> str:
    """The one token of a text that many rows share word by word, such as the name of their step."""
    return f"={crc32(label.encode()):08x}"


def newest(session: Session, table: Any, tokens: frozenset[str]) -> sa.Select[int]:
    """The ids of a table's rows that have all of these tokens, the latest first."""
    if is_postgresql(session.get_bind().dialect):
        has = has_all(table, sa.literal(sorted(tokens), postgresql.ARRAY(sa.Text)))
        return sa.select(table.c.id).where(has).order_by(table.c.id.desc())
    index, together = joined(table)
    rows = sa.select(table.c.id).select_from(together)
    return rows.where(matches(index, sa.literal(match([(tokens, ())])))).order_by(index.c.rowid.desc())


def has_all(table: Any, tokens: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """PostgreSQL: the rows that have every token of an array."""
    return table.c.tokens.bool_op("@>")(tokens)  # type: ignore[no-any-return]


def has_one(table: Any, tokens: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """PostgreSQL: the rows that have a token of an array."""
    return table.c.tokens.bool_op("&&")(tokens)  # type: ignore[no-any-return]


def joined(table: Any) -> tuple[sa.TableClause, sa.Join]:
    """SQLite: the index of a table, and both together.

    Together, and not as a condition: so the index gives one row after the other, and nobody has to wait
    until it has found the last of very many.
    """
    index = sa.table(f"{PREFIX}{table.name}", sa.column("rowid", sa.Integer))
    return index, sa.join(index, table, table.c.id == index.c.rowid)


def matches(index: sa.TableClause, query: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """SQLite: what an index finds with a query, as :func:`match` writes it."""
    found: sa.ColumnElement[bool] = sa.literal_column(index.name).bool_op("MATCH")(query)
    return found


def match(wanted: Iterable[tuple[Collection[str], Collection[str]]]) -> str:
    """SQLite: the query for rows that have, of each pair, all of the first tokens or one of the second.

    >>> match([({"a", "b"}, ()), ((), {"c", "d"})])
    '(61 AND 62) AND (63 OR 64)'
    """
    return " AND ".join(f"({' OR '.join(_ways(every, one))})" for every, one in wanted)


def _ways(every: Collection[str], one: Collection[str]) -> list[str]:
    together = " AND ".join(sorted(map(_hex, every)))
    alone = sorted(map(_hex, one))
    return [f"({together})" if alone else together, *alone] if every else alone


@lru_cache(maxsize=4_096)
def _hexes(tokens: frozenset[str]) -> str:
    """Tokens as SQLite keeps them; a case has the same in many steps."""
    return " ".join(sorted(map(_hex, tokens)))


def _hex(token: str) -> str:
    return token.encode().hex()


def _text(word: str) -> str:
    return bytes.fromhex(word).decode()


# The index -----------------------------------------------------------------------------------

#: The pending list is what is not yet sorted in; every search reads it, so it is kept short.
_POSTGRESQL = """
CREATE INDEX IF NOT EXISTS find_{table} ON "{table}" USING gin (tokens) WITH (gin_pending_list_limit = 256)
"""
_SQLITE = (
    "CREATE VIRTUAL TABLE find_{table} USING fts5(tokens, content='', detail='none', columnsize=0)",
    'INSERT INTO find_{table} (rowid, tokens) SELECT id, tokens FROM "{table}"',
)
_ADD = "INSERT INTO find_{table} (rowid, tokens) VALUES (new.id, new.tokens)"
_FORGET = "INSERT INTO find_{table} (find_{table}, rowid, tokens) VALUES ('delete', old.id, old.tokens)"
_TRIGGERS = {
    "INSERT": (_ADD,),
    "DELETE": (_FORGET,),
    "UPDATE OF tokens": (_FORGET, _ADD),
}


def prepare(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Make the index of tables that have tokens, where it is not there; what they hold is in it.

    SQLite changes a table by copying it, which loses its triggers: this follows every change of tables.
    """
    for table in tables:
        if is_postgresql(connection.dialect):
            _run(connection, [_POSTGRESQL], table)
            continue
        if not sa.inspect(connection).has_table(f"{PREFIX}{table}"):
            _run(connection, _SQLITE, table)
        for event, acts in _TRIGGERS.items():
            name = f"{PREFIX}{table}_{event.split()[0].lower()}"
            body = "; ".join(acts)
            statement = f'CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON "{{table}}" BEGIN {body}; END'
            _run(connection, [statement], table)


def is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether a table or an index of the database is one that the models describe (for Alembic)."""
    return kind not in ("table", "index") or name is None or not name.startswith(PREFIX)


def _run(connection: sa.Connection, statements: Iterable[str], table: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement.format(table=table))
