"""A spreadsheet read as rows of a master: every heading and cell checked, all that is wrong said at once.

Headings and choices may stand in Chinese, in English, as both (``单元号 / Unit``) or as the key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo

from engine.domain.facts import Data
from engine.domain.masters import LONGEST_KEY, LONGEST_VALUE, Master, MasterColumn
from engine.domain.views import Words

#: Between the Chinese and the English of a heading or of a choice.
BOTH = " / "
_YES, _NO = frozenset({"是", "yes", "true", "1", "y"}), frozenset({"否", "no", "false", "0", "n"})
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")

_UNIT = re.compile(r"\s*[（(][^（(]*[）)]$")


@dataclass(frozen=True)
class SheetFinding:
    """What is wrong at a place of a spreadsheet."""

    #: As the spreadsheet counts, from 1; the headings' row for what concerns a column.
    row: int
    #: The column's heading as it stands there, or "".
    column: str
    said: Words


@dataclass(frozen=True)
class Sheet:
    """What was read: the columns that the file has, and its rows by their number."""

    columns: tuple[str, ...] = ()
    #: Column → its heading in the file.
    headings: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[int, Data], ...] = ()
    findings: tuple[SheetFinding, ...] = ()


def both(words: Words) -> str:
    """A text in both languages, as headings and choices stand in a template."""
    return words.zh if words.zh == words.en else f"{words.zh}{BOTH}{words.en}"


def read_sheet(master: Master, table: Sequence[Sequence[object]], zone: tzinfo) -> Sheet:
    """Read a table whose first filled line holds the headings; times without a zone are of ``zone``."""
    lines = [
        (number, line) for number, line in enumerate(table, start=1) if any(_text(cell) for cell in line)
    ]
    if not lines:
        return Sheet(findings=(SheetFinding(1, "", Words("文件是空的", "the file is empty")),))
    top, head = lines[0]
    places, findings = _headings(master, top, head)
    if findings:
        return Sheet(findings=tuple(findings))
    headings = {column.key: _text(head[place]) for place, column in places.items()}
    rows: list[tuple[int, Data]] = []
    first: dict[str, int] = {}
    for number, line in lines[1:]:
        values: Data = {}
        for place, column in places.items():
            try:
                values[column.key] = _value(column, line[place] if place < len(line) else None, zone)
                if values[column.key] is None and (column.required or column.key == master.key):
                    raise _Wrong("必须填写", "is needed")
            except _Wrong as wrong:
                values.pop(column.key, None)
                findings.append(SheetFinding(number, headings[column.key], wrong.said))
        key = values.get(master.key)
        if key is not None:
            values[master.key] = key = str(key)
            if len(key) > LONGEST_KEY:
                findings.append(SheetFinding(number, headings[master.key], Words("太长", "is too long")))
            if (before := first.setdefault(key, number)) != number:
                said = Words(f"{key} 已在第 {before} 行", f"{key} stands in row {before} already")
                findings.append(SheetFinding(number, headings[master.key], said))
        rows.append((number, values))
    return Sheet(tuple(headings), headings, tuple(rows), tuple(findings))


class _Wrong(Exception):
    """A cell does not fit its column."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = Words(zh, en)


def _headings(
    master: Master, row: int, head: Sequence[object]
) -> tuple[dict[int, MasterColumn], list[SheetFinding]]:
    names = {_loose(name): column for column in master.columns.values() for name in _names(column)}
    for column in master.columns.values():
        # 面积 for 面积（平方米）.
        for label in (column.label.zh, column.label.en):
            names.setdefault(_loose(_UNIT.sub("", label)), column)
    places: dict[int, MasterColumn] = {}
    findings: list[SheetFinding] = []
    for place, cell in enumerate(head):
        text = _text(cell)
        if not text:
            continue
        if (named := names.get(_loose(text))) is None:
            known = "、".join(both(one.label) for one in master.columns.values())
            findings.append(
                SheetFinding(
                    row,
                    text,
                    Words(f"{master.title.zh}没有这一栏；有：{known}", f"is no column; there are: {known}"),
                )
            )
        elif named in places.values():
            findings.append(SheetFinding(row, text, Words("这一栏出现了两次", "stands there twice")))
        else:
            places[place] = named
    key = master.columns[master.key]
    if key not in places.values() and not findings:
        findings.append(SheetFinding(row, both(key.label), Words("缺少这一栏", "this column is missing")))
    return places, findings


