"""A register as an Excel workbook: typed cells, a frozen head, a filter; text is never read as a formula."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from engine.domain.views import Column, RegisterRow
from web.display import reader_zone, words
from web.reading import reading_of, typed
from web.words import gettext as _

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A value that begins with = or http:// stays the text that it is.
PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
#: Excel allows 31 characters for a sheet's name, none of these.
_NOT_IN_NAMES = str.maketrans("", "", "[]:*?/\\'")
#: Characters that Excel keeps in a cell.
_LONGEST = 32_767
#: Widths of columns, in characters.
_NARROW, _WIDE = 9, 44
_HEAD = 2


def sheet_name(title: str) -> str:
    """A title as a sheet may be called."""
    return title.translate(_NOT_IN_NAMES)[:31] or "1"


def workbook(*, title: str, said: str, columns: Sequence[Column], rows: Sequence[RegisterRow]) -> BytesIO:
    """The rows with their case, time, writer and state before the register's own columns."""
    content = BytesIO()
    book = Workbook(content, PLAIN)
    formats = _Formats(book)
    sheet = book.add_worksheet(sheet_name(title))
    heads = [
        _("案件编号"),
        *(words(column.label) for column in columns),
        _("登记时间"),
        _("登记人"),
        _("状态"),
    ]
    sheet.write_string(0, 0, title, formats.title)
    sheet.write_string(0, min(4, len(heads) - 1), said, formats.quiet)
    widths = [_width(head) for head in heads]
    for number, head in enumerate(heads):
        sheet.write_string(_HEAD - 1, number, head, formats.head)
    for line, row in enumerate(rows, start=_HEAD):
        state = _("作废：%(reason)s", reason=row.void_reason) if row.void else ""
        values = [
            row.case_number,
            *(_cell(column, row.values.get(column.key)) for column in columns),
            row.at,
            row.by,
            state,
        ]
        types = ["text", *(column.type for column in columns), "datetime", "text", "text"]
        for number, (value, kind) in enumerate(zip(values, types, strict=True)):
            shown = _write(sheet, line, number, value, formats.of(kind, void=row.void), kind)
            widths[number] = max(widths[number], _width(shown))
    for number, width in enumerate(widths):
        sheet.set_column(number, number, min(max(width + 2, _NARROW), _WIDE))
    sheet.freeze_panes(_HEAD, 1)
    sheet.autofilter(_HEAD - 1, 0, max(_HEAD, _HEAD + len(rows) - 1), len(heads) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD - 1)
    book.close()
    content.seek(0)
    return content


class _Formats:
    """The few formats of a sheet; a void row is struck through in each."""

    def __init__(self, book: Workbook) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quiet = book.add_format({"font_color": "#59616b"})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#eeeeea", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        numbers = {"money": "#,##0.00", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
        self._made = {
            (kind, void): book.add_format(
                {
                    "valign": "top",
                    "text_wrap": kind not in numbers,
                    "font_strikeout": void,
                    **({"num_format": numbers[kind]} if kind in numbers else {}),
                }
            )
            for kind in (*numbers, "text")
            for void in (False, True)
        }

    def of(self, kind: str, *, void: bool) -> Any:
        """The format of a cell."""
        return self._made.get((kind, void), self._made["text", void])


def _cell(column: Column, value: Any) -> Any:
    """A value with its type where Excel has one, else as people read it."""
    if value in (None, "", []):
        return None
    if column.type in ("number", "money", "date", "datetime") and not column.masked:
        return typed(value, column.type)
    if isinstance(value, list) and column.children:
        return "\n".join(
            " · ".join(
                str(_cell(child, line[child.key]))
                for child in column.children
                if line.get(child.key) not in (None, "", [])
            )
            for line in value
            if isinstance(line, dict)
        )
    if isinstance(value, list):
        return _("、").join(str(_cell(column, one)) for one in value)
    if str(value) in column.options:
        return words(column.options[str(value)])
    return reading_of(value, column.type)


def _write(sheet: Any, line: int, number: int, value: Any, style: Any, kind: str) -> str:
    """Write one cell by its type; gives what it shows."""
    if value is None:
        sheet.write_blank(line, number, None, style)
        return ""
    if isinstance(value, datetime):
        # Excel knows no zones: the reader's clock, without one.
        local = value.astimezone(reader_zone()).replace(tzinfo=None) if value.tzinfo else value
        sheet.write_datetime(line, number, local, style)
        return "2026-11-02 09:30"
    if isinstance(value, date):
        sheet.write_datetime(line, number, datetime(value.year, value.month, value.day), style)  # noqa: DTZ001
        return "2026-11-02"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        sheet.write_number(line, number, value, style)
        return str(value)
    text = str(value)[:_LONGEST]
    sheet.write_string(line, number, text, style)
    return text


def _width(text: str) -> int:
    """About how wide the widest line is, a Chinese character counting two."""
    return max(
        (sum(2 if ord(char) > 0x2E7F else 1 for char in line) for line in text.splitlines()), default=0
    )
