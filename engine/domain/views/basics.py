"""What all screens share: words in two languages, pages of a list, lights, clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

#: Lists and the navigation count so far; what is more is told as more than this.
MANY = 500
Light = Literal["none", "green", "amber", "red"]


@dataclass(frozen=True)
class Words:
    """A text of a procedure, in Chinese and in English."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in a reader's language; any but ``en`` reads Chinese."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``page`` counts from 1."""

    rows: Sequence[T]
    total: int
    page: int
    size: int
    #: There are more than ``total``: nobody counted them to the end.
    more: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        """Whether another page follows; where nobody counted to the end, one does after a full one."""
        return self.page < self.pages or (self.more and len(self.rows) == self.size)


@dataclass(frozen=True)
class Clock:
    """A due moment as people read it."""

    due_at: datetime | None
    #: Working time left by the deadline's calendar, negative when late.
    left: timedelta | None
    light: Light
    #: The limit that made it: name, words ("3 working days"), where the manual says so, by which calendar.
    deadline: str | None = None
    why: Words | None = None
    #: It stands still with the clocks of its case.
    stands: bool = False
