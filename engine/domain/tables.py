"""Read the tables of a TOML file key by key, refusing what is missing, unknown or of a wrong kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from engine.errors import Misconfigured


class Table:
    """One table of a settings file, which knows its own place so that errors can name it.

    >>> Table("calendars.toml", "office", {"zh": 3}).text("zh")
    Traceback (most recent call last):
    engine.errors.Misconfigured: calendars.toml, [office], zh: must be a text, not 3.
    """

    def __init__(self, file: str, name: str, values: object) -> None:
        self.place = f"{file}, [{name}]"
        if not isinstance(values, Mapping):
            raise Misconfigured(f"{self.place}: must be a table, not {values!r}.")
        self.values: Mapping[str, object] = values

    def refuse(self, key: str, problem: str) -> NoReturn:
        """Raise :class:`Misconfigured` with a sentence that names the file, the table and the key."""
        raise Misconfigured(f"{self.place}, {key}: {problem}.")

    def only(self, *known: str) -> None:
        """Refuse a key that nobody reads; it is a slip of the pen whose effect would be missed."""
        for key in self.values:
            if key not in known:
                self.refuse(key, f"is not known here; known are {', '.join(known)}")

    def text(self, key: str, default: str | None = None) -> str:
        """The text under a key; without a default it must be there and not be blank."""
        found = self.values.get(key, default)
        if found is None:
            self.refuse(key, "is missing")
        if not isinstance(found, str):
            self.refuse(key, f"must be a text, not {found!r}")
        if default is None and not found.strip():
            self.refuse(key, "must not be blank")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under a key; empty when it is not there."""
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            self.refuse(key, f"must be a list of texts, not {found!r}")
        return tuple(found)

    def flag(self, key: str) -> bool:
        """The truth under a key; false when it is not there."""
        found = self.values.get(key, False)
        if not isinstance(found, bool):
            self.refuse(key, f"must be true or false, not {found!r}")
        return found
