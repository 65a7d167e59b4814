"""From an HTML form to raw answers and back, without judging them.

The names of the HTML form::

    content             one text, number, date, radio or select
    causes              a checklist or filepicker: repeated, once for each choice or attachment id
    urgent              a checkbox, ``true`` when ticked …
    urgent.present      … with a hidden companion that says that it was there to be ticked
    materials.0.name    a field of a row; removed rows leave gaps, which are closed

:func:`parse` takes what was posted, :func:`flatten` gives back what to show again, so that nobody
types anything twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Protocol

from forms.model import Field, Form

#: Appended to a name: the field was on the page, even if the browser sends nothing for it.
PRESENT = ".present"

_ROW = re.compile(r"(0|[1-9][0-9]{0,8})\.(.+)", re.DOTALL)
_TICKED = {"true": True, "on": True, "1": True, "false": False, "0": False, "": False}

Posted = dict[str, list[str]]


class MultiMap(Protocol):
    """What a posted form is: names with one or more texts (werkzeug's ``MultiDict``)."""

    def keys(self) -> Iterable[str]:
        """The names."""
        ...

    def getlist(self, key: str) -> list[str]:
        """All texts of a name, in the order they were sent."""
        ...


def parse(form: Form, posted: MultiMap) -> dict[str, Any]:
    """Return raw answers, nested as :func:`forms.schema.check` takes them.

    Names that begin with ``_`` and ``csrf_token`` are the page's own and left out; names that the
    form does not know are kept, for the check to name them.
    """
    texts = {
        name: list(posted.getlist(name))
        for name in posted.keys()  # noqa: SIM118  # a multimap need not be iterable
        if not name.startswith("_") and name != "csrf_token"
    }
    lists = {leaf.key: leaf for leaf in form.leaves() if leaf.is_rows}
    rows: dict[str, dict[int, Posted]] = {}
    plain: Posted = {}
    for name, values in texts.items():
        key, _, rest = name.partition(".")
        found = _ROW.fullmatch(rest) if key in lists else None
        if found is None:
            plain[name] = values
        else:
            rows.setdefault(key, {}).setdefault(int(found[1]), {})[found[2]] = values
    inputs = [leaf for leaf in form.leaves() if not leaf.is_rows]
    raw = _values(inputs, plain)
    for key, leaf in lists.items():
        if raw.pop(key + PRESENT, None) is not None:
            raw.setdefault(key, [])
        if key in rows:
            numbered = sorted(rows[key].items())
            raw[key] = [_values(leaf.children, row) for _, row in numbered]
    return raw


def flatten(
    form: Form, answers: Mapping[str, Any], *, zone: tzinfo | None = None
) -> dict[str, str | list[str]]:
    """Return the names and texts that an HTML form shows for answers, right or wrong ones.

    Moments with an offset become the local time of ``zone`` for ``datetime-local`` inputs; without
    ``zone`` they keep their own clock. Text that is not what the field expects stays as it is.
    """
    flat: dict[str, str | list[str]] = {}
    for leaf in form.leaves():
        if leaf.key not in answers:
            continue
        value = answers[leaf.key]
        if not leaf.is_rows:
            flat |= _names(leaf, leaf.key, value, zone)
            continue
        flat[leaf.key + PRESENT] = "1"
        if not isinstance(value, list):
            flat[leaf.key] = _text(value)
            continue
        for number, row in enumerate(value):
            if not isinstance(row, Mapping):
                continue
            for child in leaf.children:
                if child.key in row:
                    flat |= _names(child, f"{leaf.key}.{number}.{child.key}", row[child.key], zone)
    return flat


def _values(inputs: Iterable[Field], posted: Posted) -> dict[str, Any]:
    """The raw answers of one namespace: of the form, or of one row."""
    left = dict(posted)
    raw: dict[str, Any] = {}
    for field in inputs:
        values = left.pop(field.key, None)
        present = left.pop(field.key + PRESENT, None) is not None
        if field.is_many and (values is not None or present):
            raw[field.key] = [value for value in values or [] if value]
        elif field.type == "checkbox" and (values is not None or present):
            raw[field.key] = _ticked(values or [])
        elif values is not None:
            raw[field.key] = _one(values)
    return raw | {name: _one(values) for name, values in left.items()}


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _ticked(values: list[str]) -> object:
    if all(value in _TICKED for value in values):
        return any(_TICKED[value] for value in values)
    return _one(values)


def _names(field: Field, name: str, value: Any, zone: tzinfo | None) -> dict[str, str | list[str]]:
    if field.type == "checkbox":
        if value is None or isinstance(value, bool):
            return {name: "true", name + PRESENT: "1"} if value else {name + PRESENT: "1"}
        return {name: _text(value), name + PRESENT: "1"}
    if field.is_many:
        listed = value if isinstance(value, list) else [value]
        return {name: [text for text in map(_scalar, listed) if text], name + PRESENT: "1"}
    if field.subtype == "datetime" and isinstance(value, str):
        return {name: _local(value, zone)}
    return {name: _text(value)}


def _text(value: Any) -> str | list[str]:
    """A value as an input shows it; several texts where one was expected stay several."""
    return [_scalar(one) for one in value] if isinstance(value, list) else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Never with an exponent: people type digits.
        number = Decimal(repr(value))
        return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < 400 else ""
    if isinstance(value, int) and abs(value) < 10**400:
        return str(value)
    return ""


def _local(text: str, zone: tzinfo | None) -> str:
    """A moment as a ``datetime-local`` input takes it; what is not a moment stays as typed."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return text
        there = moment.astimezone(zone) if zone is not None else moment
    except (ValueError, OverflowError):
        return text
    return there.replace(tzinfo=None).isoformat(timespec="seconds" if there.second else "minutes")
