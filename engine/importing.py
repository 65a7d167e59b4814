"""Masters from a spreadsheet: all of it is checked first, then all of it is written, or nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.domain.facts import EVERYWHERE, Actor, Data
from engine.domain.masters import Master
from engine.domain.sheets import Sheet, SheetFinding, both, read_sheet, same
from engine.domain.views import Words
from engine.errors import Forbidden, Invalid
from engine.masters import enter
from engine.store import master_rows
from engine.store.database import Session
from engine.store.models import MasterRow
from engine.wiring import Engine

#: Rows that one file brings at most, and findings that are said of it.
MOST, MOST_FINDINGS = 20_000, 200
#: Rows of a change that a preview shows.
SHOWN = 50


@dataclass(frozen=True)
class ImportedRow:
    """A row that is added or changed: the columns that change, as (before, after)."""

    row: int
    key: str
    added: bool
    changes: Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do."""

    added: int
    changed: int
    unchanged: int
    #: Nothing was written when there is any.
    findings: tuple[SheetFinding, ...]
    #: The first of those that are added or changed.
    rows: tuple[ImportedRow, ...] = ()


def import_master(
    engine: Engine,
    name: str,
    table: Sequence[Sequence[object]],
    *,
    by: Actor,
    site: str = "",
    file: str = "",
    dry_run: bool = False,
) -> Imported:
    """Bring the rows of a spreadsheet into a master; the first filled line of ``table`` holds the headings.

    Columns that the file does not have stay as they are, an empty cell empties its column. A row is known by
    its key. Only administrators and the system import. Raises :class:`Forbidden`, and :class:`Invalid` for a
    master or a site that is not there.
    """
    if not (by.admin or by.id is None):
        raise Forbidden(master=name)
    master, place = master_at(engine, name, site)
    sheet = read_sheet(master, table[: MOST + 2], engine.calendar_of(site or _any_site(engine)).zone)
    findings = list(sheet.findings)
    if len(table) > MOST + 1:
        findings.append(SheetFinding(MOST + 2, "", Words(f"超过 {MOST} 行", f"more than {MOST} rows")))
    with engine.database.transaction() as session:
        known = master_rows.by_key(session, name, place)
        findings += _references(engine, session, master, site, sheet, known)
        plan = [(number, values, known.get(values.get(master.key, ""))) for number, values in sheet.rows]
        missing = [
            column
            for column in master.columns.values()
            if column.required and column.key not in sheet.headings
        ]
        for number, _, row in plan:
            if row is None:
                said = Words("新的一行需要这一栏", "a new row needs this column")
                findings += [SheetFinding(number, both(column.label), said) for column in missing]
            elif row.void:
                said = Words(
                    f"{row.key} 已失效（{row.void_reason}）",
                    f"{row.key} is no longer valid ({row.void_reason})",
                )
                findings.append(SheetFinding(number, sheet.headings[master.key], said))
        if findings:
            return Imported(0, 0, 0, tuple(sorted(findings, key=lambda one: one.row)[:MOST_FINDINGS]))
        done = [
            ImportedRow(number, values[master.key], row is None, changes)
            for number, values, row in plan
            if (changes := _changes(master, values, row)) or row is None
        ]
        if not dry_run:
            # In the order of their keys, so that two imports never wait for each other.
            for one in sorted(done, key=lambda one: one.key):
                values = {key: after for key, (_, after) in one.changes.items()}
                enter(engine, session, master, site, {**values, master.key: one.key}, by=by, file=file[:200])
    added = sum(one.added for one in done)
    return Imported(added, len(done) - added, len(plan) - len(done), (), tuple(done[:SHOWN]))


def master_rows_of(engine: Engine, name: str, *, by: Actor, site: str = "") -> list[Data]:
    """Every valid row of a master at a site, nothing masked; raises as :func:`import_master`."""
    if not (by.admin or by.id is None):
        raise Forbidden(master=name)
    _, place = master_at(engine, name, site)
    with engine.database.look() as session:
        rows = master_rows.by_key(session, name, place).values()
        return [dict(row.values) for row in sorted(rows, key=lambda row: row.key) if not row.void]


def master_at(engine: Engine, name: str, site: str) -> tuple[Master, str]:
    """A master and where its rows of a site live; raises :class:`Invalid`."""
    master = engine.masters.get(name)
    if master is None:
        raise Invalid("There is no master of this name.", master=name, known=sorted(engine.masters))
    if not master.everywhere and site not in engine.organisation.sites:
        raise Invalid("There is no such site.", site=site, known=list(engine.organisation.sites))
    return master, master.place(site)


def _any_site(engine: Engine) -> str:
    return next(iter(engine.organisation.sites))


def _references(
    engine: Engine, session: Session, master: Master, site: str, sheet: Sheet, known: Mapping[str, MasterRow]
) -> Iterator[SheetFinding]:
    """What names a row of a master that is not there, nor comes with this file."""
    for key in sheet.columns:
        column = master.columns[key]
        if not column.of:
            continue
        other = engine.masters[column.of]
        if other is master:
            valid = {row.key for row in known.values() if not row.void}
            valid |= {str(values.get(master.key)) for _, values in sheet.rows}
        else:
            place = other.place(site or EVERYWHERE)
            rows = master_rows.by_key(session, other.id, place).values()
            valid = {row.key for row in rows if not row.void}
        for number, values in sheet.rows:
            if (value := values.get(key)) is not None and value not in valid:
                said = Words(f"{other.title.zh}里没有 {value}", f"{other.title.en}: there is no {value}")
                yield SheetFinding(number, sheet.headings[key], said)


def _changes(
    master: Master, values: Mapping[str, object], row: MasterRow | None
) -> dict[str, tuple[object, object]]:
    before = row.values if row is not None else {}
    return {
        key: (before.get(key), value)
        for key, value in values.items()
        if key != master.key and not same(master.columns[key], before.get(key), value)
    }
