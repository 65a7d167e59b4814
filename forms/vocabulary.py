"""The words that a form's document may use, and how much of each.

Their meaning is in ``docs/reference/forms.md``.
"""

from __future__ import annotations

import re
from typing import get_args

from forms.model import FieldType

SCHEMA_VERSION = 19
MAX_COMPONENTS = 200
MAX_DEPTH = 3
MAX_OPTIONS = 500
MAX_OPTION = 100
MAX_WORDS = 5000
MAX_PROBLEMS = 100
#: Characters of a text without ``maxLength``, and the most that ``maxLength`` may allow.
LONGEST = {"textfield": 500, "textarea": 10_000}

COMPONENT_TYPES: tuple[str, ...] = get_args(FieldType)
#: Names that the engine or a web form means something else by.
RESERVED = frozenset({"typename", "case", "actor", "csrf_token"})

TOP = frozenset(
    {
        "schemaVersion",
        "type",
        "id",
        "title",
        "components",
        "exporter",
        "executionPlatform",
        "executionPlatformVersion",
    }
)
#: What form-js editors write for their own display; it is allowed and means nothing here.
DISPLAY = {
    "textarea": "rows",
    "datetime": "timeInterval use24h timeSerializingFormat",
    "select": "searchable",
    "dynamiclist": "isRepeating showOutline disableCollapse nonCollapsedItems defaultRepetitions",
    "group": "showOutline verticalAlignment",
}
ATTRIBUTES = {
    "number": "decimalDigits",
    "datetime": "subtype dateLabel timeLabel",
    "radio": "values",
    "select": "values",
    "checklist": "values",
    "filepicker": "multiple accept",
    "dynamiclist": "path components allowAddRemove",
    "group": "components",
    "text": "text",
}
#: validate key → the types it goes with; ``required`` goes with every input.
VALIDATE_KEYS: dict[str, tuple[str, ...]] = {
    "required": tuple(name for name in COMPONENT_TYPES if name not in ("group", "text")),
    "min": ("number",),
    "max": ("number",),
    "minLength": ("textfield", "textarea"),
    "maxLength": ("textfield", "textarea"),
    "pattern": ("textfield",),
    "validationType": ("textfield",),
}
#: Our own words; ``show`` goes with everything, the others with inputs.
PROPERTIES = (
    "show",
    "default",
    "kind",
    "personal",
    "readonly",
    "basis",
    "role",
    "lookup",
    "fills",
    "scan",
)
#: Those that are true or false.
FLAGS = frozenset({"personal", "readonly", "scan"})
KINDS = {"money": "number", "user": "select", "department": "select", "signature": "filepicker"}
HINTS = {
    "conditional": ("请改用 properties.show。", " Use properties.show."),
    "defaultValue": ("请改用 properties.default。", " Use properties.default."),
    "disabled": ("请改用 properties.readonly。", " Use properties.readonly."),
    "valuesKey": (
        "请在 values 中列出选项，或用 properties.lookup。",
        " List the options in values, or use properties.lookup.",
    ),
    "valuesExpression": ("请在 values 中列出选项。", " List the options in values."),
}
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
#: A master, and after a point the column whose value a text field takes.
LOOKUP = re.compile(r"[a-z][a-z0-9_-]{0,63}(?:\.[A-Za-z][A-Za-z0-9_]{0,63})?")
#: field = column, or field = column.column of the row that it names.
FILL = re.compile(
    r"([A-Za-z][A-Za-z0-9_]{0,63})\s*=\s*([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,2})"
)
ACCEPT = re.compile(r"\.[A-Za-z0-9]{1,12}|[a-z]{1,20}/(?:\*|[A-Za-z0-9.+-]{1,80})")
