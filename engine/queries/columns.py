"""The columns of a register: their labels, types and options, and what of a row is masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    bundle: Bundle
    declared: tuple[Mapping[str, Any], ...]
    #: column key → the form field of the same key, if there is one.
    fields: Mapping[str, Field]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of all columns, in order."""
        return tuple(str(column["key"]) for column in self.declared)

    @cached_property
    def personal(self) -> frozenset[str]:
        """The keys of personal columns: those declared, and those whose form field is."""
        return frozenset(
            column["key"]
            for column in self.declared
            if column.get("personal") or ((field := self.fields.get(column["key"])) and field.personal)
        )

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
                key=str(column["key"]),
                label=self.bundle.words(str(column["label"])),
                type=self._type(str(column["key"])),
                masked=masked and column["key"] in self.personal,
                options=self._options(str(column["key"]), names),
                children=self._children(str(column["key"])),
            )
            for column in self.declared
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

    def _type(self, key: str) -> str:
        column = next(found for found in self.declared if found["key"] == key)
        field = self.fields.get(key)
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

    def _children(self, key: str) -> tuple[Column, ...]:
        field = self.fields.get(key)
        if field is None or not field.is_rows:
            return ()
        return tuple(
            Column(
                key=child.key,
                label=self.bundle.words(child.label or child.key),
                type=child.kind or ("number" if child.type == "number" else "text"),
                options=self._labels(child.options),
            )
            for child in field.children
        )

    def _labels(self, options: Iterable[Any]) -> dict[str, Words]:
        return {option.value: self.bundle.words(option.label) for option in options}

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


def sheet_of(engine: Engine, bundle: Bundle, register: Mapping[str, Any]) -> Sheet:
    """The sheet of a register as its procedure declares it."""
    fields: dict[str, Field] = {}
    for form in bundle.forms.values():
        for leaf in form.leaves():
            if leaf.key not in fields or leaf.personal:
                fields[leaf.key] = leaf
    # A column with an expression of its own is not the field, unless it says just that.
    declared = tuple(register["columns"])
    same = {
        column["key"]: fields[name]
        for column in declared
        if (name := str(column.get("value", column["key"])).strip()) in fields
    }
    return Sheet(engine, bundle, declared, same)
