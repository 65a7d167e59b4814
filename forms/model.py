"""What a form is: a tree of frozen fields, with the walks over it that others need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "textfield",
    "textarea",
    "number",
    "datetime",
    "checkbox",
    "radio",
    "select",
    "checklist",
    "filepicker",
    "dynamiclist",
    "group",
    "text",
]
Kind = Literal["", "money", "user", "department", "signature"]
Basis = Literal["", "given", "proposed"]


@dataclass(frozen=True)
class Option:
    """One choice of a radio, select or checklist: what is stored and what is read."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One component of a form. What does not concern its type has its empty value."""

    type: FieldType
    #: Its name in the case's data; empty for ``group`` and ``text``, which hold no answer.
    key: str = ""
    #: Where it stands in the document: ``components.2.components.0``.
    place: str = ""
    label: str = ""
    #: The words under the label (form-js ``description``).
    help: str = ""
    #: The words of a ``text``.
    text: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    min: int | float | None = None
    max: int | float | None = None
    #: In characters.
    min_length: int | None = None
    max_length: int | None = None
    #: A regular expression that the whole text must match.
    pattern: str = ""
    validation: Literal["", "phone", "email"] = ""
    #: Digits after the decimal point; None for any number of them.
    decimal_digits: int | None = None
    multiple: bool = False
    #: What a file may be, as in HTML: ``image/*,.pdf``; empty for anything.
    accept: str = ""
    subtype: Literal["", "date", "time", "datetime"] = ""
    #: Expression; when it is false the field is neither shown nor asked.
    show: str = ""
    #: Expression for the first value.
    default: str = ""
    kind: Kind = ""
    personal: bool = False
    readonly: bool = False
    basis: Basis = ""
    #: For ``kind`` ``user``: only people with this role.
    role: str = ""
    #: A scanner may type it: the line end that it sends goes on to the next field.
    scan: bool = False
    #: A master whose rows are looked up: ``tenants``; a text may take a column of it: ``visitors.name``.
    lookup: str = ""
    #: (field of this form, column of the row that was chosen; ``tenant.name`` of the row that one names)
    fills: tuple[tuple[str, str], ...] = ()
    #: The fields of a ``group``, or of one row of a ``dynamiclist``.
    children: tuple[Field, ...] = ()

    @property
    def is_input(self) -> bool:
        """True when it holds an answer."""
        return self.type not in ("group", "text")

    @property
    def is_rows(self) -> bool:
        """True when its answer is a list of rows."""
        return self.type == "dynamiclist"

    @property
    def is_file(self) -> bool:
        """True when its answer is a list of attachment ids."""
        return self.type == "filepicker"

    @property
    def is_many(self) -> bool:
        """True when its answer is a list of texts."""
        return self.type in ("checklist", "filepicker")

    @property
    def is_choice(self) -> bool:
        """True when its answer must be among options."""
        return self.type in ("radio", "select", "checklist")

    @property
    def has_live_options(self) -> bool:
        """True when its options are people or departments of the day, not of the file."""
        return self.kind in ("user", "department")

    @property
    def master(self) -> str:
        """The master whose rows are looked up, or ""."""
        return self.lookup.partition(".")[0]

    @property
    def must_be_row(self) -> bool:
        """True when its answer is the key of a master's row."""
        return bool(self.lookup) and self.type == "select"

    @property
    def is_text(self) -> bool:
        """True when its answer is free text."""
        return self.type in ("textfield", "textarea")


@dataclass(frozen=True)
class Form:
    """What a person is asked in one task."""

    id: str
    title: str
    #: The top of the tree, in the order in which people read it.
    components: tuple[Field, ...]

    def leaves(self) -> Iterator[Field]:
        """Every field with an answer of its own, in order: through groups, not into rows."""
        return _leaves(self.components)

    def everything(self) -> Iterator[Field]:
        """Every component in order: groups, words and the fields of rows as well."""
        return _everything(self.components)

    def lookups(self) -> Iterator[tuple[str, Field]]:
        """Every field that looks something up, with what stands before its key: ``materials.`` in rows."""
        for leaf in self.leaves():
            yield from [("", leaf)] if leaf.lookup else []
            yield from ((f"{leaf.key}.", child) for child in leaf.children if child.lookup)

    def field(self, key: str) -> Field | None:
        """The field with this key; the key of a row's field is ``materials.name``."""
        head, _, tail = key.partition(".")
        found = next((leaf for leaf in self.leaves() if leaf.key == head), None)
        if found is None or not tail:
            return found
        return next((child for child in found.children if child.key == tail), None)


@dataclass(frozen=True)
class Expression:
    """An expression that a form contains, with where it stands."""

    #: ``components.2.properties.show``
    path: str
    property: Literal["show", "default"]
    #: The key of the field; empty for a ``group`` or ``text``.
    key: str
    text: str


def labels(form: Form) -> tuple[str, ...]:
    """Every text of the form that a person reads, each once, in reading order."""
    texts = [form.title]
    for field in form.everything():
        texts += [field.label, field.help, field.text, *(option.label for option in field.options)]
    return tuple(dict.fromkeys(text for text in texts if text))


def expressions(form: Form) -> tuple[Expression, ...]:
    """Every ``show`` and ``default`` of the form, in reading order."""
    found = []
    for field in form.everything():
        where = f"{field.place}.properties"
        if field.show:
            found.append(Expression(f"{where}.show", "show", field.key, field.show))
        if field.default:
            found.append(Expression(f"{where}.default", "default", field.key, field.default))
    return tuple(found)


def _leaves(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        if field.type == "group":
            yield from _leaves(field.children)
        elif field.is_input:
            yield field


def _everything(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from _everything(field.children)
