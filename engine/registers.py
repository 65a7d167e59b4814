"""台账: books that cases write to. Rows are appended and corrected by later entries, never edited away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.domain.facts import Data
from engine.errors import ExpressionFailed, RegisterNotFound, ServiceFailed
from engine.runtime.expressions import evaluate
from engine.store import repository
from engine.store.models import RegisterRow

if TYPE_CHECKING:
    from engine.procedures import Published
    from engine.steps import Step


def declaration(published: Published, process: str, register: str) -> dict[str, Any]:
    """A register as its procedure declares it; raises :class:`RegisterNotFound`."""
    for bundle in (published.of(process), *published.bundles.values()):
        if register in bundle.registers:
            return bundle.registers[register]
    raise RegisterNotFound(register=register)


def series_format(published: Published, series: str) -> str:
    """The pattern of a series of numbers; raises :class:`ServiceFailed` when none is declared."""
    for bundle in published.bundles.values():
        for register in bundle.registers.values():
            declared = register.get("series")
            if declared and declared["id"] == series:
                return str(declared["format"])
    raise ServiceFailed("There is no such series of numbers.", series=series)


def write(step: Step, process: str, register: str, data: Data, *, key: str, node: str) -> int:
    """Write the case's row from its data; a second time it is a later entry of the same row."""
    declared = declaration(step.published, process, register)
    values = _values(step, declared, data)
    row = repository.register_row(step.session, register, step.case.id, key)
    if row is None:
        row = RegisterRow(
            register=register,
            procedure=step.published.of(process).procedure,
            case_id=step.case.id,
            key=key,
            site=step.case.site,
            at=step.now,
            by=step.actor.name,
            values=values,
            search=_search(step, values),
            entries=1,
        )
        step.session.add(row)
    elif row.values == values:
        return row.id
    else:
        row.values = values
        row.search = _search(step, values)
        row.at, row.by = step.now, step.actor.name
        row.entries += 1
    repository.write_entry(step.session, row)
    step.tell("register_written", node=node, process=process, register=register, row=row.id)
    return row.id


def void(step: Step, process: str, register: str, *, key: str, reason: str, node: str) -> None:
    """Mark the case's row void; raises :class:`ServiceFailed` when it wrote none."""
    declaration(step.published, process, register)
    row = repository.register_row(step.session, register, step.case.id, key)
    if row is None:
        raise ServiceFailed("This case has no row in the register.", register=register)
    row.void, row.void_reason = True, reason
    row.at, row.by = step.now, step.actor.name
    row.entries += 1
    repository.write_entry(step.session, row)
    step.tell("register_voided", node=node, process=process, register=register, row=row.id, reason=reason)


def _values(step: Step, declared: Mapping[str, Any], data: Data) -> Data:
    # The functions of a diagram are not needed here: a column is a field or a part of the case.
    case = step.case
    names = {
        **data,
        "case": {
            "no": case.number,
            "site": case.site,
            "starter": case.starter_name,
            "started_at": case.started_at.isoformat(),
            "subject": case.subject,
        },
        "actor": step.actor.name,
    }
    functions: dict[str, Callable[..., Any]] = {
        "get": lambda name, default=None: default if data.get(name) is None else data[name],
        "has": lambda name: data.get(name) not in (None, "", []),
        "now": lambda: step.now.isoformat(),
        "handler": lambda node: repository.last_handler(step.session, case.id, node),
    }
    values: Data = {}
    for column in declared["columns"]:
        key = column["key"]
        if "value" not in column:
            values[key] = data.get(key)
            continue
        try:
            values[key] = evaluate(column["value"], names, functions)
        except ExpressionFailed as error:
            error.facts |= {"register": declared["id"], "column": key}
            raise
    return values


def _search(step: Step, values: Data) -> str:
    said = (str(value) for value in values.values() if isinstance(value, (str, int, float)))
    return " ".join([step.case.number, *said])[:4000]
