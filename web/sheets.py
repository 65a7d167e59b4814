"""Masters as spreadsheets: a workbook or CSV as a table of cells, and a master as a workbook to fill in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from io import BytesIO, StringIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from xlsxwriter import Workbook

from engine.domain.masters import Master, MasterColumn
from engine.domain.sheets import both
from engine.errors import Invalid
from web.workbook import PLAIN, sheet_name

#: Bytes of a file, and of what a workbook unpacks to.
LARGEST, LARGEST_UNPACKED = 10_000_000, 100_000_000
#: Rows that a choice may be picked in, in a workbook that we make.
_PICKED = 20_000
_KINDS = {
    "text": "文字 / Text",
    "number": "数字 / Number",
    "money": "金额 / Amount",
    "date": "日期 / Date (2026-11-02)",
    "datetime": "日期时间 / Date and time (2026-11-02 09:30)",
    "bool": "是 / Yes, 否 / No",
    "choice": "选项 / Choice",
}


def read_table(name: str, content: bytes) -> list[tuple[object, ...]]:
    """The cells of a file's first sheet, a line each; raises :class:`Invalid` for what is no table."""
    if len(content) > LARGEST:
        raise Invalid("This file is too large.", file=name, most=LARGEST)
    if content.startswith(b"PK"):
        return _workbook(name, content)
    if name.lower().endswith((".xlsx", ".xls", ".xlsm")) or b"\0" in content[:1000]:
        raise Invalid("This file is no Excel workbook (.xlsx) and no CSV.", file=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes in China when one saves as CSV.
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise Invalid("This file is no Excel workbook (.xlsx) and no CSV.", file=name) from None
    head = text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=head.count)
    try:
        return [
            tuple(line) for line in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise Invalid(
            "This file is no Excel workbook (.xlsx) and no CSV.", file=name, why=str(error)
        ) from error


def _workbook(name: str, content: bytes) -> list[tuple[object, ...]]:
    try:
        with ZipFile(BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > LARGEST_UNPACKED:
                raise Invalid("This file is too large.", file=name, most=LARGEST_UNPACKED)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            # What a workbook says of its own size may be wrong.
            sheet.reset_dimensions()
            return [tuple(line) for line in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except (
        BadZipFile,
        InvalidFileException,
        KeyError,
        IndexError,
        ValueError,
        OSError,
        SyntaxError,
    ) as error:
        raise Invalid("This file is no Excel workbook (.xlsx) and no CSV.", file=name) from error


def master_workbook(master: Master, rows: Iterable[Mapping[str, Any]], zone: tzinfo) -> BytesIO:
    """A workbook with a master's headings in both languages, its rows, and a sheet that explains them."""
    content = BytesIO()
    book = Workbook(content, PLAIN)
    head = book.add_format({"bold": True, "bg_color": "#eeeeea", "bottom": 1, "text_wrap": True})
    # Text stays text: the zero before a telephone number, 3-12 that is no day in March.
    text, plain = book.add_format({"num_format": "@"}), book.add_format()
    formats = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "number": plain,
        "money": book.add_format({"num_format": "#,##0.00"}),
    }
    sheet = book.add_worksheet(sheet_name(master.title.zh))
    columns = list(master.columns.values())
    for place, column in enumerate(columns):
        sheet.write_string(0, place, both(column.label), head)
        sheet.set_column(place, place, 20, formats.get(column.type, text))
        _choices(sheet, place, column)
    for line, row in enumerate(rows, start=1):
        for place, column in enumerate(columns):
            value = _cell(column, row.get(column.key), zone)
            style = formats.get(column.type, text)
            if isinstance(value, datetime):
                sheet.write_datetime(line, place, value, style)
            elif isinstance(value, date):
                sheet.write_datetime(line, place, datetime(value.year, value.month, value.day), style)  # noqa: DTZ001
            elif isinstance(value, int | float):
                sheet.write_number(line, place, value, style)
            elif value:
                sheet.write_string(line, place, str(value), style)
    sheet.freeze_panes(1, 1)
    _explained(book, master, head)
    book.close()
    content.seek(0)
    return content


def _choices(sheet: Any, place: int, column: MasterColumn) -> None:
    said = [both(label) for label in (column.options or {}).values()]
    if column.type == "bool":
        said = ["是", "否"]
    # Excel allows a list of 255 characters.
    if said and len(",".join(said)) <= 255:
        sheet.data_validation(1, place, _PICKED, place, {"validate": "list", "source": said})


def _explained(book: Any, master: Master, head: Any) -> None:
    sheet = book.add_worksheet("说明 Notes")
    lines = [("栏 / Column", "必填 / Needed", "填什么 / What", "")]
    for column in master.columns.values():
        options = "、".join(both(label) for label in (column.options or {}).values())
        needed = "是 / Yes" if column.required or column.key == master.key else ""
        lines.append((both(column.label), needed, _KINDS[column.type], options))
    for number, line in enumerate(lines):
        for place, said in enumerate(line):
            sheet.write_string(number, place, said, head if number == 0 else None)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 3, 44)


def _cell(column: MasterColumn, value: Any, zone: tzinfo) -> object:
    if value in (None, ""):
        return None
    if column.type == "bool":
        return "是" if value else "否"
    if column.type == "choice":
        return both((column.options or {})[value]) if value in (column.options or {}) else str(value)
    try:
        if column.type == "date":
            return date.fromisoformat(str(value))
        if column.type == "datetime":
            found = datetime.fromisoformat(str(value))
            local = found.astimezone(zone).replace(tzinfo=None) if found.tzinfo else found
            return local.replace(microsecond=0)
    except ValueError:
        return str(value)
    return value
