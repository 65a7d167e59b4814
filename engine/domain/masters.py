"""Masters (主数据): registers that all cases share, such as units, tenants, people and cards.

A master's row is known by its key, at a site or everywhere; cases look it up and change it. What a
master is, is declared in ``forms/masters/<id>.json``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pypinyin import Style, lazy_pinyin

from engine.domain.facts import EVERYWHERE, Data
from engine.domain.views import Words
from engine.errors import Misconfigured

ColumnType = Literal["text", "number", "money", "date", "datetime", "bool", "choice"]
_TYPES = frozenset({"text", "number", "money", "date", "datetime", "bool", "choice"})
_COLUMN_WORDS = frozenset({"key", "label", "label_en", "type", "personal", "required", "options", "of"})
_MASTER_WORDS = frozenset(
    {"id", "title", "title_en", "key", "shows", "sites", "readers", "personal_readers", "columns"}
    | {"source", "source_en", "retention", "note"}
)
#: Characters of one value, of the words that a row is found by, and of its key.
LONGEST_VALUE, LONGEST_FOUND, LONGEST_KEY = 2000, 4000, 200


@dataclass(frozen=True)
class MasterColumn:
    """One column of a master."""

    key: str
    label: Words
    type: ColumnType = "text"
    #: Masked before whoever holds none of the master's ``personal_readers``.
    personal: bool = False
    #: Rows that are imported have it; cases may learn it later.
    required: bool = False
    #: value → label of a ``choice``.
    options: Mapping[str, Words] | None = None
    #: The master whose key this column holds, or "".
    of: str = ""


@dataclass(frozen=True)
class Master:
    """A master as its file declares it."""

    id: str
    title: Words
    #: The column whose value is a row's key.
    key: str
    #: The columns that stand for a row where it is named.
    shows: tuple[str, ...]
    #: One row serves all sites; otherwise each site has its own.
    everywhere: bool
    readers: tuple[str, ...]
    personal_readers: tuple[str, ...]
    columns: Mapping[str, MasterColumn]
    source: Words

    @property
    def personal(self) -> frozenset[str]:
        """The keys of personal columns."""
        return frozenset(column.key for column in self.columns.values() if column.personal)

    def place(self, site: str) -> str:
        """Where a row lives that a case of this site looks up."""
        return EVERYWHERE if self.everywhere else site

    def name(self, values: Mapping[str, Any], *, hide: frozenset[str] = frozenset()) -> str:
        """What stands for a row: its columns ``shows``, without those that are hidden."""
        said = (str(values.get(key) or "") for key in self.shows if key not in hide)
        return " · ".join(text for text in said if text)

    def found_by(self, values: Mapping[str, Any], *, hide: frozenset[str] = frozenset()) -> str:
        """The words by which a row is found: its texts, and the pinyin and initials of Chinese ones."""
        words: list[str] = []
        for key, column in self.columns.items():
            value = values.get(key)
            if key in hide or column.type not in ("text", "number") or value in (None, ""):
                continue
            words += dict.fromkeys(spellings(str(value)))
        return " ".join(words)[:LONGEST_FOUND]

    def require_fit(self, values: Mapping[str, Any]) -> None:
        """Raise ValueError naming the column that is unknown or whose value does not fit."""
        for key, value in values.items():
            column = self.columns.get(key)
            if column is None:
                raise ValueError(f"there is no column {key}")
            if value is not None and not _fits(column, value):
                raise ValueError(f"{key} does not take {value!r:.60}")


def spellings(text: str) -> Iterator[str]:
    """How a text is typed: as it stands, and for Chinese its pinyin and the initials of it.

    >>> list(spellings("启明科技 3-1204"))
    ['启明科技 3-1204', 'qimingkeji 3-1204', 'qmkj 3-1204']
    """
    text = text.lower()
    yield text
    if not text.isascii():
        yield "".join(_pinyin(text, Style.NORMAL))
        yield "".join(_pinyin(text, Style.FIRST_LETTER))


@lru_cache(maxsize=2048)
def _pinyin(text: str, style: Style) -> tuple[str, ...]:
    return tuple(lazy_pinyin(text[:200], style=style))


def _fits(column: MasterColumn, value: object) -> bool:
    if column.type == "bool":
        return isinstance(value, bool)
    if column.type in ("number", "money"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        return False
    return column.type != "choice" or value in (column.options or {})


def has_path(masters: Mapping[str, Master], master: str, path: str) -> bool:
    """Say whether ``tenant.name`` leads from a row of a master to a column, through the rows it names."""
    head, _, rest = path.partition(".")
    column = masters[master].columns.get(head)
    if column is None or not rest:
        return column is not None
    return bool(column.of) and has_path(masters, column.of, rest)


def parse_masters(documents: Mapping[str, Data], *, roles: Mapping[str, object]) -> dict[str, Master]:
    """Read the files by their names; raises :class:`Misconfigured` naming the file and what is wrong."""
    found: dict[str, Master] = {}
    for file, document in documents.items():
        try:
            master = _master(document)
        except (ValueError, TypeError) as error:
            raise Misconfigured(f"forms/masters/{file}: {error}") from error
        if master.id != file.removesuffix(".json"):
            raise Misconfigured(f"forms/masters/{file}: the id {master.id!r} is not the file's name")
        found[master.id] = master
    for master in found.values():
        for role in (*master.readers, *master.personal_readers):
            if role not in roles:
                raise Misconfigured(f"forms/masters/{master.id}.json: there is no role {role!r}")
        for column in master.columns.values():
            if column.of and column.of not in found:
                raise Misconfigured(f"forms/masters/{master.id}.json: there is no master {column.of!r}")
    return found


def _master(document: Mapping[str, Any]) -> Master:
    _known(document, _MASTER_WORDS, "the master")
    columns = {column.key: column for column in map(_column, document.get("columns") or ())}
    key = str(document.get("key", ""))
    if key not in columns:
        raise ValueError(f"the key {key!r} is none of its columns")
    shows = tuple(document.get("shows") or (key,))
    if strange := [name for name in shows if name not in columns]:
        raise ValueError(f"shows {strange}, which are none of its columns")
    if any(columns[name].type not in ("text", "number") for name in (key, *shows)):
        raise ValueError("the key and what it shows are texts or numbers")
    if columns[key].personal:
        raise ValueError(f"the key {key!r} is seen by all and cannot be personal")
    sites = document.get("sites", "own")
    if sites not in ("own", "all"):
        raise ValueError("sites is neither own nor all")
    if not document.get("readers"):
        raise ValueError("it names no readers")
    return Master(
        id=str(document.get("id", "")),
        title=_words(document, "title"),
        key=key,
        shows=shows,
        everywhere=sites == "all",
        readers=tuple(document["readers"]),
        personal_readers=tuple(document.get("personal_readers") or document["readers"]),
        columns=columns,
        source=_words(document, "source", must=False),
    )


def _column(column: Mapping[str, Any]) -> MasterColumn:
    _known(column, _COLUMN_WORDS, "a column")
    kind = column.get("type", "text")
    if kind not in _TYPES:
        raise ValueError(f"{column.get('key')}: there is no type {kind!r}")
    options = {str(one["value"]): _words(one, "label") for one in column.get("options") or ()}
    if (kind == "choice") is not bool(options):
        raise ValueError(f"{column.get('key')}: options go with the type choice")
    return MasterColumn(
        key=str(column["key"]),
        label=_words(column, "label"),
        type=kind,
        personal=column.get("personal") is True,
        required=column.get("required") is True,
        options=options or None,
        of=str(column.get("of", "")),
    )


def _words(holder: Mapping[str, Any], name: str, *, must: bool = True) -> Words:
    zh, en = str(holder.get(name, "")), str(holder.get(f"{name}_en", ""))
    if must and not (zh and en):
        raise ValueError(f"{holder.get('key') or holder.get('id')}: {name} and {name}_en are needed")
    return Words(zh, en or zh)


def _known(holder: Mapping[str, Any], words: frozenset[str], what: str) -> None:
    if not isinstance(holder, Mapping):
        raise ValueError(f"{what} is not an object")
    if strange := sorted(holder.keys() - words):
        raise ValueError(f"{what} has the unknown words {strange}")
