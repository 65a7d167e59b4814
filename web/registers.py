"""台账: the registers; one as a table, as the printed form, as a workbook; the entries behind a row."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue

from engine import board_view, list_registers, register_history, register_view
from engine.domain.views import Column, RegisterRow, RegisterView
from web.access import access, actor, engine
from web.display import is_htmx, moment, site_name, words
from web.lists import page_number
from web.reading import reading_of, yes_or_no
from web.words import gettext as _
from web.workbook import SPREADSHEET, workbook

bp = Blueprint("registers", __name__, url_prefix="/registers")

#: Rows that one print or one workbook takes; more want a narrower time.
MOST = 20_000
CHUNK = 500
#: Columns that are readable side by side on A4 landscape, beside the first one; portrait takes half.
ACROSS = 11


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show the registers that I may read."""
    return render_template("registers/index.html", cards=list_registers(engine(), actor()))


@bp.get("/<register_id>")
@access("register")
def show(register_id: str) -> ResponseReturnValue:
    """Show a register's rows: searched, filtered, sorted, page by page."""
    register = _view(register_id, page=page_number())
    return render_template(
        "registers/_rows.html" if is_htmx() else "registers/show.html",
        register=register,
        text=request.args.get("q", "").strip(),
        sort=_sort(),
        filters=_filters(),
        filtered=[(column, _choices(column)) for column in register.columns if _choices(column)],
        sites=_sites(),
        own=_own_number(register),
        cell=cell,
    )


@bp.get("/<register_id>/rows/<int(max=2147483647):row_id>")
@access("register")
def row(register_id: str, row_id: int) -> ResponseReturnValue:
    """Show every entry of a row, and what each changed."""
    entries = register_history(engine(), row_id, actor(), register=register_id)
    register = _view(register_id)
    return render_template(
        "registers/row.html",
        register=register,
        entries=list(_with_changes(register.columns, entries)),
        cell=cell,
    )


@bp.get("/<register_id>/print")
@access("register")
def paper(register_id: str) -> ResponseReturnValue:
    """Show the register as the manual's form prints it."""
    register, rows = _everything(register_id)
    return render_template(
        "registers/print.html",
        register=register,
        rows=rows,
        bands=list(_bands(register)),
        cell=cell,
    )


@bp.get("/<register_id>/board")
@access("register")
def board(register_id: str) -> ResponseReturnValue:
    """Show the rows that have begun and not ended, such as who is in the house; prints as a list to tick."""
    found = board_view(engine(), register_id, actor(), site=request.args.get("site", ""))
    return render_template(
        "registers/_board.html" if is_htmx() else "registers/board.html",
        board=found,
        cell=cell,
        sites=[(site, site_name(site)) for site in found.sites],
        now=engine().now(),
    )


@bp.get("/<register_id>/export.xlsx")
@access("register")
def export(register_id: str) -> ResponseReturnValue:
    """Give the rows as an Excel workbook, in the reader's language and with the reader's masks."""
    register, rows = _everything(register_id)
    content = workbook(
        title=words(register.card.title),
        said=_("导出于 %(when)s", when=moment(engine().now(), "exact")),
        columns=register.columns,
        rows=rows,
    )
    day = f"{engine().now():%Y%m%d}"
    return send_file(
        content,
        mimetype=SPREADSHEET,
        as_attachment=True,
        download_name=f"{words(register.card.title)}-{day}.xlsx",
    )


def cell(column: Column, row: RegisterRow) -> str:
    """A value of a row as people read it."""
    return _said(column, row.values.get(column.key))


def _said(column: Column, value: object) -> str:
    if isinstance(value, list) and column.children:
        lines = (line for line in value if isinstance(line, dict))
        return "\n".join(
            " · ".join(
                _said(child, line[child.key])
                for child in column.children
                if line.get(child.key) not in (None, "", [])
            )
            for line in lines
        )
    if isinstance(value, list):
        return _("、").join(_said(column, one) for one in value)
    if column.options and str(value) in column.options:
        return words(column.options[str(value)])
    return reading_of(value, column.type)


def _view(register_id: str, *, page: int = 1, size: int = 50) -> RegisterView:
    return register_view(
        engine(),
        register_id,
        actor(),
        text=request.args.get("q", "").strip(),
        filters=_filters(),
        sort=_sort(),
        page=page,
        size=size,
    )


def _everything(register_id: str) -> tuple[RegisterView, list[RegisterRow]]:
    register = _view(register_id, size=CHUNK)
    rows = list(register.page.rows)
    for page in range(2, min(register.page.pages, MOST // CHUNK) + 1):
        rows += _view(register_id, page=page, size=CHUNK).page.rows
    return register, rows


def _own_number(register: RegisterView) -> str:
    """The key of the column that holds the case's own number, which need not stand there twice."""
    rows = register.page.rows
    own = (
        column.key
        for column in register.columns
        if rows and rows[0].case_number and all(row.values.get(column.key) == row.case_number for row in rows)
    )
    return next(own, "")


def _sort() -> str:
    return request.args.get("sort", "") or "-at"


def _filters() -> dict[str, str]:
    """``f_satisfied=true`` in the address is the filter ``satisfied``."""
    return {name[2:]: value for name, value in request.args.items() if name.startswith("f_") and value}


def _choices(column: Column) -> list[tuple[str, str]]:
    if column.masked or column.type == "user":
        return []
    if column.type == "bool":
        return yes_or_no()
    if column.type == "table" or not column.options:
        return []
    return [(value, words(label)) for value, label in column.options.items()]


def _sites() -> list[tuple[str, str]]:
    found = engine().organisation.sites.values()
    return [(site.id, site_name(site.id)) for site in found]


def _with_changes(
    columns: tuple[Column, ...], entries: list[RegisterRow]
) -> Iterator[tuple[RegisterRow, list[tuple[Column, str, str]]]]:
    """Each entry, the latest first, with the columns that it changed: (column, before, after)."""
    pairs = list(zip([None, *entries], entries, strict=False))
    for before, after in reversed(pairs):
        yield (
            after,
            [
                (column, cell(column, before) if before else "", cell(column, after))
                for column in columns
                if before is None or before.values.get(column.key) != after.values.get(column.key)
            ],
        )


def _bands(register: RegisterView) -> Iterator[tuple[Column, ...]]:
    """The columns as they fit across a sheet, the first of them on every sheet."""
    across = ACROSS if register.orientation == "landscape" else ACROSS // 2
    first, rest = register.columns[:1], register.columns[1:]
    # Sheets of about the same number of columns rather than a full one and a rest.
    sheets = max(1, -(-len(rest) // across))
    width = max(1, -(-len(rest) // sheets))
    for start in range(0, max(1, len(rest)), width):
        yield (*first, *rest[start : start + width])
