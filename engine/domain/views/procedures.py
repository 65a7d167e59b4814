"""Procedures, and the papers they print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.domain.facts import CaseId, Data
from engine.domain.views.basics import Words
from engine.domain.views.clocks import DeadlineLine


@dataclass(frozen=True)
class ProcedureCard:
    """One procedure of the catalogue."""

    id: str
    name: Words
    description: Words
    version: int
    published_at: datetime
    published_by: str
    may_start: bool
    #: Sites at which the reader may start it.
    sites: tuple[str, ...]
    open_cases: int
    steps: tuple[Words, ...] = ()
    #: Whether its first form may be filled in one case after the other.
    quick: bool = False


@dataclass(frozen=True)
class ProcedureView:
    """A procedure as its page shows it."""

    card: ProcedureCard
    diagram: str
    #: English of the diagram's Chinese texts.
    words: Mapping[str, str]
    deadlines: tuple[DeadlineLine, ...]
    #: (number, published at, by, note, running cases)
    versions: tuple[tuple[int, datetime, str, str, int], ...]


@dataclass(frozen=True)
class DocumentView:
    """A paper with its layout and the data it was filed with."""

    title: Words
    number: str
    case_id: CaseId
    case_number: str
    at: datetime
    copies: tuple[Words, ...]
    blocks: Sequence[Mapping[str, Any]]
    words: Mapping[str, str]
    data: Data
    #: key → (value → label) for fields with options.
    options: Mapping[str, Mapping[str, str]]
    #: What its QR code says; "" for the address of the case.
    qr: str = ""
    #: sheet, or card: as large as a badge.
    size: str = "sheet"
