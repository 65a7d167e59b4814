"""How the values of a case read: words, days, moments, amounts, rows; and which history people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from babel.dates import format_date

from engine.domain.views import Datum, Entry, MasterFact, Words
from web import moments
from web.display import money, number, reader_zone, value_words, words
from web.language import reader_language
from web.words import gettext as _

#: Kinds of history that only the drawing needs.
DRAWN = frozenset({"passed", "entered"})
#: Kinds that follow from what is told beside them: they stand in the whole history only.
UNTOLD = DRAWN | {"fired", "task_opened", "told", "register_written", "clock_started"}


def told(history: Sequence[Entry], *, whole: bool = False) -> list[Entry]:
    """The history that people read, the newest first; ``whole`` leaves out what is only drawn."""
    left_out = DRAWN if whole else UNTOLD
    return [entry for entry in reversed(history) if entry.kind not in left_out]


def subject_of(row: HasSubject) -> str:
    """A case's subject; until a form gave it one it has the name of its procedure, which says nothing."""
    return _("新案件，尚未填写") if row.subject == row.procedure_name.zh else row.subject


def reading(value: Any) -> str:
    """A value as people read it, in one text; a list has a line each."""
    if isinstance(value, Words):
        return words(value)
    if isinstance(value, datetime):
        return moments.exact(value, reader_zone(), reader_language())
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Datum):
        return reading(value.value)
    if isinstance(value, (list, tuple)):
        return "\n".join(reading(one) for one in value) or "—"
    return value_words(value)


class HasSubject(Protocol):
    """A row or a view of a case, a task or a timer."""

    @property
    def subject(self) -> str:
        """What the case is about."""

    @property
    def procedure_name(self) -> Words:
        """The name of its procedure."""


@dataclass(frozen=True)
class Table:
    """Rows of a case's data: the labels of the columns, then the values as people read them."""

    heads: list[str]
    rows: list[list[str]]


def table_of(datum: Datum) -> Table | None:
    """The table that a datum with rows is; None for any other."""
    rows = [row for row in datum.value if _is_row(row)] if isinstance(datum.value, tuple) else []
    if not rows:
        return None
    heads = {cell.key: words(cell.label) for row in rows for cell in row}
    return Table(
        heads=list(heads.values()),
        rows=[[reading(next((c.value for c in row if c.key == key), None)) for key in heads] for row in rows],
    )


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(cell, Datum) for cell in value)


def day(value: date) -> str:
    """A day with its year."""
    pattern = "d MMM y" if reader_language() == "en" else "y年M月d日"
    return format_date(value, pattern, locale="en_GB" if reader_language() == "en" else "zh_Hans_CN")


def typed(value: Any, type: str) -> Any:
    """A value stored as JSON as what its type says; what is not that stays as it is."""
    if value in (None, "") or type == "table":
        return value
    try:
        if type == "date":
            return date.fromisoformat(str(value)[:10])
        if type == "datetime":
            return datetime.fromisoformat(str(value))
        if type in ("number", "money"):
            return value if isinstance(value, (int, float)) else float(str(value))
    except ValueError:
        return value
    return value


def reading_of(value: Any, type: str) -> str:
    """A stored value of a declared type as people read it."""
    found = typed(value, type)
    if isinstance(found, datetime) and found.tzinfo is not None:
        return f"{found.astimezone(reader_zone()):%Y-%m-%d %H:%M}"
    if isinstance(found, date):
        return f"{found:%Y-%m-%d}"
    if type == "money" and isinstance(found, (int, float)):
        return money(found)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return number(found)
    if type == "bool" and found in (None, ""):
        return "—"
    return reading(found)


def fact_words(fact: MasterFact) -> str:
    """A column of a master's row as people read it."""
    label = fact.options.get(str(fact.value))
    return words(label) if label else reading_of(fact.value, fact.type)


def yes_or_no() -> list[tuple[str, str]]:
    """The choices of a filter over yes and no."""
    return [("true", _("是")), ("false", _("否"))]
