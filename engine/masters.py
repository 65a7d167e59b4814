"""Masters: what a case reads in them and changes, in the step's own transaction, with an entry each.

A change takes the columns that it names and leaves the others as the last entry said them, so that two
cases which change one row both stay in it. With ``expect`` a change is made only if the row is still as
the case believes it: of two cases that give out one card, one gets None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.domain.facts import SYSTEM, Actor, Data
from engine.domain.masters import LONGEST_KEY, Master
from engine.errors import Invalid, ServiceFailed
from engine.store import master_rows
from engine.store.database import Session
from engine.store.models import MasterRow

if TYPE_CHECKING:
    from engine.steps import Step
    from engine.wiring import Engine

#: Rows that one list gives a case at most.
MOST = 500


def master_named(engine: Engine, name: str) -> Master:
    """A master; raises :class:`ServiceFailed` when there is none of that name."""
    try:
        return engine.masters[name]
    except KeyError:
        raise ServiceFailed("There is no master of this name.", master=name) from None


def read(step: Step, name: str, key: str) -> Data | None:
    """A valid row's values at the case's site; None when there is none."""
    master = master_named(step.engine, name)
    row = master_rows.find(step.session, name, master.place(step.case.site), key.strip())
    return None if row is None or row.void else dict(row.values)


def listed(step: Step, name: str, equal: Mapping[str, Any]) -> list[Data]:
    """The valid rows of the case's site whose columns have these values, in the order of their keys."""
    master = master_named(step.engine, name)
    _require_columns(master, equal)
    place = master.place(step.case.site)
    return [dict(row.values) for row in master_rows.listed(step.session, name, place, equal=equal, most=MOST)]


def change(
    step: Step,
    name: str,
    key: str,
    values: Mapping[str, Any],
    *,
    expect: Mapping[str, Any] | None = None,
    node: str,
    process: str,
) -> Data | None:
    """Change the columns of a row, or add it; give its values, or None when it is not as expected."""
    master = master_named(step.engine, name)
    _require_columns(master, expect or {})
    key = _key(master, key)
    values = {**values, master.key: key}
    _require_fit(master, values)
    place = master.place(step.case.site)
    if expect is None:
        row = master_rows.lock_or_add(step.session, name, place, key, at=step.now, by=step.actor.name)
    else:
        found = master_rows.lock(step.session, name, place, key)
        if found is None or found.void or any(found.values.get(k) != v for k, v in expect.items()):
            return None
        row = found
    merged = {**dict.fromkeys(master.columns), **row.values, **values}
    if row.entries and not row.void and merged == row.values:
        master_rows.concern(step.session, step.case.id, [row.id])
        return dict(row.values)
    _say(master, row, merged)
    row.void, row.void_reason = False, ""
    row.at, row.by = step.now, step.actor.name
    master_rows.write(step.session, row, case_id=step.case.id)
    step.tell("master_changed", node=node, process=process, master=name, key=key, row=row.id)
    return merged


def end(step: Step, name: str, key: str, *, reason: str, node: str, process: str) -> None:
    """Say that a row is no longer valid; it stays, with why. Raises :class:`ServiceFailed` for none."""
    master = master_named(step.engine, name)
    row = master_rows.lock(step.session, name, master.place(step.case.site), key.strip())
    if row is None:
        raise ServiceFailed("The master has no row of this key.", master=name, key=key)
    if row.void:
        return
    row.void, row.void_reason = True, reason
    row.at, row.by = step.now, step.actor.name
    master_rows.write(step.session, row, case_id=step.case.id)
    step.tell("master_ended", node=node, process=process, master=name, key=row.key, row=row.id, reason=reason)


def bring_in(engine: Engine, name: str, site: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Bring rows in when an installation is set up; give how many are new or changed.

    Raises :class:`Invalid` naming the row that does not fit; nothing of them is kept then.
    """
    master = engine.masters.get(name)
    if master is None:
        raise Invalid("There is no master of this name.", master=name)
    count = 0
    with engine.database.transaction() as session:
        for values in rows:
            key = str(values.get(master.key) or "").strip()
            try:
                master.require_fit(values)
            except ValueError as error:
                raise Invalid(
                    "A row does not fit its master.", master=name, key=key, why=str(error)
                ) from error
            if not key:
                raise Invalid("A row of a master has no key.", master=name)
            count += enter(engine, session, master, site, {**values, master.key: key}, by=SYSTEM)
    return count


def enter(
    engine: Engine,
    session: Session,
    master: Master,
    site: str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    file: str = "",
) -> bool:
    """Write the columns of a row without a case; False when it says all of it already."""
    now = engine.now()
    key = values[master.key]
    row = master_rows.lock_or_add(session, master.id, master.place(site), key, at=now, by=by.name)
    merged = {**dict.fromkeys(master.columns), **row.values, **values}
    if row.entries and merged == row.values:
        return False
    _say(master, row, merged)
    row.at, row.by = now, by.name
    master_rows.write(session, row, case_id=None, file=file)
    return True


def names_of_rows(
    engine: Engine, session: Session, site: str, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """What stands for rows by (master, key), without anything personal."""
    named = {}
    for master_id, key in pairs:
        master = engine.masters.get(master_id)
        row = master_rows.find(session, master_id, master.place(site), key) if master else None
        if master is not None and row is not None:
            named[master_id, key] = master.name(row.values, hide=master.personal) or key
    return named


def _say(master: Master, row: MasterRow, values: Data) -> None:
    row.values = values
    row.found = master.found_by(values, hide=master.personal)
    row.found_all = master.found_by(values)


def _key(master: Master, key: str) -> str:
    key = key.strip()
    if not key or len(key) > LONGEST_KEY:
        raise ServiceFailed("A row of a master needs a key.", master=master.id)
    return key


def _require_columns(master: Master, values: Mapping[str, Any]) -> None:
    if strange := sorted(set(values) - set(master.columns)):
        raise ServiceFailed("The master has no such column.", master=master.id, column=strange[0])


def _require_fit(master: Master, values: Mapping[str, Any]) -> None:
    try:
        master.require_fit(values)
    except ValueError as error:
        raise ServiceFailed("A value does not fit the master.", master=master.id, why=str(error)) from error
