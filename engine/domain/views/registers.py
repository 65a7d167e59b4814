"""Registers, their boards, and the masters that cases share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engine.domain.facts import CaseId, Data
from engine.domain.views.basics import Page, Words


@dataclass(frozen=True)
class Column:
    """A column of a register."""

    key: str
    label: Words
    type: str
    masked: bool = False
    #: value → label, for fields with options.
    options: Mapping[str, Words] = field(default_factory=dict)
    #: Columns of a table's rows.
    children: tuple[Column, ...] = ()


@dataclass(frozen=True)
class RegisterRow:
    """One row of a register as it stands now; ``entries`` counts its corrections."""

    id: int
    #: None for a master's row that no case has changed yet.
    case_id: CaseId | None
    case_number: str
    at: datetime
    by: str
    values: Data
    void: bool
    void_reason: str
    entries: int
    #: The spreadsheet that a master's entry was imported from, or "".
    file: str = ""


@dataclass(frozen=True)
class RegisterCard:
    """One register in the list of registers."""

    id: str
    title: Words
    procedure: str
    procedure_name: Words
    source: Words
    rows: int
    last_at: datetime | None
    #: What its board is called: the rows that are open now.
    board: Words | None = None


@dataclass(frozen=True)
class RegisterView:
    """A register with one page of its rows."""

    card: RegisterCard
    columns: tuple[Column, ...]
    page: Page[RegisterRow]
    orientation: Literal["portrait", "landscape"] = "landscape"


@dataclass(frozen=True)
class BoardRow:
    """A row of a board, with since when it is there."""

    row: RegisterRow
    site: str
    since: datetime | None


@dataclass(frozen=True)
class BoardView:
    """The rows of a register that have begun and not ended."""

    register: str
    title: Words
    register_title: Words
    columns: tuple[Column, ...]
    #: What the moment is called since which a row is there.
    since: Words
    #: The sites that one reads, and the one that is shown; "" for all.
    sites: tuple[str, ...]
    site: str
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True)
class MasterFound:
    """A row of a master that a field of a form may take."""

    key: str
    #: What the field takes: the key, or the column that it asks for.
    value: str
    name: str
    #: What tells it from others of its name.
    more: str


@dataclass(frozen=True)
class MasterFact:
    """One column of a master's row, to be read."""

    label: Words
    #: As :func:`web.reading.reading_of` takes it.
    value: Any
    type: str
    options: Mapping[str, Words]


@dataclass(frozen=True)
class MasterCard:
    """A row of a master as it stands beside a form: its facts, the rows that name it, its open cases."""

    master: str
    title: Words
    key: str
    name: str
    void: bool
    facts: tuple[MasterFact, ...]
    #: (what they are, each row's name and the rest of it)
    related: tuple[tuple[Words, tuple[tuple[str, str], ...]], ...]
    #: The open cases that concern it and that the reader sees: (id, number, what it is about).
    cases: tuple[tuple[CaseId, str, str], ...]
