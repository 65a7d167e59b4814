"""What stands on a printed document: its labels, the data of the day it was filed, tables of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.domain.filling import fill
from engine.domain.views import DocumentView
from web.reading import Table, reading_of
from web.words import gettext as _

#: ISO 8601 text as forms keep it: a day, or a moment.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


@dataclass(frozen=True)
class Sheet:
    """A paper in one language."""

    paper: DocumentView
    english: bool

    def say(self, text: str) -> str:
        """A text of the layout."""
        return self.paper.words.get(text, text) if self.english else text

    def said(self, key: str) -> str:
        """A datum as people read it; empty when there is none, so that it can be written by hand."""
        if key == "case_no":
            return self.paper.case_number
        return self._said(key, self.paper.data.get(key))

    def filled(self, text: str) -> str:
        """A text with the data in place of ``{field}``."""
        keys = re.findall(r"\{([^{}]{1,100})\}", text)
        return fill(self.say(text), {key.strip(): self.said(key.strip()) for key in keys})

    def table(self, block: Mapping[str, Any]) -> Table:
        """The rows of a table block, with the columns that the block names or the rows have."""
        key = block["key"]
        rows = [row for row in self.paper.data.get(key) or [] if isinstance(row, dict)]
        named = block.get("columns") or block.get("columns_of") or []
        columns = {one["key"]: self.say(one["label"]) for one in named if isinstance(one, Mapping)}
        columns = columns or {name: name for row in rows for name in row}
        return Table(
            heads=list(columns.values()),
            rows=[[self._said(f"{key}.{name}", row.get(name)) for name in columns] for row in rows],
        )

    @cached_property
    def _types(self) -> dict[str, str]:
        """The types that the layout gives to fields and to columns, such as money."""
        types = {}
        for block in self.paper.blocks:
            above = f"{block['key']}." if block.get("type") == "table" else ""
            for one in block.get("columns" if above else "fields") or ():
                if isinstance(one, Mapping) and "type" in one:
                    types[above + one["key"]] = str(one["type"])
        return types

    def _said(self, key: str, value: Any) -> str:
        if value in (None, "", []):
            return ""
        labels = self.paper.options.get(key, {})
        if isinstance(value, list):
            return _("、").join(self._said(key, one) for one in value)
        if str(value) in labels:
            return self.say(labels[str(value)])
        if key in self._types:
            return reading_of(value, self._types[key])
        text = str(value)
        kind = "datetime" if _MOMENT.match(text) else "date" if _DAY.fullmatch(text) else "text"
        return reading_of(value, kind)
