"""Check answers against their form: marshmallow decides each value, the form decides what is asked.

Answers are JSON values: texts, numbers (money too), booleans, ISO 8601 texts for dates, times and
moments, lists of texts for several choices or files, lists of objects for rows. A field that was
left empty answers ``None``, ``False`` or ``[]``, so that emptying it is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.experimental.context import Context

from forms import kinds
from forms.messages import CODES, Problem
from forms.model import Field, Form
from forms.vocabulary import LONGEST

__all__ = ["CODES", "AnswersRefused", "Examined", "Problem", "check", "examine", "schema_of"]

#: Bytes of all answers together, as UTF-8.
MAX_BYTES = 64 * 1024
MAX_ROWS = 200
#: Unknown fields that are named one by one.
MAX_UNKNOWN = 20

Show = Callable[[str, Mapping[str, Any]], bool]
Errors = dict[str, list[Problem]]


class AnswersRefused(ValueError):
    """Some answers need a correction; ``errors`` maps a path (``materials.0.name``) to its problems.

    The path is empty for what concerns the answers as a whole.
    """

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(f"{path}: {found[0].code}" for path, found in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Examined:
    """What an examination found, right or not."""

    #: The clean answers; a wrong one is missing.
    answers: dict[str, Any]
    errors: Errors
    #: Places of what is not shown: ``components.2``; in the second row ``components.2.components.0@1``.
    hidden: frozenset[str]

    def is_hidden(self, asked: Field, row: int | None = None) -> bool:
        """Say whether a component is not shown, in a row counted from 0 if it stands in one."""
        return (asked.place if row is None else f"{asked.place}@{row}") in self.hidden


def check(
    form: Form,
    raw: Mapping[str, Any],
    *,
    show: Show,
    data: Mapping[str, Any],
    choices: Callable[[Field], Sequence[tuple[str, str]]],
    attachment: Callable[[str], bool],
    zone: tzinfo,
    row: Callable[[Field, str], bool] = lambda _field, _key: False,
) -> dict[str, Any]:
    """Return the clean answers to every field that is shown, ready to be stored as JSON.

    ``show`` evaluates an expression over values by name; ``data`` is the case's data. A hidden field
    has no answer in the result, whatever was sent; a read-only one has the value of ``data``.

    Raises :class:`AnswersRefused`; what ``show`` raises passes through.
    """
    surroundings = kinds.Surroundings(choices=choices, attachment=attachment, zone=zone, row=row)
    found = examine(form, raw, show=show, data=data, surroundings=surroundings)
    if found.errors:
        raise AnswersRefused(found.errors)
    return found.answers


def examine(
    form: Form,
    raw: Mapping[str, Any],
    *,
    show: Show,
    data: Mapping[str, Any],
    surroundings: kinds.Surroundings,
) -> Examined:
    """Check answers without raising: also what a half-filled form shows and hides.

    Fields are visited in the order of the form. ``show`` sees the case's data, then the answers
    before it, and inside a row that row's; what is unanswered, wrong or hidden reads as None.
    """
    if not isinstance(raw, Mapping):
        return Examined({}, {"": [Problem.of("not-answers")]}, frozenset())
    walk = _Walk(show)
    if _bytes_of(raw) > MAX_BYTES:
        walk.too_much(form, raw)
        return Examined({}, walk.errors, frozenset())
    known = {leaf.key for leaf in form.leaves()}
    seen = {**dict.fromkeys(known), **data}
    with Context(surroundings):
        space = _Space(schema=schema_of(form)(), raw=raw, seen=seen, data=data)
        walk.components(form.components, space)
    walk.unknown(raw, known, "")
    return Examined(space.answers, walk.errors, frozenset(walk.hidden))


@lru_cache(maxsize=256)
def schema_of(form: Form) -> type[Schema]:
    """The marshmallow schema of a form's answers, one class for equal forms.

    It knows nothing of ``show``: a field that may be hidden is optional here, and :func:`check` asks
    for it. Loading needs a :class:`forms.kinds.Surroundings` in marshmallow's ``Context``.
    """
    return _schema(f"{_camel(form.id)}Answers", tuple(form.leaves()), _shown_always(form.components))


def empty(asked: Field) -> Any:
    """The answer of a field that was left empty."""
    if asked.is_many or asked.is_rows:
        return []
    return False if asked.type == "checkbox" else None


def is_blank(asked: Field, value: Any) -> bool:
    """Say whether a raw answer says nothing: missing, white space, nothing chosen, not ticked.

    A value of another type is not blank but wrong: an empty list says something odd of a text.
    """
    if value is None or (isinstance(value, str) and not kinds.tidied(value)):
        return True
    if asked.is_many:
        return isinstance(value, list) and all(isinstance(one, str) and not one.strip() for one in value)
    if asked.is_rows:
        return isinstance(value, list) and not value
    return asked.type == "checkbox" and value is False


@dataclass(frozen=True)
class _Space:
    """One namespace of answers: the form's, or that of one row."""

    schema: Schema
    raw: Mapping[str, Any]
    #: What expressions read by name.
    seen: dict[str, Any]
    #: The values of read-only fields.
    data: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    #: Before a key in a path: ``materials.0.``.
    prefix: str = ""
    #: After a place: ``@0`` in the first row.
    mark: str = ""