def _names(column: MasterColumn) -> Iterator[str]:
    yield from (column.label.zh, column.label.en, both(column.label), column.key)


def _loose(text: str) -> str:
    return "".join(text.split()).casefold()


def _text(cell: object) -> str:
    """A cell as the text that a person sees in it."""
    if isinstance(cell, float) and cell.is_integer():
        # A number of a unit or a phone that the spreadsheet took for an amount.
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time() else cell.date().isoformat()
    return "" if cell is None else str(cell).strip()


def _value(column: MasterColumn, cell: object, zone: tzinfo) -> object:
    """The value of a cell as its master keeps it; None for an empty one."""
    text = _text(cell)
    if not text:
        return None
    match column.type:
        case "number" | "money":
            return _number(cell, text)
        case "bool":
            if _loose(text) in _YES | _NO:
                return _loose(text) in _YES
            raise _Wrong(f"“{text:.40}”不是“是”或“否”", f"“{text:.40}” is neither yes nor no")
        case "choice":
            for value, label in (column.options or {}).items():
                if _loose(text) in map(_loose, (value, label.zh, label.en, both(label))):
                    return value
            known = "、".join(map(both, (column.options or {}).values()))
            raise _Wrong(
                f"“{text:.40}”不是选项；有：{known}", f"“{text:.40}” is no choice; there are: {known}"
            )
        case "date":
            return _date(text).isoformat()
        case "datetime":
            return _moment(cell, text, zone)
        case _:
            if len(text) > LONGEST_VALUE:
                raise _Wrong("太长", "is too long")
            return text


def _number(cell: object, text: str) -> int | float:
    if isinstance(cell, bool):
        raise _Wrong(f"“{text}”不是数字", f"“{text}” is no number")
    try:
        number = float(text.replace(",", "").replace("，", ""))
    except ValueError:
        raise _Wrong(f"“{text:.40}”不是数字", f"“{text:.40}” is no number") from None
    if not math.isfinite(number):
        raise _Wrong(f"“{text:.40}”不是数字", f"“{text:.40}” is no number")
    return int(number) if number.is_integer() else number


def _date(text: str) -> date:
    found = _DAY.match(text)
    try:
        if found is None or text[found.end() :].strip(" T0:"):
            raise ValueError
        return date(*map(int, found.groups()))
    except ValueError:
        raise _Wrong(f"“{text:.40}”不是日期", f"“{text:.40}” is no date") from None


def _moment(cell: object, text: str, zone: tzinfo) -> str:
    found = cell if isinstance(cell, datetime) else None
    if found is None:
        day = _DAY.match(text)
        try:
            if day is None:
                raise ValueError
            clock = text[day.end() :].strip().removeprefix("T").strip()
            found = datetime.fromisoformat(f"{date(*map(int, day.groups())).isoformat()} {clock or '00:00'}")
        except ValueError:
            said = f"“{text:.40}”不是日期时间", f"“{text:.40}” is no date with a time"
            raise _Wrong(*said) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat(timespec="seconds")


def same(column: MasterColumn, before: object, after: object) -> bool:
    """Say whether two values are the same to a spreadsheet, which keeps moments to the second only."""
    if before == after or (before in (None, "") and after in (None, "")):
        return True
    if column.type == "datetime" and isinstance(before, str) and isinstance(after, str):
        try:
            known, new = datetime.fromisoformat(before), datetime.fromisoformat(after)
        except ValueError:
            return False
        if known.tzinfo is None:
            known = known.replace(tzinfo=new.tzinfo)
        return known.replace(microsecond=0) == new.replace(microsecond=0)
    return False
