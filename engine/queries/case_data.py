"""A case's data as people read them: every answer with its label, in the order of the forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bundles import Bundle
from engine.domain.views import Datum, Words
from engine.masters import names_of_rows
from engine.procedures import Published
from engine.queries.drawing import human_steps
from engine.queries.lines import account_id, department_words, names_of
from engine.queries.personal import Veil
from engine.store.models import Attachment
from engine.wiring import Engine
from forms.model import Field, Form


def data_of(
    engine: Engine, session: Session, published: Published, data: Mapping[str, Any], veil: Veil, site: str
) -> tuple[Datum, ...]:
    """Every form field that has a value, each key once, in the order in which people are asked."""
    asked = list(_asked(published, data))
    reader = _Reader(engine, session, veil, site, [(leaf, data[leaf.key]) for _, leaf in asked])
    return tuple(reader.datum(bundle, leaf, leaf.key, data[leaf.key]) for bundle, leaf in asked)


def forms_in_order(bundle: Bundle) -> list[Form]:
    """A procedure's forms in the order of the steps that ask them."""
    named = [node.properties.get("form", "") for node in human_steps(bundle.diagram)]
    return [bundle.forms[form] for form in dict.fromkeys([*named, *bundle.forms]) if form in bundle.forms]


def _asked(published: Published, data: Mapping[str, Any]) -> Iterator[tuple[Bundle, Field]]:
    seen: set[str] = set()
    for bundle in published.bundles.values():
        for form in forms_in_order(bundle):
            for leaf in form.leaves():
                if leaf.key not in seen and data.get(leaf.key) not in (None, "", []):
                    seen.add(leaf.key)
                    yield bundle, leaf


class _Reader:
    """Reads values; the people and files that they name are looked up once for all of them."""

    def __init__(
        self, engine: Engine, session: Session, veil: Veil, site: str, found: list[tuple[Field, Any]]
    ) -> None:
        self.engine = engine
        self.veil = veil
        simple = [pair for leaf, value in found for pair in _simple(leaf, value)]
        self.people = names_of(session, (value for leaf, value in simple if leaf.kind == "user"))
        self.rows = names_of_rows(
            engine, session, site, [(leaf.master, str(value)) for leaf, value in found if leaf.must_be_row]
        )
        self.files = _file_names(
            session, [item for leaf, value in simple if leaf.is_file for item in _list(value)]
        )

    def datum(self, bundle: Bundle, leaf: Field, path: str, value: Any) -> Datum:
        label = bundle.words(leaf.label or leaf.key)
        if self.veil.hides(path):
            return Datum(leaf.key, label, self.veil.value(path, value), masked=True)
        return Datum(leaf.key, label, self._read(bundle, leaf, path, value))

    def _read(self, bundle: Bundle, leaf: Field, path: str, value: Any) -> Any:
        if leaf.is_rows:
            return tuple(self._row(bundle, leaf, path, row) for row in _list(value) if isinstance(row, dict))
        if leaf.kind == "user":
            return self.people.get(account_id(value) or 0, str(value))
        if leaf.kind == "department":
            return department_words(self.engine, str(value))
        if leaf.must_be_row:
            return self.rows.get((leaf.master, str(value)), str(value))
        if leaf.is_file:
            return tuple(self.files.get(str(item), str(item)) for item in _list(value))
        if leaf.is_choice:
            labels = {option.value: bundle.words(option.label) for option in leaf.options}
            if isinstance(value, list):
                return tuple(labels.get(str(item), Words(str(item), str(item))) for item in value)
            return labels.get(str(value), Words(str(value), str(value)))
        if leaf.type == "datetime" and isinstance(value, str):
            return _moment(leaf.subtype, value)
        return value

    def _row(self, bundle: Bundle, leaf: Field, path: str, row: Mapping[str, Any]) -> tuple[Datum, ...]:
        return tuple(
            self.datum(bundle, child, f"{path}.{child.key}", row[child.key])
            for child in leaf.children
            if row.get(child.key) not in (None, "", [])
        )


def _simple(leaf: Field, value: Any) -> Iterator[tuple[Field, Any]]:
    if not leaf.is_rows:
        yield leaf, value
        return
    for row in _list(value):
        if isinstance(row, dict):
            yield from ((child, row.get(child.key)) for child in leaf.children)


def _moment(subtype: str, text: str) -> date | datetime | str:
    try:
        if subtype == "date":
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text) if subtype == "datetime" else None
    except ValueError:
        return text
    return found if found is not None and found.tzinfo else text


def _file_names(session: Session, ids: list[Any]) -> dict[str, str]:
    if not ids:
        return {}
    rows = session.execute(
        sa.select(Attachment.id, Attachment.name).where(Attachment.id.in_([str(item) for item in ids]))
    )
    return {row.id: row.name for row in rows}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