@dataclass
class _Walk:
    """One visit of a form in its order, collecting errors and what is hidden."""

    show: Show
    errors: Errors = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def components(self, components: tuple[Field, ...], space: _Space, *, hide: bool = False) -> None:
        """Visit components of one namespace in their order and fill its answers."""
        for asked in components:
            hides = hide or bool(asked.show and not self.show(asked.show, space.seen))
            if hides:
                self.hidden.append(asked.place + space.mark)
            if asked.type == "group":
                self.components(asked.children, space, hide=hides)
            elif asked.is_input:
                self._answer(asked, space, hides=hides)

    def _answer(self, asked: Field, space: _Space, *, hides: bool) -> None:
        key = asked.key
        if asked.readonly and not hides:
            if key in space.data:
                space.answers[key] = space.data[key]
            return
        # What the case has from before is no longer the answer, whatever comes of this one.
        space.seen[key] = None
        if hides:
            return
        path = space.prefix + key
        try:
            value = self._value(asked, space.schema.fields[f"field_{key}"], space, path)
        except ValidationError as error:
            self.errors.setdefault(path, []).extend(_problems(error))
        else:
            space.answers[key] = space.seen[key] = value

    def _value(self, asked: Field, kind: fields.Field[Any], space: _Space, path: str) -> Any:
        raw = space.raw.get(asked.key)
        value: Any
        if is_blank(asked, raw):
            value = empty(asked)
        elif asked.is_rows:
            value = self._rows(asked, kind, raw, space.seen, path)
        else:
            value = kind.deserialize(raw)
        if asked.required and (value is None or value is False or value == []):
            raise kinds.wrong("required")
        return value

    def _rows(
        self, asked: Field, kind: fields.Field[Any], raw: Any, seen: Mapping[str, Any], path: str
    ) -> list[dict[str, Any]]:
        if not isinstance(raw, list):
            raise kinds.wrong("not-rows")
        if len(raw) > MAX_ROWS:
            raise kinds.wrong("too-many-rows", limit=MAX_ROWS)
        assert isinstance(kind, fields.List)
        assert isinstance(kind.inner, fields.Nested)
        keys = {child.key for child in asked.children}
        rows = []
        for number, given in enumerate(raw):
            if not isinstance(given, Mapping):
                self.errors[f"{path}.{number}"] = [Problem.of("not-a-row")]
                continue
            self.unknown(given, keys, f"{path}.{number}.")
            if all(is_blank(child, given.get(child.key)) for child in asked.children):
                continue
            space = _Space(
                schema=kind.inner.schema,
                raw=given,
                seen={**seen, **dict.fromkeys(keys)},
                prefix=f"{path}.{number}.",
                mark=f"@{number}",
            )
            self.components(asked.children, space)
            rows.append(space.answers)
        return rows

    def unknown(self, raw: Mapping[str, Any], known: set[str], before: str) -> None:
        """Name the fields that the form does not have, a few of them if there are many."""
        for name in [name for name in raw if name not in known][:MAX_UNKNOWN]:
            shown = name[:60] if isinstance(name, str) else type(name).__name__
            self.errors.setdefault(f"{before}{shown}", []).append(Problem.of("unknown-field", name=shown))

    def too_much(self, form: Form, raw: Mapping[str, Any]) -> None:
        """Say that the answers are too large, and which texts alone are too long."""
        self.errors[""] = [Problem.of("too-much", limit=MAX_BYTES // 1024)]
        for leaf in form.leaves():
            value = raw.get(leaf.key)
            longest = leaf.max_length or LONGEST.get(leaf.type, MAX_BYTES)
            if isinstance(value, str) and len(value) > longest:
                self.errors[leaf.key] = [Problem.of("too-long", limit=longest)]


_KINDS: dict[str, Callable[..., fields.Field[Any]]] = {
    "textfield": kinds.Text,
    "textarea": kinds.Text,
    "number": kinds.Number,
    "datetime": kinds.Moment,
    "checkbox": kinds.Tick,
    "radio": kinds.Choice,
    "select": kinds.Choice,
    "checklist": kinds.Choices,
    "filepicker": kinds.Files,
}


def _schema(name: str, leaves: tuple[Field, ...], always: frozenset[str]) -> type[Schema]:
    # The attribute differs from the key, so that no key can meet a name of Schema's own.
    members: dict[str, Any] = {
        f"field_{leaf.key}": _marshmallow_field(name, leaf, required=leaf.required and leaf.key in always)
        for leaf in leaves
    }
    members["Meta"] = type("Meta", (), {"unknown": RAISE, "register": False})
    return type(name, (Schema,), members)


def _marshmallow_field(name: str, leaf: Field, *, required: bool) -> fields.Field[Any]:
    settings: dict[str, Any] = {
        "required": required,
        "data_key": leaf.key,
        "attribute": leaf.key,
        "metadata": kinds.description(leaf),
        "dump_only": leaf.readonly,
    }
    if not required:
        settings |= {"load_default": list if empty(leaf) == [] else empty(leaf), "allow_none": True}
    if leaf.is_rows:
        rows = _schema(f"{name}{_camel(leaf.key)}", leaf.children, _shown_always(leaf.children))
        return fields.List(fields.Nested(rows), **settings)
    if leaf.is_many:
        return _KINDS[leaf.type](leaf, cls_or_instance=fields.String(), **settings)
    return _KINDS[leaf.type](leaf, **settings)


def _shown_always(components: tuple[Field, ...]) -> frozenset[str]:
    """Keys of the inputs that nothing can hide."""
    found: set[str] = set()
    for asked in components:
        if asked.show:
            continue
        found |= _shown_always(asked.children) if asked.type == "group" else {asked.key}
    return frozenset(found)


def _problems(error: ValidationError) -> list[Problem]:
    found = error.messages if isinstance(error.messages, list) else []
    return [problem for problem in found if isinstance(problem, Problem)] or [Problem.of("not-text")]


def _camel(text: str) -> str:
    return "".join(part.capitalize() for part in text.replace("-", "_").split("_"))


def _bytes_of(raw: Mapping[str, Any]) -> int:
    """About the size of answers as JSON; stops counting soon after the limit, at any depth."""
    total = 0
    waiting: list[Any] = [raw]
    while waiting and total <= MAX_BYTES:
        value = waiting.pop()
        total += 2
        if isinstance(value, str):
            total += len(value) if len(value) > MAX_BYTES else len(value.encode("utf-8", "surrogatepass"))
        elif isinstance(value, Mapping):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return total
