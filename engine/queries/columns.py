"""The columns of a register: their labels, types and options, and what of a row is masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bundles import Bundle
from engine.domain.facts import Data
from engine.domain.privacy import mask
from engine.domain.views import Column, Words
from engine.queries.lines import department_words, names_of
from engine.wiring import Engine
from forms.model import Field


@dataclass(frozen=True)
class Sheet:
    """The columns of one register, with the form fields that their values come from."""

    engine: Engine
    bundles: tuple[Bundle, ...]
    #: column key → its declaration, in order.
    declared: Mapping[str, Mapping[str, Any]]
    #: column key → the form field that its values come from, if there is one.
    fields: Mapping[str, Field]
    #: The keys of personal columns: those declared so, and those whose form field is.
    personal: frozenset[str]

    @property
    def keys(self) -> Iterable[str]:
        """The keys of all columns, in order."""
        return self.declared.keys()

    @property
    def telling(self) -> frozenset[str]:
        """The keys of columns that hold personal data anywhere, also inside their rows."""
        inside = (
            key for key, field in self.fields.items() if any(child.personal for child in field.children)
        )
        return self.personal | frozenset(inside)

    def values(self, values: Mapping[str, Any], *, masked: bool) -> Data:
        """A row's values, for a reader before whom personal columns are masked or open."""
        if not masked:
            return dict(values)
        return {
            key: mask(value) if key in self.personal else self._rows_masked(key, value)
            for key, value in values.items()
        }

    def columns(
        self, session: Session, rows: Sequence[Mapping[str, Any]], *, masked: bool
    ) -> tuple[Column, ...]:
        """The columns for a page of rows, with the names of the people in them."""
        named = {key for key in self.keys if self._type(key) == "user"}
        people = names_of(session, (row.get(key) for row in rows for key in named))
        names = {str(number): Words(name, name) for number, name in people.items()}
        return tuple(
            Column(
                key=key,
                label=self._words(str(column["label"])),
                type=self._type(key),
                masked=masked and key in self.personal,
                options=self._options(key, names),
                children=self._children(key, masked=masked),
            )
            for key, column in self.declared.items()
        )

    def has(self, key: str, column: Any, value: str) -> sa.ColumnElement[bool]:
        """The condition that a column has a value, or a part of it where it is free text."""
        kind = self._type(key)
        if kind == "bool":
            return column.as_boolean() == sa.literal(value.lower() in ("true", "1", "yes"))  # type: ignore[no-any-return]
        if kind in ("user", "department") or self._options(key, {}):
            return column.as_string() == value  # type: ignore[no-any-return]
        return column.as_string().icontains(value[:100], autoescape=True)  # type: ignore[no-any-return]

    def sortable(self, key: str, column: Any) -> sa.ColumnElement[Any]:
        """What to sort a column by: numbers as numbers, the rest as text."""
        if self._type(key) in ("number", "money"):
            return column.as_float()  # type: ignore[no-any-return]
        return column.as_string()  # type: ignore[no-any-return]

    def _words(self, zh: str) -> Words:
        known = next((bundle for bundle in self.bundles if zh in bundle.english), self.bundles[0])
        return known.words(zh)

    def _type(self, key: str) -> str:
        column, field = self.declared[key], self.fields.get(key)
        if column.get("type"):
            return str(column["type"])
        if field is not None and field.kind in ("user", "department", "money"):
            return field.kind
        return "table" if field is not None and field.is_rows else "text"

    def _options(self, key: str, people: Mapping[str, Words]) -> Mapping[str, Words]:
        kind, field = self._type(key), self.fields.get(key)
        if kind == "user":
            return people
        if kind == "department":
            return {
                name: department_words(self.engine, name) for name in self.engine.organisation.departments
            }
        return self._labels(field.options) if field is not None else {}

    def _children(self, key: str, *, masked: bool) -> tuple[Column, ...]:
        field = self.fields.get(key)
        if field is None or not field.is_rows:
            return ()
        return tuple(
            Column(
                key=child.key,
                label=self._words(child.label or child.key),
                type=child.kind or ("number" if child.type == "number" else "text"),
                masked=masked and child.personal,
                options=self._labels(child.options),
            )
            for child in field.children
        )

    def _labels(self, options: Iterable[Any]) -> dict[str, Words]:
        return {option.value: self._words(option.label) for option in options}

    def _rows_masked(self, key: str, value: Any) -> Any:
        field = self.fields.get(key)
        hidden = {child.key for child in field.children if child.personal} if field is not None else set()
        if not hidden or not isinstance(value, list):
            return value
        return [
            {name: mask(item) if name in hidden else item for name, item in row.items()}
            for row in value
            if isinstance(row, dict)
        ]


def sheet_of(engine: Engine, declarations: Sequence[tuple[Bundle, Mapping[str, Any]]]) -> Sheet:
    """The sheet of a register as its procedures declare it; a column stands where it comes first."""
    columns: dict[str, Mapping[str, Any]] = {}
    fields: dict[str, Field] = {}
    personal: set[str] = set()
    for bundle, register in declarations:
        asked = _fields_of(bundle)
        for column in register["columns"]:
            key = str(column["key"])
            columns.setdefault(key, column)
            # A column with an expression of its own is no field, unless it says just that field.
            field = asked.get(str(column.get("value", key)).strip())
            if field is not None:
                fields.setdefault(key, field)
            if column.get("personal") or (field is not None and field.personal):
                personal.add(key)
    bundles = tuple(bundle for bundle, _ in declarations)
    return Sheet(engine, bundles, columns, fields, frozenset(personal))


def _fields_of(bundle: Bundle) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for form in bundle.forms.values():
        for leaf in form.leaves():
            if leaf.key not in fields or leaf.personal:
                fields[leaf.key] = leaf
    return fields
